//! The end comes soon: when one thread has seen enough, and when one has panicked.

use super::*;

/// No loop here could count to its end: each must stop because one thread has seen enough.
#[test]
fn a_loop_without_end_stops_early_in_all_chunks() {
    within(LIMIT, || {
        // What the other tests need, which may run at the same time: large results by the hundred.
        let others = 1 << 24;
        under_every_split(|split| {
            let all = || (0..usize::MAX).into_par_iter().with_thread_pool(split);
            assert!(all().any(|n| n % 1000 == 999));
            assert!(!all().all(|n| n % 1000 != 999));
            assert!(all().find_any(|n| n % 1000 == 999).is_some_and(|n| n % 1000 == 999));
            assert_eq!(all().find_first(|n| n % 1000 == 999), Some(999));
            assert_eq!(all().find_map_first(|n| n.checked_sub(1000)), Some(0));
            assert_eq!(all().try_for_each(|n| if n % 1000 == 999 { Err("enough") } else { Ok(()) }), Err("enough"));
            assert_eq!(all().map(|n| (n, n ^ 1)).cmp(), std::cmp::Ordering::Less);
            let nothing = vec![(); usize::MAX];
            assert!(nothing.par_iter().with_thread_pool(split).any(|()| true));
            assert!(nothing.into_par_iter().enumerate().with_thread_pool(split).any(|(k, ())| k % 1000 == 999));
        });
        assert!(LARGEST.load(Ordering::Relaxed) <= others, "allocated {LARGEST:?} bytes at once");
    });
}

/// As above, but there is one hit for all: who isn't in its chunk would go on for centuries if he weren't told.
#[test]
fn one_hit_ends_a_loop_without_end_in_all_chunks() {
    fn ends(split: micropool::Split<'_>, hit: usize) {
        let all = || (0..usize::MAX).into_par_iter().with_thread_pool(split);
        assert!(all().any(|n| n == hit));
        assert!(!all().all(|n| n != hit));
        assert_eq!(all().find_any(|n| *n == hit), Some(hit));
        assert_eq!(all().find_map_any(|n| (n == hit).then_some("it")), Some("it"));
        assert_eq!(all().try_for_each(|n| if n == hit { Err(n) } else { Ok(()) }), Err(hit));
        let marked = (0..usize::MAX).into_par_iter().map(|n| n == hit);
        assert!(!marked.with_thread_pool(split).all_equal());
        assert!(all().map(|n| (n, n ^ usize::from(n == hit))).ne());
        let ended = all().short_circuiting_pipeline(
            || (),
            |(), n| if n == hit { ControlFlow::Break(n) } else { ControlFlow::Continue(()) },
            ControlFlow::break_value,
            Option::or,
        );
        assert_eq!(ended, Some(hit));
    }
    within(LIMIT, || {
        under_every_split(|split| {
            ends(split, 5);
            assert_eq!((0..usize::MAX).into_par_iter().with_thread_pool(split).find_first(|n| *n == 5), Some(5));
        });
        // In the last chunk, which is what somebody begins who comes to help: the caller is told too.
        for workers in [1, 2, 8] {
            let pool = pool(workers);
            ends(pool.split_by(2), usize::MAX / 2 + 7);
            ends(pool.split_by(3), usize::MAX / 3 * 2 + 7);
        }
    });
}

/// A look with every item ends what has no end; sums look by themselves.
#[test]
fn a_panic_ends_a_loop_without_end_that_looks_for_it() {
    within(LIMIT, || {
        under_every_split(|split| {
            let throw_at_5 = |n| if n == 5 { resume_unwind(Box::new("five")) } else { n & 1 };
            let all = || (0..usize::MAX).into_par_iter().with_thread_pool(split);
            let fives = [
                payload(|| all().panic_fuse().for_each(|n| _ = throw_at_5(n))),
                payload(|| _ = all().map(throw_at_5).panic_fuse().reduce(|| 0, |a, b| a ^ b)),
                payload(|| _ = all().panic_fuse().find_first(|n| throw_at_5(*n) == 2)),
                payload(|| _ = all().find_first(|n| throw_at_5(*n) == 2)),
                payload(|| _ = all().map(throw_at_5).sum::<usize>()),
                payload(|| _ = all().map(|n| throw_at_5(n) | 1).product::<usize>()),
            ];
            assert!(fives.iter().all(|thrown| thrown.downcast_ref() == Some(&"five")));
        });
    });
}

#[test]
fn ranges_of_a_huge_loop_meet_without_overflow() {
    within(LIMIT, || {
        for workers in [0, 1, 2, 8] {
            let pool = pool(workers);
            let splits = [pool.split_by_threads(), pool.split_by(1000), pool.split_per(usize::MAX / 1000)];
            for split in splits {
                let meet = |a: Range<usize>, b: Range<usize>| {
                    assert_eq!(a.end, b.start);
                    a.start..b.end
                };
                assert_eq!(split.reduce_ranges(usize::MAX, |range| range, meet), Some(0..usize::MAX));
            }
            // Too many to run: the first ends it.
            for split in [pool.split_per_item(), pool.split_by(usize::MAX), pool.split_per(2)] {
                let thrown = payload(|| split.for_each_range(usize::MAX, |_| resume_unwind(Box::new("enough"))));
                assert_eq!(thrown.downcast_ref(), Some(&"enough"));
            }
        }
    });
}

/// Of a caller that is alone, with workers or without, it is known which were begun before.
#[test]
fn after_a_panic_no_further_range_is_begun() {
    within(LIMIT, || {
        for workers in [0, 1, 2, 8] {
            let (pool, gate) = (capped(workers, workers), Gate::default());
            let held: Vec<_> = (0..workers).map(|_| gate.hold(&pool)).collect();
            let loops: [(_, &[usize]); 3] =
                [(pool.split_by(2), &[0]), (pool.split_by(4), &[0, 25]), (pool.split_per(20), &[0, 20])];
            for (split, expected) in loops {
                let begun = Mutex::new(Vec::new());
                let thrown = payload(|| {
                    split.for_each_range(100, |range| {
                        begun.lock().unwrap().push(range.start);
                        if range.contains(&30) {
                            resume_unwind(Box::new(30));
                        }
                    });
                });
                assert_eq!(thrown.downcast_ref(), Some(&30));
                assert_eq!(begun.into_inner().unwrap(), expected, "{split:?}, {workers} workers");
                let begun = Mutex::new(Vec::new());
                let items: Vec<Box<usize>> = (0..100).map(Box::new).collect();
                let thrown = payload(|| {
                    items.into_par_iter().with_thread_pool(split).for_each(|item| {
                        begun.lock().unwrap().push(*item);
                        if *item == 30 {
                            resume_unwind(Box::new(30));
                        }
                    });
                });
                assert_eq!(thrown.downcast_ref(), Some(&30));
                assert!(begun.into_inner().unwrap().into_iter().eq(0..=30), "{split:?}, {workers} workers");
            }
            gate.open();
            held.into_iter().for_each(micropool::Task::join);
        }
    });
}

/// All threads are in a range when one of them panics. Then each range takes time, so that the others begin a few at most before they see it.
#[test]
fn after_a_panic_other_threads_begin_no_further_range() {
    const RANGES: usize = 100_000;
    struct Panicked<'a>(&'a AtomicBool);
    impl Drop for Panicked<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    within(LIMIT, || {
        for workers in [1, 2, 8] {
            let (pool, begun, panicked) = (pool(workers), AtomicUsize::new(0), AtomicBool::new(false));
            let thrown = payload(|| {
                pool.split_per_item().for_each_range(RANGES, |_| {
                    if begun.fetch_add(1, Ordering::Relaxed) == workers {
                        let _panicked = Panicked(&panicked);
                        resume_unwind(Box::new("one of many"));
                    }
                    assert!(eventually(LIMIT / 2, || panicked.load(Ordering::Relaxed)));
                    std::thread::sleep(Duration::from_millis(1));
                });
            });
            assert_eq!(thrown.downcast_ref(), Some(&"one of many"));
            let begun = begun.into_inner();
            assert!(begun < RANGES / 10, "{begun} ranges were begun, {workers} workers");
        }
    });
}
