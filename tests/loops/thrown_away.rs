//! What is thrown away: items and results that nobody gets.

use super::*;

/// Panics when it is dropped: a result that nobody gets, or what was thrown.
struct Thorn(&'static str);

impl Drop for Thorn {
    fn drop(&mut self) {
        resume_unwind(Box::new(self.0));
    }
}

/// An item panics; then the `Drop` of an item that was left panics, with something that panics in turn when it is dropped.
/// Only the first is to be seen.
#[test]
fn what_a_panic_leaves_is_dropped_without_another() {
    struct Item(usize);
    impl Drop for Item {
        fn drop(&mut self) {
            if self.0 == 70 {
                resume_unwind(Box::new(Thorn("in the payload of a drop")));
            }
        }
    }
    within(LIMIT, || {
        under_every_split(|split| {
            let items: Vec<Item> = (0..100).map(Item).collect();
            let thrown = payload(|| {
                items.into_par_iter().with_thread_pool(split).for_each(|item| {
                    // A chunk with item 70 ends with it in the cleanup, if it begins at all.
                    if item.0 != 70 {
                        resume_unwind(Box::new("first"));
                    }
                    std::mem::forget(item);
                });
            });
            let text = thrown.downcast_ref::<&str>().copied();
            // Where 70 is a chunk's first item nothing else need be wrong with that chunk, but others are.
            assert_eq!(text, Some("first"));
        });
    });
}

#[test]
fn results_that_a_panicking_reduction_leaves_are_dropped_without_another_panic() {
    within(LIMIT, || {
        under_every_split(|split| {
            let thrown = payload(|| {
                (0..100).into_par_iter().with_thread_pool(split).fold_per_thread(
                    || Thorn("a result"),
                    |thorn, _| thorn,
                    |_| resume_unwind(Box::new("the reduction")),
                    |(), _| unreachable!("the reduction has panicked"),
                );
            });
            assert_eq!(thrown.downcast_ref(), Some(&"the reduction"));
        });
    });
}

/// An accumulator that catches a panic of its iterator gets a result of what was done; each item is dropped once all the same.
#[test]
fn an_accumulator_that_catches_a_panic_leaves_no_item() {
    struct Catching;
    impl Accumulator<Arc<usize>, usize> for Catching {
        fn accumulate(&self, items: impl Iterator<Item = Arc<usize>>) -> usize {
            let mut seen = 0;
            let all = AssertUnwindSafe(|| {
                items.for_each(|item| if *item == 30 { resume_unwind(Box::new(30)) } else { seen += 1 });
            });
            // What it is doesn't matter here.
            let _ = catch_unwind(all);
            seen
        }
    }
    struct Sum;
    impl ExactSizeAccumulator<usize, usize> for Sum {
        fn accumulate_exact(&self, parts: impl ExactSizeIterator<Item = usize>) -> usize {
            parts.sum()
        }
    }
    within(LIMIT, || {
        under_every_split(|split| {
            let items: Vec<_> = (0..100).map(Arc::new).collect();
            let kept = items.clone();
            let seen = items.into_par_iter().with_thread_pool(split).iter_pipeline(Catching, Sum);
            assert!((1..100).contains(&seen), "{seen} items");
            assert!(kept.iter().all(|item| Arc::strong_count(item) == 1));
        });
    });
}

/// Wherever `reduce` panics: what it was given, what it has made, and what waits for it is dropped once.
#[test]
fn results_that_a_panicking_reduce_leaves_are_dropped_once() {
    /// How many there are, and how many were dropped.
    #[derive(Default)]
    struct Counts(AtomicUsize, AtomicUsize);
    struct Counted<'a, const SIZE: usize> {
        counts: &'a Counts,
        dropped: bool,
        _rest: [u8; SIZE],
    }
    impl<'a, const SIZE: usize> Counted<'a, SIZE> {
        fn new(counts: &'a Counts) -> Self {
            counts.0.fetch_add(1, Ordering::Relaxed);
            Self { counts, dropped: false, _rest: [0; SIZE] }
        }
    }
    impl<const SIZE: usize> Drop for Counted<'_, SIZE> {
        fn drop(&mut self) {
            assert!(!std::mem::replace(&mut self.dropped, true), "twice");
            self.counts.1.fetch_add(1, Ordering::Relaxed);
        }
    }
    fn check<const SIZE: usize>(split: micropool::Split<'_>) {
        for panicking in [1, 2, 70] {
            let (counts, reductions) = (Counts::default(), Cell::new(0));
            let ended = catch_unwind(AssertUnwindSafe(|| {
                let map = |_| Counted::<SIZE>::new(&counts);
                split.reduce_ranges(100, map, |_, _| {
                    reductions.set(reductions.get() + 1);
                    if reductions.get() == panicking {
                        resume_unwind(Box::new("the reduction"));
                    }
                    Counted::new(&counts)
                })
            }));
            assert_eq!(ended.is_err(), reductions.get() == panicking);
            drop(ended);
            assert_eq!(counts.0.into_inner(), counts.1.into_inner(), "after {reductions:?} reductions");
        }
    }
    within(LIMIT, || {
        under_every_split(|split| {
            check::<0>(split);
            // More than a frame holds, in two groups.
            check::<20_000>(split);
        });
    });
}

#[test]
fn items_without_a_size_are_dropped_once() {
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    struct Mark;
    impl Drop for Mark {
        fn drop(&mut self) {
            DROPPED.fetch_add(1, Ordering::Relaxed);
        }
    }
    within(LIMIT, || {
        under_every_split(|split| {
            for len in [0, 1, 2, 10, 700] {
                let marks = || std::iter::repeat_with(|| Mark).take(len).collect::<Vec<_>>();
                DROPPED.store(0, Ordering::Relaxed);
                marks().into_par_iter().with_thread_pool(split).for_each(drop);
                assert_eq!(DROPPED.swap(0, Ordering::Relaxed), len);
                let mut lent = marks();
                assert_eq!(lent.par_iter().with_thread_pool(split).map(|_| 1).sum::<usize>(), len);
                lent.par_iter_mut().with_thread_pool(split).for_each(|mark| *mark = Mark);
                assert_eq!(DROPPED.swap(0, Ordering::Relaxed), len);
                lent.into_par_iter().with_thread_pool(split).find_any(|_| true);
                assert_eq!(DROPPED.swap(0, Ordering::Relaxed), len);
                let kept: Vec<Mark> = marks().into_par_iter().with_thread_pool(split).collect();
                assert_eq!((kept.len(), DROPPED.load(Ordering::Relaxed)), (len, 0));
                drop(kept);
                assert_eq!(DROPPED.load(Ordering::Relaxed), len);
            }
        });
    });
}
