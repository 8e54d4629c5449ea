#[micropool::job(background)]
fn load(path: &str) -> usize {
    path.len()
}

fn main() {
    let path = String::from("mesh");
    println!("{}", load(&path).join());
}
