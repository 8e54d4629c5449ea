fn main() {
    let _: Result<_, String> = micropool::try_parallel! {
        error;
        a => Ok(1),
    };
}
