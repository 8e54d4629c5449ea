#[micropool::job(background)]
fn load(paths: Vec<Option<&std::path::Path>>) -> usize {
    paths.len()
}

fn main() {
    println!("{}", load(Vec::new()).join());
}
