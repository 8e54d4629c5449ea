#[micropool::job(background)]
fn load<T: ToString + Send>(path: T) -> String {
    path.to_string()
}

fn main() {
    println!("{}", load("mesh").join());
}
