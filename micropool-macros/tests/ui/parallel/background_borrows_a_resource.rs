fn main() {
    let mut world = String::new();
    micropool::parallel! {
        use mut world;
        background save(mut world) => world.clear(),
    };
}
