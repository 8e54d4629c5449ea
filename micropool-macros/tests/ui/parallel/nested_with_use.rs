fn main() {
    let world = 1;
    micropool::parallel! {
        nested;
        use world;
        a(world) => *world,
    };
}
