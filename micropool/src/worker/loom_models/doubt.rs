//! Models of workers that let a job lie for a moment (`worth.rs`), while pushes rely on their search.
//!
//! What could go wrong: a job that was declined counts as seen, so that the last look before a sleep passes over it; one whose owner waits for
//! it is declined over and over.

use super::*;
use crate::loom_support::shared_in_doubt;

// The half is needed by its owner, who will not take it back: the worker lets it lie once, takes it, and is in doubt no more.
// Goes red if what was declined is taken as gone, or if the last look (I4) passes over what a worker in doubt would let lie.
#[test]
fn doubt_leaves_no_half_that_its_owner_needs() {
    explore(Some(2), || {
        let (pool, start, taken) = (shared_in_doubt(1), Start::new(), Arc::new(Signal::new()));
        let (told, other) = (taken.clone(), pool.clone());
        let worker = start.spawn(move || {
            let worker = Worker::new(&other, other.seat(0), Role::Worker);
            worker.sleepers().start_searching();
            while !told.is_given() {
                if !worker.run_something(Private::Ask) {
                    worker.sleep(&mut Spin::new(worker.me));
                }
            }
        });
        start.go();
        with_pool(&pool, |seat| join_ready(seat.unwrap(), || worker.join().unwrap(), || taken.give()));
        assert!(!pool.seat(0).worth.is_doubtful());
        current::forget_pool(&pool);
    });
}

// Both workers are needed, and both are in doubt: one who searches, and one who sleeps and is woken by the push or by the other.
// Goes red if the one who finds something doesn't pass on what the other would let lie (F3).
#[test]
fn doubt_of_two_workers_leaves_no_half_that_another_needs() {
    explore(Some(2), || two_halves_that_need_both(&shared_in_doubt(2), &Start::new()));
}
