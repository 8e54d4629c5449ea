fn main() {
    let mut world = vec![1];
    micropool::parallel! {
        use mut world;
        a(mut world) => world.push(1),
        b => world.len(),
    };
}
