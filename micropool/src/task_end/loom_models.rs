//! Models of waiting for tasks that others come before: who sees the marks, and who wakes.

use super::*;
use crate::current::forget_pool;
use crate::loom_support::{Signal, Start, end, explore, shared, worker};
use crate::run_unit::Belongs;
use crate::shared::Shared;
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

/// Who sleeps for one of two tasks that a third comes after runs the other, the branch, as soon as it can be started: nobody else does.
/// The first of the two is over when the branch has run.
fn joins_what_a_branch_holds_up(branch_pool: &Arc<Shared>, pool: &Arc<Shared>, start: &Start) {
    let long = spawn_in(pool, || ());
    let input = spawn_in(branch_pool, || ());
    // Both are running elsewhere, for whoever looks.
    let ends = |unit: Arc<dyn Unit>| {
        assert!(unit.header().claim());
        move || {
            let pool = unit.header().pool.clone();
            current::with_seat_in(&pool, |me| {
                run_unit::run_claimed(me, &unit, Tier::Background, Belongs::Pool);
            });
        }
    };
    let branch = spawn_ordered(branch_pool, "after", &[input.unit()], ends(long.unit()));
    let both = spawn_ordered(pool, "after", &[long.unit(), branch.unit()], || 7);
    let (end_input, other) = (ends(input.unit()), branch_pool.clone());
    let runner = start.spawn(move || {
        end_input();
        forget_pool(&other);
    });
    start.go();
    assert_eq!(both.join(), 7);
    runner.join().unwrap();
    drop((long, input, branch));
    for pool in [pool, branch_pool] {
        pool.background.forget_promoted();
        forget_pool(pool);
    }
}

// Goes red if `settle` doesn't tell those who wait for what comes after it, or if `can_help` doesn't look at both branches.
#[test]
fn task_join_runs_the_branch_that_becomes_ready() {
    explore(Some(2), || {
        let (pool, start) = (shared(1, 1), Start::new());
        joins_what_a_branch_holds_up(&pool, &pool, &start);
    });
}

// Goes red if `wakes_in` doesn't note the pool, or if `settle` tells the sleepers of the branch's pool only; and if `wakes_in` doesn't
// look under the lock.
#[test]
fn task_join_runs_the_branch_that_becomes_ready_in_another_pool() {
    explore(Some(2), || {
        let (pool, other, start) = (shared(1, 1), shared(1, 1), Start::new());
        joins_what_a_branch_holds_up(&other, &pool, &start);
    });
}
