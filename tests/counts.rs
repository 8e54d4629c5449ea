//! What a job costs in looks, exchanges, barriers and wake-ups, counted at the edges of the protocols, with 2, 8 and 64 workers:
//!
//! `MICROPOOL_CALM=1 RUSTC_WORKSPACE_WRAPPER=$PWD/.ci/hostile cargo test --release --test counts -- --nocapture` (the edges are those of
//! that build; `.ci/run hostile` has it too, not optimised).
//!
//! `ARCHITECTURE.md` has a table of it. What is asserted is what must hold on any machine.

#![cfg(micropool_inject)]
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use micropool::{ThreadPool, ThreadPoolBuilder, parallel};
use support::{busy, soon, within};

type Counts = BTreeMap<&'static str, u64>;

/// The counts are the process's: one test at a time.
static COUNTING: Mutex<()> = Mutex::new(());

/// Something that a thread does for a job that it has taken, or to find one.
const COLUMNS: [(&str, &[&str]); 7] = [
    ("taken", &["claimed, no segment", "a task claimed, no segment"]),
    ("exchanges", &["found, not claimed", "Claiming", "W1"]),
    ("barriers", &["Claiming, fenced", "F3, fenced for both sides", "I3", "S3"]),
    ("looks", &["a look for anything", "a look for descendants"]),
    ("seats", &["a look at a seat"]),
    ("wake-ups", &["W3, not told"]),
    ("sleeps", &["I4", "S4"]),
];

fn column(counts: &Counts, edges: &[&str]) -> u64 {
    edges.iter().filter_map(|edge| counts.get(edge)).sum()
}

fn fib(n: u32) -> u64 {
    if n < 2 {
        return n.into();
    }
    let (a, b) = micropool::join(|| fib(n - 1), || fib(n - 2));
    a + b
}

/// Each kind of work: how many jobs it has, and how to run it.
type Work = (&'static str, u64, fn(&ThreadPool));

const WORK: [Work; 4] = [
    // As many joins as `fib` has calls that fork.
    ("joins of fib(25)", 121_392, |pool| {
        assert_eq!(pool.install(|| fib(25)), 75_025);
    }),
    ("nodes of a graph, 5 µs each", 2000 * 7, |pool| {
        for _ in 0..2000 {
            parallel! {
                in pool;
                input => work(),
                physics after input => work(),
                animation after input => work(),
                audio after input => work(),
                _ after input => work(),
                cull after (physics, animation) => work(),
                _ after (cull, audio) => work(),
            };
        }
    }),
    ("chunks of a loop, 5 µs each", 2000 * 8, |pool| {
        for _ in 0..2000 {
            pool.split_by(8).for_each_range(8, |range| range.for_each(|_| work()));
        }
    }),
    ("background tasks", 20_000, |pool| {
        for _ in 0..20_000 {
            pool.spawn(|| ()).detach();
        }
        pool.wait_idle();
    }),
];

fn work() {
    busy(Duration::from_micros(5));
}

#[test]
fn what_a_job_costs_with_2_to_64_workers() {
    within(Duration::from_secs(300), || {
        let _alone = COUNTING.lock().unwrap_or_else(PoisonError::into_inner);
        print!("{:30} {:>7}", "per 1000 jobs", "workers");
        COLUMNS.iter().for_each(|(name, _)| print!(" {name:>10}"));
        println!();
        for (name, jobs, run) in WORK {
            for workers in [2, 8, 64] {
                let pool = ThreadPoolBuilder::new().num_threads(workers).build().expect("threads can be made");
                let _ = micropool::__private::take_counts();
                run(&pool);
                // The workers hand in what they have counted when they end; which is counted too.
                drop(pool);
                let counts = micropool::__private::take_counts();
                print!("{name:30} {workers:7}");
                for (_, edges) in COLUMNS {
                    print!(" {:10.2}", column(&counts, edges) as f64 * 1000.0 / jobs as f64);
                }
                println!();
                let of = |name: &str| {
                    column(&counts, COLUMNS.iter().find(|(column, _)| *column == name).expect("a column").1)
                };
                assert!(of("taken") <= jobs + 64, "{name}, {workers} workers: no job is taken twice");
                assert!(
                    of("sleeps") <= of("wake-ups") + 64 * 2,
                    "{name}, {workers} workers: who sleeps is woken, and by one"
                );
            }
        }
    });
}

/// An owner that computes offers nothing: what lies on its stack is asked for one after another, and not waited for each time anew.
#[test]
fn a_half_of_a_deep_nesting_takes_few_looks() {
    const DEPTH: usize = 1000;
    fn nest(depth: usize, taken: &AtomicUsize) {
        match depth.checked_sub(1) {
            None => soon("the worker has run them all", || taken.load(Ordering::Relaxed) == DEPTH),
            Some(deeper) => _ = micropool::join(|| nest(deeper, taken), || taken.fetch_add(1, Ordering::Relaxed)),
        }
    }
    within(Duration::from_secs(60), || {
        let _alone = COUNTING.lock().unwrap_or_else(PoisonError::into_inner);
        let pool = ThreadPoolBuilder::new().num_threads(1).build().expect("a thread can be made");
        let _ = micropool::__private::take_counts();
        pool.install(|| nest(DEPTH, &AtomicUsize::new(0)));
        drop(pool);
        let looks = micropool::__private::take_counts()["a look for anything"];
        println!("a nesting of {DEPTH} halves: {:.1} looks for each", looks as f64 / DEPTH as f64);
        assert!(looks < 16 * DEPTH as u64, "{looks} looks");
    });
}
