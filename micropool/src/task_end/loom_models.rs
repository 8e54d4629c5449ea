//! Models of waiting for tasks that others come before: who sees the marks, and who wakes.

use super::*;
use crate::current::forget_pool;
use crate::loom_support::{Signal, Start, end, explore, shared, worker};
use crate::run_unit::Belongs;
use crate::task::{spawn_in, spawn_ordered};

// The waiter marks a task while its thread begins it in the background.
// Goes red without either fence (M2, R3), if R4 doesn't look, or if the first look of `run_claimed` is the only one.
#[test]
fn promotion_reaches_a_task_that_just_begins() {
    explore(Some(3), || {
        let (pool, start) = (shared(1, 1), Start::new());
        let marked = Arc::new(Signal::new());
        let (other, told) = (pool.clone(), marked.clone());
        let task = spawn_in(&pool, move || {
            told.wait();
            other.seat(0).tier()
        });
        let other = pool.clone();
        let runner = start.spawn(move || {
            let task = run_unit::next_queued(&other.background).expect("nobody else looks");
            run_unit::run_claimed(other.seat(0), &task, Tier::Background, Belongs::Pool);
        });
        start.go();
        mark(&task.unit());
        marked.give();
        runner.join().unwrap();
        assert_eq!(task.join(), Tier::Foreground);
        pool.background.forget_promoted();
        forget_pool(&pool);
    });
}

// The waiter marks a task while its predecessor ends: one of the two puts it among the promoted.
// Goes red if `mark_awaited` is a load and a store, or if `queue` looks at the marks before the state is Queued.
#[test]
fn promotion_reaches_a_task_that_just_becomes_ready() {
    explore(Some(2), || {
        let (pool, start) = (shared(1, 1), Start::new());
        let first = spawn_in(&pool, || ());
        let second = spawn_ordered(&pool, "after", &[first.unit()], || ());
        let other = pool.clone();
        let runner = start.spawn(move || {
            start_here(&first.unit());
            forget_pool(&other);
        });
        start.go();
        mark(&second.unit());
        runner.join().unwrap();
        let promoted = std::iter::from_fn(|| pool.background.pop_promoted());
        assert!(promoted.fuse().fold(false, |found, task| found || Arc::ptr_eq(&task, &second.unit())));
        assert_eq!(second.join(), ());
        forget_pool(&pool);
    });
}

// There is no place in the background, and the worker is going to sleep.
// Goes red if `task_promoted` wakes nobody, or if `anything_to_do` doesn't ask for promoted tasks. (Not without its fence: the model's
// queue has a lock.)
#[test]
fn wake_an_idle_worker_for_a_promoted_task() {
    explore(Some(3), || {
        let (pool, start) = (shared(1, 0), Start::new());
        let workers = vec![worker(&start, &pool, 0)];
        let ran = Arc::new(Signal::new());
        let told = ran.clone();
        let task = spawn_in(&pool, move || told.give());
        start.go();
        mark(&task.unit());
        ran.wait();
        drop(task);
        end(&pool, workers);
    });
}

// Each of two promoted tasks waits for the other, so both workers are needed.
// Goes red if `pass_on` doesn't ask for promoted tasks.
#[test]
fn wake_is_passed_on_for_a_promoted_task() {
    explore(Some(2), || {
        let (pool, start) = (shared(2, 0), Start::new());
        let workers = vec![worker(&start, &pool, 0), worker(&start, &pool, 1)];
        let (there, back, both) = (Arc::new(Signal::new()), Arc::new(Signal::new()), Arc::new(Signal::new()));
        let (a, b, over) = (there.clone(), back.clone(), both.clone());
        let first = spawn_in(&pool, move || {
            a.give();
            b.wait();
            over.give();
        });
        let second = spawn_in(&pool, move || {
            there.wait();
            back.give();
        });
        start.go();
        mark(&first.unit());
        mark(&second.unit());
        both.wait();
        drop((first, second));
        end(&pool, workers);
    });
}

// Who sleeps for one of two tasks that a third comes after runs the other as soon as it can be started. No worker is there.
// Goes red if `settle` doesn't tell those who wait for what comes after it, or if `can_help` doesn't look at both branches.
#[test]
fn task_join_runs_the_branch_that_becomes_ready() {
    explore(Some(1), || {
        let (pool, start) = (shared(1, 1), Start::new());
        let ran = Arc::new(Signal::new());
        let (seen, told) = (ran.clone(), ran.clone());
        let long = spawn_in(&pool, move || seen.wait());
        let input = spawn_in(&pool, || ());
        let other = spawn_ordered(&pool, "after", &[input.unit()], move || told.give());
        let both = spawn_ordered(&pool, "after", &[long.unit(), other.unit()], || 7);
        // Both run elsewhere.
        let runners = [long.unit(), input.unit()].map(|unit| {
            assert!(unit.header().claim());
            let pool = pool.clone();
            start.spawn(move || {
                current::with_seat_in(&pool, |me| {
                    run_unit::run_claimed(me, &unit, Tier::Background, Belongs::Pool);
                });
                forget_pool(&pool);
            })
        });
        start.go();
        assert_eq!(both.join(), 7);
        runners.into_iter().for_each(|runner| runner.join().unwrap());
        drop((long, input, other));
        pool.background.forget_promoted();
        forget_pool(&pool);
    });
}

// As above, where the branch lies in another pool than what its joiner sleeps for. Goes red if `wakes_in` doesn't note the pool or if
// `settle` tells the sleepers of the branch's pool only; and if `wakes_in` doesn't look under the lock.
#[test]
fn task_join_runs_the_branch_that_becomes_ready_in_another_pool() {
    explore(Some(1), || {
        let (pool, other_pool, start) = (shared(1, 1), shared(1, 1), Start::new());
        let ran = Arc::new(Signal::new());
        let (seen, told) = (ran.clone(), ran.clone());
        let long = spawn_in(&pool, move || seen.wait());
        let input = spawn_in(&other_pool, || ());
        let branch = spawn_ordered(&other_pool, "after", &[input.unit()], move || told.give());
        let both = spawn_ordered(&pool, "after", &[long.unit(), branch.unit()], || 7);
        let runners = [long.unit(), input.unit()].map(|unit| {
            assert!(unit.header().claim());
            start.spawn(move || {
                let pool = unit.header().pool.clone();
                current::with_seat_in(&pool, |me| {
                    run_unit::run_claimed(me, &unit, Tier::Background, Belongs::Pool);
                });
                forget_pool(&pool);
            })
        });
        start.go();
        assert_eq!(both.join(), 7);
        runners.into_iter().for_each(|runner| runner.join().unwrap());
        drop((long, input, branch));
        for pool in [pool, other_pool] {
            pool.background.forget_promoted();
            forget_pool(&pool);
        }
    });
}
