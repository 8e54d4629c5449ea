//! micropool 0.4.2 of the registry. It has no pool without workers: with one thread its worker sleeps, or would, and may
//! take halves; it is left out there.

use super::Forks;
use crate::pin;
use upstream::{ThreadPool, ThreadPoolBuilder};

#[derive(Debug)]
pub struct Upstream;

/// A pool in which the caller and `threads - 1` workers compute.
pub fn pool(threads: usize) -> ThreadPool {
    let workers = threads - 1;
    pin::making(workers, 1, || ThreadPoolBuilder::default().num_threads(workers).build())
}

impl Forks for Upstream {
    const NAME: &'static str = "upstream 0.4.2";

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
        // It offers its first closure and goes on with its second.
        let (rb, ra) = ::upstream::join(|| b(&mut ()), || a(&mut ()));
        (ra, rb)
    }
}
