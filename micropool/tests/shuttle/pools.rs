//! Pools: broadcasts, several of them, their ends.

use crate::{Count, Gate, builder, explore, pool};
use shuttle::thread;
use std::sync::Arc;

// Goes red if a letter is posted without a wake, or if a worker sleeps with mail.
#[test]
fn a_broadcast_reaches_every_worker_once() {
    explore(|| {
        let pool = pool(2);
        let calls = [Count::default(), Count::default()];
        pool.install(|| micropool::broadcast(|k| assert_eq!(calls[k].up(), 1)));
        assert!(calls.iter().all(|count| count.get() == 1));
    });
}

#[test]
fn broadcasts_of_two_workers_at_once_end() {
    explore(|| {
        let pool = pool(2);
        let calls = Count::default();
        let broadcast = || {
            micropool::broadcast(|_| {
                calls.up();
            });
        };
        pool.join(broadcast, broadcast);
        assert_eq!(calls.get(), 4);
    });
}

// Goes red if a worker goes with tasks in the queue, or if the wake of all has no fence.
#[test]
fn dropping_a_pool_ends_its_queue() {
    explore(|| {
        let pool = pool(1);
        let ended = Count::default();
        for _ in 0..2 {
            let (first, second) = (ended.clone(), ended.clone());
            pool.spawn(move || first.up()).then(move |_| second.up()).detach();
        }
        drop(pool);
        assert_eq!(ended.get(), 4);
    });
}

#[test]
fn a_pool_is_dropped_by_its_own_worker() {
    explore(|| {
        let pool = Arc::new(pool(1));
        let ended = Gate::new();
        let (told, last) = (ended.clone(), pool.clone());
        pool.spawn(move || {
            drop(last);
            told.open();
        })
        .detach();
        drop(pool);
        ended.pass();
    });
}

// Somebody joins a task, and spawns the next, while another thread drops the pool.
#[test]
fn a_pool_is_dropped_while_a_task_makes_another() {
    explore(|| {
        let pool = Arc::new(pool(1));
        let ended = Count::default();
        let counted = ended.clone();
        let started = Gate::new();
        let (told, inner) = (started.clone(), Arc::downgrade(&pool));
        let task = pool.spawn(move || {
            told.open();
            if let Some(pool) = inner.upgrade() {
                let counted = counted.clone();
                pool.spawn(move || counted.up()).detach();
            }
            counted.up()
        });
        started.pass();
        drop(pool);
        assert!(task.join() >= 1);
    });
}

#[test]
fn pools_nest_a_b_a() {
    explore(|| {
        let (a, b) = (pool(1), pool(1));
        let taken = Gate::new();
        a.join(
            || {
                b.install(|| {
                    micropool::join(
                        || a.join(|| taken.pass(), || taken.open()),
                        || assert_eq!(micropool::num_threads(), 1),
                    )
                })
            },
            || (),
        );
        assert_eq!(b.install(|| a.install(|| b.join(|| 1, || 2))), (1, 2));
    });
}

// Seats are given back at a thread's end and taken by the next.
#[test]
fn outside_threads_come_and_go() {
    explore(|| {
        let pool = Arc::new(pool(1));
        for _ in 0..2 {
            let other = pool.clone();
            let thread = thread::spawn(move || other.join(|| 1, || 2));
            assert_eq!(pool.join(|| 3, || 4), (3, 4));
            assert_eq!(thread.join().unwrap(), (1, 2));
        }
    });
}

#[test]
fn workers_are_kept_awake_for_a_while() {
    explore(|| {
        let pool = pool(1);
        let awake = pool.keep_awake();
        let taken = Gate::new();
        pool.join(|| taken.pass(), || taken.open());
        drop(awake);
        let taken = Gate::new();
        pool.join(|| taken.pass(), || taken.open());
    });
}

// The second thread can't be had: the first is gone when the builder says so.
#[test]
fn a_pool_whose_second_thread_fails_leaves_nothing_behind() {
    explore(|| {
        let over = Count::default();
        let counted = over.clone();
        let failed = builder(2)
            .spawn_handler(move |worker| {
                if worker.index() == 1 {
                    return Err(std::io::Error::other("no more threads"));
                }
                let counted = counted.clone();
                thread::spawn(move || {
                    worker.run();
                    counted.up();
                });
                Ok(())
            })
            .build();
        assert!(failed.is_err());
    });
}
