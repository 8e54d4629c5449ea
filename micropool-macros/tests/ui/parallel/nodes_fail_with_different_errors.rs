fn main() {
    let _ = micropool::try_parallel! {
        a => "1".parse::<i32>(),
        b => "1".parse::<f32>(),
    };
}
