fn frame(ready: Option<bool>) -> Option<u32> {
    let frame = micropool::parallel! { a if ready? => 1 };
    frame.a
}
fn main() {
    frame(None);
}
