#[micropool::job]
fn load(path: String) -> usize {
    path.len();
}

fn main() {
    println!("{}", load(String::new()));
}
