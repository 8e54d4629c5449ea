#[micropool::job(name = load)]
fn load() -> usize {
    3
}

fn main() {
    println!("{}", load());
}
