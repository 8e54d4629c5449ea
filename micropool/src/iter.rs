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
//!
//! # Which split
//!
//! A split says how finely a loop *may* be cut. Threads take neighbouring chunks, one after another; who has nothing left
//! takes over half of what the busiest still has, or, where there are no more chunks than threads, the next chunk that nobody has begun. So a
//! finer split is the better balanced one, and costs an atomic exchange a chunk.
//!
//! | split | for | mind that |
//! |---|---|---|
//! | [`split_by_threads`](crate::split_by_threads) | even work, and the smallest loops: the least to start, the longest runs | a thread that is interrupted makes all wait for its share |
//! | [`split_per(n)`](crate::split_per) | uneven work, and even work next to other programs; `n` items should take some microseconds | with `n` too small the exchanges show, with `n` too large the last chunk |
//! | [`split_by(n)`](crate::split_by) | a number of parts that follows from the task | no more than `n` threads take part |
//! | [`split_per_item`](crate::split_per_item) | items that take microseconds or more each: files, rows, entities with scripts | cheap items: the exchange costs more than they do |
//!
//! What a `map` and `reduce` of the same items takes by each, as a multiple of what it takes by `split_by_threads` (a worker and the caller on two
//! processors of a virtual machine, November 2026; medians of 31 rounds, in which they took turns):
//!
//! | items | `split_by_threads` | `split_by(8)` | `split_by(64)` | `split_per(100)` | `split_per(1000)` | `split_per_item` |
//! |---|---|---|---|---|---|---|
//! | 1000 of a nanosecond | 1 µs | 2.1 | 2.1 | 2.1 | 0.6 | 5.1 |
//! | 100 000 of a nanosecond | 27 µs | 3.9 | 4.0 | 4.1 | 4.0 | 14 |
//! | 1000, the last 64 times as long as the first | 4.9 µs | 1.1 | 1.1 | 1.1 | 1.4 | 1.7 |
//! | 100 000 of those | 390 µs | 1.2 | 1.05 | 1.07 | 1.05 | 1.8 |
//! | 500 of 4 µs | 220 µs | 1.0 | 1.0 | 1.1 | 1.9 | 1.0 |
//! | 500 of 4 µs, each tenth of 40 | 420 µs | 1.0 | 0.97 | 1.1 | 1.9 | 0.99 |
//!
//! The first two rows say what chunks that follow one another cost where the compiler would vectorise one run: if the work is even, cut no finer than
//! threads. In the last two an item more or less is nothing, and what counts is that nobody waits for a long last chunk.
//!
//! `cargo run --release --ignore-rust-version --bin loops -- --only micropool --quick --rounds 31` in the repository's `benches/` measures it on your
//! machine (the tables named "splits"); without `--only`, beside rivals.
//!
//! If an item takes nanoseconds and does nothing but arithmetic, let the items be chunks ([`par_chunks`](ParallelSlice::par_chunks),
//! [`par_chunks_mut`](ParallelSliceMut::par_chunks_mut)), or loop over ranges
//! ([`Split::for_each_range`](crate::Split::for_each_range), [`reduce_ranges`](crate::Split::reduce_ranges)): that shows the compiler
//! a plain loop over slices, which it vectorises; of iterators over several sources (`zip_eq`) it often can't.
//!
//! # What is promised
//!
//! * The result is the sequential one where it doesn't depend on which thread does what: `collect`, `find_first`, `cmp`, `min_by`, `reduce` with an
//!   operator that is associative (it need not commute). The parts of `collect_per_thread` and `fold_per_thread` come in the
//!   order of the source too; how many there are is open.
//! * An early end (`any`, `find_any`, `try_for_each`) stops other threads at their next item, `find_first` those that are past what was found.
//! * After a panic no further chunk is begun. In chunks that run, owned items that have a `Drop` are begun no more, and neither are items of
//!   `find_first` and its like if it was an item that panicked (and not the `Drop` of one that was left, or a pipeline's `finalize`); `sum` and
//!   `product` end a block of 1024 items at most. Other loops over plain items go on to the end of all chunks that run, and only then
//!   the panic comes out: of a `for_each` over `0..usize::MAX` that is never. A look at a flag would keep the compiler from
//!   vectorising them: cut them finer, or give them a `panic_fuse()`, which looks with every item.
//!   The payload leaves the loop when all have ended. Every item of an owned source is dropped once, whatever happens.
//!   (An [`Accumulator`] of your own that catches a panic which passes its iterator of owned items catches it too late: the others have been told,
//!   and the result is one without the chunks that nobody had begun. Catch it in the item.)
//! * Nothing is allocated besides the result in the steady state. What threads accumulate lies in the caller's frame: a place for each chunk if
//!   there are no more chunks than threads, else a few for each thread, at least 64 bytes each, and room for 2, 8, 64, 192 or 512 of them. If
//!   that would take more than 32 KiB, or if 512 won't do, they lie in a buffer that the calling thread keeps for its next loop.
//!
//! # What there is
//!
//! * Sources: slices and arrays (`par_iter`, `par_iter_mut`; of this crate `par_chunks`, `par_chunks_mut`), `Vec` and `Box<[T]>`
//!   (`into_par_iter` too), `VecDeque` (`par_iter`, `par_iter_mut`), `Range<usize>` and `RangeInclusive<usize>`; tuples and arrays of sources: `zip_eq`, `zip_max`, `zip_min`. Other
//!   collections by [`ParallelSource`].
//! * Before `with_thread_pool`: `array_windows`, `chain`, `cloned`, `copied`, `enumerate`, `filter`, `filter_map`, `inspect`, `map`,
//!   `map_init`, `rev`, `skip`, `skip_exact`, `step_by`, `take`, `take_exact`, `update`, `downgrade`.
//! * After it: `all`, `all_equal`, `any`, `cmp` and `partial_cmp` (`_by`, `_by_key`, `_by_keys` too), `collect`, `collect_per_thread`, `eq` and
//!   `ne` (`_by_key`, `_by_keys` too), `find_any`, `find_first`, `find_map_any`, `find_map_first`, `fold_per_thread`, `for_each`, `for_each_init`,
//!   `is_sorted`, `max`, `min` and `minmax` (`_by`, `_by_key` too), `map`, `panic_fuse`, `product`, `reduce`, `sum`, and `try_collect`,
//!   `try_collect_per_thread`, `try_fold_per_thread`, `try_for_each`, `try_for_each_init`, `try_reduce`; and what all of these are made of:
//!   `pipeline`, `short_circuiting_pipeline`, `upper_bounded_pipeline`, `iter_pipeline`.
//!
//! # What to write for what there isn't
//!
//! **A value of each chunk, with none of its items in hand**: with [`split_per`](crate::split_per) the ranges of a loop are chunks of at most
//! that length.
//!
//! ```
//! let samples: Vec<f32> = (0..10_000).map(|n| (n % 100) as f32).collect();
//! let loudest = micropool::split_per(256).reduce_ranges(
//!     samples.len(),
//!     |range| samples[range].iter().fold(0.0, |most: f32, sample| most.max(sample.abs())),
//!     f32::max,
//! );
//! assert_eq!(loudest, Some(99.0));
//! ```
//!
//! **Rows of an image**, each with its number:
//!
//! ```
//! use micropool::iter::*;
//! let (width, mut image) = (64, vec![0_u8; 64 * 48]);
//! image.par_chunks_mut(width).enumerate().with_thread_pool(micropool::split_per_item()).for_each(|(y, row)| row.fill(y as u8));
//! assert_eq!((image[0], image[64 * 48 - 1]), (0, 47));
//! ```
//!
//! **Windows** whose width isn't a constant (else `array_windows`): a range looks over its end.
//!
//! ```
//! use std::sync::atomic::{AtomicUsize, Ordering};
//! let (heights, width) = ([3, 1, 4, 1, 5, 9, 2, 6, 5, 3], 4);
//! let steep = AtomicUsize::new(0);
//! micropool::split_by_threads().for_each_range(heights.len() + 1 - width, |range| {
//!     let windows = heights[range.start..range.end + width - 1].windows(width);
//!     steep.fetch_add(windows.filter(|w| w[width - 1] > w[0]).count(), Ordering::Relaxed);
//! });
//! assert_eq!(steep.into_inner(), heights.windows(width).filter(|w| w[3] > w[0]).count());
//! ```
//!
//! **Sorting.** Halves around the median, sorted by [`join`](crate::join); stable sorting is best left to `rayon`'s `par_sort`.
//!
//! ```
//! fn sort<T: Ord + Send>(items: &mut [T]) {
//!     if items.len() < 5000 {
//!         return items.sort_unstable();
//!     }
//!     let (below, _median, above) = items.select_nth_unstable(items.len() / 2);
//!     micropool::join(|| sort(below), || sort(above));
//! }
//! let mut numbers: Vec<u64> = (0..20_000).map(|n| n * 7919 % 20_011).collect();
//! sort(&mut numbers);
//! assert!(numbers.is_sorted());
//! ```
//!
//! **`flat_map`, and collections that have no order**: each thread fills its own, then they are joined.
//!
//! ```
//! use micropool::iter::*;
//! use std::collections::HashMap;
//! let lines = ["a b", "", "b c b"];
//! let counts = lines.par_iter().with_thread_pool(micropool::split_by_threads()).fold_per_thread(
//!     HashMap::new,
//!     |mut counts, line| {
//!         line.split_whitespace().for_each(|word| *counts.entry(word).or_insert(0) += 1);
//!         counts
//!     },
//!     |_threads| HashMap::new(),
//!     |mut all, counts| {
//!         counts.into_iter().for_each(|(word, count)| *all.entry(word).or_insert(0) += count);
//!         all
//!     },
//! );
//! assert_eq!(counts["b"], 3);
//! ```
//!
//! **`position`**: `enumerate` and `find_first`. **`count`**: `map(|_| 1)` and `sum`. **`last`**: `rev` and `find_first`.
//!
//! **Prefix sums**: the sums of chunks, then the chunks again, each with what comes before it.
//!
//! ```
//! use micropool::iter::*;
//! let mut data: Vec<u64> = (1..=1000).collect();
//! let split = micropool::split_per_item();
//! let mut sums: Vec<u64> = data.par_chunks(100).map(|chunk| chunk.iter().sum()).with_thread_pool(split).collect();
//! let mut before = 0;
//! sums.iter_mut().for_each(|sum| before += std::mem::replace(sum, before));
//! (data.par_chunks_mut(100), sums.par_iter()).zip_eq().with_thread_pool(split).for_each(|(chunk, before)| {
//!     let mut sum = *before;
//!     for number in chunk {
//!         sum += *number;
//!         *number = sum;
//!     }
//! });
//! assert_eq!(data[999], 500_500);
//! ```

pub use crate::chunks::{Chunks, ChunksMut, ParallelSlice, ParallelSliceMut};
pub use paralight::iter::*;

use crate::panic::catch;
use crate::runs::{Runs, Stopped};
use crate::split::Split;
use crate::sync::{AtomicUsize, Ordering};
use std::ops::{ControlFlow, Range, RangeInclusive};

/// How many items are folded between two looks at whether the loop has been stopped: at first a few, then as many as have been folded,
/// then so many that a look is nothing next to what they cost in a vectorised loop.
const BLOCKS: RangeInclusive<usize> = 16..=1024;

/// A run that is a whole piece and needs no cleanup: a plain range, and no way out but its end, or the loop's.
///
/// Whoever asks for one item after another (`for_each`, `reduce`) gets nothing but the range. A look at the flag between two items, or
/// between two blocks of them, would keep LLVM from vectorising: in `next` it can't be put where an outer loop would have it.
struct Plain<'a> {
    run: Range<usize>,
    stopped: Stopped<'a>,
}

impl Iterator for Plain<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        self.run.next()
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.run.len()))
    }

    /// A plain loop a block. There is no call here, even a cold one: no register outlives a call, and a sum of floats would be kept in memory.
    #[inline]
    fn fold<A, F: FnMut(A, usize) -> A>(self, init: A, mut f: F) -> A {
        let Range { mut start, end } = self.run;
        let mut accumulated = init;
        let mut size = *BLOCKS.start();
        while start < end && !self.stopped.is_set() {
            let block = start..start + size.min(end - start);
            start = block.end;
            for index in block {
                accumulated = f(accumulated, index);
            }
            size = (2 * size).min(*BLOCKS.end());
        }
        accumulated
    }
}

/// The indices of one thread's runs, each given out once; what is not given out is cleaned up when it is dropped.
///
/// Kept so that the compiler can hold `now` in registers: no method lends `self` to a function that isn't inlined. A loop that
/// calls `next` is then two plain loops, of which the inner can be vectorised, and so is one that folds.
struct Indices<'a, 'r, C: SourceCleanup> {
    runs: &'a mut Runs<'r>,
    now: Range<usize>,
    stopped: Stopped<'r>,
    cleanup: &'a C,
    /// A panic was passing when this was made: the loop is part of a `drop`.
    unwinding: bool,
}

impl<'a, 'r, C: SourceCleanup> Indices<'a, 'r, C> {
    #[inline]
    fn new(runs: &'a mut Runs<'r>, first: Option<Range<usize>>, cleanup: &'a C) -> Self {
        let unwinding = C::NEEDS_CLEANUP && std::thread::panicking();
        let stopped = runs.stopped();
        // Not in `next`: a loop over it has but one call in it. `first` and not always `runs.first`: with that alone a skewed loop (`benches`'
        // `loops`) took some hundredths more.
        let now = first.unwrap_or_else(|| std::mem::take(&mut runs.first));
        Self { runs, now, stopped, cleanup, unwinding }
    }

    /// Whether to leave what there is to the cleanup. Of items that need one each is looked at: that is nothing next to its `Drop`.
    #[inline]
    fn enough(&self) -> bool {
        C::NEEDS_CLEANUP && self.stopped.is_set()
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
                // any more. `tests/pipelines` counts.
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
        if self.enough() {
            return None;
        }
        if let Some(index) = self.now.next() {
            return Some(index);
        }
        self.now = self.runs.take_run()?;
        // Runs are not empty.
        self.now.next()
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, None)
    }

    #[inline]
    fn fold<A, F: FnMut(A, usize) -> A>(mut self, init: A, mut f: F) -> A {
        let mut accumulated = init;
        if C::NEEDS_CLEANUP {
            // An item that panics must leave what comes after it in `now`, for `drop`.
            for index in self.by_ref() {
                accumulated = f(accumulated, index);
            }
        } else {
            loop {
                let run = std::mem::take(&mut self.now);
                accumulated = Plain { run, stopped: self.stopped }.fold(accumulated, &mut f);
                match self.runs.next_run() {
                    Some(run) => self.now = run,
                    None => break,
                }
            }
        }
        accumulated
    }
}

impl<C: SourceCleanup> Drop for Indices<'_, '_, C> {
    #[inline]
    fn drop(&mut self) {
        if C::NEEDS_CLEANUP {
            if !self.unwinding && std::thread::panicking() {
                // The others need not go on while this thread cleans up.
                self.runs.stop();
            }
            Self::clean(self.runs, self.now.clone(), self.cleanup);
        } else {
            // Nobody else should begin what this thread has had enough of.
            self.runs.take_rest();
        }
    }
}

fn needs_cleanup<C: SourceCleanup>(_: &C) -> bool {
    C::NEEDS_CLEANUP
}

/// On a line of its own: read by all with every item.
#[repr(align(128))]
struct Bound(AtomicUsize);

/// A panic passes: nobody need look at any index any more. (One who comes to the first of all does no harm.)
struct LowerBound<'a>(&'a Bound);

impl Drop for LowerBound<'_> {
    fn drop(&mut self) {
        self.0.0.store(0, Ordering::Relaxed);
    }
}

// SAFETY: the contract asks, of both functions, that indices and ranges lie in `0..input_len`, and that each index is passed
// exactly once, to the processing or to the cleanup.
//
// * `loops::run` calls the body on runs that are disjoint and cover `0..input_len` (`Cut::start` is monotonic from 0 to the length,
//   and a chunk is taken once by the exchange of the word it is in): `chunks_cover_every_length_without_overflow`, and
//   `loop_chunks_run_once_and_in_order` (loom).
// * Where the cleanup does nothing (`NEEDS_CLEANUP` is false) a run that is a whole piece is passed as it is (`Plain`), once; the indices
//   that an accumulator or a stopped loop leaves of it, and the chunks that nobody begins after a panic (`apart`), are passed to a cleanup that does nothing.
// * Every other run goes through `Indices`, which either gives an index out once, and takes it out of `now` before it does, or passes it
//   to the cleanup in `drop`, whatever the accumulator does with the iterator and whether or not it panics: `Indices` is made
//   before any of the user's code is called, and owned by it from then on. (An accumulator that forgets its iterator leaks
//   items, and passes none twice.)
// * What nobody has begun when a loop stops is the rest of a piece whose owner is still in its body (of a row, the rest of the piece
//   that was begun last; with cleanup no loop is `apart`): `next_run` ends there, and `drop` cleans the rest up. A piece whose owner has left has no rest: `next_run`
//   said so, or `drop` has taken it. `a_stopped_loop_leaves_each_chunk_to_one_thread` and `a_stopped_row_…` (loom).
// * A panic of the cleanup itself doesn't keep the other ranges from their cleanup. Within its range, the items are the source's.
// * A loop without items calls the body once, on no run.
//
// `tests/pipelines` counts, with drops and without, under breaks and panics.
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
            false,
            |runs: &mut Runs<'_>| {
                let mut indices = Indices::new(runs, None, cleanup);
                let unless_done = LowerBound(&bound);
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
                std::mem::forget(unless_done);
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
        let needs_cleanup = needs_cleanup(cleanup);
        self.run(
            input_len,
            !needs_cleanup,
            move |runs: &mut Runs<'_>| match runs.only_run() {
                // The least that a compiler can be given.
                Some(run) if !needs_cleanup => accum.accumulate(Plain { run, stopped: runs.stopped() }),
                first => accum.accumulate(Indices::new(runs, first, cleanup)),
            },
            |outputs| reduce.accumulate_exact(outputs),
        )
    }
}
