//! Promise 3 by lineage, over random graphs that are made while they run: every job carries, through its closure, what it descends
//! from; every thread keeps what it waits for. A job that begins on a thread that waits must descend from what that thread
//! waits for *now*, and none begins on a thread that doesn't wait.
//!
//! 100 000 nodes for each number of workers; `MICROPOOL_LINEAGE_NODES=10000000` for more.

#![forbid(unsafe_code)]

use micropool::{ThreadPool, ThreadPoolBuilder};
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread::{self, ThreadId};
use std::time::Duration;
use support::within;

/// Waits and jobs have a number each.
type Identity = u64;

static NEXT: AtomicU64 = AtomicU64::new(1);
static NODES: AtomicUsize = AtomicUsize::new(0);
static FOREIGN: AtomicUsize = AtomicUsize::new(0);
/// Nodes that another thread had made and that began on one that waited: a test that sees none proves nothing.
static HELPED: AtomicUsize = AtomicUsize::new(0);

fn identity() -> Identity {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// What a job descends from, innermost first, and the thread that made it.
#[derive(Clone)]
struct Lineage(Option<Arc<(Identity, Lineage, ThreadId)>>);

impl Lineage {
    fn child(&self, identity: Identity) -> Self {
        Self(Some(Arc::new((identity, self.clone(), thread::current().id()))))
    }

    fn is_from_elsewhere(&self) -> bool {
        self.0.as_ref().is_some_and(|link| link.2 != thread::current().id())
    }

    fn contains(&self, identity: Identity) -> bool {
        let mut here = self;
        while let Some(link) = &here.0 {
            if link.0 == identity {
                return true;
            }
            here = &link.1;
        }
        false
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Frame {
    /// The thread runs a job's own code: nothing else may begin.
    Runs(Identity),
    /// The thread waits for this, or is in a call that makes it: what descends from it may begin.
    Waits(Identity),
}

thread_local! {
    static FRAMES: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
}

/// A frame of this thread while `f` runs.
fn framed<R>(frame: Frame, f: impl FnOnce() -> R) -> R {
    FRAMES.with_borrow_mut(|frames| frames.push(frame));
    let result = f();
    FRAMES.with_borrow_mut(|frames| assert!(frames.pop() == Some(frame), "frames end in order"));
    result
}

/// From here to the end of the call that `framed` is around, this thread waits for that.
fn now_waits_for(identity: Identity) {
    FRAMES.with_borrow_mut(|frames| *frames.last_mut().expect("in a call") = Frame::Waits(identity));
}

/// As `framed`, for a call whose wait changes while it lasts.
fn calls<R>(identity: Identity, f: impl FnOnce() -> R) -> R {
    FRAMES.with_borrow_mut(|frames| frames.push(Frame::Waits(identity)));
    let result = f();
    FRAMES.with_borrow_mut(Vec::pop);
    result
}

/// A job begins.
fn job(lineage: &Lineage, depth: u32, seed: u64) {
    NODES.fetch_add(1, Ordering::Relaxed);
    FRAMES.with_borrow(|frames| match frames.last() {
        None => {}
        Some(Frame::Waits(identity)) if lineage.contains(*identity) => {
            HELPED.fetch_add(usize::from(lineage.is_from_elsewhere()), Ordering::Relaxed);
        }
        Some(_) => {
            FOREIGN.fetch_add(1, Ordering::Relaxed);
        }
    });
    let own = identity();
    framed(Frame::Runs(own), || body(&lineage.child(own), depth, seed));
}

fn body(lineage: &Lineage, depth: u32, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    if depth == 0 {
        support::busy(Duration::from_nanos(random.u64(0..3_000)));
        return;
    }
    // Blocking calls one after another, so that slots and positions are used again.
    for _ in 0..random.u32(1..3) {
        let depth = depth - random.u32(1..3).min(depth);
        let seeds: [u64; 5] = std::array::from_fn(|_| random.u64(..));
        let (call, target) = (identity(), identity());
        let under = lineage.child(call);
        match random.u32(0..16) {
            0..=5 => calls(call, || {
                // The second half has a name of its own: that is what is waited for once the first has ended.
                let second = under.child(target);
                let first = || {
                    job(&under, depth, seeds[0]);
                    // Always on the thread that called.
                    now_waits_for(target);
                };
                micropool::join(first, || job(&second, depth, seeds[1]));
            }),
            6 | 7 => calls(call, || {
                micropool::scope(|s| {
                    let joined = under.child(target);
                    let task = s.spawn(move || job(&joined, depth, seeds[0]));
                    for seed in &seeds[1..3] {
                        let under = under.clone();
                        s.spawn(move || {
                            // An item of an item descends from the scope, not from the item.
                            let (next, seed) = (under.clone(), *seed);
                            s.spawn(move || job(&next, depth, seed));
                        });
                    }
                    if seeds[3].is_multiple_of(2) {
                        // While this thread waits for one item, the others are foreign to it.
                        framed(Frame::Waits(target), || task.join());
                    }
                });
            }),
            8 | 9 => calls(call, || {
                micropool::split_per_item().for_each_range(4, |range| range.for_each(|k| job(&under, depth, seeds[k])));
            }),
            10 => calls(call, || {
                let each = |range: std::ops::Range<usize>| range.map(|k| job(&under, depth, seeds[k])).count();
                let count = micropool::split_by_threads().reduce_ranges(4, each, |a, b| a + b);
                assert_eq!(count, Some(4));
            }),
            11 | 12 => calls(call, || {
                micropool::parallel! {
                    use;
                    a => job(&under, depth, seeds[0]),
                    b => job(&under, depth, seeds[1]),
                    c after a => job(&under, depth, seeds[2]),
                    d after (a, b) => job(&under, depth, seeds[3]),
                };
            }),
            13 => calls(call, || {
                let jobs: Vec<_> = (0..3).map(|k| (under.clone(), seeds[k])).collect();
                micropool::join_all(
                    jobs.into_iter().map(|(under, seed)| move || job(&under, depth, seed)).collect::<Vec<_>>(),
                );
            }),
            14 => {
                // A task descends from nothing of its spawner's. It is waited for, or not.
                let alone = Lineage(None).child(target);
                let task = micropool::spawn(move || job(&alone, depth, seeds[0]));
                if !seeds[1].is_multiple_of(4) {
                    calls(target, || task.join());
                }
            }
            _ => {
                // Who waits for a task waits for what it comes after, too.
                let head = Lineage(None).child(target).child(identity());
                let tail = Lineage(None).child(target);
                let task = micropool::spawn(move || job(&head, depth, seeds[0]));
                let task = task.then(move |()| job(&tail, depth, seeds[1]));
                calls(target, || task.join());
            }
        }
    }
}

fn pool(workers: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(workers).build().expect("threads can be made")
}

#[test]
fn promise_3_a_thread_that_waits_runs_descendants_only() {
    let wanted: usize = match std::env::var("MICROPOOL_LINEAGE_NODES") {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("a number of nodes, not {text:?}")),
        Err(_) => 100_000,
    };
    for workers in [1, 2, 3, 8] {
        // A minute for a million, and some more for a machine that is busy.
        let limit = Duration::from_secs(60 + wanted as u64 / 10_000);
        within(limit, move || {
            NODES.store(0, Ordering::Relaxed);
            let pool = pool(workers);
            let caller = |first: u64| {
                let mut seed = first;
                while NODES.load(Ordering::Relaxed) < wanted {
                    pool.install(|| job(&Lineage(None), 7, seed));
                    seed += 2;
                }
            };
            // Two callers, neither of whom may run the other's work.
            thread::scope(|s| {
                s.spawn(|| caller(1));
                caller(2);
            });
            pool.wait_idle();
        });
        let (nodes, helped) = (NODES.load(Ordering::Relaxed), HELPED.load(Ordering::Relaxed));
        eprintln!("{workers} workers: {nodes} nodes; so far {helped} from another thread, on one that waited");
        assert_eq!(FOREIGN.load(Ordering::Relaxed), 0, "foreign jobs with {workers} workers");
    }
    assert!(HELPED.load(Ordering::Relaxed) > 0, "nobody who waited helped");
}
