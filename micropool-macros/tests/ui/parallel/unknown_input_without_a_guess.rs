fn main() {
    let world = 1;
    micropool::parallel! {
        physics => 1,
        render(world) => *world,
    };
}
