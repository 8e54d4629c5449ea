//! rayon, inside its pool: there a join is at its best, because no other thread has to be asked. Its caller sleeps
//! meanwhile, so the first worker has the caller's core.

use super::Forks;
use crate::pin;
use rayon::{ThreadPool, ThreadPoolBuilder};

#[derive(Debug)]
pub struct Rayon;

/// A pool of so many threads, to be used from inside.
pub fn pool(threads: usize) -> ThreadPool {
    making(threads, 0)
}

/// A pool whose caller is outside: one thread fewer computes on the caller's core.
pub fn making(threads: usize, first_core: usize) -> ThreadPool {
    let make = || ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be made");
    pin::making(threads, first_core, make)
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
