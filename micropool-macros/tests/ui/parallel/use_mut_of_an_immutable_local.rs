fn main() {
    let world = 1;
    micropool::parallel! {
        use mut world;
        a(mut world) => *world += 1,
    };
}
