fn main() {
    let _ = micropool::try_parallel! {
        error String,
        a => Ok(1),
    };
}
