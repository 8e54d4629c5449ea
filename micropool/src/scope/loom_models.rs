//! Models of a scope whose items a worker takes.

use super::*;
use crate::current::with_pool;
use crate::loom_support::{Frame, Start, end_with, explore, helper, shared};

// Both items have ended, one of them spawned by the other, before the frame is the caller's again.
// Goes red if `unfinished` is counted down too early, or if `close` doesn't wait. (Not if it is counted Relaxed: the leave that
// follows orders it.)
#[test]
fn scope_items_end_before_it_returns() {
    explore(Some(2), || {
        let (pool, start) = (shared(1, 1), Start::new());
        let helper = helper(&start, &pool);
        start.go();
        let cells = [Frame::new(0), Frame::new(0)];
        with_pool(&pool, |seat| {
            scope_on(seat.unwrap(), |s| {
                s.spawn(|| {
                    s.spawn(|| cells[1].write(1));
                    cells[0].write(1);
                });
            });
        });
        assert_eq!(cells[0].read() + cells[1].read(), 2);
        cells[0].write(7);
        cells[1].write(7);
        end_with(&pool, helper);
    });
}

// Goes red if `end` is Relaxed, or if a finished item doesn't wake its joiner.
#[test]
fn scope_an_item_is_joined_inside() {
    explore(Some(2), || {
        let (pool, start) = (shared(1, 1), Start::new());
        let helper = helper(&start, &pool);
        start.go();
        let cell = Frame::new(0);
        with_pool(&pool, |seat| {
            scope_on(seat.unwrap(), |s| {
                s.spawn(|| cell.write(1)).join();
                assert_eq!(cell.read(), 1);
                cell.write(2);
            });
        });
        end_with(&pool, helper);
    });
}

// A worker's item joins another, which the owner runs: it is told of the end, or comes later; and the owner goes on to close the scope, or runs
// the second item too. (Who joins an item that nobody has begun is in the model above.) Goes red if the end of an item doesn't wake who waits
// for it.
#[test]
fn scope_an_item_joins_another() {
    explore(Some(2), || {
        let (pool, start) = (shared(1, 1), Start::new());
        let cell = Frame::new(0);
        let helper = with_pool(&pool, |seat| {
            let seat = seat.unwrap();
            scope_on(seat, |s| {
                let first = s.spawn(|| cell.write(1));
                s.spawn(|| {
                    first.join();
                    cell.write(cell.read() + 1);
                });
                // As `run_one`, whose first steps come before the helper's.
                let taken = s.state.pop().expect("the first one");
                assert!(taken.header().claim());
                let helper = helper(&start, &pool);
                start.go();
                s.state.run(seat, taken);
                helper
            })
        });
        assert_eq!(cell.read(), 2);
        end_with(&pool, helper);
    });
}
