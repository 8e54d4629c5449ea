fn main() {
    async fn number() -> i32 { 1 }
    async fn graph() {
        micropool::parallel! { a => number().await };
    }
}
