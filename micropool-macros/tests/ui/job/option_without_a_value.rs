#[micropool::job(background, pool)]
fn load() -> usize {
    3
}

fn main() {
    println!("{}", load().join());
}
