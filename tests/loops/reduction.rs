//! Results, from left to right.

use super::*;

/// Results of every size: none, in a register, on the stack, too large for it, and on the heap.
fn reduces_from_left_to_right<T: Send>(of: impl Fn(Range<usize>) -> T + Sync, range: impl Fn(&T) -> Range<usize>) {
    under_every_split(|split| {
        let this = std::thread::current().id();
        let ranges = Mutex::new(Vec::new());
        let reductions = Cell::new(0);
        let reduced = split.reduce_ranges(
            500,
            |range| {
                ranges.lock().unwrap().push(range.clone());
                of(range)
            },
            |all, next| {
                assert_eq!(std::thread::current().id(), this, "`reduce` stays with the caller");
                let (all, next) = (range(&all), range(&next));
                assert_eq!((all.start, all.end), (0, next.start));
                assert!(ranges.lock().unwrap().contains(&next), "{next:?} is one range, not several reduced before");
                reductions.set(reductions.get() + 1);
                of(all.start..next.end)
            },
        );
        assert_eq!(range(&reduced.expect("there is something")), 0..500);
        assert_eq!(reductions.get() + 1, ranges.into_inner().unwrap().len());
    });
}

#[test]
fn small_results_reduce_from_left_to_right() {
    within(LIMIT, || reduces_from_left_to_right(|range| range, Clone::clone));
}

#[test]
fn large_results_reduce_from_left_to_right() {
    within(LIMIT, || {
        reduces_from_left_to_right(|range| [(); 64].map(|()| range.clone()), |copies| copies[63].clone());
    });
}

#[test]
fn more_results_than_are_kept_at_once_reduce_from_left_to_right() {
    struct Large {
        range: Range<usize>,
        _rest: [u8; 20_000],
    }
    let large_of = |range| Large { range, _rest: [0; 20_000] };
    let meet = |a: Range<usize>, b: Range<usize>| {
        assert_eq!(a.end, b.start);
        a.start..b.end
    };
    for pool in [0, 1, 3].map(pool) {
        let many = pool.split_per_item().reduce_ranges(200_000, |range| range, meet);
        assert_eq!(many, Some(0..200_000));
        let large = pool.split_by(200).reduce_ranges(1003, large_of, |a, b| large_of(meet(a.range, b.range)));
        assert_eq!(large.unwrap().range, 0..1003);
        // A panic among the later ones drops what came of the earlier.
        let kept = Arc::new(());
        let run = || {
            let map = |range: Range<usize>| {
                assert!(!range.contains(&900));
                (kept.clone(), [0_u8; 20_000])
            };
            pool.split_by(200).reduce_ranges(1003, map, |a, _| a)
        };
        assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
        assert_eq!(Arc::strong_count(&kept), 1);
    }
}

/// As many large results as there are 8 for each thread come in one group: in two, the first would wait for what comes after it.
#[test]
fn a_group_of_large_results_has_some_for_each_thread() {
    within(LIMIT, || {
        const WORKERS: usize = 16;
        const RANGES: usize = 8 * (WORKERS + 1);
        let done = AtomicUsize::new(0);
        let result = |range: Range<usize>| {
            if range.start == 0 {
                let others = || done.load(Ordering::Relaxed) == RANGES - 1;
                assert!(eventually(LIMIT / 2, others), "only {done:?} of {RANGES} ranges");
            }
            done.fetch_add(1, Ordering::Relaxed);
            [range.start as u64; 2500]
        };
        let last = pool(WORKERS).split_per_item().reduce_ranges(RANGES, result, std::cmp::max);
        assert_eq!(last.map(|last| last[0]), Some(RANGES as u64 - 1));
    });
}

#[test]
fn results_on_the_heap_reduce_from_left_to_right() {
    within(LIMIT, || {
        reduces_from_left_to_right(|range| range.collect::<Vec<_>>(), |all| all[0]..all[all.len() - 1] + 1);
    });
}

#[test]
fn results_without_a_size_are_counted() {
    within(LIMIT, || {
        under_every_split(|split| {
            let (mapped, reduced) = (AtomicUsize::new(0), Cell::new(0));
            let map = |_: Range<usize>| {
                mapped.fetch_add(1, Ordering::Relaxed);
            };
            assert_eq!(split.reduce_ranges(500, map, |(), ()| reduced.set(reduced.get() + 1)), Some(()));
            assert_eq!(reduced.get() + 1, mapped.into_inner());
        });
    });
}
