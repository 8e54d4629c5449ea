//! What runs where: nested joins on three threads, with a background task that the main thread never runs.
//!
//! `cargo run --release --example scheduling`
//!
//! ```text
//!            spawn(B)                    B: background
//! A ── join ─┬─ C ── join ─┬─ E
//!            │             └─ F          taken by whoever is idle
//!            └─ D
//! ```

use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

/// Keeps a thread busy, as a real job would.
fn work(time: Duration) {
    let began = Instant::now();
    while began.elapsed() < time {
        std::hint::spin_loop();
    }
}

fn main() {
    let pool = micropool::ThreadPoolBuilder::new()
        .num_threads(2)
        .thread_name(|index| format!("worker {index}"))
        .build()
        .unwrap_or_else(|error| panic!("{error}"));
    let log = std::sync::Arc::new(Mutex::new(Vec::new()));
    let note = {
        let log = log.clone();
        move |job: &'static str| {
            let thread = thread::current().name().unwrap_or("?").to_owned();
            log.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push((job, thread));
        }
    };

    note("A");
    // At most one of the two workers runs background tasks; the other is there for the frame.
    let background = {
        let note = note.clone();
        pool.spawn(move || {
            note("B");
            work(Duration::from_millis(20));
        })
    };
    pool.join(
        || {
            note("C");
            micropool::join(
                || {
                    note("E");
                    work(Duration::from_millis(4));
                },
                || {
                    note("F");
                    work(Duration::from_millis(4));
                },
            );
        },
        || {
            note("D");
            work(Duration::from_millis(2));
        },
    );
    // The main thread has waited for C's and D's work. Whatever it did meanwhile, it was none of B's.
    let log_so_far = log.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone();
    for (job, thread) in &log_so_far {
        println!("{job} on {thread}");
    }
    assert!(!log_so_far.iter().any(|(job, thread)| *job == "B" && thread == "main"));
    while !background.complete() {
        thread::yield_now();
    }
}
