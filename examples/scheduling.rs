//! What runs where: nested joins on three threads, with a background task that the main thread never runs.
//!
//! `cargo run --release --example scheduling`
//!
//! ```text
//! A ─┬─ spawn ─── B                     background
//!    └─ join ─┬─ C ── join ─┬─ E
//!             │             └─ F        taken by whoever is idle
//!             └─ D
//! ```

use std::thread::{self, ThreadId};

/// Keeps its thread busy, as real work would.
fn job(name: &str, millis: u128) -> ThreadId {
    println!("{name} on {}", thread::current().name().unwrap_or("main"));
    let began = std::time::Instant::now();
    while began.elapsed().as_millis() < millis {}
    thread::current().id()
}

fn main() {
    let workers = micropool::ThreadPoolBuilder::new().num_threads(2).thread_name(|index| format!("worker {index}"));
    let pool = workers.build().unwrap_or_else(|error| panic!("{error}"));

    job("A", 0);
    // At most one of the two workers runs background tasks; the other is there for the frame.
    let background = pool.spawn(|| job("B", 20));
    pool.join(
        || {
            job("C", 0);
            micropool::join(|| job("E", 4), || job("F", 4))
        },
        || job("D", 2),
    );
    // `join` would run B here, had nobody begun it.
    while !background.complete() {
        thread::yield_now();
    }
    assert_ne!(background.join(), thread::current().id());
}
