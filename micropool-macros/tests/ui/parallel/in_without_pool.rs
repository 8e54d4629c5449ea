fn main() {
    micropool::parallel! {
        in;
        a => 1,
    };
}
