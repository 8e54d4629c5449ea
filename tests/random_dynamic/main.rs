//! Random programs, whose graph of tasks is made while they run, against their sequential meaning.
//! `MICROPOOL_RANDOM_DYNAMIC=100000` runs as many instead of 2 000. They are others each time: what fails says its seed, and
//! `MICROPOOL_RANDOM_DYNAMIC_SEED` begins with that of its hundred.

#![forbid(unsafe_code)]

use micropool::{ThreadPool, ThreadPoolBuilder};
use program::Program;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use support::within;

mod program;

fn number(variable: &str, default: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable} must be a number, it is {text:?}")),
        Err(_) => default,
    }
}

fn pool(workers: usize) -> Arc<ThreadPool> {
    let builder = ThreadPoolBuilder::new().num_threads(workers).panic_handler(|_payload| ());
    // Every other size without a moment's spin, so that sleep and wake are part of it.
    let spin = Duration::from_micros(if workers.is_multiple_of(2) { 50 } else { 0 });
    Arc::new(builder.spin_before_sleep(spin).build().expect("threads can be made"))
}

#[test]
fn random_programs_mean_what_they_mean_in_sequence() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
    let first = number("MICROPOOL_RANDOM_DYNAMIC_SEED", now - now % 100);
    let count = number("MICROPOOL_RANDOM_DYNAMIC", 2_000);
    // Shown if it fails, or hangs.
    eprintln!("MICROPOOL_RANDOM_DYNAMIC_SEED={first}");
    // Thousands of panics are part of it: their messages tell nothing.
    std::panic::set_hook(Box::new(|info| {
        if info.payload().is::<String>() || info.payload().is::<&str>() {
            eprintln!("{info}");
        }
    }));
    let mut nodes = 0;
    for round in 0..count.div_ceil(100) {
        // A hang is noticed with the hundred that it is in.
        nodes += within(Duration::from_secs(60), move || {
            let pool_of = |k: u64| pool([0, 1, 2, 3, 8][k as usize % 5]);
            // By the seeds, so that a hundred of them that fail can be run alone.
            let hundred = first / 100 + round;
            let (pool, other) = (pool_of(hundred), pool_of(hundred / 5 + 1));
            let seeds = first + round * 100..first + (round * 100 + 100).min(count);
            // From two threads at once, each with its half.
            std::thread::scope(|s| {
                let half = |odd: u64| {
                    let (pool, other, seeds) = (&pool, &other, seeds.clone());
                    move || {
                        let mut nodes = 0;
                        for seed in seeds.filter(|seed| seed % 2 == odd) {
                            let program = Program::generate(seed);
                            nodes += program.len();
                            if let Err(problem) = program.run(pool, other) {
                                panic!(
                                    "seed {seed}, {} and {} workers: {problem}",
                                    pool.num_threads(),
                                    other.num_threads()
                                );
                            }
                        }
                        nodes
                    }
                };
                let there = s.spawn(half(1));
                half(0)() + there.join().unwrap_or_else(|payload| std::panic::resume_unwind(payload))
            })
        });
    }
    assert!(nodes as u64 > 5 * count, "{nodes} nodes in {count} programs");
    eprintln!("{count} programs of {nodes} nodes");
}
