#[micropool::job(background, name = "a", name = "b")]
fn load() -> usize {
    3
}

fn main() {
    println!("{}", load().join());
}
