fn main() {
    micropool::parallel! {
        use;
        a => std::cell::Cell::new(1),
        b(clone a) => a.get(),
        c => 1,
    };
}
