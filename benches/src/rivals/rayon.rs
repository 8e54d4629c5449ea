//! rayon, inside its pool: there a join is at its best, because no other thread has to be asked. Its caller sleeps
//! meanwhile, so the first worker has the caller's core.

use super::Forks;
use crate::pin;
use rayon::{ThreadPool, ThreadPoolBuilder};

#[derive(Debug)]
pub struct Rayon;

/// A pool of so many threads, to be used from inside.
pub fn pool(threads: usize) -> ThreadPool {
    pin::making(threads, 0, || unpinned(threads))
}

/// A pool to be used from outside: its threads leave the first core to the caller.
pub fn outside(threads: usize) -> ThreadPool {
    pin::making(threads, 1, || unpinned(threads))
}

/// A pool whose threads may run anywhere.
pub fn unpinned(threads: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be made")
}

impl Forks for Rayon {
    const NAME: &'static str = "rayon";

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
        ::rayon::join(|| a(&mut ()), || b(&mut ()))
    }
}
