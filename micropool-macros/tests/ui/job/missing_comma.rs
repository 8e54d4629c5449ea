#[micropool::job(background shared)]
fn load() -> usize {
    3
}

fn main() {
    println!("{}", load().clone().join());
}
