//! The two pipelines of paralight's `GenericThreadPool`, called as paralight calls them, with accumulators that stop where they like; and the
//! loops over ranges.

use std::ops::{ControlFlow, Range};
use std::panic::{AssertUnwindSafe, catch_unwind};

use micropool::Split;
use micropool::iter::{Accumulator, ExactSizeAccumulator, GenericThreadPool, SourceCleanup};

use crate::case::Case;
use crate::oracle::{Tally, Watch};

struct Cleaner<'a, const NEEDED: bool>(&'a Watch, usize);

impl<const NEEDED: bool> SourceCleanup for Cleaner<'_, NEEDED> {
    const NEEDS_CLEANUP: bool = NEEDED;
    fn len(&self) -> usize {
        self.1
    }
    unsafe fn cleanup_item_range(&self, range: Range<usize>) {
        if NEEDED {
            self.0.cleanup(range);
        }
    }
}

/// Of a large tally: eight of them fill a page, so a loop's lie in a buffer.
pub const PADDING: usize = 60;

/// How an accumulator goes through its iterator.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    /// `next` to the end, and once more.
    Next,
    Fold,
    /// `try_fold` until a break, the rest not at all.
    TryFold,
    /// The first few of each thread.
    Take(usize),
    /// Some are passed over.
    Nth(usize),
    Nothing,
}

struct Collector<'a> {
    watch: &'a Watch,
    way: Way,
    breaks: &'a [usize],
}

impl<'a, const PADDING: usize> Accumulator<usize, Tally<'a, PADDING>> for Collector<'a> {
    fn accumulate(&self, iter: impl Iterator<Item = usize>) -> Tally<'a, PADDING> {
        self.watch.init();
        let mut iter = iter.inspect(|index| self.watch.item(*index));
        let mut tally = Tally::new(self.watch);
        match self.way {
            Way::Next => {
                for index in iter.by_ref() {
                    tally = tally.with(index);
                }
                assert_eq!(iter.next(), None, "at its end for good");
            }
            Way::Fold => tally = iter.fold(tally, Tally::with),
            Way::TryFold => {
                let until_a_break = |tally: Tally<'a, PADDING>, index| {
                    let tally = tally.with(index);
                    if self.breaks.contains(&index) { ControlFlow::Break(tally) } else { ControlFlow::Continue(tally) }
                };
                match iter.try_fold(tally, until_a_break) {
                    ControlFlow::Break(seen) | ControlFlow::Continue(seen) => tally = seen,
                }
            }
            Way::Take(count) => tally = iter.by_ref().take(count).fold(tally, Tally::with),
            Way::Nth(count) => {
                while let Some(index) = iter.nth(count) {
                    tally = tally.with(index);
                }
            }
            Way::Nothing => {}
        }
        self.watch.finalize();
        tally
    }
}

/// Joins the results of all threads, or has no use for any.
struct Joiner<'a> {
    watch: &'a Watch,
    lazy: bool,
}

impl<'a, const PADDING: usize> ExactSizeAccumulator<Tally<'a, PADDING>, Tally<'a, PADDING>> for Joiner<'a> {
    fn accumulate_exact(&self, mut iter: impl ExactSizeIterator<Item = Tally<'a, PADDING>>) -> Tally<'a, PADDING> {
        let mut all = Tally::new(self.watch);
        if self.lazy {
            return all;
        }
        for left in (0..iter.len()).rev() {
            self.watch.reduce();
            all = all.and(iter.next().expect("as many as it said"));
            assert_eq!(iter.len(), left);
        }
        assert!(iter.next().is_none());
        all
    }
}

/// The first pipeline: what an accumulator sees is in order, and complete if it and those who join take all.
pub fn iter_pipeline<const CLEANUP: bool, const PADDING: usize>(case: &Case, split: Split<'_>, way: Way) {
    let watch = case.watch();
    let len = case.len;
    let joined = catch_unwind(AssertUnwindSafe(|| -> Tally<'_, PADDING> {
        let joiner = Joiner { watch: &watch, lazy: case.lazy };
        let collector = Collector { watch: &watch, way, breaks: &case.breaks };
        split.iter_pipeline(len, collector, joiner, &Cleaner::<CLEANUP>(&watch, len))
    }));
    if let Some(tally) = watch.outcome(joined) {
        assert!(tally.seen.is_sorted_by(|a, b| a < b), "in the order of the source: {:?}", tally.seen);
        if !case.lazy && matches!(way, Way::Next | Way::Fold) {
            assert_eq!(tally.seen, (0..len).collect::<Vec<_>>());
        }
    }
    watch.check_indices(CLEANUP);
    watch.check_tallies();
}

/// The second: of several breaks the first counts, and nothing below it is left out.
pub fn upper_bounded_pipeline<const CLEANUP: bool, const PADDING: usize>(case: &Case, split: Split<'_>) {
    let watch = case.watch();
    let len = case.len;
    let joined = catch_unwind(AssertUnwindSafe(|| {
        split.upper_bounded_pipeline(
            len,
            || {
                watch.init();
                Tally::<PADDING>::new(&watch)
            },
            |tally, index| {
                watch.item(index);
                let tally = tally.with(index);
                if case.breaks.contains(&index) { ControlFlow::Break(tally) } else { ControlFlow::Continue(tally) }
            },
            |tally| {
                watch.finalize();
                tally
            },
            |all, next| {
                watch.reduce();
                all.and(next)
            },
            &Cleaner::<CLEANUP>(&watch, len),
        )
    }));
    if let Some(tally) = watch.outcome(joined) {
        assert!(tally.seen.is_sorted_by(|a, b| a < b), "in the order of the source: {:?}", tally.seen);
        let needed = case.first_break().map_or(len, |first| first + 1);
        assert!(tally.seen.iter().take(needed).copied().eq(0..needed), "nothing below {needed} is missing");
    }
    watch.check_indices(CLEANUP);
    watch.check_tallies();
}

/// A loop over ranges: each index in one of them, once.
pub fn for_each_range(case: &Case, split: Split<'_>) {
    let watch = case.watch();
    let run = || {
        split.for_each_range(case.len, |range| {
            watch.init();
            range.for_each(|index| watch.item(index));
            watch.finalize();
        });
    };
    if watch.outcome(catch_unwind(AssertUnwindSafe(run))).is_some() {
        assert!((0..case.len).all(|index| watch.was_given(index)));
    }
    watch.check_indices(false);
}

/// One with a result for each: in order, and none is left over.
pub fn reduce_ranges<const PADDING: usize>(case: &Case, split: Split<'_>) {
    let watch = case.watch();
    let tally_of = |range: Range<usize>| {
        watch.init();
        let tally = range.fold(Tally::<PADDING>::new(&watch), |tally, index| {
            watch.item(index);
            tally.with(index)
        });
        watch.finalize();
        tally
    };
    let reduced = catch_unwind(AssertUnwindSafe(|| {
        split.reduce_ranges(case.len, tally_of, |all, next| {
            watch.reduce();
            all.and(next)
        })
    }));
    if let Some(tally) = watch.outcome(reduced) {
        assert_eq!(tally.map_or(Vec::new(), |tally| tally.seen.clone()), (0..case.len).collect::<Vec<_>>());
    }
    watch.check_indices(false);
    watch.check_tallies();
}
