#[micropool::job(background, crate = micropol)]
fn load(path: String) -> usize {
    path.len()
}

fn main() {
    println!("{}", load(String::new()).join());
}
