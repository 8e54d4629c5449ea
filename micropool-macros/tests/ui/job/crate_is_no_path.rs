#[micropool::job(crate = "micropool")]
fn load() -> usize {
    3
}

fn main() {
    println!("{}", load());
}
