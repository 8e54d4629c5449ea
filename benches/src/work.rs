//! Work that takes a known time.
//!
//! Counted, not timed: work that waits for a clock would go on "working" while its thread is off the core, and hide exactly
//! what is to be measured. One chain of multiplications, so that a second thread on the same physical core doesn't slow it.

use std::hint::black_box;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Links of the chain a nanosecond.
static RATE: OnceLock<f64> = OnceLock::new();

#[inline(never)]
fn chain(links: u64) -> u64 {
    let mut x = 1_u64;
    for _ in 0..links {
        x = black_box(x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
    }
    x
}

/// Finds out how fast this machine is, for about a tenth of a second.
pub fn calibrate() {
    const LINKS: u64 = 100_000;
    let started = Instant::now();
    let mut best = Duration::MAX;
    while started.elapsed() < Duration::from_millis(100) {
        let start = Instant::now();
        chain(LINKS);
        // The fastest is the one that nobody interrupted.
        best = best.min(start.elapsed());
    }
    if RATE.set(LINKS as f64 / best.as_nanos() as f64).is_err() {
        panic!("calibrated once");
    }
}

/// Computes for so long, if nobody takes the core away.
#[inline]
pub fn compute(time: Duration) {
    let rate = RATE.get().expect("`main` calls `calibrate` first");
    chain((time.as_nanos() as f64 * rate) as u64);
}
