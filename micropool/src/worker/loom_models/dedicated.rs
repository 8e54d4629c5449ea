//! Models of dedicated background threads, whose sleepers are counted apart from the workers'.
//!
//! What could go wrong: a task, or what a task forks, comes just when such a thread lies down, and neither sees the other; who queues relies on
//! one that searches, which has just found something else; a pool is dropped and one sleeps on, or leaves what is queued.

use super::*;
use crate::loom_support::{dedicated_thread, shared_dedicated};

// Goes red if `task_queued` wakes none of them, if one sleeps without a last look (I4), or without the fence of I3.
#[test]
fn dedicated_thread_that_lies_down_hears_of_a_task() {
    explore(Some(3), || {
        let (pool, start) = (shared_dedicated(1), Start::new());
        let threads = vec![dedicated_thread(&start, &pool, 0)];
        start.go();
        let ran = Arc::new(Signal::new());
        let told = ran.clone();
        spawn_in(&pool, move || told.give()).detach();
        ran.wait();
        end(&pool, threads);
    });
}

// One task waits for the other, so both threads are needed. Goes red if the last one that searches doesn't pass on (F3), or passes on only what workers
// may run.
#[test]
fn dedicated_thread_that_finds_a_task_passes_the_wake_on() {
    explore(Some(2), || {
        let (pool, start) = (shared_dedicated(2), Start::new());
        let threads = vec![dedicated_thread(&start, &pool, 0), dedicated_thread(&start, &pool, 1)];
        start.go();
        two_tasks_that_need_both(&pool);
        end(&pool, threads);
    });
}

// One runs a task that forks, and its first half waits until the other, which lies down, has run the second.
// Goes red if `rouse` wakes no dedicated thread.
#[test]
fn dedicated_thread_that_lies_down_hears_of_a_fork_in_the_background() {
    explore(Some(2), || {
        let (pool, start) = (shared_dedicated(2), Start::new());
        let other = pool.clone();
        let sleeper = start.spawn(move || {
            let worker = Worker::new(&other, other.seat(1), Role::Dedicated);
            worker.sleepers().start_searching();
            while !worker.run_something(Private::Ask) {
                worker.sleep(&mut Spin::new(worker.me));
            }
        });
        start.go();
        let seat = pool.seat(0);
        let segment = seat.open_segment(crate::segment::Origin { slot: None, unit: 64 }, Tier::Background);
        let taken = Signal::new();
        join_on(seat, || taken.wait(), || taken.give());
        drop(segment);
        sleeper.join().unwrap();
        assert!(pool.dedicated_sleepers.counts().none() && pool.sleepers.counts().none());
    });
}

// A pool is dropped while its dedicated thread lies down, and just after a task was queued.
// Goes red if `everybody` has no fence or passes those threads over, or if one leaves without a last look at the queue.
#[test]
fn drop_of_a_pool_ends_its_dedicated_thread_and_its_queue() {
    explore(Some(2), || {
        let (pool, start) = (shared_dedicated(1), Start::new());
        let threads = vec![dedicated_thread(&start, &pool, 0)];
        let ran = Arc::new(Signal::new());
        let told = ran.clone();
        let task = unqueued(&pool, move || told.give());
        start.go();
        // As in the model of a worker.
        pool.background.push(task);
        wake::task_queued(&pool);
        end(&pool, threads);
        assert!(ran.is_given());
    });
}
