//! Parallel iterators, and loops over ranges, with the splits that say how they are cut.
//!
//! `cargo run --release --example par_iter`

use micropool::iter::*;

fn main() {
    let samples: Vec<f32> = (0..1_000_000).map(|n| (n as f32 * 0.001).sin()).collect();

    // Even work: one chunk a thread is the least to start and the longest runs.
    let energy: f32 = samples.par_iter().map(|s| s * s).with_thread_pool(micropool::split_by_threads()).sum();
    println!("energy {energy:.0}");

    // Uneven work: smaller chunks, so that a thread that is done early finds more.
    let primes = (2..200_000usize)
        .into_par_iter()
        .filter(|n| (2..).take_while(|d| d * d <= *n).all(|d| n % d != 0))
        .map(|_| 1usize)
        .with_thread_pool(micropool::split_per(1000))
        .sum::<usize>();
    println!("{primes} primes below 200 000");

    // The first match in the order of the source, whoever finds one first.
    let peak = samples.par_iter().with_thread_pool(micropool::split_by_threads()).find_first(|s| **s > 0.999);
    println!("first peak {peak:?}");

    // A kernel on slices: ranges keep the inner loop plain, and the compiler vectorises it.
    let loudest = micropool::split_by_threads().reduce_ranges(
        samples.len(),
        |range| samples[range].iter().fold(0.0f32, |max, s| max.max(s.abs())),
        f32::max,
    );
    println!("loudest {loudest:?}");
}
