//! Promise 8: no fixed limit quietly turns parallel work into serial. One part of each job computes, without calling the pool,
//! until all the others have run: which they can only elsewhere, on the one worker. So all of them must have been visible at once.

use micropool::{ThreadPool, ThreadPoolBuilder, split_per_item};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, ThreadId};
use std::time::Duration;
use support::{Gate, soon, within};

/// On the stack of a thread of the test, which is short without optimisation.
const DEPTH: usize = if cfg!(debug_assertions) { 1_000 } else { 5_000 };
const MANY: usize = 20_000;

fn with_one_worker(f: impl FnOnce(&ThreadPool) + Send + 'static) {
    within(Duration::from_secs(60), || f(&ThreadPoolBuilder::new().num_threads(1).build().expect("a pool")));
}

/// The parts that have run, but for the one that waits for them.
#[derive(Default)]
struct Others(AtomicUsize);

impl Others {
    fn one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// A part that its maker could have run at once, where it makes it: that would be serial.
    fn one_not_on(&self, maker: ThreadId) {
        if thread::current().id() != maker {
            self.one();
        }
    }

    fn wait_for(&self, count: usize) {
        soon("all others have run elsewhere", || self.0.load(Ordering::Relaxed) == count);
    }
}

#[test]
fn promise_8_every_half_of_a_deep_nesting_can_be_taken() {
    fn nest(depth: usize, others: &Others) {
        if depth == 0 {
            others.wait_for(DEPTH);
        } else {
            micropool::join(|| nest(depth - 1, others), || others.one());
        }
    }
    with_one_worker(|pool| pool.install(|| nest(DEPTH, &Others::default())));
}

/// As above, but what is pending are scopes, loops and graphs inside one another.
#[test]
fn promise_8_every_part_of_a_nesting_of_other_shapes_can_be_taken() {
    const DEPTH: usize = self::DEPTH / 10;
    fn nest(depth: usize, others: &Others) {
        let Some(deeper) = depth.checked_sub(1) else { return others.wait_for(DEPTH) };
        match depth % 4 {
            0 => micropool::scope(|s| {
                s.spawn(|| others.one());
                nest(deeper, others);
            }),
            1 => split_per_item()
                .for_each_range(2, |range| if range.start == 0 { nest(deeper, others) } else { others.one() }),
            2 => _ = micropool::parallel! { nested; a => nest(deeper, others), b => others.one() },
            _ => _ = micropool::parallel! { use; a => nest(deeper, others), b => others.one() },
        }
    }
    with_one_worker(|pool| pool.install(|| nest(DEPTH, &Others::default())));
}

#[test]
fn promise_8_every_closure_of_a_long_list_can_be_taken() {
    with_one_worker(|pool| {
        let others = Others::default();
        let part = |k| {
            let others = &others;
            move || if k == 0 { others.wait_for(MANY - 1) } else { others.one() }
        };
        pool.join_all((0..MANY).map(part).collect::<Vec<_>>());
    });
}

#[test]
fn promise_8_every_item_of_a_big_scope_can_be_taken() {
    with_one_worker(|pool| {
        let (others, this) = (Others::default(), thread::current().id());
        // The worker begins with them when all are there.
        let (begun, until) = (Gate::default(), Gate::default());
        pool.scope(|s| {
            s.spawn(|| {
                begun.open();
                until.pass();
            });
            begun.pass();
            for _ in 0..MANY {
                s.spawn(|| others.one_not_on(this));
            }
            until.open();
            others.wait_for(MANY);
        });
    });
}

#[test]
fn promise_8_every_chunk_of_a_long_loop_can_be_taken() {
    with_one_worker(|pool| {
        let others = Others::default();
        pool.split_per_item().for_each_range(MANY, |range| {
            for k in range {
                if k == 0 { others.wait_for(MANY - 1) } else { others.one() }
            }
        });
    });
}

macro_rules! wide {
    ($header:tt $others:ident: $($k:literal)*) => {
        micropool::parallel! { $header; first => $others.wait_for([$($k),*].len()), $(_ => { let _ = $k; $others.one() },)* }
    };
}

#[test]
fn promise_8_every_node_of_a_wide_graph_can_be_taken() {
    with_one_worker(|pool| {
        pool.install(|| {
            let others = Others::default();
            wide!(nested others: 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9
                0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9);
            let others = Others::default();
            wide!(use others: 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9
                0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9);
        });
    });
}

#[test]
fn promise_8_every_task_of_a_long_queue_runs_beside_the_caller() {
    with_one_worker(|pool| {
        let (others, this) = (Arc::new(Others::default()), thread::current().id());
        let (begun, until) = (Gate::default(), Gate::default());
        let (begins, held) = (begun.clone(), until.clone());
        pool.spawn(move || {
            begins.open();
            held.pass();
        })
        .detach();
        begun.pass();
        for _ in 0..MANY {
            let others = others.clone();
            pool.spawn(move || others.one_not_on(this)).detach();
        }
        until.open();
        others.wait_for(MANY);
    });
}
