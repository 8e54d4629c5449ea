//! Models of tasks: who runs, who drops, who wakes, who reports.

use super::*;
use crate::current::forget_pool;
use crate::loom_support::{Frame, Signal, Start, end, explore, shared, unqueued, worker};
use crate::run_unit::{self, Belongs, UnitName};
use crate::seat::Seat;
use crate::task::{spawn_in, spawn_ordered};
use crate::wait::wait;
use crate::word::Tier;
use std::sync::Arc;

/// A worker's step: one task of the queue, if there is one.
fn run_one(pool: &Arc<Shared>) -> bool {
    match run_unit::next_queued(&pool.background) {
        Some(task) => {
            run_unit::run_claimed(pool.seat(0), &task, Tier::Background, Belongs::Pool);
            true
        }
        None => false,
    }
}

/// Counts its drops in a cell of the model: two at once, or unordered ones, fail it.
struct Counted(Arc<Frame>);
impl Drop for Counted {
    fn drop(&mut self) {
        self.0.write(self.0.read() + 1);
    }
}

// Goes red if `exchange` is a load and a store.
#[test]
fn task_cancel_or_run_never_both() {
    explore(None, || {
        let (pool, start) = (shared(1, 1), Start::new());
        let (ran, dropped) = (Arc::new(Frame::new(0)), Arc::new(Frame::new(0)));
        let (noted, capture) = (ran.clone(), Counted(dropped.clone()));
        let task = spawn_in(&pool, move || {
            let _capture = capture;
            noted.write(1);
        });
        let other = pool.clone();
        let runner = start.spawn(move || run_one(&other));
        start.go();
        let cancelled = task.cancel();
        assert_eq!(runner.join().unwrap(), !cancelled);
        assert_eq!(ran.read(), u32::from(!cancelled));
        assert_eq!(dropped.read(), 1);
        assert_eq!(pool.background.unfinished(), 0);
        forget_pool(&pool);
    });
}

// Goes red if the wait doesn't look after its announcement, or if `settle` doesn't tell (`unit_changed`). (Not if `exchange` is
// Relaxed: the end of the segment before it has a Release fence. The model of reports sees that.)
#[test]
fn task_join_gets_the_result_wherever_it_runs() {
    explore(Some(2), || {
        let (pool, start) = (shared(1, 1), Start::new());
        let result = Frame::new(0);
        let task = spawn_in(&pool, move || {
            result.write(5);
            result
        });
        let other = pool.clone();
        let runner = start.spawn(move || run_one(&other));
        start.go();
        assert_eq!(task.join().read(), 5);
        runner.join().unwrap();
        forget_pool(&pool);
    });
}

// The only worker is elsewhere for ever: a task that becomes ready while somebody sleeps for it is run by him.
// Goes red if `settle` doesn't tell those who sleep for a task that it is queued, or if `TaskEnd` doesn't help or `can_help`.
#[test]
fn task_join_runs_what_becomes_ready_meanwhile() {
    explore(Some(2), || {
        let (pool, start) = (shared(1, 1), Start::new());
        let first = spawn_in(&pool, || ());
        let second = spawn_ordered(&pool, "", &[first.unit()], || 7);
        let other = pool.clone();
        let runner = start.spawn(move || {
            // Somebody ends the first, and goes away.
            run_unit::start_here(&first.unit());
            forget_pool(&other);
        });
        start.go();
        assert_eq!(second.join(), 7);
        runner.join().unwrap();
        forget_pool(&pool);
    });
}

struct Notes(Signal);
impl std::task::Wake for Notes {
    fn wake(self: Arc<Self>) {
        self.0.give();
    }
}

// Goes red if `set_waker` doesn't look under the lock, or if `end` changes the state outside of it.
#[test]
fn task_awaited_is_woken_or_over() {
    explore(None, || {
        let (pool, start) = (shared(1, 1), Start::new());
        let task = spawn_in(&pool, || ());
        let other = pool.clone();
        let runner = start.spawn(move || run_one(&other));
        start.go();
        let notes = Arc::new(Notes(Signal::new()));
        if task.unit().header().set_waker(&notes.clone().into(), 0) {
            notes.0.wait();
        }
        assert!(task.complete());
        runner.join().unwrap();
        drop(task);
        forget_pool(&pool);
    });
}

// Goes red as above, for `cancel`'s end.
#[test]
fn task_awaited_is_woken_when_it_is_cancelled() {
    explore(None, || {
        let (pool, start) = (shared(1, 1), Start::new());
        let task = spawn_in(&pool, || ());
        let unit = task.unit();
        let canceller = start.spawn(move || assert!(task.cancel()));
        start.go();
        let notes = Arc::new(Notes(Signal::new()));
        if unit.header().set_waker(&notes.clone().into(), 0) {
            notes.0.wait();
        }
        assert!(unit.header().is_over());
        canceller.join().unwrap();
        drop(unit);
        forget_pool(&pool);
    });
}

// The handle goes just when the task ends in a panic: exactly one side reports it.
// Goes red if `detach` or `end` stores, if `claim_report` doesn't exchange, if either side doesn't ask, or if `exchange` is Relaxed.
#[test]
fn task_detached_is_reported_once() {
    explore(None, || {
        let (pool, start) = (shared(1, 1), Start::new());
        let task = spawn_in(&pool, || ());
        let unit = task.unit();
        assert!(unit.header().claim());
        // Stands for the result, which belongs to whoever reports.
        let result = Arc::new(Frame::new(0));
        let runner = {
            let (unit, result) = (unit.clone(), result.clone());
            start.spawn(move || {
                result.write(1);
                unit.header().end(true);
                unit.header().claim_report()
            })
        };
        start.go();
        std::mem::forget(task);
        unit.header().detach();
        let here = unit.header().claim_report();
        if here {
            assert_eq!(result.read(), 1);
        }
        assert!(here != runner.join().unwrap());
        forget_pool(&pool);
    });
}

// Two handles are joined at once: one of them gets the payload, and nobody reports it. Goes red if `claim_panic` is a load and a store, or if
// who comes second looks at the result.
#[test]
fn task_payload_of_a_shared_one_reaches_one_of_two() {
    explore(None, || {
        let (pool, start) = (shared(1, 1), Start::new());
        let task = spawn_in(&pool, || -> u8 { std::panic::resume_unwind(Box::new(7_u64)) }).share();
        let gets_payload = |task: &crate::SharedTask<u8>| {
            let payload = catch(|| *task.join()).unwrap_err();
            payload.downcast_ref() == Some(&7_u64)
        };
        assert!(run_one(&pool));
        let other = task.clone();
        let joiner = start.spawn(move || gets_payload(&other));
        start.go();
        assert!(gets_payload(&task) != joiner.join().unwrap());
        assert!(!task.unit().header().claim_report());
        drop(task);
        forget_pool(&pool);
    });
}

// A successor is added just when its predecessor ends. Goes red if `add_successor` doesn't look under the lock (it is forgotten),
// or if `pending` starts at 0 (it may be queued twice).
#[test]
fn task_after_another_that_just_ends() {
    explore(None, || {
        let (pool, start) = (shared(1, 1), Start::new());
        let first = spawn_in(&pool, || ());
        let unit = first.unit();
        let other = pool.clone();
        let runner = start.spawn(move || run_one(&other));
        start.go();
        let ran = Arc::new(Frame::new(0));
        let noted = ran.clone();
        let second = spawn_ordered(&pool, "", &[unit], move || noted.write(noted.read() + 1));
        runner.join().unwrap();
        assert!(run_one(&pool), "the second is queued");
        assert!(!run_one(&pool), "once");
        assert!(second.complete());
        assert_eq!(ran.read(), 1);
        drop((first, second));
        forget_pool(&pool);
    });
}

// Goes red if `spawn_ordered` doesn't look whether a predecessor was cancelled before it could be told, or if a cancelled task keeps
// its closure.
#[test]
fn task_after_another_that_is_just_cancelled() {
    explore(None, || {
        let (pool, start) = (shared(1, 1), Start::new());
        let first = spawn_in(&pool, || ());
        let unit = first.unit();
        let canceller = start.spawn(move || assert!(first.cancel()));
        start.go();
        let dropped = Arc::new(Frame::new(0));
        let capture = Counted(dropped.clone());
        let second = spawn_ordered(&pool, "", &[unit], move || drop(capture));
        canceller.join().unwrap();
        assert!(second.unit().header().is_cancelled());
        assert_eq!(dropped.read(), 1);
        assert_eq!(pool.background.unfinished(), 0);
        drop(second);
        forget_pool(&pool);
    });
}

// Two predecessors end at once: the successor is queued by one of them.
// Goes red if `predecessor_over` is a load and a store. (Not if it is Relaxed: fences before and after it do the same.)
#[test]
fn task_after_two_is_queued_once() {
    explore(None, || {
        let (pool, start) = (shared(1, 1), Start::new());
        let cells = Arc::new([Frame::new(0), Frame::new(0)]);
        let make = |k: usize| {
            let cells = cells.clone();
            spawn_in(&pool, move || cells[k].write(1))
        };
        let (a, b) = (make(0), make(1));
        let both = cells.clone();
        let third = spawn_ordered(&pool, "", &[a.unit(), b.unit()], move || both[0].read() + both[1].read());
        let (unit, other) = (a.unit(), pool.clone());
        let runner = start.spawn(move || {
            run_unit::start_here(&unit);
            forget_pool(&other);
        });
        start.go();
        run_unit::start_here(&b.unit());
        runner.join().unwrap();
        assert_eq!(third.join(), 2);
        drop((a, b));
        forget_pool(&pool);
    });
}

// A dependant is cancelled just when what it comes after ends. Goes red if `cancel` tries only one of the two states, or if a state
// changes by a load and a store.
#[test]
fn task_cancel_of_a_dependant_against_the_end_before_it() {
    explore(Some(3), || {
        let (pool, start) = (shared(1, 1), Start::new());
        let (ran, dropped) = (Arc::new(Frame::new(0)), Arc::new(Frame::new(0)));
        let (noted, capture) = (ran.clone(), Counted(dropped.clone()));
        let first = spawn_in(&pool, || ());
        let second = spawn_ordered(&pool, "second", &[first.unit()], move || {
            let _capture = capture;
            noted.write(1);
        });
        let other = pool.clone();
        let runner = start.spawn(move || while run_one(&other) {});
        start.go();
        let cancelled = second.cancel();
        runner.join().unwrap();
        assert_eq!(ran.read(), u32::from(!cancelled));
        assert_eq!(dropped.read(), 1);
        assert_eq!(pool.background.unfinished(), 0);
        drop(first);
        forget_pool(&pool);
    });
}

// Of two shared handles one joins, the other goes, while the task ends: the result is dropped once, by the last. Goes red if
// `drop_handle` counts by a load and a store or is Relaxed.
#[test]
fn task_shared_result_is_dropped_by_the_last_handle() {
    explore(None, || {
        let (pool, start) = (shared(1, 1), Start::new());
        let dropped = Arc::new(Frame::new(0));
        let result = Counted(dropped.clone());
        let task = spawn_in(&pool, move || result).share();
        let other = task.clone();
        let reader = start.spawn(move || {
            let done = other.try_join().map(|result| result.0.read());
            drop(other);
            done
        });
        start.go();
        assert!(run_one(&pool));
        assert_eq!(task.join().0.read(), 0);
        assert!(matches!(reader.join().unwrap(), None | Some(0)));
        drop(task);
        assert_eq!(dropped.read(), 1);
        forget_pool(&pool);
    });
}

// The last task of all so far ends while somebody goes to sleep for that. Goes red if `task_ended` isn't told (`idle_unit`), or if the
// waiter doesn't look again.
#[test]
fn task_end_is_told_to_who_waits_for_all() {
    explore(Some(2), || {
        let (pool, start) = (shared(1, 1), Start::new());
        let ran = Arc::new(Frame::new(0));
        let noted = ran.clone();
        let task = spawn_in(&pool, move || noted.write(1));
        let unit = task.unit();
        assert!(unit.header().claim());
        let other = pool.clone();
        let runner = start.spawn(move || {
            run_unit::run_claimed(other.seat(0), &unit, Tier::Background, Belongs::Pool);
        });
        start.go();
        crate::current::with_seat_in(&pool, |me| {
            let since = pool.background.since();
            let over = || pool.background.all_over(since);
            let name = pool.background.idle_unit();
            // It can't help: the task runs elsewhere.
            let (help, can_help) = (|_: &Seat| false, || false);
            pool.background.waiting(|| wait(me, &UnitName { over, name, help, can_help }));
        });
        assert_eq!(ran.read(), 1);
        runner.join().unwrap();
        drop(task);
        forget_pool(&pool);
    });
}

/// A task that writes into this frame.
fn made(pool: &Arc<Shared>, ran: &Arc<Frame>) -> Arc<dyn Unit> {
    let ran = ran.clone();
    unqueued(pool, move || ran.write(1))
}

// The only worker is elsewhere for ever: who waits for all tasks so far runs the one that another thread just queues, and which it may
// find in either queue. Goes red if Q3 isn't done or has no fence, if I4 comes before I1, or if `end_look` tells nobody.
#[test]
fn idle_runs_what_is_just_queued() {
    explore(Some(4), || {
        let (pool, start) = (shared(1, 1), Start::new());
        let ran = Arc::new(Frame::new(0));
        let task = made(&pool, &ran);
        let other = pool.clone();
        let queues = start.spawn(move || {
            run_unit::queue(&other, task);
            forget_pool(&other);
        });
        start.go();
        crate::current::with_seat_in(&pool, run_unit::wait_for_all);
        assert_eq!(ran.read(), 1);
        queues.join().unwrap();
        pool.background.forget_promoted();
        forget_pool(&pool);
    });
}

// The task comes to lie behind one that is made after I1, by the first task that the waiter runs. Goes red if Q3 isn't done, or moves nothing.
#[test]
fn idle_runs_what_is_queued_behind_a_later_task() {
    explore(Some(2), || {
        let (pool, start) = (shared(1, 1), Start::new());
        let (ran, later) = (Arc::new(Frame::new(0)), Arc::new(Frame::new(0)));
        let (inside, written) = (pool.clone(), later.clone());
        pool.background.push(unqueued(&pool, move || run_unit::queue(&inside, made(&inside, &written))));
        let task = made(&pool, &ran);
        let other = pool.clone();
        let queues = start.spawn(move || run_unit::queue(&other, task));
        start.go();
        crate::current::with_seat_in(&pool, run_unit::wait_for_all);
        assert_eq!(ran.read(), 1);
        queues.join().unwrap();
        // Nobody else runs the later one, if the wait was not for it.
        while run_one(&pool) {}
        assert_eq!(later.read(), 1);
        pool.background.forget_promoted();
        forget_pool(&pool);
    });
}

// Another thread has read an epoch that ends before it counts its task: the wait is for that task too, though it isn't among those noted.
// It queues the task when the waiter, whose look at the queue was in vain, may be asleep, and ends the one that the wait was for;
// which wakes nobody, for it isn't the last of its epoch. Goes red if `task_queued` wakes nobody who waits for all.
#[test]
fn idle_runs_what_was_made_in_an_epoch_that_is_over() {
    explore(Some(2), || {
        let (pool, start) = (shared(1, 1), Start::new());
        let ran = Arc::new(Frame::new(0));
        let (epoch, _) = pool.background.task_made();
        let (other, late) = (pool.clone(), ran.clone());
        let queues = start.spawn(move || {
            run_unit::queue(&other, made(&other, &late));
            if other.background.task_ended(epoch, false) {
                crate::wake::unit_changed(&other, other.background.idle_unit());
            }
            forget_pool(&other);
        });
        start.go();
        crate::current::with_seat_in(&pool, run_unit::wait_for_all);
        queues.join().unwrap();
        // Nobody else runs it, if the wait was not for it.
        while run_one(&pool) {}
        assert_eq!(ran.read(), 1);
        pool.background.forget_promoted();
        forget_pool(&pool);
    });
}

// A later task is taken out of the queue for a moment, just when a worker looks there before it sleeps. Goes red if who puts it back
// wakes nobody.
#[test]
fn wake_an_idle_worker_for_what_is_put_back() {
    explore(Some(2), || {
        let (pool, start) = (shared(1, 1), Start::new());
        let workers = vec![worker(&start, &pool, 0)];
        start.go();
        let ran = Arc::new(Signal::new());
        let told = ran.clone();
        let later = || spawn_in(&pool, move || told.give()).detach();
        pool.background.waiting_in_foreground(later, || assert!(run_unit::next_awaited(&pool).is_none()));
        ran.wait();
        end(&pool, workers);
    });
}
