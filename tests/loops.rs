//! Loops over ranges and over parallel iterators: how they are cut, in which order they reduce, who takes what, how soon they
//! end, and what they leave behind. `tests/adaptors.rs` has each iterator's result, `tests/pipelines` each item's end.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ops::{ControlFlow, Range};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

use micropool::iter::*;
use micropool::{ThreadPool, ThreadPoolBuilder};
use support::{Gate, busy, capped, eventually, every_split_of, under_every_split, within};

const LIMIT: Duration = Duration::from_secs(60);

fn pool(workers: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(workers).build().expect("a pool")
}

/// What a call panics with.
fn payload(f: impl FnOnce()) -> Box<dyn std::any::Any + Send> {
    catch_unwind(AssertUnwindSafe(f)).expect_err("it panics")
}

/// Remembers the largest piece of memory that anybody has asked for.
struct Largest;

static LARGEST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: hands everything to the system's allocator, whose contract is the same.
unsafe impl GlobalAlloc for Largest {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
        // SAFETY: by this function's contract.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: by this function's contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Largest = Largest;

// ---- how a loop is cut -----------------------------------------------------------------------------------------

/// The ranges of a loop, in their order.
fn ranges(split: micropool::Split<'_>, len: usize) -> Vec<Range<usize>> {
    let seen = Mutex::new(Vec::new());
    split.for_each_range(len, |range| seen.lock().unwrap().push(range));
    let mut ranges = seen.into_inner().unwrap();
    ranges.sort_by_key(|range| range.start);
    assert_eq!(ranges.iter().flat_map(Clone::clone).collect::<Vec<_>>(), (0..len).collect::<Vec<_>>());
    ranges
}

#[test]
fn ranges_are_what_the_split_says() {
    within(LIMIT, || {
        for workers in [0, 1, 2, 8] {
            let pool = pool(workers);
            for len in [1, 2, 3, 10, 100, 1001] {
                assert_eq!(ranges(pool.split_by_threads(), len).len(), len.min(workers + 1));
                assert_eq!(ranges(pool.split_per_item(), len).len(), len);
                for n in [0, 1, 2, 3, 7, 64, usize::MAX] {
                    let ranges_by = ranges(pool.split_by(n), len);
                    assert_eq!(ranges_by.len(), n.clamp(1, len));
                    let lengths = || ranges_by.iter().map(ExactSizeIterator::len);
                    assert!(lengths().max().unwrap() - lengths().min().unwrap() <= 1, "alike: {ranges_by:?}");
                    let ranges_per = ranges(pool.split_per(n), len);
                    assert_eq!(ranges_per.len(), len.div_ceil(n.max(1)));
                    assert!(ranges_per.iter().all(|range| (1..=n.max(1)).contains(&range.len())), "{ranges_per:?}");
                }
            }
        }
    });
}

#[test]
fn an_empty_loop_calls_nothing() {
    within(LIMIT, || {
        under_every_split(|split| {
            split.for_each_range(0, |range| panic!("called with {range:?}"));
            let none =
                split.reduce_ranges(0, |range| panic!("called with {range:?}"), |(), ()| panic!("nothing to reduce"));
            assert_eq!(none, None);
        });
    });
}

#[test]
fn a_worker_cuts_one_chunk_less() {
    within(LIMIT, || {
        for workers in [1, 2, 8] {
            let pool = pool(workers);
            let on_a_worker = Arc::new(Mutex::new(None));
            let place = on_a_worker.clone();
            // Detached, so that a worker runs it.
            pool.spawn(move || {
                assert!(micropool::current_thread_index().is_some());
                *place.lock().unwrap() = Some(ranges(micropool::split_by_threads(), 100).len());
            })
            .detach();
            assert!(eventually(LIMIT, || on_a_worker.lock().unwrap().is_some()));
            assert_eq!(*on_a_worker.lock().unwrap(), Some(workers));
        }
    });
}

#[test]
fn the_pool_is_the_one_at_the_loop_or_the_split_s_own() {
    within(LIMIT, || {
        let (small, large) = (pool(1), pool(5));
        let free = small.install(micropool::split_by_threads);
        assert_eq!(large.install(|| ranges(free, 100).len()), 6, "a free split takes the pool of the loop");
        large.install(|| {
            assert_eq!(ranges(small.split_by_threads(), 100).len(), 2);
            small.split_per(10).for_each_range(100, |_| assert_eq!(micropool::num_threads(), 1));
            let all_inside = (0..100).into_par_iter().with_thread_pool(small.split_per_item());
            assert!(all_inside.all(|_| micropool::num_threads() == 1));
            assert_eq!(micropool::num_threads(), 5);
        });
    });
}

// ---- reduction -------------------------------------------------------------------------------------------------

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

// ---- who takes what --------------------------------------------------------------------------------------------

/// Threads that were asked for and never come: the loop is the caller's alone.
#[test]
fn the_caller_takes_back_what_nobody_began() {
    within(LIMIT, || {
        for workers in [1, 2, 8] {
            let waiting = Arc::new(Mutex::new(Vec::new()));
            let kept = waiting.clone();
            let pool = ThreadPoolBuilder::new()
                .num_threads(workers)
                .spawn_handler(move |thread| {
                    kept.lock().unwrap().push(thread);
                    Ok(())
                })
                .build()
                .expect("a pool");
            every_split_of(&pool, |split| {
                let this = std::thread::current().id();
                let seen = AtomicUsize::new(0);
                split.for_each_range(100, |range| {
                    assert_eq!(std::thread::current().id(), this);
                    seen.fetch_add(range.len(), Ordering::Relaxed);
                });
                assert_eq!(seen.into_inner(), 100);
                let data: Vec<usize> = (0..100).collect();
                let sum = data.into_par_iter().with_thread_pool(split).map(|n| {
                    assert_eq!(std::thread::current().id(), this);
                    n
                });
                assert_eq!(sum.sum::<usize>(), 4950);
            });
            // Now they come, and find that the pool closes.
            let threads: Vec<_> =
                waiting.lock().unwrap().drain(..).map(|thread| std::thread::spawn(move || thread.run())).collect();
            drop(pool);
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        }
    });
}

/// Few chunks (of many, `tests/loops_take_over.rs` has more): all are begun though the first ones don't end.
#[test]
fn every_chunk_of_few_is_begun_while_others_run() {
    for workers in [1, 2, 8] {
        within(LIMIT, move || {
            let pool = pool(workers);
            for split in [pool.split_by_threads(), pool.split_by(2)] {
                let chunks = ranges(split, 1000).len();
                let begun = AtomicUsize::new(0);
                split.for_each_range(1000, |_| {
                    begun.fetch_add(1, Ordering::Relaxed);
                    assert!(eventually(LIMIT / 2, || begun.load(Ordering::Relaxed) == chunks));
                });
            }
        });
    }
}

// ---- the end comes soon ----------------------------------------------------------------------------------------

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

// ---- loops inside others ---------------------------------------------------------------------------------------

#[test]
fn loops_nest() {
    within(LIMIT, || {
        under_every_split(|split| {
            let square = |n: usize| (0..n).into_par_iter().with_thread_pool(split).map(|_| n).sum::<usize>();
            let sum = (0..20).into_par_iter().with_thread_pool(split).map(square).sum::<usize>();
            assert_eq!(sum, (0..20).map(|n| n * n).sum());
            let cubes = split.reduce_ranges(
                12,
                |range| range.map(|n| split.reduce_ranges(n, |m| m.len() * square(n), |a, b| a + b).unwrap_or(0)).sum(),
                |a: usize, b| a + b,
            );
            assert_eq!(cubes, Some((0..12).map(|n| n * n * n).sum()));
        });
    });
}

#[test]
fn loops_run_in_nodes_items_halves_and_tasks() {
    within(LIMIT, || {
        under_every_split(|split| {
            let count = |n: usize| (0..n).into_par_iter().with_thread_pool(split).map(|_| 1).sum::<usize>();
            let graph = micropool::parallel! {
                a => count(100),
                b => count(200),
                c(a, b) => count(a + b),
                d(a) => count(*a),
            };
            assert_eq!((graph.c, graph.d), (300, 100));
            let mut world = vec![0_usize; 50];
            let run = micropool::parallel! {
                use mut world;
                write(mut world) => world.par_iter_mut().with_thread_pool(split).for_each(|n| *n += 1),
                sum(world) => world.par_iter().with_thread_pool(split).sum::<usize>(),
                again(mut world) => world.par_iter_mut().with_thread_pool(split).for_each(|n| *n += 1),
            };
            assert_eq!((run.sum, world.iter().sum()), (50, 100));
            let in_scope = micropool::scope(|s| {
                let items: Vec<_> = (0..4).map(|k| s.spawn(move || count(k * 10))).collect();
                items.into_iter().map(micropool::ScopedTask::join).sum::<usize>()
            });
            assert_eq!(in_scope, 60);
            assert_eq!(micropool::join(|| count(70), || count(80)), (70, 80));
        });
        let task =
            pool(2).spawn(|| (0..100).into_par_iter().with_thread_pool(micropool::split_per_item()).sum::<usize>());
        assert_eq!(task.join(), 4950);
    });
}

/// Who waits in an item's own loop doesn't begin another item of the outer one, nor one of another caller.
#[test]
fn promise_3_a_thread_inside_an_item_begins_no_other_item() {
    thread_local! {
        static INSIDE: Cell<bool> = const { Cell::new(false) };
    }
    fn outer_item(split: micropool::Split<'_>) {
        assert!(!INSIDE.replace(true), "another item was begun on top of one that waits");
        // The second item most likely goes to another thread, for a time in which this one waits for it and others offer work.
        let begun = AtomicBool::new(false);
        let item = |k| match k {
            0 => _ = eventually(Duration::from_micros(100), || begun.load(Ordering::Acquire)),
            _ => {
                begun.store(true, Ordering::Release);
                busy(Duration::from_micros(20));
            }
        };
        (0..2usize).into_par_iter().with_thread_pool(split).for_each(item);
        begun.store(false, Ordering::Release);
        split.for_each_range(2, |range| range.for_each(item));
        INSIDE.set(false);
    }
    within(LIMIT, || {
        under_every_split(|split| {
            let caller = || {
                (0..16).into_par_iter().with_thread_pool(split).for_each(|_| outer_item(split));
                split.for_each_range(16, |range| range.for_each(|_| outer_item(split)));
            };
            // From a pool's `install` the other caller must come into it by itself: only the split's own pool is sure.
            std::thread::scope(|s| {
                s.spawn(caller);
                caller();
            });
        });
    });
}

// ---- what is thrown away ---------------------------------------------------------------------------------------

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

/// Three chunks that can only end together, on three threads of which the loop counts two: whoever has come, and had to look twice,
/// gets the last one.
#[test]
fn each_thread_that_comes_gets_a_chunk() {
    within(LIMIT, || {
        let builder = ThreadPoolBuilder::new().num_threads(1).dedicated_background_threads(1);
        let pool = builder.build().expect("a pool");
        let (begun, three) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(3)));
        let (begin, together) = (begun.clone(), three.clone());
        let task = pool.spawn(move || {
            begin.wait();
            for _ in 0..500 {
                micropool::split_per_item().for_each_range(3, |_| {
                    together.wait();
                });
            }
        });
        // It runs on the thread for it: the one that waits comes in addition.
        begun.wait();
        task.join();
    });
}
