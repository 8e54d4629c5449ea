fn main() {
    let world = String::new();
    micropool::parallel! {
        use world;
        a(move world) => world,
    };
}
