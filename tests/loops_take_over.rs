//! Loops in which threads are busy for long: who is idle takes over all that they have left, and however many threads there are, all
//! take part. A binary of its own, for its threads would keep those of other tests waiting.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use micropool::iter::*;
use micropool::{ThreadPool, ThreadPoolBuilder};
use support::{eventually, within};

const LIMIT: Duration = Duration::from_secs(60);

fn pool(workers: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(workers).build().expect("a pool")
}

/// Runs a loop of so many chunks, each of which calls the function once.
type Run = fn(&ThreadPool, usize, &(dyn Fn() + Sync));

/// Each in its way: what a thread accumulates is nothing, small, large, or in a place for each chunk; items that need a cleanup, and
/// those that are looked at in order; all splits that make many chunks; inside other work.
const LOOPS: [(&str, Run); 10] = [
    ("for_each_range", |pool, chunks, item| pool.split_per_item().for_each_range(chunks, |_| item())),
    ("for_each", |pool, chunks, item| {
        (0..chunks).into_par_iter().with_thread_pool(pool.split_per_item()).for_each(|_| item());
    }),
    ("reduce_ranges", |pool, chunks, item| {
        let of_chunk = |range| {
            item();
            range
        };
        let meet = |a: Range<usize>, b: Range<usize>| {
            assert_eq!(a.end, b.start);
            a.start..b.end
        };
        assert_eq!(pool.split_per_item().reduce_ranges(chunks, of_chunk, meet), Some(0..chunks));
    }),
    ("find_first", |pool, chunks, item| {
        let not_this = |_: &usize| {
            item();
            false
        };
        assert_eq!((0..chunks).into_par_iter().with_thread_pool(pool.split_per_item()).find_first(not_this), None);
    }),
    ("owned items", |pool, chunks, item| {
        let kept = Arc::new(());
        let items: Vec<Arc<()>> = std::iter::repeat_with(|| kept.clone()).take(chunks).collect();
        items.into_par_iter().with_thread_pool(pool.split_per_item()).for_each(|_kept| item());
        assert_eq!(Arc::strong_count(&kept), 1);
    }),
    ("large accumulators", |pool, chunks, item| {
        let seen = (0..chunks).into_par_iter().with_thread_pool(pool.split_per_item()).fold_per_thread(
            || [0; 64],
            |mut seen: [usize; 64], k| {
                item();
                seen[k % 64] += 1;
                seen
            },
            |_| [0; 64],
            |all, part| std::array::from_fn(|k| all[k] + part[k]),
        );
        assert_eq!(seen.iter().sum::<usize>(), chunks);
    }),
    ("split_by", |pool, chunks, item| pool.split_by(chunks).for_each_range(3 * chunks + 1, |_| item())),
    ("split_per", |pool, chunks, item| pool.split_per(3).for_each_range(3 * chunks - 1, |_| item())),
    ("a loop in a loop", |pool, chunks, item| {
        pool.split_per_item().for_each_range(3, |range| {
            if range.start == 0 {
                pool.split_per_item().for_each_range(chunks, |_| item());
            }
        });
    }),
    ("a loop in a node", |pool, chunks, item| {
        pool.install(|| {
            micropool::parallel! {
                long => micropool::split_per_item().for_each_range(chunks, |_| item()),
                short => (),
            };
        });
    }),
];

/// Waits as [`eventually`] does, but asleep: many who look all the time would keep those from coming who are waited for.
fn asleep_until(condition: impl Fn() -> bool) -> bool {
    condition()
        || eventually(LIMIT / 2, || {
            std::thread::sleep(Duration::from_millis(1));
            condition()
        })
}

/// All threads but one are stuck in the item that they began with, until all other items are done: so the one must come by
/// all that the others have left, down to the last chunk, however often it must halve their rests for it.
fn an_idle_thread_takes_over(workers: usize, chunks: usize, (name, run): (&'static str, Run)) {
    within(LIMIT, move || {
        let pool = pool(workers);
        let (begun, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
        run(&pool, chunks, &|| {
            if begun.fetch_add(1, Ordering::Relaxed) < workers {
                let others_done = || done.load(Ordering::Relaxed) == chunks - workers;
                assert!(
                    eventually(LIMIT / 2, others_done),
                    "{name}: only {done:?} of {chunks} items, {workers} workers"
                );
            } else {
                done.fetch_add(1, Ordering::Relaxed);
            }
        });
        assert_eq!(begun.into_inner(), chunks, "{name}");
    });
}

#[test]
fn an_idle_thread_takes_over_all_that_busy_ones_have_left() {
    for workers in [1, 2, 8] {
        for each in LOOPS {
            an_idle_thread_takes_over(workers, 1 << 15, each);
        }
    }
}

/// The places for results grow with the threads: a fixed number of them would be used up.
#[test]
fn an_idle_thread_takes_over_all_that_many_busy_ones_have_left() {
    for each in LOOPS {
        an_idle_thread_takes_over(64, 1 << 13, each);
    }
}

/// As many items wait for each other as there are threads, in a row of chunks and in pieces: so each thread has begun one of them.
#[test]
fn promise_8_however_many_threads_there_are_all_take_part() {
    const WORKERS: usize = 129;
    within(2 * LIMIT, || {
        let pool = pool(WORKERS);
        for ((name, run), chunks) in LOOPS.into_iter().zip([WORKERS + 1, 1 << 9].into_iter().cycle()) {
            let begun = AtomicUsize::new(0);
            run(&pool, chunks, &|| {
                begun.fetch_add(1, Ordering::Relaxed);
                let all = || begun.load(Ordering::Relaxed) > WORKERS;
                assert!(asleep_until(all), "{name}: only {begun:?} threads take part");
            });
        }
    });
}
