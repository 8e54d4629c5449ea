//! chili, through the scope that its documentation passes from call to call. Its `thread_count` counts the caller.

use super::Forks;
use crate::pin;
use chili::{Config, Scope, ThreadPool};
use std::num::NonZero;

#[derive(Debug)]
pub struct Chili;

pub fn pool(threads: usize) -> ThreadPool {
    let make = || ThreadPool::with_config(Config { thread_count: NonZero::new(threads), ..Config::default() });
    // Its workers come first; the thread that makes its heartbeat comes last and stays unpinned.
    pin::making(threads - 1, 1, make)
}

impl Forks for Chili {
    const NAME: &'static str = "chili";

    type Here<'a> = Scope<'a>;

    fn with<R: Send>(threads: usize, f: impl FnOnce(&mut Scope<'_>) -> R + Send) -> R {
        let pool = pool(threads);
        f(&mut pool.scope())
    }

    #[inline]
    fn join<A, B, RA, RB>(here: &mut Scope<'_>, a: A, b: B) -> (RA, RB)
    where
        A: for<'x, 'y> FnOnce(&'x mut Scope<'y>) -> RA + Send,
        B: for<'x, 'y> FnOnce(&'x mut Scope<'y>) -> RB + Send,
        RA: Send,
        RB: Send,
    {
        // It offers its first closure and goes on with its second.
        let (rb, ra) = here.join(b, a);
        (ra, rb)
    }
}
