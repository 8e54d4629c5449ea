//! Loops under every split.

use micropool::{Split, ThreadPool, ThreadPoolBuilder};
use std::sync::LazyLock;
use std::thread;

/// Pools of 0, 1, 2 and 8 workers, for loops. Tests share them, and so compete for their workers.
static POOLS: LazyLock<[ThreadPool; 4]> = LazyLock::new(|| {
    [0, 1, 2, 8].map(|workers| ThreadPoolBuilder::new().num_threads(workers).build().expect("threads can be made"))
});

/// Runs a loop under every split with 0, 1, 2 and 8 workers.
pub fn under_every_split(test: impl Fn(Split<'_>)) {
    POOLS.iter().for_each(|pool| every_split_of(pool, &test));
}

/// Runs a loop in a pool under each of the four splits, by the free functions and by the pool's methods.
pub fn every_split_of(pool: &ThreadPool, test: impl Fn(Split<'_>)) {
    let run = |name: &str, split: Split<'_>| {
        let _named =
            NamedWhenPanicking(|| format!("{name} {split:?} with {} workers", pool.install(micropool::num_threads)));
        test(split);
    };
    pool.install(|| run("the free", micropool::split_by_threads()));
    run("the pool's", pool.split_by_threads());
    pool.install(|| run("the free", micropool::split_per_item()));
    run("the pool's", pool.split_per_item());
    for n in [0, 1, 2, 3, 7, 64, usize::MAX] {
        pool.install(|| run("the free", micropool::split_by(n)));
        run("the pool's", pool.split_by(n));
        pool.install(|| run("the free", micropool::split_per(n)));
        run("the pool's", pool.split_per(n));
    }
}

/// Says which case it was, if that case panics.
struct NamedWhenPanicking<F: Fn() -> String>(F);

impl<F: Fn() -> String> Drop for NamedWhenPanicking<F> {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("in case: {}", (self.0)());
        }
    }
}
