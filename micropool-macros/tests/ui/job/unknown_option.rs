#[micropool::job(backgroud)]
fn load(path: String) -> usize {
    path.len()
}

fn main() {
    // A task, as was meant.
    let task: micropool::Task<usize> = load("mesh".into());
    println!("{}", task.join());
}
