//! `#[micropool::job]`: functions that are jobs. Here: three steps of loading, chained without a waiting thread.
//!
//! `cargo run --release --example jobs`

/// Callers get a `Task<String>`; the body runs in the background.
#[micropool::job(background)]
fn read(name: &'static str) -> String {
    format!("{name}: 3 1 4 1 5 9 2 6")
}

/// A task to callers, a `String` to the body: it starts when that task is done.
#[micropool::job(background)]
fn parse(#[after] text: String) -> Vec<u32> {
    text.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

/// Two of them: it starts when both are done.
#[micropool::job(background)]
fn compare(#[after] a: Vec<u32>, #[after] b: Vec<u32>) -> bool {
    total(&a) == total(&b)
}

/// Runs where it is called, as one named job: its name shows in timelines.
#[micropool::job]
fn total(numbers: &[u32]) -> u32 {
    numbers.iter().sum()
}

fn main() {
    let same = compare(parse(read("left")), parse(read("right")));
    println!("the same total: {}", same.join());
}
