//! fork_union: every thread of it, the caller included, runs one call. Nothing is nested, and its threads spin for ever.

use crate::pin;
use fork_union::ThreadPool;

pub const NAME: &str = "fork_union";

/// A pool in which the caller and `threads - 1` threads of its own compute.
pub fn pool(threads: usize) -> ThreadPool {
    pin::making(threads - 1, 1, || ThreadPool::try_spawn(threads).expect("threads can be made"))
}

/// One call on each of two threads.
#[inline]
pub fn both(pool: &mut ThreadPool, a: impl Fn() + Sync, b: impl Fn() + Sync) {
    // The call is made, and waited for, when what `for_threads` returns is dropped.
    drop(pool.for_threads(|thread, _| if thread == 0 { a() } else { b() }));
}
