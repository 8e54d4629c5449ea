struct Game {
    world: Vec<u32>,
}
impl Game {
    fn frame(&mut self) {
        micropool::parallel! {
            use mut self.world;
            a(mut world) => world.push(1),
        };
    }
}
fn main() {
    Game { world: Vec::new() }.frame();
}
