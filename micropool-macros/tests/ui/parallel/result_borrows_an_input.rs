fn main() {
    micropool::parallel! {
        a => String::from("a"),
        b(a) => a.as_str(),
    };
}
