//! How a loop is cut.

use super::*;

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
