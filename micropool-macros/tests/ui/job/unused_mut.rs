#![deny(warnings)]

#[micropool::job(background)]
fn load(mut path: String) -> usize {
    path.len()
}

fn main() {
    println!("{}", load(String::new()).join());
}
