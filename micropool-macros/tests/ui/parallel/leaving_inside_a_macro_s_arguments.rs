fn main() {
    async fn number() -> i32 { 1 }
    async fn graph() {
        micropool::parallel! { a => println!("{}", number().await) };
    }
    loop {
        micropool::parallel! { a => println!("{}", break) };
    }
}
