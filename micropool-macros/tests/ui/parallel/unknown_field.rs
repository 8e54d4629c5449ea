fn main() {
    let frame = micropool::parallel! { a => 1, _ => 2 };
    frame.b;
}
