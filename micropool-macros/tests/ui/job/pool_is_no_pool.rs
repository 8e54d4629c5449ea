#[micropool::job(pool = 3)]
fn load() -> usize {
    3
}

fn main() {
    println!("{}", load());
}
