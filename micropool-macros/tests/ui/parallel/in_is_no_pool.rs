fn main() {
    micropool::parallel! {
        in 3;
        a => 1,
    };
}
