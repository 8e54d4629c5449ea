//! This project's pool.

use super::Forks;
use crate::pin;
use micropool::{ThreadPool, ThreadPoolBuilder};

#[derive(Debug)]
pub struct Ours;

/// A pool in which the caller and `threads - 1` workers compute.
pub fn pool(threads: usize) -> ThreadPool {
    let workers = threads - 1;
    build(workers, ThreadPoolBuilder::new().num_threads(workers))
}

/// A pool with settings of its own; `workers` is how many of its threads are pinned.
pub fn build(workers: usize, builder: ThreadPoolBuilder) -> ThreadPool {
    pin::making(workers, 1, || builder.build().expect("threads can be made"))
}

impl Forks for Ours {
    const NAME: &'static str = crate::case::OURS;

    type Here<'a> = ();

    fn with<R: Send>(threads: usize, f: impl FnOnce(&mut ()) -> R + Send) -> R {
        pool(threads).install(|| f(&mut ()))
    }

    #[inline]
    fn join<A, B, RA, RB>((): &mut (), a: A, b: B) -> (RA, RB)
    where
        A: FnOnce(&mut ()) -> RA + Send,
        B: FnOnce(&mut ()) -> RB + Send,
        RA: Send,
        RB: Send,
    {
        micropool::join(|| a(&mut ()), || b(&mut ()))
    }
}
