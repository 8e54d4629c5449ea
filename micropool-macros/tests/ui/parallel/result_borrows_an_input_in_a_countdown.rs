fn main() {
    micropool::parallel! {
        use;
        a => String::from("a"),
        b(a) => a.as_str(),
    };
}
