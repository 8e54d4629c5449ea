#[micropool::job(background)]
fn load(path: String) -> usize {
    path.parse::<usize>()?
}

fn main() {
    println!("{}", load(String::new()).join());
}
