struct Game(u32);
impl Game {
    fn frame(&self) {
        micropool::parallel! { a(self) => self.0 };
    }
}
fn main() {
    Game(1).frame();
}
