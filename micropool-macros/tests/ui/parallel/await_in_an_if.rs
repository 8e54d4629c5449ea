async fn is_ready() -> bool {
    true
}
async fn frame() {
    micropool::parallel! { a if is_ready().await => 1 };
}
fn main() {
    drop(frame());
}
