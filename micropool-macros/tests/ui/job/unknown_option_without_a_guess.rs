#[micropool::job(background, priority = 3)]
fn load() -> usize {
    3
}

fn main() {
    println!("{}", load().join());
}
