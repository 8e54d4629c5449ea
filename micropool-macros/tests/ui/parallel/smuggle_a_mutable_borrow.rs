fn main() {
    let mut world = vec![1, 2, 3];
    let frame = micropool::parallel! {
        use mut world;
        first(mut world) => world.first_mut(),
        clear(mut world) => world.clear(),
    };
    println!("{:?}", frame.first);
}
