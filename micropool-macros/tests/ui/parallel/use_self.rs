struct Game(u32);
impl Game {
    fn frame(&self) {
        micropool::parallel! {
            use self;
            a => self.0,
        };
    }
}
fn main() {
    Game(1).frame();
}
