//! Parallel iterators: [paralight](https://docs.rs/paralight)'s, on this crate's loops.
//!
//! Everything of `paralight::iter` is re-exported. Give an iterator a pool with
//! `.with_thread_pool(`[`split_by_threads()`](crate::split_by_threads)`)` or another of the splits.
//!
//! ```
//! use micropool::iter::*;
//! let names = ["ant", "bee", "cat"];
//! let lengths: Vec<usize> = names.par_iter().map(|name| name.len()).with_thread_pool(micropool::split_per_item()).collect();
//! assert_eq!(lengths, [3, 3, 3]);
//! ```

pub use paralight::iter::*;

use crate::loops::Runs;
use crate::panic::{catch, drop_quietly};
use crate::split::Split;
use crate::sync::{AtomicUsize, Ordering};
use std::ops::{ControlFlow, Range};

/// The indices of one thread's runs, each given out once; what is not given out is cleaned up when it is dropped.
struct Indices<'a, 'r, C: SourceCleanup> {
    runs: &'a mut Runs<'r>,
    now: Range<usize>,
    cleanup: &'a C,
}

impl<'a, 'r, C: SourceCleanup> Indices<'a, 'r, C> {
    fn new(runs: &'a mut Runs<'r>, cleanup: &'a C) -> Self {
        Self {
            runs,
            now: 0..0,
            cleanup,
        }
    }
}

impl<C: SourceCleanup> Iterator for Indices<'_, '_, C> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        loop {
            if let Some(index) = self.now.next() {
                return Some(index);
            }
            self.now = self.runs.next_run()?;
        }
    }

    /// A plain loop a run, which the compiler vectorises where it can.
    #[inline]
    fn fold<A, F: FnMut(A, usize) -> A>(mut self, init: A, mut f: F) -> A {
        let mut accumulated = init;
        loop {
            if C::NEEDS_CLEANUP {
                // An item that panics must leave the rest of its run in `now`, for `drop`.
                while let Some(index) = self.now.next() {
                    accumulated = f(accumulated, index);
                }
            } else {
                for index in std::mem::take(&mut self.now) {
                    accumulated = f(accumulated, index);
                }
            }
            match self.runs.next_run() {
                Some(run) => self.now = run,
                None => return accumulated,
            }
        }
    }
}

impl<C: SourceCleanup> Drop for Indices<'_, '_, C> {
    fn drop(&mut self) {
        let rest = self.runs.take_rest();
        if !C::NEEDS_CLEANUP {
            return;
        }
        for range in [self.now.clone()].into_iter().chain(rest) {
            if !range.is_empty() {
                let clean = || {
                    // SAFETY: runs cover `0..len` once; indices of `now` and of the rest were given to nobody, and nobody gets them
                    // any more. `every_item_is_dropped_once` counts.
                    #[allow(unsafe_code)]
                    unsafe {
                        self.cleanup.cleanup_item_range(range);
                    }
                };
                // We may be unwinding already: a second panic (an item's `Drop`) must not meet the first.
                if let Err(payload) = catch(clean) {
                    drop_quietly(payload);
                }
            }
        }
    }
}

// SAFETY: `loops::run` calls the body on runs that are disjoint and cover `0..len`; each index is either given out by
// `Indices` once, or cleaned up by its `drop` once, whatever the accumulator does with the iterator and whether or not it
// panics. The rest of a run that nobody has begun when a loop is stopped is taken by the `take_rest` of the piece's owner.
// Both pipelines of `len` 0 call the body once, on nothing.
#[allow(unsafe_code)]
unsafe impl GenericThreadPool for Split<'_> {
    fn upper_bounded_pipeline<Output: Send, Accum>(
        self,
        input_len: usize,
        init: impl Fn() -> Accum + Sync,
        process_item: impl Fn(Accum, usize) -> ControlFlow<Accum, Accum> + Sync,
        finalize: impl Fn(Accum) -> Output + Sync,
        reduce: impl Fn(Output, Output) -> Output,
        cleanup: &(impl SourceCleanup + Sync),
    ) -> Output {
        // Indices above it need not be looked at any more.
        let bound = AtomicUsize::new(usize::MAX);
        let outputs = self.run(
            input_len,
            &|runs| {
                let mut indices = Indices::new(runs, cleanup);
                let mut accumulated = init();
                loop {
                    // Look before taking: an index that is not processed must stay for the cleanup.
                    if indices.now.is_empty() {
                        match indices.runs.next_run() {
                            Some(run) => indices.now = run,
                            None => break,
                        }
                        continue;
                    }
                    // Ordering: Relaxed: too late a look costs an item's work, no more.
                    if indices.now.start > bound.load(Ordering::Relaxed) {
                        // Indices ascend, so all that follow are above it too.
                        break;
                    }
                    let Some(index) = indices.next() else { break };
                    accumulated = match process_item(accumulated, index) {
                        ControlFlow::Continue(accumulated) => accumulated,
                        ControlFlow::Break(accumulated) => {
                            bound.fetch_min(index, Ordering::Relaxed);
                            accumulated
                        }
                    };
                }
                drop(indices);
                finalize(accumulated)
            },
            |outputs| outputs.reduce(reduce),
        );
        outputs.expect("a loop has at least one piece")
    }

    fn iter_pipeline<Output, Accum: Send>(
        self,
        input_len: usize,
        accum: impl Accumulator<usize, Accum> + Sync,
        reduce: impl ExactSizeAccumulator<Accum, Output>,
        cleanup: &(impl SourceCleanup + Sync),
    ) -> Output {
        self.run(
            input_len,
            &|runs| accum.accumulate(Indices::new(runs, cleanup)),
            |outputs| reduce.accumulate_exact(outputs),
        )
    }
}
