fn main() {
    micropool::parallel! {
        use;
        a => std::cell::Cell::new(1),
        b(a) => a.get(),
        c(a) => a.get(),
    };
}
