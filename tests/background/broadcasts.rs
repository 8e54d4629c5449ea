//! `broadcast`.

use super::*;

#[test]
fn a_panic_arrives_after_all_calls_have_ended() {
    within(LIMIT, || {
        let (pool, ended) = (capped(3, 2), AtomicUsize::new(0));
        let result = catch_unwind(AssertUnwindSafe(|| {
            pool.install(|| {
                micropool::broadcast(|index| {
                    if index == 1 {
                        resume_unwind(Box::new("words"));
                    }
                    thread::sleep(Duration::from_millis(30));
                    ended.fetch_add(1, Ordering::SeqCst);
                });
            });
        }));
        assert_eq!(result.expect_err("its panic").downcast_ref(), Some(&"words"));
        assert_eq!(ended.into_inner(), 2);
    });
}

#[test]
fn from_a_task_reaches_all_workers_its_own_included() {
    within(LIMIT, || {
        let pool = capped(3, 1);
        let seen = pool.spawn(|| {
            let seen = Mutex::new(Vec::new());
            micropool::broadcast(|index| seen.lock().expect("not poisoned").push(index));
            let mut seen = seen.into_inner().expect("not poisoned");
            seen.sort_unstable();
            (seen, micropool::current_thread_index())
        });
        soon("it runs on a worker", || seen.complete());
        let (seen, own) = seen.join();
        assert_eq!(seen, [0, 1, 2]);
        assert!(own.is_some());
    });
}

#[test]
fn does_not_reach_dedicated_threads() {
    within(LIMIT, || {
        let (pool, calls) = (dedicated(1, 2), AtomicUsize::new(0));
        pool.install(|| {
            micropool::broadcast(|index| {
                assert_eq!(index, 0);
                calls.fetch_add(1, Ordering::SeqCst);
            });
        });
        assert_eq!(calls.into_inner(), 1);
    });
}
