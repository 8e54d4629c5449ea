#[micropool::job]
fn load(path: String) -> usize {
    path
}

fn main() {
    println!("{}", load(String::new()));
}
