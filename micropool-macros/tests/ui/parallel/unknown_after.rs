fn main() {
    micropool::parallel! {
        physics => 1,
        render after pysics => 2,
    };
}
