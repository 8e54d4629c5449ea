use std::cell::Cell;

#[micropool::job(background, shared)]
fn load(path: String) -> Cell<usize> {
    Cell::new(path.len())
}

fn main() {
    println!("{:?}", load("mesh".into()).join());
}
