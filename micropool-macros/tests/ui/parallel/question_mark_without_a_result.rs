fn main() {
    fn f() -> Option<i32> {
        let frame = micropool::parallel! { a => { Some(1)?; 2 } };
        Some(frame.a)
    }
}
