#[micropool::job(background)]
fn load(path: String) -> usize {
    if path.is_empty() {
        return "";
    }
    path
}

fn main() {
    println!("{}", load(String::new()).join());
}
