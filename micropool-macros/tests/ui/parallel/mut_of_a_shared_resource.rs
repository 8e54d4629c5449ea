fn main() {
    let mut world = String::new();
    micropool::parallel! {
        use world;
        a(mut world) => world.clear(),
    };
    world.clear();
}
