#[micropool::job(background)]
#[track_caller]
fn load() -> u8 {
    3
}

fn main() {
    println!("{}", load());
}
