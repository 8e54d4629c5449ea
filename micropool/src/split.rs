//! How a loop is split among threads: the four forms, and the loops over ranges.

use crate::current;
use crate::cut::Cut;
use crate::loops;
use crate::panic::Held;
use crate::places::{self, Shelf};
use crate::runs::Runs;
use crate::seat::Seat;
use crate::shared::Shared;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// How a loop over `0..len` is divided among the threads of a pool.
///
/// What [`split_by_threads`], [`split_by`], [`split_per`] and [`split_per_item`] return: the thread pool of a parallel
/// iterator (`.with_thread_pool(…)`), and by itself a loop over ranges, for kernels on slices. The free functions' `Split`
/// uses the pool that is current when the loop runs.
///
/// ```
/// let halves = micropool::split_by(2);
/// let small = micropool::ThreadPoolBuilder::new().num_threads(1).build()?;
/// // The same split in two pools.
/// for sum in [halves.reduce_ranges(9, |range| range.len(), |a, b| a + b),
///             small.install(|| halves.reduce_ranges(9, |range| range.len(), |a, b| a + b))] {
///     assert_eq!(sum, Some(9));
/// }
/// # Ok::<(), micropool::BuildError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Split<'pool> {
    pub(crate) pool: Option<&'pool Arc<Shared>>,
    pub(crate) form: Form,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Form {
    Threads,
    By(usize),
    Per(usize),
}

impl fmt::Debug for Split<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Split").field(&self.form).finish()
    }
}

/// One chunk a thread: as many as the current pool has workers, and one more for a caller that is none of them.
///
/// The form for even work: the least to start, the longest runs. Uneven work is better cut finer, with [`split_per`].
///
/// ```
/// use micropool::iter::*;
/// let data: Vec<u64> = (1..=1000).collect();
/// let sum = data.par_iter().with_thread_pool(micropool::split_by_threads()).sum::<u64>();
/// assert_eq!(sum, 500_500);
/// ```
pub fn split_by_threads() -> Split<'static> {
    Split { pool: None, form: Form::Threads }
}

/// `n` chunks of the same length, give or take one item; `0` counts as 1. For a number of parts that follows from the task.
///
/// ```
/// let parts = micropool::split_by(4).reduce_ranges(10, |range| vec![range], |a, b| [a, b].concat());
/// assert_eq!(parts, Some(vec![0..3, 3..6, 6..8, 8..10]));
/// ```
pub fn split_by(n: usize) -> Split<'static> {
    Split { pool: None, form: Form::By(n) }
}

/// Chunks of about `n` items, none longer (unless there were more than 2³¹ of them); `0` counts as 1. For uneven work.
///
/// ```
/// let lengths = micropool::split_per(4).reduce_ranges(10, |range| vec![range.len()], |a, b| [a, b].concat());
/// assert_eq!(lengths, Some(vec![4, 3, 3]));
/// ```
pub fn split_per(n: usize) -> Split<'static> {
    Split { pool: None, form: Form::Per(n) }
}

/// A chunk for every item: for few items that take long.
///
/// ```
/// use micropool::iter::*;
/// let files = ["a", "bb", "ccc"];
/// let sizes: Vec<usize> = files.par_iter().map(|file| file.len()).with_thread_pool(micropool::split_per_item()).collect();
/// assert_eq!(sizes, [1, 2, 3]);
/// ```
pub fn split_per_item() -> Split<'static> {
    Split { pool: None, form: Form::Per(1) }
}

impl Split<'_> {
    /// Calls `f` on ranges that cover `0..len` once, perhaps at the same time.
    ///
    /// For kernels on slices: the compiler sees a plain loop over a range, and vectorises it.
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU64, Ordering};
    /// let data: Vec<u64> = (0..10_000).collect();
    /// let sum = AtomicU64::new(0);
    /// micropool::split_by_threads().for_each_range(data.len(), |range| {
    ///     sum.fetch_add(data[range].iter().sum(), Ordering::Relaxed);
    /// });
    /// assert_eq!(sum.into_inner(), 49_995_000);
    /// ```
    ///
    /// What `f` owns is dropped before this returns, in the split's pool (as what is handed to [`install`](crate::ThreadPool::install) is); for an
    /// empty loop, which enters no pool, in the caller's.
    ///
    /// # Panics
    /// With the payload of a call of `f` that panicked, after those that run have ended; ranges that nobody has begun are
    /// not run then.
    pub fn for_each_range(self, len: usize, f: impl Fn(Range<usize>) + Sync) {
        if len == 0 {
            return;
        }
        self.run(
            len,
            true,
            move |runs| match runs.only_run() {
                Some(range) => f(range),
                None => {
                    while let Some(range) = runs.next_run() {
                        f(range);
                    }
                }
            },
            |_| (),
        );
    }

    /// Maps ranges that cover `0..len` once, and reduces the results from left to right. `None` for an empty loop.
    ///
    /// ```
    /// let words = ["a", "b", "c", "d"];
    /// let all = micropool::split_by(3).reduce_ranges(words.len(), |range| words[range].concat(), |a, b| a + &b);
    /// assert_eq!(all.as_deref(), Some("abcd"));
    /// ```
    ///
    /// What `map` and `reduce` own is dropped where [`for_each_range`](Self::for_each_range) drops it.
    ///
    /// # Panics
    /// As [`for_each_range`](Self::for_each_range), and with the payload of `reduce`.
    ///
    /// # Cost
    /// `reduce` runs on the caller, so results wait for it, each in a place of its own: in the caller's frame, or in a buffer that the thread
    /// keeps for its next loop. Results that would take more than 1 MiB together come in groups of so much (but of no fewer than 64, nor than
    /// 8 for each thread), one group after another: at the end of each all threads wait for its last range, and for the caller
    /// to reduce it. Coarser chunks or smaller results (a `Box`, an index) keep a loop in one group.
    pub fn reduce_ranges<T: Send>(
        self,
        len: usize,
        map: impl Fn(Range<usize>) -> T + Sync,
        reduce: impl Fn(T, T) -> T,
    ) -> Option<T> {
        if len == 0 {
            return None;
        }
        let most = const { if size_of::<T>() <= 1 << 14 { (1 << 20) / (size_of::<T>() + 1) } else { 64 } };
        self.with_cut(len, move |me, cut| {
            if cut.chunks <= 2 && size_of::<T>() <= 1 << 10 {
                // A result each, where the loop has it anyway. Larger ones would lie in several frames.
                let body = move |runs: &mut Runs<'_>| runs.only_run().map(&map);
                return loops::run(me, cut, true, body, |results| results.flatten().reduce(reduce));
            }
            // With few ranges for each thread most would stand still at each group's end.
            let most = most.max(8 * (me.pool().config.num_threads + 1));
            // A thread's neighbouring results come as a list, for `reduce` may run on the caller only: it need not be `Sync`.
            let mut all = None::<Held<T>>;
            for (first, group) in cut.in_groups(most) {
                places::lend(group.chunks, |places| {
                    let shelf = Shelf::new(places);
                    let body = |runs: &mut Runs<'_>| {
                        // SAFETY: runs are chunks that follow one another, and no chunk is run twice: so a list has the places of its chunks.
                        #[allow(unsafe_code)]
                        let mut results = unsafe { shelf.part(runs.chunk) };
                        while let Some(range) = runs.next_run() {
                            results.push(map(first + range.start..first + range.end));
                        }
                        results
                    };
                    loops::run(me, group, true, body, |parts| {
                        for result in parts.flatten() {
                            all = Some(Held::new(match all.take() {
                                Some(before) => reduce(before.release(), result),
                                None => result,
                            }));
                        }
                    });
                });
            }
            all.map(Held::release)
        })
    }

    /// Runs a loop in the split's pool; `apart` as in [`loops::run`].
    pub(crate) fn run<T: Send, F, R>(
        self,
        len: usize,
        apart: bool,
        body: F,
        reduce: impl FnOnce(&mut dyn ExactSizeIterator<Item = T>) -> R,
    ) -> R
    where
        F: Fn(&mut Runs<'_>) -> T + Sync,
    {
        self.with_cut(len, move |me, cut| loops::run(me, cut, apart, body, reduce))
    }

    /// Resolves the split's pool, and the split.
    fn with_cut<R>(self, len: usize, f: impl FnOnce(&Seat, Cut) -> R) -> R {
        let with_seat = |me: &Seat| {
            let cut = match self.form {
                Form::Threads => {
                    let workers = me.pool().config.num_threads;
                    Cut::into(len, if me.is_worker() { workers } else { workers + 1 })
                }
                Form::By(n) => Cut::into(len, n),
                Form::Per(n) => Cut::per(len, n),
            };
            f(me, cut)
        };
        // Without looking for a current seat where the pool is given: that would make the global pool.
        match self.pool {
            Some(pool) => current::with_seat_in(pool, with_seat),
            None => match current::seat() {
                Some(me) => with_seat(me),
                None => current::with_seat_in(crate::global::shared(), with_seat),
            },
        }
    }
}
