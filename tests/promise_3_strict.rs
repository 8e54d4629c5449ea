//! Promise 3: a blocked thread runs only descendants of what it waits for.
//!
//! Every job knows where it comes from: a lineage of identities, carried by the closures. A thread keeps the identities of
//! the waits it is in; a job that starts on it on top of such a wait must have that wait's identity in its lineage.

use micropool::{ThreadPool, ThreadPoolBuilder};
use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::{self, ThreadId};
use std::time::Duration;
use support::{busy, eventually, within};

fn pool(threads: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool")
}

/// Where a job comes from, and the thread that made it.
#[derive(Clone)]
struct Lineage(Arc<Vec<usize>>, ThreadId);

static IDENTITY: AtomicUsize = AtomicUsize::new(1);
static JOBS: AtomicUsize = AtomicUsize::new(0);
static FOREIGN: AtomicUsize = AtomicUsize::new(0);
/// Jobs that another thread had made and that began on one that waited: a test that sees none proves nothing.
static HELPED: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static WAITS: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

impl Lineage {
    fn root() -> Self {
        Self::of(Vec::new())
    }

    fn of(lineage: Vec<usize>) -> Self {
        Self(Arc::new(lineage), thread::current().id())
    }

    /// What a blocking call makes: everything under it has its identity.
    fn call<R>(&self, f: impl FnOnce(Lineage) -> R) -> R {
        let identity = IDENTITY.fetch_add(1, Ordering::Relaxed);
        let mut lineage = (*self.0).clone();
        lineage.push(identity);
        WAITS.with_borrow_mut(|waits| waits.push(identity));
        let result = f(Self::of(lineage));
        WAITS.with_borrow_mut(|waits| assert_eq!(waits.pop(), Some(identity)));
        result
    }

    /// A job begins on this thread: all calls that the thread is inside of must be among its ancestors.
    fn check(&self) {
        JOBS.fetch_add(1, Ordering::Relaxed);
        WAITS.with_borrow(|waits| {
            let Some(innermost) = waits.last() else { return };
            if !self.0.contains(innermost) {
                FOREIGN.fetch_add(1, Ordering::Relaxed);
            } else if self.1 != thread::current().id() {
                HELPED.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
}

/// A tree of joins, scopes and loops, whose shape follows from `seed`.
fn tree(lineage: &Lineage, depth: u32, seed: u64) {
    lineage.check();
    if depth == 0 {
        busy(Duration::from_nanos(seed % 300));
        return;
    }
    let next =
        |k: u64| seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(k * 1_442_695_040_888_963_407 + 1) >> 3;
    match seed % 5 {
        0 => lineage.call(|lineage| {
            micropool::scope(|s| {
                for k in 0..3 {
                    let lineage = lineage.clone();
                    s.spawn(move || tree(&lineage, depth - 1, next(k)));
                }
            });
        }),
        1 => lineage.call(|lineage| {
            micropool::split_per_item().for_each_range(4, |range| {
                for k in range {
                    tree(&lineage, depth - 1, next(k as u64));
                }
            });
        }),
        _ => lineage.call(|lineage| {
            micropool::join(|| tree(&lineage, depth - 1, next(1)), || tree(&lineage, depth - 1, next(2)));
        }),
    }
}

#[test]
fn promise_3_a_thread_blocked_inside_an_item_never_runs_foreign_work() {
    for workers in [1, 2, 3, 8] {
        within(Duration::from_secs(60), move || {
            JOBS.store(0, Ordering::Relaxed);
            HELPED.store(0, Ordering::Relaxed);
            let pool = pool(workers);
            let mut round = 0u64;
            // Longer, should nobody have helped by then.
            let wanted = || if HELPED.load(Ordering::Relaxed) > 0 { 200_000 } else { 2_000_000 };
            while JOBS.load(Ordering::Relaxed) < wanted() {
                round += 1;
                // Background tasks, which nobody who waits may run, and two callers, neither of whom may run the other's work.
                for _ in 0..4 {
                    pool.spawn(|| Lineage::of(vec![usize::MAX]).check()).detach();
                }
                let caller = |seed: u64| {
                    pool.install(|| {
                        Lineage::root().call(|lineage| {
                            micropool::split_per_item().for_each_range(32, |range| {
                                for k in range {
                                    // The item: its inner joins may run what they made, and no other item.
                                    lineage.check();
                                    lineage.call(|item| tree(&item, 6, seed + k as u64));
                                }
                            });
                        });
                    });
                };
                thread::scope(|s| {
                    s.spawn(|| caller(round * 1000));
                    caller(round * 7777);
                });
            }
            pool.wait_idle();
        });
        let helped = HELPED.load(Ordering::Relaxed);
        eprintln!("{workers} workers: {helped} jobs from another thread, on one that waited");
        assert_eq!(FOREIGN.load(Ordering::Relaxed), 0, "foreign jobs with {workers} workers");
        assert!(helped > 0, "nobody who waited helped, with {workers} workers");
    }
}

/// The same from two threads at once: when one's loop is at its end and threads wait in its last items, the other's offers
/// new ones, which a less strict pool would run there.
fn from_two_callers(f: impl Fn() + Sync) {
    thread::scope(|s| {
        s.spawn(&f);
        f();
    });
}

/// A join whose second half most likely goes to another thread, for a time in which this one waits for it and others offer work.
fn fork_and_wait() {
    let begun = AtomicBool::new(false);
    micropool::join(
        || _ = eventually(Duration::from_micros(200), || begun.load(Ordering::Acquire)),
        || {
            begun.store(true, Ordering::Release);
            busy(Duration::from_micros(20));
        },
    );
}

/// rayon issue 592: a lock is held across a parallel loop, by every item of an outer one.
#[test]
fn promise_3_a_lock_held_across_a_loop_is_not_asked_for_again() {
    for workers in [1, 2, 3, 8] {
        within(Duration::from_secs(30), move || {
            let pool = pool(workers);
            let lock = Mutex::new(0u64);
            let round = || {
                pool.split_per_item().for_each_range(8, |range| {
                    for _ in range {
                        // `try_lock` by the same thread would fail if it re-entered; `lock` would deadlock.
                        let mut count = lock.lock().expect("not poisoned");
                        let sum = AtomicUsize::new(0);
                        micropool::split_per_item().for_each_range(16, |inner| {
                            busy(Duration::from_micros(2));
                            sum.fetch_add(inner.len(), Ordering::Relaxed);
                        });
                        *count += sum.into_inner() as u64;
                    }
                });
            };
            from_two_callers(|| (0..200).for_each(|_| round()));
            assert_eq!(*lock.lock().expect("not poisoned"), 2 * 200 * 8 * 16);
        });
    }
}

/// rayon issue 1251: a nested parallel iterator inside a once-cell's initialiser.
#[test]
fn promise_3_a_loop_inside_a_once_cell_initialiser_does_not_come_back_to_it() {
    use micropool::iter::*;
    for workers in [1, 2, 3, 8] {
        within(Duration::from_secs(30), move || {
            let pool = pool(workers);
            let round = |cell: &OnceLock<u64>| {
                let total: u64 = pool.install(|| {
                    // More than there are threads, which all stop at the cell: some are left to be begun by one who waits.
                    (0..64usize)
                        .into_par_iter()
                        .with_thread_pool(micropool::split_per_item())
                        .map(|_| {
                            *cell.get_or_init(|| {
                                fork_and_wait();
                                let data: Vec<u64> = (0..64).collect();
                                let slowly = |n: &u64| {
                                    busy(Duration::from_micros(2));
                                    *n
                                };
                                data.par_iter().with_thread_pool(micropool::split_per_item()).map(slowly).sum::<u64>()
                            })
                        })
                        .sum()
                });
                assert_eq!(total, 64 * 2016);
            };
            for _ in 0..200 {
                let cell = OnceLock::new();
                from_two_callers(|| round(&cell));
            }
        });
    }
}

/// The same from two callers: while the initialiser waits for another thread, the second caller offers items that ask for the cell.
#[test]
fn promise_3_an_initialiser_that_waits_begins_no_item_that_asks_for_its_cell() {
    thread_local! {
        static INSIDE: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
    }
    for workers in [1, 2, 3, 8] {
        within(Duration::from_secs(30), move || {
            let pool = pool(workers);
            for _ in 0..50 {
                let (cell, stolen, offered) = (OnceLock::new(), AtomicBool::new(false), AtomicBool::new(false));
                let soon = |flag: &AtomicBool| eventually(Duration::from_secs(10), || flag.load(Ordering::Acquire));
                let initialise = || {
                    INSIDE.set(true);
                    // The second half keeps its thread until there are items, and then for as long as it takes to begin one.
                    micropool::join(
                        || assert!(soon(&stolen), "nobody takes the second half"),
                        || {
                            stolen.store(true, Ordering::Release);
                            assert!(soon(&offered), "the second caller offers nothing");
                            busy(Duration::from_micros(200));
                        },
                    );
                    INSIDE.set(false);
                };
                let ask = |_| {
                    offered.store(true, Ordering::Release);
                    assert!(!INSIDE.get(), "the initialiser has begun an item that asks for its cell");
                    cell.get_or_init(|| ());
                };
                thread::scope(|s| {
                    s.spawn(|| pool.install(|| cell.get_or_init(initialise)));
                    assert!(soon(&stolen));
                    pool.install(|| micropool::split_per_item().for_each_range(16, |items| items.for_each(ask)));
                });
            }
        });
    }
}

/// rayon issue 1253: a thread-local `RefCell` borrowed across a wait.
#[test]
fn promise_3_a_ref_cell_borrowed_across_a_wait_is_not_borrowed_again() {
    thread_local! {
        static CELL: RefCell<u64> = const { RefCell::new(0) };
    }
    for workers in [1, 2, 3, 8] {
        within(Duration::from_secs(30), move || {
            let pool = pool(workers);
            let round = || {
                pool.split_per_item().for_each_range(16, |range| {
                    for _ in range {
                        CELL.with(|cell| {
                            let mut cell = cell.borrow_mut();
                            fork_and_wait();
                            *cell += 1;
                        });
                    }
                });
            };
            from_two_callers(|| (0..30).for_each(|_| round()));
        });
    }
}

#[test]
fn promise_3_a_waiting_thread_s_stack_is_no_deeper_than_the_program_s_nesting() {
    thread_local! {
        static DEPTH: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    }
    static DEEPEST: AtomicUsize = AtomicUsize::new(0);
    fn nest(depth: usize) {
        let before = DEPTH.replace(DEPTH.get() + 1);
        DEEPEST.fetch_max(DEPTH.get(), Ordering::Relaxed);
        if depth > 0 {
            micropool::join(|| nest(depth - 1), || nest(depth - 1));
        } else {
            fork_and_wait();
        }
        DEPTH.set(before);
    }
    for workers in [1, 2, 3, 8] {
        within(Duration::from_secs(30), move || {
            let pool = pool(workers);
            from_two_callers(|| pool.install(|| (0..30).for_each(|_| nest(5))));
            assert!(DEEPEST.load(Ordering::Relaxed) <= 6, "{DEEPEST:?} with {workers} workers");
        });
    }
}

#[test]
fn promise_3_who_waits_for_a_task_runs_what_the_task_made() {
    within(Duration::from_secs(30), || {
        let pool = pool(1);
        let (started, wait_started) = std::sync::mpsc::channel();
        let helped = Arc::new(Mutex::new(Vec::new()));
        let names = helped.clone();
        let task = pool.spawn(move || {
            started.send(()).expect("the test waits");
            micropool::split_per_item().for_each_range(64, |range| {
                busy(Duration::from_micros(200 * range.len() as u64));
                names.lock().expect("not poisoned").push(thread::current().id());
            });
        });
        wait_started.recv().expect("the task starts");
        task.join();
        let helped = helped.lock().expect("not poisoned");
        assert!(helped.contains(&thread::current().id()), "the joiner took part in the task's loop");
    });
}
