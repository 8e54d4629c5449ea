fn main() {
    micropool::parallel! {
        background load => 1,
        background parse(move load) => load,
        background count after load => 2,
    };
}
