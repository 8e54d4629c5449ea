//! Models of the guards that keep workers awake, against a worker that lies down.
//!
//! What could go wrong: a guard is made just when a worker lies down, and neither sees the other, so that the worker sleeps while the guard
//! lives; a guard that ends takes another's place with it; a worker stays awake when the last is gone, or lies down then without the look that
//! a push relied on; one that is kept awake doesn't see that its pool ends.

use super::*;
use crate::pool::AwakeGuard;
use crate::sync::yield_now;
use loom::thread::JoinHandle;

/// A worker that has found nothing lies down, once. Here only a guard makes it get up again.
fn lies_down(start: &Start, pool: &Arc<Shared>) -> JoinHandle<()> {
    let pool = pool.clone();
    start.spawn(move || {
        let worker = Worker::new(&pool, pool.seat(0), Role::Worker);
        worker.sleepers().start_searching();
        worker.sleep(&mut Spin::new(worker.me));
    })
}

/// The worker is up again, and counted as one who searches.
fn is_up(pool: &Shared, worker: JoinHandle<()>) {
    worker.join().unwrap();
    let counts = pool.sleepers.counts();
    assert_eq!((counts.idle(), counts.searching()), (0, 1));
}

// The guard counts itself and then wakes who sleeps; the worker announces itself and then looks for guards.
// Goes red without the fence of either side, if the guard wakes nobody, or if `anything_to_do` doesn't look for guards.
#[test]
fn awake_guard_and_a_worker_that_lies_down_see_one_another() {
    explore(None, || {
        let (pool, start) = (shared(1, 1), Start::new());
        let worker = lies_down(&start, &pool);
        start.go();
        let guard = AwakeGuard::new(pool.clone());
        is_up(&pool, worker);
        drop(guard);
    });
}

// One guard goes, another has come before: there is one at any time. Goes red if a guard that ends leaves none.
#[test]
fn awake_guard_that_ends_leaves_the_others() {
    explore(None, || {
        let (pool, start) = (shared(1, 1), Start::new());
        let first = AwakeGuard::new(pool.clone());
        let worker = lies_down(&start, &pool);
        start.go();
        let second = AwakeGuard::new(pool.clone());
        drop(first);
        is_up(&pool, worker);
        drop(second);
    });
}

// The last guard goes just when a task is queued, which is left to the worker as long as that one searches.
// Goes red if a guard that ends isn't counted off (the worker never sleeps), or if the last look (I4) is skipped.
#[test]
fn awake_worker_lies_down_when_the_last_guard_is_gone() {
    explore(Some(2), || {
        let (pool, start) = (shared(1, 1), Start::new());
        let guard = AwakeGuard::new(pool.clone());
        let workers = vec![worker(&start, &pool, 0)];
        start.go();
        drop(guard);
        let ran = Arc::new(Signal::new());
        let told = ran.clone();
        spawn_in(&pool, move || told.give()).detach();
        ran.wait();
        while pool.sleepers.counts().idle() == 0 {
            yield_now();
        }
        end(&pool, workers);
    });
}

// The guard outlives its pool. Goes red if a worker that is kept awake doesn't ask whether the pool is closing.
#[test]
fn awake_worker_leaves_a_pool_that_is_dropped() {
    explore(Some(2), || {
        let (pool, start) = (shared(1, 1), Start::new());
        let workers = vec![worker(&start, &pool, 0)];
        start.go();
        let guard = AwakeGuard::new(pool.clone());
        end(&pool, workers);
        drop(pool);
        drop(guard);
    });
}
