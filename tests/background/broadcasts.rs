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

/// A worker comes back from what held it, a task or an item, and finds a letter, tasks, items of a scope. The letter comes from the other worker:
/// when that one makes its own call all letters are posted, and it takes nothing else until the broadcast is over. The thread outside
/// waits without helping.
#[test]
fn a_call_comes_before_all_other_work() {
    within(LIMIT, || {
        // Held by an item it goes on with others of the same scope, in the middle of which it is.
        let cases = [(true, 2, 0), (true, 0, 2), (true, 2, 2), (false, 2, 0)];
        for (held_by_a_task, tasks, items) in cases {
            let (pool, order) = (capped(2, 2), Arc::new(Mutex::new(Vec::new())));
            let does = |what: &'static str| {
                let order = order.clone();
                move || order.lock().expect("not poisoned").push(what)
            };
            let [held, queued, posted] = [(); 3].map(|()| Gate::default());
            pool.scope(|s| {
                let own = held.clone();
                if held_by_a_task {
                    held.hold(&pool).detach();
                } else {
                    drop(s.spawn(move || own.pass()));
                    soon("the item has a worker", || held.arrived() == 1);
                }
                let (begin, told, call) = (queued.clone(), posted.clone(), does("call"));
                let broadcaster = pool.spawn(move || {
                    begin.pass();
                    let own = micropool::current_thread_index();
                    micropool::broadcast(|index| if own == Some(index) { told.open() } else { call() });
                });
                soon("the broadcaster has the other one", || queued.arrived() == 1);
                (0..items).for_each(|_| drop(s.spawn(does("item"))));
                (0..tasks).for_each(|_| pool.spawn(does("task")).detach());
                queued.open();
                posted.pass();
                held.open();
                soon("all is done", || order.lock().expect("not poisoned").len() == 1 + items + tasks);
                broadcaster.join();
            });
            let order = order.lock().expect("not poisoned");
            assert_eq!(order[0], "call", "held by a task: {held_by_a_task}, {tasks} tasks, {items} items: {order:?}");
        }
    });
}
