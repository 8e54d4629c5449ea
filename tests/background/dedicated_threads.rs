//! Threads for tasks alone.

use super::*;

#[test]
fn run_all_tasks_and_are_as_many_as_asked_for() {
    within(LIMIT, || {
        for workers in [0, 2] {
            let pool = dedicated(workers, 2);
            let threads = Arc::new(Mutex::new(std::collections::HashSet::new()));
            let both = Arc::new(Barrier::new(2));
            for _ in 0..100 {
                let (threads, both) = (threads.clone(), both.clone());
                pool.spawn(move || {
                    assert_eq!(micropool::current_thread_index(), None);
                    both.wait();
                    let name = thread::current().name().map(str::to_owned);
                    threads.lock().expect("not poisoned").insert((here(), name));
                })
                .detach();
            }
            let last = pool.spawn(|| ());
            soon("they run by themselves", || last.complete());
            pool.wait_idle();
            let mut names: Vec<_> =
                threads.lock().expect("not poisoned").iter().map(|(_, name)| name.clone().expect("a name")).collect();
            names.sort();
            assert_eq!(names, ["micropool-bg-0", "micropool-bg-1"]);
        }
    });
}

#[test]
fn leave_workers_to_the_foreground() {
    within(LIMIT, || {
        let (pool, gate) = (dedicated(1, 1), Gate::default());
        let holder = gate.hold(&pool);
        let waits = pool.spawn(here);
        let helped = AtomicUsize::new(usize::MAX);
        pool.join(
            || soon("a worker takes the half", || helped.load(Ordering::SeqCst) != usize::MAX),
            || helped.store(micropool::help_background(Duration::from_secs(1)), Ordering::SeqCst),
        );
        assert_eq!(helped.into_inner(), 0, "not even one that would help");
        assert!(!waits.complete());
        // Other threads may.
        assert_eq!(pool.install(|| micropool::help_background(Duration::from_secs(1))), 1);
        assert_eq!(waits.join(), here());
        gate.open();
        holder.join();
    });
}

#[test]
fn as_none_are_no_dedicated_threads() {
    within(LIMIT, || {
        let pool = dedicated(1, 0);
        let task = pool.spawn(micropool::current_thread_index);
        soon("the worker runs it", || task.complete());
        assert_eq!(task.join(), Some(0));
    });
}
