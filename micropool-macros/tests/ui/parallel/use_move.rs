fn main() {
    let world = vec![1];
    micropool::parallel! {
        use move world;
        a(move world) => world,
    };
}
