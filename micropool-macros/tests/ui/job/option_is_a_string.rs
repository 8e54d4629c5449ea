#[micropool::job("load")]
fn load() -> usize {
    3
}

fn main() {
    println!("{}", load());
}
