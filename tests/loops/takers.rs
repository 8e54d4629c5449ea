//! Who takes what.

use super::*;

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
