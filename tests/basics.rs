//! Each function of the contract, once, on pools of several sizes.

use micropool::{ThreadPool, ThreadPoolBuilder};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use support::within;

fn pool(threads: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool")
}

/// Runs a test on pools of 0, 1, 2, 3 and 8 workers, with an end to waiting.
fn on_every_pool(test: impl Fn(&ThreadPool) + Send + Sync + Clone + 'static) {
    for threads in [0, 1, 2, 3, 8] {
        let test = test.clone();
        within(Duration::from_secs(20), move || {
            let pool = pool(threads);
            test(&pool);
        });
    }
}

fn fib(n: u32) -> u64 {
    if n < 2 {
        return u64::from(n);
    }
    let (a, b) = micropool::join(|| fib(n - 1), || fib(n - 2));
    a + b
}

#[test]
fn join_runs_both() {
    on_every_pool(|pool| {
        assert_eq!(pool.install(|| fib(20)), 6765);
        assert_eq!(pool.join(|| 1, || "b"), (1, "b"));
    });
    assert_eq!(fib(16), 987);
}

#[test]
fn join_all_keeps_the_shape() {
    on_every_pool(|pool| {
        pool.install(|| {
            micropool::join_all(());
            assert_eq!(micropool::join_all((|| 1,)), (1,));
            let twelve =
                micropool::join_all((|| 1, || 2, || 3, || 4, || 5, || 6, || 7, || 8, || 9, || 10, || 11, || 12));
            assert_eq!(twelve, (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
            assert_eq!(micropool::join_all([|| 1, || 2, || 3]), [1, 2, 3]);
            let numbers: Vec<_> = (0..100).map(|n| move || n * 2).collect();
            assert_eq!(micropool::join_all(numbers), (0..100).map(|n| n * 2).collect::<Vec<_>>());
        });
    });
}

#[test]
fn all_of_an_array_run_though_one_panics() {
    on_every_pool(|pool| {
        let ran = AtomicUsize::new(0);
        let jobs = [0, 1, 2, 3, 4].map(|k| {
            let ran = &ran;
            move || {
                ran.fetch_add(1, Ordering::Relaxed);
                assert_ne!(k, 1, "the second of five");
            }
        });
        catch_unwind(AssertUnwindSafe(|| pool.join_all(jobs))).expect_err("one of them panicked");
        assert_eq!(ran.into_inner(), 5);
    });
}

#[test]
fn scope_waits_for_all_items() {
    on_every_pool(|pool| {
        let count = AtomicUsize::new(0);
        let sum: usize = pool.scope(|s| {
            for _ in 0..50 {
                s.spawn(|| {
                    s.spawn(|| count.fetch_add(1, Ordering::Relaxed));
                    count.fetch_add(1, Ordering::Relaxed);
                });
            }
            let handles: Vec<_> = (0..20).map(|n| s.spawn(move || n)).collect();
            handles.into_iter().map(|handle| handle.join()).sum()
        });
        assert_eq!(sum, 190);
        assert_eq!(count.into_inner(), 100);
    });
}

#[test]
fn tasks_give_their_results() {
    on_every_pool(|pool| {
        let tasks: Vec<_> = (0..200).map(|n| pool.spawn(move || n * n)).collect();
        let sum: u64 = tasks.into_iter().map(|task| task.join()).sum();
        assert_eq!(sum, (0..200).map(|n| n * n).sum::<u64>());
        let shared = pool.spawn_shared(|| vec![1, 2, 3]);
        let other = shared.clone();
        assert_eq!(shared.join(), &[1, 2, 3]);
        assert_eq!(other.try_join().map(Vec::len), Some(3));
        let chain = (0..100).fold(pool.spawn(|| 0), |task, _| task.then(|n| n + 1));
        assert_eq!(chain.join(), 100);
        pool.wait_idle();
    });
}

#[test]
fn a_task_that_runs_joins_in_the_background() {
    on_every_pool(|pool| {
        let task = pool.spawn(|| fib(18));
        let other = pool.spawn(|| fib(17));
        assert_eq!(task.join(), 2584);
        assert_eq!(other.join(), 1597);
    });
}

#[test]
fn cancel_and_start_exclude_each_other() {
    on_every_pool(|pool| {
        let ran = std::sync::Arc::new(AtomicUsize::new(0));
        let mut cancelled = 0;
        for _ in 0..2000 {
            let ran = ran.clone();
            let task = pool.spawn(move || ran.fetch_add(1, Ordering::SeqCst));
            cancelled += usize::from(task.cancel());
        }
        pool.wait_idle();
        assert_eq!(ran.load(Ordering::SeqCst) + cancelled, 2000);
        assert_eq!(std::sync::Arc::strong_count(&ran), 1, "every closure was dropped");
    });
}

#[test]
fn loops_cover_every_index_once() {
    on_every_pool(|pool| {
        for len in [0, 1, 2, 7, 100, 10_000] {
            let seen: Vec<AtomicUsize> = (0..len).map(|_| AtomicUsize::new(0)).collect();
            for split in [pool.split_by_threads(), pool.split_by(5), pool.split_per(3), pool.split_per_item()] {
                split.for_each_range(len, |range| {
                    for index in range {
                        seen[index].fetch_add(1, Ordering::Relaxed);
                    }
                });
                let joined = split.reduce_ranges(len, |range| range.collect::<Vec<_>>(), |a, b| [a, b].concat());
                assert_eq!(joined.unwrap_or_default(), (0..len).collect::<Vec<_>>());
            }
            assert!(seen.iter().all(|count| count.load(Ordering::Relaxed) == 4));
        }
    });
}

#[test]
fn parallel_iterators_give_the_sequential_result() {
    use micropool::iter::*;
    on_every_pool(|pool| {
        let data: Vec<u64> = (0..5000).collect();
        for split in [pool.split_by_threads(), pool.split_by(7), pool.split_per(10), pool.split_per_item()] {
            assert_eq!(data.par_iter().with_thread_pool(split).sum::<u64>(), data.iter().sum::<u64>());
            let doubled: Vec<u64> = data.par_iter().map(|n| n * 2).with_thread_pool(split).collect();
            assert_eq!(doubled, data.iter().map(|n| n * 2).collect::<Vec<_>>());
            let found = data.par_iter().with_thread_pool(split).find_first(|n| **n >= 1234);
            assert_eq!(found, Some(&1234));
            assert!(data.par_iter().with_thread_pool(split).any(|n| *n == 4999));
        }
    });
}

#[test]
fn broadcast_reaches_every_worker_once() {
    on_every_pool(|pool| {
        let seen: Vec<AtomicUsize> = (0..pool.num_threads()).map(|_| AtomicUsize::new(0)).collect();
        for _ in 0..20 {
            pool.install(|| {
                micropool::broadcast(|index| {
                    assert_eq!(micropool::current_thread_index(), Some(index));
                    seen[index].fetch_add(1, Ordering::Relaxed);
                });
            });
        }
        assert!(seen.iter().all(|count| count.load(Ordering::Relaxed) == 20));
    });
}

#[test]
fn the_current_pool_is_the_innermost() {
    within(Duration::from_secs(20), || {
        let (a, b) = (pool(1), pool(2));
        a.install(|| {
            assert_eq!(micropool::num_threads(), 1);
            b.install(|| {
                assert_eq!(micropool::num_threads(), 2);
                a.install(|| assert_eq!(micropool::num_threads(), 1));
                let (x, y) = micropool::join(micropool::num_threads, micropool::num_threads);
                assert_eq!((x, y), (2, 2));
            });
            assert_eq!(micropool::current_thread_index(), None);
        });
        let inside = a.spawn(micropool::current_thread_index);
        support::eventually(Duration::from_secs(5), || inside.complete());
        assert_eq!(inside.join(), Some(0));
    });
}

#[test]
fn help_background_and_yield_to_foreground() {
    within(Duration::from_secs(20), || {
        let pool = pool(0);
        // 0 workers: nothing is ever queued.
        assert_eq!(pool.install(|| micropool::help_background(Duration::from_secs(1))), 0);
        let pool = ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
        let gate = std::sync::Arc::new(std::sync::Barrier::new(2));
        let other = gate.clone();
        let blocker = pool.spawn(move || {
            other.wait();
            other.wait();
        });
        gate.wait();
        let tasks: Vec<_> = (0..10).map(|n| pool.spawn(move || n)).collect();
        assert_eq!(pool.install(|| micropool::help_background(Duration::from_secs(10))), 10);
        gate.wait();
        blocker.join();
        assert_eq!(tasks.into_iter().map(|task| task.join()).sum::<i32>(), 45);
        assert!(!micropool::yield_to_foreground());
    });
}
