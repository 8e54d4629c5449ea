//! Loops: chunks in a row, chunks in pieces, and their ends.

use crate::{Count, Gate, builder, explore, number_of, pool, quiet_panic};
use micropool::Split;

fn in_order(split: Split<'_>, len: usize) {
    let runs = Count::default();
    let order = split.reduce_ranges(
        len,
        |range| {
            runs.up();
            range.collect::<Vec<_>>()
        },
        |mut left, right| {
            left.extend(right);
            left
        },
    );
    assert_eq!(order.unwrap(), (0..len).collect::<Vec<_>>());
    assert_eq!(runs.get(), len);
}

// No more chunks than threads. Goes red if a chunk is taken by a load and a store.
#[test]
fn a_row_of_chunks_runs_once_and_in_order() {
    explore(|| in_order(pool(2).split_by(3), 3));
}

// Goes red if a piece is halved by a load and a store, or if its half is lost.
#[test]
fn pieces_are_halved_and_run_once_and_in_order() {
    explore(|| in_order(pool(1).split_per_item(), 6));
}

#[test]
fn two_helpers_halve_pieces() {
    explore(|| in_order(pool(2).split_per_item(), 5));
}

// Every chunk needs the others to have begun: whoever sleeps must be woken for them.
#[test]
fn a_loop_wakes_as_many_as_it_has_chunks() {
    explore(|| {
        let pool = pool(2);
        let begun = Count::default();
        let all = Gate::new();
        pool.split_by(3).for_each_range(3, |_| {
            if begun.up() == 3 {
                all.open();
            }
            all.pass();
        });
    });
}

// Of two who look for a piece to halve one comes too late, and looks again. Goes red if one who has a place, and sees that there is no
// other, goes then.
#[test]
fn a_loop_gives_a_chunk_to_each_who_comes() {
    explore(|| {
        // The loop counts two threads; the one that waits for the task is the third.
        let pool = builder(1).dedicated_background_threads(1).build().unwrap();
        let (started, begun, all) = (Gate::new(), Count::default(), Gate::new());
        let start = started.clone();
        let task = pool.spawn(move || {
            start.open();
            micropool::split_per_item().for_each_range(3, |_| {
                if begun.up() == 3 {
                    all.open();
                }
                all.pass();
            });
        });
        started.pass();
        task.join();
    });
}

// The panic of a chunk: what runs ends first, and nothing runs twice.
#[test]
fn a_loop_that_panics_ends_once() {
    explore(|| {
        let pool = pool(1);
        let runs = [const { () }; 5].map(|()| Count::default());
        let number = number_of(|| {
            pool.split_per_item().for_each_range(5, |range| {
                for k in range {
                    runs[k].up();
                    if k == 1 {
                        quiet_panic(5);
                    }
                }
            });
        });
        assert_eq!(number, 5);
        assert!(runs.iter().all(|count| count.get() <= 1));
    });
}
