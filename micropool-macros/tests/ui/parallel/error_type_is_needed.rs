fn main() {
    let _ = micropool::try_parallel! {
        a => Ok("1".parse::<i32>()?),
        b => Ok(2),
    };
}
