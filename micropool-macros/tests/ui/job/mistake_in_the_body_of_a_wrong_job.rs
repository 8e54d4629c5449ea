// Two mistakes: the body of a wrong job is still checked.
#[micropool::job(background, shard)]
fn load(path: String) -> usize {
    path.lenn()
}

fn main() {
    println!("{}", load(String::new()).clone().join());
}
