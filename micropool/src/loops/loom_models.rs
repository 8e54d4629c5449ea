//! Models of a loop that a worker joins.

use super::*;
use crate::current::with_pool;
use crate::loom_support::{Frame, Start, end_with, explore, helper, shared};
use std::mem::MaybeUninit;
use std::ops::Range;

/// Runs a model's loop of three chunks, with their chunks in a row or in pieces, on this thread and a worker.
fn of_three(division: Division, model: impl Fn(&dyn Fn(&(dyn Fn(&mut Runs<'_>) -> Vec<usize> + Sync)) -> Vec<usize>)) {
    let (pool, start) = (shared(1, 1), Start::new());
    let helper = helper(&start, &pool);
    start.go();
    with_pool(&pool, |seat| {
        model(&|body| {
            let mut places = [const { MaybeUninit::uninit() }; 3];
            let mut pieces = Pieces::new(&mut places);
            share(seat.unwrap(), Cut::into(3, 3), division, &body, pieces.0);
            pieces.results().flatten().collect()
        });
    });
    end_with(&pool, helper);
}

/// Each chunk is run once, and its result is there in its place.
fn once_and_in_order(division: Division) {
    of_three(division, |run| {
        let cells = [Frame::new(0), Frame::new(0), Frame::new(0)];
        let order = run(&|runs| {
            let mut mine = Vec::new();
            while let Some(range) = runs.next_run() {
                for k in range {
                    cells[k].write(cells[k].read() + 1);
                    mine.push(k);
                }
            }
            mine
        });
        assert_eq!(order, [0, 1, 2]);
        assert!(cells.iter().all(|cell| cell.read() == 1));
    });
}

// Goes red if a piece is halved by a load and a store, if `next_run` is, or if the entry isn't closed.
#[test]
fn loop_chunks_run_once_and_in_order() {
    explore(Some(3), || once_and_in_order(Division::Pieces));
}

// Goes red if `next_in_row` or `take_run` takes a chunk of the row by a load and a store, or if `take_run` takes one without
// looking whether its neighbour is the next.
#[test]
fn chunks_of_a_row_run_once_and_in_order() {
    explore(Some(3), || once_and_in_order(Division::Row));
}

// Goes red if `next_in_row` takes a chunk by a load and a store, or if a piece of its own goes on to its neighbour.
#[test]
fn chunks_apart_run_once_and_in_order() {
    explore(Some(3), || once_and_in_order(Division::Apart));
}

/// The first chunk panics: each chunk is run or handed out as a rest, once.
fn run_or_left_once(division: Division) {
    of_three(division, |run| {
        let cells = [Frame::new(0), Frame::new(0), Frame::new(0)];
        let over = |range: Range<usize>| {
            for k in range {
                cells[k].write(cells[k].read() + 1);
            }
        };
        let ended = catch(|| {
            run(&|runs| {
                while let Some(range) = runs.next_run() {
                    let first = range.start == 0;
                    over(range);
                    if first {
                        runs.take_rest().into_iter().for_each(over);
                        resume_unwind(Box::new("first"));
                    }
                }
                runs.take_rest().into_iter().for_each(over);
                Vec::new()
            })
        });
        assert_eq!(ended.unwrap_err().downcast_ref(), Some(&"first"));
        assert!(cells.iter().all(|cell| cell.read() == 1));
    });
}

// Goes red if `take_rest` takes by a load and a store.
#[test]
fn a_stopped_loop_leaves_each_chunk_to_one_thread() {
    explore(Some(3), || run_or_left_once(Division::Pieces));
}

// Goes red if `take_rest` takes the rest of a row by a load and a store.
#[test]
fn a_stopped_row_leaves_each_chunk_to_one_thread() {
    explore(Some(3), || run_or_left_once(Division::Row));
}
