//! A parallel iterator, with a chunk for each thread.
//!
//! `cargo run --release --example par_iter`

use micropool::iter::*;

fn main() {
    let samples: Vec<f32> = (0..1_000_000).map(|n| (n as f32 * 0.001).sin()).collect();
    let energy: f32 = samples.par_iter().map(|s| s * s).with_thread_pool(micropool::split_by_threads()).sum();
    println!("energy of {} samples: {energy:.0}", samples.len());
}
