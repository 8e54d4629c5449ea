#[micropool::job(background)]
fn call(f: &dyn Fn() -> u8, g: impl Fn() -> u8 + 'static) -> u8 {
    f() + g()
}

fn main() {
    println!("{}", call(&|| 1, || 2).join());
}
