//! Calls into the pool from everywhere that the pool calls, and pools that end in the middle of it.

use super::*;

#[test]
fn everything_inside_of_everything() {
    on_pools(|pool| {
        fn nest(depth: u32, pool: &ThreadPool) -> u32 {
            if depth == 0 {
                return 1;
            }
            let inner = || nest(depth - 1, pool);
            let (a, b) = pool.join(inner, inner);
            let c = pool.scope(|s| s.spawn(inner).join());
            let d = pool.install(|| micropool::parallel! { use; a => inner(), b(a) => *a }.b);
            let e = pool.split_per_item().reduce_ranges(2, |range| range.len() as u32 * inner(), |a, b| a + b);
            let _ = pool.install(micropool::yield_to_foreground);
            pool.install(|| micropool::help_background(Duration::from_micros(10)));
            a + b + c + d + e.unwrap()
        }
        assert_eq!(nest(3, pool), 6 * 6 * 6);
        // Broadcasts in broadcasts, loops and scopes; each worker once.
        let calls = AtomicUsize::new(0);
        pool.install(|| {
            micropool::broadcast(|_| {
                micropool::broadcast(|_| {
                    calls.fetch_add(1, Ordering::SeqCst);
                });
            });
        });
        assert_eq!(calls.into_inner(), pool.num_threads() * pool.num_threads());
    });
}

#[test]
fn handlers_that_call_back() {
    within(LIMIT, || {
        let (sender, heard) = mpsc::channel();
        // Of the handlers at the start and at the end nobody gets a panic.
        let came_right = Arc::new([const { AtomicUsize::new(0) }; 2]);
        let (starts, ends) = (came_right.clone(), came_right.clone());
        let pool = ThreadPoolBuilder::new()
            .num_threads(2)
            .thread_name(|index| {
                // Before the pool is there: another one is current.
                assert_eq!(micropool::join(|| 1, || 2), (1, 2));
                format!("with a \0 in it {index}")
            })
            .start_handler(move |_| {
                assert_eq!(micropool::join(|| 1, || 2), (1, 2));
                starts[0].fetch_add(1, Ordering::SeqCst);
            })
            .exit_handler(move |_| {
                assert_eq!(micropool::join(|| 1, || 2), (1, 2));
                micropool::spawn(|| ()).detach();
                ends[1].fetch_add(1, Ordering::SeqCst);
            })
            .panic_handler(move |_payload| {
                let again = micropool::spawn(|| 5).join() + micropool::join(|| 1, || 2).0;
                sender.send(again).unwrap();
            })
            .build()
            .unwrap();
        pool.spawn(|| panic!()).detach();
        assert_eq!(heard.recv_timeout(LIMIT / 2), Ok(6));
        drop(pool);
        assert_eq!(came_right.each_ref().map(|count| count.load(Ordering::SeqCst)), [2, 2]);
    });
}

#[test]
fn worker_threads_run_where_they_should_not() {
    within(LIMIT, || {
        // Kept by the handler, and run on a thread that is inside of another pool, after the builder has returned.
        let (sender, receiver) = mpsc::channel();
        let mut builder = ThreadPoolBuilder::new().num_threads(2);
        builder = builder.spawn_handler(move |worker| {
            sender.send(worker).unwrap();
            Ok(())
        });
        let pool = builder.build().unwrap();
        let workers: Vec<_> = receiver.try_iter().collect();
        let other = self::pool(1);
        std::thread::scope(|s| {
            for worker in workers {
                s.spawn(|| other.install(|| worker.run()));
            }
            let ran = AtomicBool::new(false);
            pool.join(
                || assert!(eventually(LIMIT / 2, || ran.load(Ordering::SeqCst))),
                || ran.store(true, Ordering::SeqCst),
            );
            drop(pool);
        });
        assert_eq!(other.join(|| 1, || 2), (1, 2));
    });
}

#[test]
fn pools_dropped_in_the_middle_of_their_own_work() {
    within(LIMIT, || {
        let pool = Arc::new(pool(2));
        let own = pool.clone();
        // The last handle goes inside of a half, inside of a loop, inside of a task of the pool.
        let task: Task<()> = pool.spawn(move || {
            let own = Mutex::new(Some(own));
            micropool::split_per_item().for_each_range(8, |range| {
                micropool::join(
                    || (),
                    || {
                        if range.contains(&5) {
                            drop(own.lock().unwrap().take());
                            assert_eq!(micropool::join(|| 1, || 2), (1, 2));
                            micropool::spawn(|| ()).detach();
                        }
                    },
                );
            });
        });
        drop(pool);
        task.join();
    });
}
