//! Joins: who runs the second half, who sleeps, who is woken.

use crate::{Count, Gate, explore, number_of, pool, quiet_panic};
use shuttle::sync::atomic::{AtomicUsize, Ordering};

// Goes red if a claim overwrites the word instead of exchanging it.
#[test]
fn join_runs_both_halves_once() {
    explore(|| {
        let pool = pool(1);
        let (a, b) = (Count::default(), Count::default());
        assert_eq!(pool.join(|| a.up(), || b.up()), (1, 1));
        assert_eq!((a.get(), b.get()), (1, 1));
    });
}

// The worker is somewhere on its way to sleep. Goes red if it doesn't look again (I4), or if a push wakes nobody (P5).
#[test]
fn sleep_against_push() {
    explore(|| {
        let pool = pool(1);
        for _ in 0..2 {
            let taken = Gate::new();
            pool.join(|| taken.pass(), || taken.open());
        }
    });
}

// Goes red if the last searcher doesn't pass on what else there is (F3).
#[test]
fn sleep_against_two_pushes_at_once() {
    explore(|| {
        let pool = pool(2);
        let (first, second) = (Gate::new(), Gate::new());
        pool.install(|| {
            micropool::join(|| micropool::join(|| second.pass(), || (first.pass(), second.open())), || first.open())
        });
    });
}

fn sum(numbers: &[usize]) -> usize {
    match numbers {
        [number] => *number,
        _ => {
            let (left, right) = numbers.split_at(numbers.len() / 2);
            let (left, right) = micropool::join(|| sum(left), || sum(right));
            left + right
        }
    }
}

#[test]
fn nested_joins_sum() {
    explore(|| assert_eq!(pool(2).install(|| sum(&[1, 2, 3, 4, 5])), 15));
}

// The only worker has the second half, whose own second half nobody but the sleeping caller may run.
// Goes red if a push doesn't wake who waits for what it descends from (P6).
#[test]
fn a_strict_waiter_is_woken_by_a_descendant() {
    explore(|| {
        let pool = pool(1);
        let (started, taken) = (Gate::new(), Gate::new());
        pool.join(
            || started.pass(),
            || {
                started.open();
                micropool::join(|| taken.pass(), || taken.open());
            },
        );
    });
}

// As above over a second worker. Goes red if only the nearest origin is woken.
#[test]
fn a_strict_waiter_is_woken_by_a_descendant_of_a_descendant() {
    explore(|| {
        let pool = pool(2);
        let (started, inner, taken) = (Gate::new(), Gate::new(), Gate::new());
        pool.join(
            || started.pass(),
            || {
                started.open();
                micropool::join(
                    || inner.pass(),
                    || {
                        micropool::join(|| taken.pass(), || taken.open());
                        inner.open();
                    },
                );
            },
        );
    });
}

// Two callers from outside, whose jobs lie on two stacks: each half is run once, and neither caller gets the other's.
#[test]
fn two_outside_threads_fork_at_once() {
    explore(|| {
        let pool = std::sync::Arc::new(pool(1));
        let other = pool.clone();
        let runs = Count::default();
        let counted = runs.clone();
        let thread = shuttle::thread::spawn(move || other.join(|| counted.up(), || counted.up()));
        pool.join(|| runs.up(), || runs.up());
        thread.join().unwrap();
        assert_eq!(runs.get(), 4);
    });
}

// The first half unwinds while a thief has the second. Goes red if the frame is left before its slot is empty.
#[test]
fn a_panic_waits_for_the_other_half() {
    explore(|| {
        let pool = pool(1);
        let second = Count::default();
        assert_eq!(number_of(|| pool.join(|| quiet_panic(1), || second.up())), 1);
        assert_eq!(second.get(), 1);
        assert_eq!(number_of(|| pool.join(|| second.up(), || quiet_panic(2))), 2);
        assert_eq!(second.get(), 2);
        assert_eq!(pool.join(|| 3, || 4), (3, 4));
    });
}

// Proves that a scenario sees what only some schedules show, in the user's code too: each half loads, then stores, and one of them may
// undo what the other did meanwhile.
#[test]
#[should_panic(expected = "an increment is lost")]
fn canary_two_halves_that_load_and_store_are_found_out() {
    explore(|| {
        let pool = pool(1);
        let sum = AtomicUsize::new(0);
        let half = || sum.store(sum.load(Ordering::SeqCst) + 1, Ordering::SeqCst);
        pool.join(half, half);
        assert_eq!(sum.load(Ordering::SeqCst), 2, "an increment is lost");
    });
}

// The twin of the canary: with one exchange for both steps there is nothing to find.
#[test]
fn two_halves_that_exchange_count_to_two() {
    explore(|| {
        let pool = pool(1);
        let sum = AtomicUsize::new(0);
        let half = || sum.fetch_add(1, Ordering::SeqCst);
        pool.join(half, half);
        assert_eq!(sum.load(Ordering::SeqCst), 2, "an increment is lost");
    });
}
