#[micropool::job(background)]
const fn load(path: String) -> String {
    path
}

fn main() {
    println!("{}", load(String::new()).join());
}
