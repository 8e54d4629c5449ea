//! Graphs: countdowns, nodes for the caller, failures, the nested form.

use crate::{Count, Gate, explore, number_of, pool, quiet_panic};

// Goes red if a countdown is a load and a store, or if the board isn't closed before it goes.
#[test]
fn a_countdown_runs_in_order() {
    explore(|| {
        let pool = pool(1);
        let mut world = 0_u32;
        let graph = micropool::parallel! {
            in &pool;
            use mut world;
            first(mut world) => { *world += 1; *world },
            left => 10,
            right(first) => *first + 20,
            last(left, right, mut world) => { *world += 1; *left + *right + *world },
        };
        assert_eq!(graph.last, 10 + 21 + 2);
        assert_eq!(world, 2);
    });
}

// The caller is asleep, perhaps, when a helper's end makes a node ready that only he may run.
// Goes red if `wake_owner` doesn't wake him.
#[test]
fn a_countdown_wakes_its_caller_for_his_node() {
    explore(|| {
        let pool = pool(1);
        let (taken, done) = (Gate::new(), Gate::new());
        micropool::parallel! {
            in &pool;
            use;
            helper => taken.open(),
            here waits => taken.pass(),
            here last after (helper, waits) => done.open(),
            // Leaving the board would wake the caller as well.
            keeps after helper => if micropool::current_thread_index().is_some() { done.pass() },
        };
        done.pass();
    });
}

/// Two nodes that need each other.
struct Both {
    there: Gate,
    back: Gate,
}

impl Both {
    fn new() -> Self {
        Self { there: Gate::new(), back: Gate::new() }
    }

    fn left(&self) {
        self.there.open();
        self.back.pass();
    }

    fn right(&self) {
        self.there.pass();
        self.back.open();
    }
}

// Two branches that need each other, after one that both need: the second is offered to somebody who may be asleep.
#[test]
fn a_countdown_wakes_for_what_becomes_ready() {
    explore(|| {
        let pool = pool(1);
        let both = Both::new();
        micropool::parallel! { in &pool; use; first => (), left after first => both.left(), right after first => both.right() };
    });
}

// As that one, from the start: nothing comes before the two.
#[test]
fn a_countdown_wakes_for_what_it_begins_with() {
    explore(|| {
        let pool = pool(1);
        let both = Both::new();
        micropool::parallel! { in &pool; use; left => both.left(), right => both.right(), last after (left, right) => () };
    });
}

// The caller goes on with a node of its own, which is more urgent than another, and needs it.
#[test]
fn a_countdown_wakes_for_what_its_caller_leaves() {
    explore(|| {
        let pool = pool(1);
        let back = Gate::new();
        micropool::parallel! {
            in &pool;
            use;
            first => (),
            here own after first => back.pass(),
            other after first => back.open(),
            last after own => (),
        };
    });
}

#[test]
fn a_countdown_skips_what_needs_a_node_that_fails() {
    explore(|| {
        let pool = pool(1);
        let runs = Count::default();
        let number = number_of(|| {
            micropool::parallel! {
                in &pool;
                use;
                good => runs.up(),
                bad => if runs.get() < 9 { quiet_panic(3) },
                skipped(bad, good) => { let _ = (bad, good); runs.up(); runs.up() },
                other after good => runs.up(),
            };
        });
        assert_eq!((number, runs.get()), (3, 2));
    });
}

#[test]
fn a_nested_graph_runs_in_order() {
    explore(|| {
        let pool = pool(2);
        let mut world = 1_u32;
        let graph = micropool::parallel! {
            in &pool;
            physics => { world += 1; world },
            audio => 5_u32,
            render(physics, audio) => world + *physics + *audio,
        };
        assert_eq!(graph.render, 2 + 2 + 5);
    });
}

// More branches than nest: a board without edges.
#[test]
fn a_wide_graph_runs_each_node_once() {
    explore(|| {
        let pool = pool(1);
        let runs = Count::default();
        micropool::parallel! {
            in &pool;
            a => runs.up(), b => runs.up(), c => runs.up(), d => runs.up(), e => runs.up(), f => runs.up(), g => runs.up(),
        };
        assert_eq!(runs.get(), 7);
    });
}
