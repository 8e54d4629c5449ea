fn main() {
    let world = 1;
    micropool::parallel! {
        use world,
        a(world) => *world,
    };
}
