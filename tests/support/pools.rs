//! Pools by what a test of the background asks for.

use micropool::{ThreadPool, ThreadPoolBuilder};

/// So many workers, of whom at most `background` run tasks at a time.
///
/// # Panics
/// If the threads can't be made.
#[must_use]
pub fn capped(workers: usize, background: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(workers).background_threads(background).build().expect("a pool")
}

/// So many workers, and so many threads for tasks alone.
///
/// # Panics
/// If the threads can't be made.
#[must_use]
pub fn dedicated(workers: usize, background: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(workers).dedicated_background_threads(background).build().expect("a pool")
}
