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
use crate::panic::catch;
use crate::split::Split;
use crate::sync::{AtomicUsize, Ordering};
use std::ops::{ControlFlow, Range};

/// The indices of one thread's runs, each given out once; what is not given out is cleaned up when it is dropped.
///
/// Kept so that the compiler can hold `now` in registers: no method lends `self` to a function that isn't inlined. A loop that
/// calls `next` is then two plain loops, of which the inner can be vectorised, and so is one that folds.
struct Indices<'a, 'r, C: SourceCleanup> {
    runs: &'a mut Runs<'r>,
    now: Range<usize>,
    cleanup: &'a C,
}

impl<'a, 'r, C: SourceCleanup> Indices<'a, 'r, C> {
    #[inline]
    fn new(runs: &'a mut Runs<'r>, cleanup: &'a C) -> Self {
        Self { runs, now: 0..0, cleanup }
    }

    /// Cleans up what was given to nobody: the rest of a run, and what is left of the piece.
    #[cold]
    #[inline(never)]
    fn clean(runs: &mut Runs<'_>, now: Range<usize>, cleanup: &C) {
        let [first, rest] = runs.take_rest();
        for range in [now, first, rest] {
            if range.is_empty() {
                continue;
            }
            let clean = || {
                // SAFETY: runs cover `0..len` once; indices of `now` and of the rest were given to nobody, and nobody gets them
                // any more. `an_early_end_drops_every_item_once` and `a_panic_drops_every_item_once` count.
                #[allow(unsafe_code)]
                unsafe {
                    cleanup.cleanup_item_range(range);
                }
            };
            // We may be unwinding already, and there may be more to clean up: the panic of an item's `Drop` is reported to the loop,
            // which re-raises it when all is done.
            if let Err(payload) = catch(clean) {
                runs.panicked(payload);
            }
        }
    }
}

impl<C: SourceCleanup> Iterator for Indices<'_, '_, C> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        if let Some(index) = self.now.next() {
            return Some(index);
        }
        self.now = self.runs.next_run()?;
        // Runs are not empty.
        self.now.next()
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.now.len(), None)
    }

    /// A plain loop a run, which the compiler vectorises where it can.
    #[inline]
    fn fold<A, F: FnMut(A, usize) -> A>(mut self, init: A, mut f: F) -> A {
        let mut accumulated = init;
        loop {
            if C::NEEDS_CLEANUP {
                // An item that panics must leave the rest of its run in `now`, for `drop`.
                for index in self.now.by_ref() {
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
    #[inline]
    fn drop(&mut self) {
        if C::NEEDS_CLEANUP {
            Self::clean(self.runs, self.now.clone(), self.cleanup);
        } else {
            // Nobody else should begin what this thread has had enough of.
            self.runs.take_rest();
        }
    }
}

/// On a line of its own: read by all with every item.
#[repr(align(128))]
struct Bound(AtomicUsize);

// SAFETY: the contract asks, of both functions, that indices and ranges lie in `0..input_len`, and that each index is passed
// exactly once, to the processing or to the cleanup.
//
// * `loops::run` calls the body on runs that are disjoint and cover `0..input_len` (`Cut::start` is monotonic from 0 to the length,
//   and a chunk is taken once by the exchange of the word it is in): `chunks_cover_every_length_without_overflow`, and
//   `loop_chunks_run_once_and_in_order` (loom).
// * Every run goes through `Indices`, which either gives an index out once, and takes it out of `now` before it does, or passes it
//   to the cleanup in `drop`, whatever the accumulator does with the iterator and whether or not it panics: `Indices` is made
//   before any of the user's code is called, and owned by it from then on. (An accumulator that forgets its iterator leaks
//   items, and passes none twice.)
// * What nobody has begun when a loop stops lies in the `rest` of a piece whose owner is still in its body: `next_run` ends there,
//   and `drop` cleans the rest up. A piece whose owner has left has no rest: `next_run` said so, or `drop` has taken it.
// * A panic of the cleanup itself doesn't keep the other ranges from their cleanup. Within its range, the items are the source's.
// * A loop without items calls the body once, on no run.
//
// `every_index_once_*` and `tests/pipelines.rs` count, with drops and without, under breaks and panics.
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
        let bound = Bound(AtomicUsize::new(usize::MAX));
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
                    }
                    // Ordering: Relaxed: too late a look costs an item's work, no more.
                    if indices.now.start > bound.0.load(Ordering::Relaxed) {
                        // Indices ascend, so all that follow are above it too.
                        break;
                    }
                    let Some(index) = indices.now.next() else { break };
                    accumulated = match process_item(accumulated, index) {
                        ControlFlow::Continue(accumulated) => accumulated,
                        ControlFlow::Break(accumulated) => {
                            bound.0.fetch_min(index, Ordering::Relaxed);
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
        self.run(input_len, &|runs| accum.accumulate(Indices::new(runs, cleanup)), |outputs| {
            reduce.accumulate_exact(outputs)
        })
    }
}
