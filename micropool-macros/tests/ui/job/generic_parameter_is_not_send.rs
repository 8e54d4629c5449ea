#[micropool::job(background)]
fn load<T: ToString + 'static>(path: T) -> String {
    path.to_string()
}

fn main() {
    println!("{}", load("mesh").join());
}
