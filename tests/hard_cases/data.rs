//! Data: 21 to 24.

use crate::{Counted, LIMIT, Payload, counter, on_pools, payload, pool, watched};
use micropool::ThreadPoolBuilder;
use micropool::iter::*;
use std::panic::{AssertUnwindSafe, panic_any};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use support::eventually;

#[test]
fn case_21_extreme_lengths() {
    on_pools(|pool| {
        let splits = [pool.split_by_threads(), pool.split_by(usize::MAX), pool.split_by(0), pool.split_per(0)];
        for split in splits {
            for len in [0, 1, 2] {
                let sum = AtomicUsize::new(0);
                split.for_each_range(len, |range| {
                    sum.fetch_add(range.len(), Ordering::Relaxed);
                });
                assert_eq!(sum.into_inner(), len);
                let items = vec![(); len];
                assert_eq!(items.par_iter().with_thread_pool(split).map(|()| 1).sum::<usize>(), len);
            }
        }
        // A length that no sum of lengths may pass. Coarse cuts, for a range costs its call.
        for split in
            [pool.split_by_threads(), pool.split_by(1000), pool.split_per(usize::MAX), pool.split_per(usize::MAX / 3)]
        {
            let ranges = split.reduce_ranges(usize::MAX, |range| vec![range], |a, b| [a, b].concat()).unwrap();
            assert_eq!((ranges[0].start, ranges[ranges.len() - 1].end), (0, usize::MAX));
            assert!(ranges.windows(2).all(|pair| pair[0].end == pair[1].start), "no gap, no overlap");
        }
        // The finest cut of the longest length: left early, and no memory in proportion to it.
        let nothing = [(); usize::MAX];
        for split in [pool.split_by(usize::MAX), pool.split_per_item(), pool.split_by_threads()] {
            let any = nothing.par_iter().with_thread_pool(split).any(|()| true);
            assert!(any);
            let first = (0..usize::MAX).into_par_iter().with_thread_pool(split).find_first(|index| *index == 5);
            assert_eq!(first, Some(5));
        }
        assert_eq!(payload(|| pool.split_by(usize::MAX).for_each_range(usize::MAX, |_| panic_any(Payload(21)))), 21);
    });
}

#[test]
fn case_22_every_item_is_processed_or_cleaned_up_once() {
    on_pools(|pool| {
        const ITEMS: usize = 500;
        for split in [pool.split_by_threads(), pool.split_by(7), pool.split_per_item()] {
            for stop in [0, 3, 250, ITEMS] {
                let dropped: Vec<Arc<AtomicUsize>> = (0..ITEMS).map(|_| counter()).collect();
                let seen: Vec<AtomicUsize> = (0..ITEMS).map(|_| AtomicUsize::new(0)).collect();
                let items = || dropped.iter().cloned().map(Counted).enumerate().collect::<Vec<_>>();
                let look = |index: usize| {
                    seen[index].fetch_add(1, Ordering::Relaxed);
                };
                let once = |what: &str| {
                    let drops: Vec<usize> = dropped.iter().map(|count| count.swap(0, Ordering::SeqCst)).collect();
                    assert!(drops.iter().all(|&count| count == 1), "{what}, stop at {stop}: {drops:?}");
                    let seen: Vec<usize> = seen.iter().map(|count| count.swap(0, Ordering::SeqCst)).collect();
                    assert!(seen.iter().all(|&count| count <= 1), "{what}, stop at {stop}: {seen:?}");
                };
                // An early break.
                let broken = items().into_par_iter().with_thread_pool(split).try_for_each(|(index, _item)| {
                    look(index);
                    if index == stop { Err(index) } else { Ok(()) }
                });
                assert_eq!(broken, if stop < ITEMS { Err(stop) } else { Ok(()) });
                once("break");
                // A part that is not asked for.
                items().into_par_iter().take_exact(stop).with_thread_pool(split).for_each(|(index, _item)| look(index));
                once("take");
                items().into_par_iter().skip(stop).with_thread_pool(split).for_each(|(index, _item)| look(index));
                once("skip");
                // A panic.
                let run = AssertUnwindSafe(|| {
                    items().into_par_iter().with_thread_pool(split).for_each(|(index, _item)| {
                        look(index);
                        if index >= stop || index == ITEMS - 1 {
                            panic_any(Payload(22));
                        }
                    });
                });
                assert_eq!(payload(run), 22);
                once("panic");
                // Iterators that are made and not run.
                drop(items().into_par_iter());
                once("unused");
            }
        }
    });
}

/// Spawns, joins, cancels and forgets `count` tasks; all they held is gone with the pool.
fn spawns(count: usize) {
    for workers in [1, 3] {
        let pool = pool(workers);
        let held = counter();
        let mut kept = Vec::new();
        for n in 0..count / 2 {
            let capture = Counted(held.clone());
            let task = pool.spawn(move || (n, capture));
            match n % 4 {
                0 => assert_eq!(task.join().0, n),
                1 => drop(task.cancel()),
                2 => task.detach(),
                _ => kept.push(task.then(|(n, capture)| {
                    drop(capture);
                    n
                })),
            }
            if kept.len() == 1000 {
                kept.drain(..).for_each(|task| assert_eq!(task.join() % 4, 3));
            }
        }
        drop(pool);
        drop(kept);
        assert!(
            eventually(LIMIT, || Arc::strong_count(&held) == 1),
            "{} captures live on",
            Arc::strong_count(&held) - 1
        );
        assert_eq!(held.load(Ordering::SeqCst), count / 2);
    }
}

#[test]
fn case_23_spawns_leave_nothing_behind() {
    watched(|| spawns(40_000));
}

#[test]
#[ignore = "a minute long"]
fn case_23_10_000_000_spawns_leave_nothing_behind() {
    support::within(Duration::from_secs(1200), || spawns(10_000_000));
}

// The generations of slots start three below their wrap in the crate's unit tests and models (`Word::NEW`). This is the counter
// that a program can bring to its end: a scope's entry has room for 1023 threads at once.
#[test]
fn case_24_a_counter_at_its_end() {
    const ROOM: usize = 1023;
    watched(|| {
        // So many workers are there sooner if they don't look for work for long: each look goes over all of them.
        let pool = ThreadPoolBuilder::new().num_threads(ROOM + 60).spin_before_sleep(Duration::ZERO).build().unwrap();
        let (now, most, ran) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        let full = || most.load(Ordering::Acquire) >= ROOM;
        pool.scope(|s| {
            for _ in 0..ROOM + 60 {
                s.spawn(|| {
                    most.fetch_max(now.fetch_add(1, Ordering::AcqRel) + 1, Ordering::AcqRel);
                    let limit = Duration::from_secs(6);
                    assert!(eventually(limit, || {
                        std::thread::sleep(Duration::from_millis(5));
                        full()
                    }));
                    now.fetch_sub(1, Ordering::AcqRel);
                    ran.fetch_add(1, Ordering::Relaxed);
                });
            }
            // This thread runs nothing until all places are taken.
            assert!(eventually(LIMIT, full));
        });
        assert_eq!(ran.into_inner(), ROOM + 60);
        // The next use of the same slot finds it as it should be.
        assert_eq!(pool.split_per_item().reduce_ranges(100, |range| range.sum(), |a: usize, b| a + b), Some(4950));
    });
}
