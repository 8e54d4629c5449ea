// Each is reported, on its own token, in one go.
#[micropool::job(background, background, nam = "load", speed = 1)]
async fn load(path: &str) -> usize {
    path.len()
}

fn main() {
    println!("{}", load("mesh").join());
}
