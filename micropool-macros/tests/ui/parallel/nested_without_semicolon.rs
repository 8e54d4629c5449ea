fn main() {
    micropool::parallel! {
        nested
        a => 1,
    };
}
