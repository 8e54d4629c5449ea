#[micropool::job(crate = pool)]
fn load() -> usize {
    3
}

fn main() {
    println!("{}", load());
}
