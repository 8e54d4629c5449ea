fn main() {
    let world = 1;
    micropool::parallel! {
        use world;
        world => 2,
    };
}
