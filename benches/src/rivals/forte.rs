//! forte, through the worker that its documentation passes from call to call. A pool is a static and is resized; the
//! caller registers as one more worker.

use super::Forks;
use crate::pin;
use forte::{ThreadPool, Worker};

#[derive(Debug)]
pub struct Forte;

pub static POOL: ThreadPool = ThreadPool::new();

/// Lets the caller and `threads - 1` threads of the pool compute, for as long as the process lives.
pub fn resize(threads: usize) {
    // The thread that makes its heartbeat comes first, if there are workers.
    let workers = threads - 1;
    pin::making_after(1, workers, 1, || POOL.resize_to(workers));
}

impl Forks for Forte {
    const NAME: &'static str = "forte";

    type Here<'a> = &'a Worker;

    fn with<R: Send>(threads: usize, f: impl FnOnce(&mut &Worker) -> R + Send) -> R {
        resize(threads);
        POOL.with_worker(|mut worker| f(&mut worker))
    }

    #[inline]
    fn join<A, B, RA, RB>(here: &mut &Worker, a: A, b: B) -> (RA, RB)
    where
        A: for<'x, 'y> FnOnce(&'x mut &'y Worker) -> RA + Send,
        B: for<'x, 'y> FnOnce(&'x mut &'y Worker) -> RB + Send,
        RA: Send,
        RB: Send,
    {
        // It offers its first closure and goes on with its second.
        let (rb, ra) = here.join(|mut worker| b(&mut worker), |mut worker| a(&mut worker));
        (ra, rb)
    }
}
