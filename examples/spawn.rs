//! Background tasks: a handle, a chain, a cancellation.
//!
//! `cargo run --release --example spawn`

use std::time::{Duration, Instant};

fn main() {
    let task = micropool::spawn(|| 2 + 2);
    println!("Is my task complete yet? {}", task.complete());
    println!("The result: {}", task.join());

    // A chain: each step starts when the one before it is done, and no thread waits in between.
    let words = micropool::spawn(|| include_str!("spawn.rs").to_owned())
        .then(|text| text.split_whitespace().map(str::len).collect::<Vec<_>>())
        .then(|lengths| lengths.iter().sum::<usize>() as f64 / lengths.len() as f64);

    // Meanwhile a frame loop would go on; here we just look.
    while !words.complete() {
        std::thread::yield_now();
    }
    println!("average length of a word in this file: {:.1}", words.join());

    // A long task looks now and then whether it is still wanted.
    let began = Instant::now();
    let (stopped, seen) = std::sync::mpsc::channel();
    let long = micropool::spawn(move || {
        while !micropool::cancelled() && began.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(1));
        }
        let _ = stopped.send(began.elapsed());
    });
    std::thread::sleep(Duration::from_millis(20));
    if long.cancel() {
        println!("the long task had not begun, and never will");
    } else if let Ok(after) = seen.recv() {
        println!("the long task stopped after {after:.0?} instead of 10 s");
    }
}
