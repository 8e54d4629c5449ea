fn main() {
    micropool::parallel! {
        a => 1,
        b aftr a => 2,
    };
}
