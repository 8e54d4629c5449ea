//! Broadcasts: from outside, from an item of a scope, and from within each other.

use micropool::ThreadPool;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::atomic::{AtomicU64, Ordering};

/// Each worker makes its call once, and what a call panics with comes out when all have ended. How many calls there were.
pub fn broadcasts(pool: &ThreadPool, seed: u64) -> Result<u64, String> {
    let workers = pool.num_threads();
    let counts: Vec<AtomicU64> = (0..workers).map(|_| AtomicU64::new(0)).collect();
    let strangers = AtomicU64::new(0);
    let call = |index: usize| {
        if micropool::current_thread_index() != Some(index) {
            strangers.fetch_add(1, Ordering::Relaxed);
        }
        counts[index].fetch_add(1, Ordering::Relaxed);
        // A call computes, too.
        micropool::join(|| (), || ());
    };
    // How often each worker is to be called.
    let times = match seed % 4 {
        // Each of a few workers calls all, and all at once.
        0 if workers <= 8 => {
            pool.install(|| micropool::broadcast(|_| micropool::broadcast(call)));
            workers as u64
        }
        1 => {
            pool.scope(|s| s.spawn(|| micropool::broadcast(call)).join());
            1
        }
        2 if workers > 0 => {
            let one = (seed / 4) as usize % workers;
            let panics = |index| {
                call(index);
                if index == one {
                    panic_any(seed);
                }
            };
            let came = catch_unwind(AssertUnwindSafe(|| pool.install(|| micropool::broadcast(panics))));
            if !came.is_err_and(|payload| payload.downcast_ref() == Some(&seed)) {
                return Err(String::from("a call's panic didn't come out of its broadcast"));
            }
            1
        }
        _ => {
            pool.install(|| micropool::broadcast(call));
            1
        }
    };
    match (strangers.into_inner(), counts.iter().find(|count| count.load(Ordering::Relaxed) != times)) {
        (0, None) => Ok(workers as u64 * times),
        (0, Some(other)) => Err(format!("a worker was called {other:?} times instead of {times}")),
        (strangers, _) => Err(format!("{strangers} calls were made by others than the worker that they name")),
    }
}
