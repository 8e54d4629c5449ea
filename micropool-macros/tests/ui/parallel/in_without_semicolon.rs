fn main() {
    let pool = micropool::ThreadPool::new().unwrap();
    micropool::parallel! {
        in pool,
        a => 1,
    };
}
