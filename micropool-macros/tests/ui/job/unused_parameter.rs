#![deny(warnings)]

#[micropool::job(background)]
fn load(path: String, size: usize) -> usize {
    size
}

fn main() {
    println!("{}", load(String::new(), 1).join());
}
