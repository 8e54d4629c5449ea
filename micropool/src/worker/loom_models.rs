//! Models of whole workers: a wake-up that is lost leaves all threads asleep, which the model checker calls a deadlock.

use super::*;
use crate::current::with_pool;
use crate::join::{join_on, join_ready};
use crate::loom_support::{Frame, Signal, Start, end, explore, increments, make_quiet, shared, unqueued, worker};
use crate::run_unit;
use crate::task::spawn_in;
use std::sync::Arc;

mod awake;
mod dedicated;
mod doubt;
mod helping;

// The first half of a join waits until a worker has run the second.
// Goes red without the fence of P2 or of I3, if the last look (I4) is skipped, if I1 comes after it, if `Sleeper::wake` doesn't
// notify, or notifies without the lock.
#[test]
fn wake_an_idle_worker_for_a_push() {
    explore(Some(2), || {
        let (pool, start) = (shared(1, 1), Start::new());
        let workers = vec![worker(&start, &pool, 0)];
        start.go();
        let taken = Signal::new();
        with_pool(&pool, |seat| join_on(seat.unwrap(), || taken.wait(), || taken.give()));
        end(&pool, workers);
    });
}

// The same for a push without a new word. Goes red without its fence.
#[test]
fn wake_an_idle_worker_for_a_quiet_push() {
    explore(Some(2), || {
        let (pool, start) = (shared(1, 1), Start::new());
        let taken = Signal::new();
        let workers = with_pool(&pool, |seat| {
            let seat = seat.unwrap();
            let below = make_quiet(seat);
            let workers = vec![worker(&start, &pool, 0)];
            start.go();
            join_on(seat, || taken.wait(), || taken.give());
            below.slot.close();
            below.slot.empty(below.word);
            seat.popped(below.slot);
            workers
        });
        end(&pool, workers);
    });
}

// Nobody waits for the task itself. Goes red as above, for `task_queued`.
#[test]
fn wake_an_idle_worker_for_a_task() {
    explore(Some(3), || {
        let (pool, start) = (shared(1, 1), Start::new());
        let workers = vec![worker(&start, &pool, 0)];
        start.go();
        let ran = Arc::new(Signal::new());
        let told = ran.clone();
        spawn_in(&pool, move || told.give()).detach();
        ran.wait();
        end(&pool, workers);
    });
}

// A third thread wakes the worker for no reason (as a late or spurious wake would) while the task is queued.
// Goes red if the waker frees the sleeper before it has counted it as searching (`AWAKE` instead of `WAKING`): the count is below
// zero for a moment, and the push relies on a search that has ended.
#[test]
fn wake_an_idle_worker_that_a_slow_waker_has_not_counted() {
    explore(Some(3), || {
        let (pool, start) = (shared(1, 1), Start::new());
        let me = pool.seat(0);
        // The worker's steps from the moment that it has found nothing, over and over.
        let ran = Arc::new(Signal::new());
        let (other, done) = (pool.clone(), ran.clone());
        let sleeper = start.spawn(move || {
            let worker = Worker::new(&other, other.seat(0), Role::Worker);
            worker.sleepers().start_searching();
            while !worker.run_something(Private::Ask) {
                worker.sleep(&mut Spin::new(worker.me));
            }
            assert!(done.is_given());
        });
        let third = pool.clone();
        let waker = start.spawn(move || {
            third.seat(0).sleeper.wake(&third.sleepers, Mode::Idle);
        });
        start.go();
        let told = ran.clone();
        spawn_in(&pool, move || told.give()).detach();
        ran.wait();
        sleeper.join().unwrap();
        waker.join().unwrap();
        assert!(pool.sleepers.counts().none());
        assert_eq!(pool.sleepers.counts().searching(), 1, "{}", me.index);
        current::forget_pool(&pool);
    });
}

/// One task waits for the other. Returns when both have run, before the end of the pool wakes everybody.
fn two_tasks_that_need_both(pool: &Arc<Shared>) {
    let (there, back, both) = (Arc::new(Signal::new()), Arc::new(Signal::new()), Arc::new(Signal::new()));
    let (a, b, over) = (there.clone(), back.clone(), both.clone());
    spawn_in(pool, move || {
        a.give();
        b.wait();
        over.give();
    })
    .detach();
    spawn_in(pool, move || {
        there.wait();
        back.give();
    })
    .detach();
    both.wait();
}

// One task waits for the other, so both workers are needed: whoever finds the first one must pass the wake on.
// Goes red if `found` doesn't pass on (F3).
#[test]
fn wake_is_passed_on_by_a_searcher_that_finds_other_work() {
    explore(Some(2), || {
        let (pool, start) = (shared(2, 2), Start::new());
        let workers = vec![worker(&start, &pool, 0), worker(&start, &pool, 1)];
        start.go();
        two_tasks_that_need_both(&pool);
        end(&pool, workers);
    });
}

/// The last one who searches stops, just when a half is pushed, while another sleeps: the pusher relies on a search that still comes by, or
/// wakes a sleeper himself. `stop`: what the one who stops does, and whether it has seen the half; `asleep`: how many sleep then if nobody is
/// woken. Pushes have a fence of their own, or the one who stops has one for both sides.
fn stops_while_another_pushes(unfenced: bool, asleep: u32, stop: fn(&Worker<'_>) -> bool) {
    explore(None, move || {
        let (pool, start, frame) = (shared(2, 2), Start::new(), Frame::new(0));
        pool.sleepers.start_searching();
        pool.seat(1).sleeper.announce_idle(&pool.sleepers);
        pool.sleepers.start_searching();
        if unfenced {
            pool.sleepers.do_without_a_fence(pool.sleepers.counts());
        }
        let other = pool.clone();
        let stops = start.spawn(move || stop(&Worker::new(&other, other.seat(0), Role::Worker)));
        start.go();
        with_pool(&pool, |seat| {
            let seat = seat.unwrap();
            let pushed = wake::push_job(seat, increments(&frame));
            let seen = stops.join().unwrap();
            let counts = pool.sleepers.counts();
            assert!(seen || counts.idle() < asleep, "nobody is woken");
            assert!(counts.searching() > 0 || !counts.is_unfenced());
            assert!(seat.reclaim(pushed.slot));
        });
        current::forget_pool(&pool);
    });
}

// Goes red without the fence of F3.
#[test]
fn wake_is_passed_on_or_a_push_sees_that_nobody_searches() {
    stops_while_another_pushes(false, 1, |worker| {
        worker.found();
        false
    });
}

// Goes red without the fence for both sides.
#[test]
fn wake_is_passed_on_by_one_on_whom_pushes_rely_without_a_fence() {
    stops_while_another_pushes(true, 1, |worker| {
        worker.found();
        false
    });
}

// The one who stops lies down; its steps are written out here. Goes red without a fence on either side.
#[test]
fn whoever_lies_down_sees_a_push_that_relies_on_it() {
    for unfenced in [false, true] {
        stops_while_another_pushes(unfenced, 2, |worker| {
            worker.me.sleeper.announce_idle(worker.sleepers());
            heavy_fence();
            worker.anything_to_take()
        });
    }
}

// The one who stops only gives way, and may be away for long. Goes red if it doesn't look before it goes.
#[test]
fn whoever_gives_way_sees_a_push_that_relies_on_it() {
    for unfenced in [false, true] {
        stops_while_another_pushes(unfenced, 1, |worker| !worker.stops_for_now());
    }
}

// The same, but that the other lies down only now, after a look of its own: nobody slept when the pusher relied on the search, and perhaps
// nobody when it stops. Goes red if `stop_searching` looks for sleepers before its exchange.
#[test]
fn wake_is_not_passed_on_where_nobody_slept() {
    explore(Some(3), || {
        let (pool, start, frame) = (shared(2, 2), Start::new(), Frame::new(0));
        pool.sleepers.start_searching();
        let other = pool.clone();
        let finder = start.spawn(move || {
            if other.sleepers.stop_searching() {
                wake::pass_on(other.seat(0), true);
            }
        });
        let other = pool.clone();
        let sleeper = start.spawn(move || {
            other.sleepers.start_searching();
            other.seat(1).sleeper.announce_idle(&other.sleepers);
            heavy_fence();
            steal::peek(other.seat(1), Tier::Foreground).is_some()
        });
        start.go();
        with_pool(&pool, |seat| {
            let seat = seat.unwrap();
            let pushed = wake::push_job(seat, increments(&frame));
            finder.join().unwrap();
            let found = sleeper.join().unwrap();
            assert!(found || pool.sleepers.counts().idle() == 0, "nobody wakes the one who sleeps");
            assert!(seat.reclaim(pushed.slot));
        });
        current::forget_pool(&pool);
    });
}

/// The older half waits for the newer one, so both workers are needed. It lies there when they come, one who searches and one who sleeps
/// already: they and the pusher meet over the newer one only.
fn two_halves_that_need_both(pool: &Arc<Shared>, start: &Start) {
    pool.sleepers.start_searching();
    pool.seat(0).sleeper.announce_idle(&pool.sleepers);
    pool.sleepers.start_searching();
    let worker = |index: u32| {
        let pool = pool.clone();
        start.spawn(move || {
            let worker = Worker::new(&pool, pool.seat(index), Role::Worker);
            worker.me.sleeper.block();
            while !worker.run_something(Private::Ask) {
                worker.sleep(&mut Spin::new(worker.me));
            }
        })
    };
    let back = Signal::new();
    with_pool(pool, |seat| {
        let seat = seat.unwrap();
        let newer = || {
            let workers = [0, 1].map(worker);
            start.go();
            // By the end of both workers there is nothing to wait for: how a join waits has models of its own.
            let both_ran = || workers.into_iter().for_each(|worker| worker.join().unwrap());
            join_ready(seat, both_ran, || back.give());
        };
        join_ready(seat, newer, || back.wait());
    });
    assert!(pool.sleepers.counts().none());
    current::forget_pool(pool);
}

// As above with all that a push and two workers do.
#[test]
fn wake_is_passed_on_for_a_half_that_was_just_pushed() {
    explore(Some(2), || two_halves_that_need_both(&shared(2, 2), &Start::new()));
}

// Of two workers one at most may run tasks; whoever gives up the place looks again before it sleeps.
// Goes red if `has_room` is asked before the fence of I3 only, or if `run_background` keeps its place over the search.
#[test]
fn cap_leaves_no_task_behind() {
    explore(Some(2), || {
        let (pool, start) = (shared(2, 1), Start::new());
        let workers = vec![worker(&start, &pool, 0), worker(&start, &pool, 1)];
        start.go();
        let ran = Arc::new(Signal::new());
        let told = ran.clone();
        spawn_in(&pool, move || told.give()).detach();
        ran.wait();
        end(&pool, workers);
    });
}

// A letter's code may wait for a task that another worker must run, so its reader isn't one who searches: a push that relied on
// him would wake nobody. Goes red if `run_something` reads mail without `found`.
#[test]
fn wake_does_not_rely_on_a_worker_that_reads_its_mail() {
    explore(Some(2), || {
        let (pool, start) = (shared(1, 1), Start::new());
        let workers = vec![worker(&start, &pool, 0)];
        start.go();
        with_pool(&pool, |seat| {
            broadcast::broadcast_on(seat.unwrap(), &|_| assert_eq!(pool.sleepers.counts().searching(), 0));
        });
        end(&pool, workers);
    });
}

// A pool is dropped while its worker is going to sleep, and just after a task was queued.
// Goes red if `everybody` has no fence, if `anything_to_do` doesn't ask `is_closing`, or if a worker leaves without a last look.
#[test]
fn drop_of_a_pool_ends_its_worker_and_its_queue() {
    explore(Some(2), || {
        let (pool, start) = (shared(1, 1), Start::new());
        let workers = vec![worker(&start, &pool, 0)];
        let ran = Arc::new(Signal::new());
        let told = ran.clone();
        let task = unqueued(&pool, move || told.give());
        start.go();
        // As `queue`, but for its question whether the pool closes: see `Start` for why that matters to loom.
        pool.background.push(task);
        wake::task_queued(&pool);
        end(&pool, workers);
        assert!(ran.is_given());
    });
}

// The last thread of a closed pool has left its queue while somebody else makes a task: one of the two runs it.
// Goes red if `queue` doesn't ask `is_deserted` again after its push, or if the leaver doesn't drain after `desert`.
#[test]
fn drop_of_a_pool_leaves_no_task_behind() {
    explore(None, || {
        let (pool, start) = (shared(1, 1), Start::new());
        pool.close();
        let other = pool.clone();
        // As `WorkerThread::drop` on the last thread.
        let leaver = start.spawn(move || {
            other.desert();
            run_unit::drain_here(&other);
        });
        start.go();
        let ran = Arc::new(Signal::new());
        let told = ran.clone();
        let task = spawn_in(&pool, move || told.give());
        leaver.join().unwrap();
        assert!(ran.is_given() && task.complete());
        drop(task);
        current::forget_pool(&pool);
    });
}

// A pool is dropped by a task of its own, while its other worker goes to sleep. Goes red as the first model of a drop.
#[test]
fn drop_of_a_pool_by_its_own_worker() {
    explore(Some(2), || {
        let (pool, start) = (shared(2, 1), Start::new());
        let workers = vec![worker(&start, &pool, 0), worker(&start, &pool, 1)];
        start.go();
        let inside = pool.clone();
        spawn_in(&pool, move || {
            // As `ThreadPool::drop` there.
            inside.close();
            wake::everybody(&inside);
            current::forget_pool(&inside);
        })
        .detach();
        for worker in workers {
            worker.join().unwrap();
        }
        // As `WorkerThread::drop` on the last thread.
        pool.desert();
        run_unit::drain_here(&pool);
        assert_eq!(pool.background.unfinished(), 0);
        assert!(pool.sleepers.counts().none());
        current::forget_pool(&pool);
    });
}
