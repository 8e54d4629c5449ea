fn main() {
    let _ = micropool::try_parallel! {
        a => Ok(1),
        error String;
        b => Ok(2),
    };
}
