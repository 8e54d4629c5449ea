#[micropool::job(background = true)]
fn load() -> usize {
    3
}

fn main() {
    println!("{}", load().join());
}
