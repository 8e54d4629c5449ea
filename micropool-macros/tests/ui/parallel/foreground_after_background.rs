fn main() {
    micropool::parallel! {
        background load => 1,
        draw after load => 2,
    };
}
