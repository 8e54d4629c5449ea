fn main() {
    micropool::parallel! {
        a => String::new(),
        b(move a) => a,
        c(move a) => a,
    };
}
