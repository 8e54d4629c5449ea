struct Mesh;
impl Mesh {
    fn draw(&self) {}
}
fn main() {
    let frame = micropool::parallel! { a if true => Mesh };
    frame.a.draw();
}
