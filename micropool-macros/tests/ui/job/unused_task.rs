#![deny(warnings)]

#[micropool::job(background)]
fn load(path: String) -> usize {
    path.len()
}

fn main() {
    load(String::new());
}
