#[micropool::job]
const fn load() -> usize {
    3
}

const LOADED: usize = load();

fn main() {
    println!("{LOADED}");
}
