//! Tasks as futures: an outside thread that blocks on them without computing, as another executor's would.

use micropool::ThreadPool;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Some tasks, by turns awaited, chained and then awaited, shared and awaited by two, or dropped unpolled; the last one may
/// panic, which comes out of its `await`. How many there were.
pub fn tasks(pool: &ThreadPool, seed: u64) -> Result<u64, String> {
    let (count, panics) = (1 + seed % 24, seed.is_multiple_of(5));
    let ran = Arc::new(AtomicU64::new(0));
    let spawn = |n: u64| {
        let ran = ran.clone();
        pool.spawn(move || {
            ran.fetch_add(1, Ordering::Relaxed);
            seed ^ n
        })
    };
    let mut sum = 0;
    pollster::block_on(async {
        for n in 0..count {
            match n % 4 {
                0 => sum += spawn(n).await,
                1 => sum += spawn(n).then(|value| value + 1).await,
                2 => {
                    let shared = spawn(n).share();
                    let other = shared.clone();
                    sum += *(&shared).await + *(&other).await;
                }
                _ => drop(Box::pin(spawn(n).then(|value| value))),
            }
        }
    });
    let panicked = panics.then(|| {
        let task = pool.spawn(move || -> u64 { panic_any(seed) });
        catch_unwind(AssertUnwindSafe(|| pollster::block_on(task)))
            .map_err(|payload| payload.downcast_ref() == Some(&seed))
    });
    // Those that were dropped run all the same.
    pool.wait_idle();
    let expected = (0..count).map(|n| match n % 4 {
        0 => seed ^ n,
        1 => (seed ^ n) + 1,
        2 => 2 * (seed ^ n),
        _ => 0,
    });
    if sum != expected.sum::<u64>() {
        return Err(String::from("awaited tasks gave other results than they have"));
    }
    if ran.load(Ordering::Relaxed) != count {
        return Err(format!("{ran:?} of {count} tasks ran"));
    }
    match panicked {
        None | Some(Err(true)) => Ok(count),
        Some(came) => Err(format!("a task that panics gave {came:?} to whoever awaited it")),
    }
}
