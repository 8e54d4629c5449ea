// `draw` and `sound` make the graph a countdown, where nodes that borrow one local need `use`.
fn main() {
    let mut world = vec![1];
    micropool::parallel! {
        input => 1,
        physics => world.push(1),
        draw(input, physics) => *input,
        sound after physics => world.clear(),
    };
}
