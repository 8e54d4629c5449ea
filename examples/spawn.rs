//! A background task: it runs while the caller goes on, and its handle gives the result.
//!
//! `cargo run --release --example spawn`

fn main() {
    let words = micropool::spawn(|| include_str!("spawn.rs").split_whitespace().count());

    // Meanwhile a game would draw its frames; here we only count how often we could have.
    let mut frames = 0;
    while !words.complete() {
        frames += 1;
        std::thread::yield_now();
    }
    println!("{} words in this file, counted within {frames} looks", words.join());
}
