//! Models of a countdown graph run by its caller and a worker.

use super::*;
use crate::current::with_pool;
use crate::loom_support::{Frame, Signal, Start, end_with, explore, helper, shared, shared_in_doubt};
use crate::steal::{Private, take_any};
use crate::sync::yield_now;
use crate::word::Tier;

const fn to(node: u32) -> Edge {
    Edge { to: node, needs: true }
}

const fn node(succs: &'static [Edge], here: bool) -> NodeSpec {
    NodeSpec { succs, here }
}

static DIAMOND: Plan<4> =
    Plan::new([node(&[to(1), to(2)], false), node(&[to(3)], false), node(&[to(3)], false), node(&[], false)], 2);

// Every node runs once and sees what its predecessors wrote. Goes red if `left` or `ready` is counted Relaxed, if `take` is a load
// and a store, or if `unfinished` is counted down before the successors. (Not if that is Relaxed: the leave that follows orders it.)
fn a_diamond_in_order(in_doubt: bool) {
    explore(Some(2), move || {
        let (pool, start) = (if in_doubt { shared_in_doubt(1) } else { shared(1, 1) }, Start::new());
        let helper = helper(&start, &pool);
        start.go();
        let cells = [const { () }; 4].map(|()| Frame::new(0));
        let step = |k: usize, after: &[usize]| {
            for &before in after {
                assert_eq!(cells[before].read(), 1);
            }
            cells[k].write(cells[k].read() + 1);
            true
        };
        with_pool(&pool, |_| {
            run_graph::<4, 0>(
                &DIAMOND,
                [
                    &mut OnceJob::new(|_| step(0, &[])),
                    &mut OnceJob::new(|_| step(1, &[0])),
                    &mut OnceJob::new(|_| step(2, &[0])),
                    &mut OnceJob::new(|_| step(3, &[1, 2])),
                ],
                &mut [],
            );
        });
        assert!(cells.iter().all(|cell| cell.read() == 1));
        end_with(&pool, helper);
    });
}

#[test]
fn board_a_diamond_in_order() {
    a_diamond_in_order(false);
}

// The helper lets nodes lie: others may take them meanwhile. Goes red if it then takes one without asking whether it was there.
#[test]
fn board_a_diamond_whose_helper_doubts() {
    a_diamond_in_order(true);
}

static HERE_AT_LAST: Plan<4> = Plan::new(
    // The second node occupies the caller until somebody has the first. That makes two ready: the third is the caller's, the
    // fourth keeps a helper inside.
    [node(&[to(2), to(3)], false), node(&[], true), node(&[], true), node(&[], false)],
    2,
);

loom::thread_local! {
    static HELPER: Cell<bool> = Cell::new(false);
}

// The caller sleeps, perhaps, when a helper's node makes one ready that only the caller may run.
// Goes red if `wake_owner` doesn't wake him, or without its fence, or if `can_help` doesn't see `ready_here`.
#[test]
fn board_wakes_its_owner_for_a_node_that_is_his() {
    explore(Some(2), || {
        let (pool, start) = (shared(1, 1), Start::new());
        let other = pool.clone();
        let helper = start.spawn(move || {
            let seat = other.seat(0);
            if let Some(claimed) = take_any(seat, Tier::Foreground, Private::Ask) {
                HELPER.with(|helper| helper.set(true));
                claimed.run(seat);
            }
        });
        start.go();
        let (taken, done) = (Signal::new(), Signal::new());
        let mut first_here = OnceJob::new(|_| {
            taken.wait();
            true
        });
        let mut last_here = OnceJob::new(|_| {
            done.give();
            true
        });
        let mut first = OnceJob::new(|_| {
            taken.give();
            // The caller has nothing to do now, and may get as far as to its last look.
            yield_now();
            true
        });
        let mut keeps = OnceJob::new(|_| {
            // Leaving the board would wake the owner as well.
            if HELPER.with(Cell::get) {
                done.wait();
            }
            true
        });
        with_pool(&pool, |_| {
            run_graph::<4, 0>(
                &HERE_AT_LAST,
                [&mut first, &mut Nothing, &mut Nothing, &mut keeps],
                &mut [&mut first_here, &mut last_here],
            );
        });
        assert!(done.is_given());
        end_with(&pool, helper);
    });
}

static FAILS_THEN_JOINS: Plan<4> =
    Plan::new([node(&[to(2)], false), node(&[to(2)], false), node(&[to(3)], false), node(&[], false)], 2);

// One of two predecessors fails, on whichever thread: what needs it is skipped, all the way down, and the board ends.
// Goes red if `failed` is written after the countdown.
#[test]
fn board_skips_what_needs_a_failed_node() {
    explore(Some(2), || {
        let (pool, start) = (shared(1, 1), Start::new());
        let helper = helper(&start, &pool);
        start.go();
        let cells = [const { () }; 2].map(|()| Frame::new(0));
        with_pool(&pool, |_| {
            run_graph::<4, 0>(
                &FAILS_THEN_JOINS,
                [
                    &mut OnceJob::new(|_| {
                        cells[0].write(1);
                        true
                    }),
                    &mut OnceJob::new(|_| {
                        cells[1].write(1);
                        false
                    }),
                    &mut OnceJob::new(|may| may && unreachable!("it needs the second")),
                    &mut OnceJob::new(|may| may && unreachable!("it needs the third")),
                ],
                &mut [],
            );
        });
        assert!(cells.iter().all(|cell| cell.read() == 1));
        end_with(&pool, helper);
    });
}

static TWO: Plan<2> = Plan::new([node(&[], false), node(&[], false)], 2);

// Two boards one after another in the same frame, and a helper who may leave the first late. Goes red if the close doesn't wait.
#[test]
fn board_is_left_before_the_next_one() {
    explore(Some(2), || {
        let (pool, start) = (shared(1, 1), Start::new());
        let helper = helper(&start, &pool);
        start.go();
        let cells = [const { () }; 2].map(|()| Frame::new(0));
        with_pool(&pool, |_| {
            for round in 1..3 {
                let add = |k: usize| {
                    cells[k].write(cells[k].read() + 1);
                    true
                };
                run_graph::<2, 0>(&TWO, [&mut OnceJob::new(|_| add(0)), &mut OnceJob::new(|_| add(1))], &mut []);
                assert!(cells.iter().all(|cell| cell.read() == round));
            }
        });
        end_with(&pool, helper);
    });
}
