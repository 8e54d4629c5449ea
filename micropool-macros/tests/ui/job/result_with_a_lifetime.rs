#[micropool::job(background)]
fn name<'a>() -> Vec<&'a str> {
    vec!["mesh"]
}

fn main() {
    println!("{:?}", name().join());
}
