fn main() {
    let mut world = vec![1];
    micropool::parallel! {
        a => world.push(1),
        b => world.len(),
    };
}
