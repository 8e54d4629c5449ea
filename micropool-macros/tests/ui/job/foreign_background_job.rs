#[micropool::job(background)]
pub extern "C" fn load() -> u8 {
    3
}

fn main() {
    println!("{}", load().join());
}
