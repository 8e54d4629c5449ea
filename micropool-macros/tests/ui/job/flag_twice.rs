#[micropool::job(background, shared, background)]
fn load() -> usize {
    3
}

fn main() {
    println!("{}", load().join());
}
