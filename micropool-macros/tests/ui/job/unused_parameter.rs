#![deny(warnings)]

#[micropool::job(background)]
fn load(path: String, mut size: usize) -> usize {
    size
}

fn main() {
    load(String::new(), 1);
}
