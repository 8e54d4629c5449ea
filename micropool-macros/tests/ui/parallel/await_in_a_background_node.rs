async fn number() -> u32 {
    1
}
async fn frame() {
    micropool::parallel! { background a => number().await };
}
fn main() {
    drop(frame());
}
