fn main() {
    let _: Result<_, String> = micropool::try_parallel! {
        error: String;
        a => Ok(1),
    };
}
