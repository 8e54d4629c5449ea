//! Pools by what a test of the background asks for.

use micropool::{ThreadPool, ThreadPoolBuilder, WorkerThread};
use std::sync::mpsc;

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

/// A pool of one worker, and that worker's thread, which nobody has run yet.
///
/// # Panics
/// Never: nothing is to be had from the system.
#[must_use]
pub fn with_its_thread_in_hand() -> (ThreadPool, WorkerThread) {
    let (sender, receiver) = mpsc::channel();
    let builder = ThreadPoolBuilder::new().num_threads(1).spawn_handler(move |thread| {
        sender.send(thread).expect("it is received below");
        Ok(())
    });
    let pool = builder.build().expect("a pool");
    (pool, receiver.recv().expect("the builder has handed it over"))
}
