#[micropool::job(background)]
fn call(f: impl Fn() -> u8 + 'static) -> u8 {
    f()
}

fn main() {
    println!("{}", call(|| 1).join());
}
