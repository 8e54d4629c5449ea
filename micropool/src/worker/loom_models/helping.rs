//! Models of `help_background`: a worker that is in the middle of something else runs a task of the queue, beside a worker that looks for one.
//!
//! What could go wrong: both run the same task; both run one though the cap is one; the helper has the only place for a moment, in which a task
//! is queued or the other worker lies down, and goes on with its own work after that: nobody looks at the queue again.

use super::*;
use crate::run_unit::help_one;
use crate::sync::{AtomicU32, Ordering};
use loom::thread::JoinHandle;

/// Seat 0's thread, which helps once; whether there was something.
fn helps(start: &Start, pool: &Arc<Shared>) -> JoinHandle<bool> {
    let pool = pool.clone();
    start.spawn(move || help_one(pool.seat(0)))
}

/// A worker's look at the background; whether there was something.
fn looks(start: &Start, pool: &Arc<Shared>, index: u32) -> JoinHandle<bool> {
    let pool = pool.clone();
    start.spawn(move || {
        let worker = Worker::new(&pool, pool.seat(index), Role::Worker);
        worker.sleepers().start_searching();
        let any = worker.run_background(Private::Ask);
        worker.sleepers().stop_searching();
        any
    })
}

/// How many tasks run, and how many did at once. Not a frame: a task catches the panic by which loom would report a race over one.
struct Runs {
    now: AtomicU32,
    most: AtomicU32,
}

fn queue_run(pool: &Arc<Shared>, runs: &Arc<Runs>) {
    let runs = runs.clone();
    pool.background.push(unqueued(pool, move || {
        let now = runs.now.fetch_add(1, Ordering::Relaxed) + 1;
        runs.most.fetch_max(now, Ordering::Relaxed);
        runs.now.fetch_sub(1, Ordering::Relaxed);
    }));
}

// Two tasks, and a cap of one. Goes red if a helper takes no place, or gives it back before it has run its task.
#[test]
fn help_beside_a_worker_keeps_to_the_cap() {
    explore(Some(3), || {
        let (pool, start) = (shared(2, 1), Start::new());
        let runs = Arc::new(Runs { now: AtomicU32::new(0), most: AtomicU32::new(0) });
        queue_run(&pool, &runs);
        queue_run(&pool, &runs);
        let (helper, worker) = (helps(&start, &pool), looks(&start, &pool, 1));
        start.go();
        let any = [helper.join().unwrap(), worker.join().unwrap()];
        assert_ne!(any, [false; 2], "there was a place for one of them");
        assert!(pool.background.has_room(), "it is given back");
        while help_one(pool.seat(0)) {}
        assert_eq!(runs.most.load(Ordering::Relaxed), 1, "at once");
        assert_eq!(pool.background.unfinished(), 0);
    });
}

// The task is run by one of three: a worker, a helper (there is a place for each), and who starts it because he waits for it.
// Goes red if `next_queued` takes a task that somebody has started.
#[test]
fn help_runs_no_task_that_another_has_started() {
    explore(Some(2), || {
        let (pool, start, ran) = (shared(2, 2), Start::new(), Arc::new(Frame::new(0)));
        let written = ran.clone();
        let task = unqueued(&pool, move || written.write(written.read() + 1));
        pool.background.push(task.clone());
        let (helper, worker) = (helps(&start, &pool), looks(&start, &pool, 1));
        start.go();
        let here = run_unit::start_here(&task);
        let runs = [here, helper.join().unwrap(), worker.join().unwrap()];
        assert_eq!(runs.iter().filter(|&&ran| ran).count(), 1);
        assert_eq!(ran.read(), 1);
        drop(task);
        assert_eq!(pool.background.unfinished(), 0);
        current::forget_pool(&pool);
    });
}

// The helper may have the only place just when the task is queued, or when the worker lies down. Goes red if `help_one` doesn't look what is
// left when it has given its place back, or looks before that.
#[test]
fn help_that_gives_its_place_back_leaves_no_task_behind() {
    explore(Some(2), || {
        let (pool, start) = (shared(2, 1), Start::new());
        let helper = helps(&start, &pool);
        let workers = vec![worker(&start, &pool, 1)];
        start.go();
        let ran = Arc::new(Signal::new());
        let told = ran.clone();
        spawn_in(&pool, move || told.give()).detach();
        ran.wait();
        helper.join().unwrap();
        end(&pool, workers);
    });
}
