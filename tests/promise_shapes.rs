//! Promises 1, 2, 5 and 7 in every shape that work has: joins, loops, scopes, tasks, and graphs of both forms.

use micropool::{Task, ThreadPool, ThreadPoolBuilder, WorkerThread};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, ThreadId};
use std::time::Duration;
use support::{Gate, busy, soon, within};

const LIMIT: Duration = Duration::from_secs(60);

fn pool(threads: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be made")
}

/// Runs a job of each shape in the current pool; where each of its parts ran.
fn every_shape() -> Vec<(&'static str, Vec<ThreadId>)> {
    let this = || thread::current().id();
    let (a, (b, c)) = micropool::join(this, || micropool::join(this, this));
    let joins = ("joins", vec![a, b, c]);
    let all = ("join_all", micropool::join_all(vec![this; 5]));
    let items = micropool::scope(|s| {
        let outer: Vec<_> = (0..4).map(|_| s.spawn(move || (this(), s.spawn(this).join()))).collect();
        outer.into_iter().map(micropool::ScopedTask::join).flat_map(|(outer, inner)| [outer, inner]).collect()
    });
    let chunks = micropool::split_per_item().reduce_ranges(8, |_| vec![this()], |a, b| [a, b].concat());
    let nested = micropool::parallel! {
        nested;
        a => this(),
        b after a => this(),
        c after a => this(),
        d after (b, c) => this(),
        e => this(),
    };
    let mut lent = 0;
    let countdown = micropool::parallel! {
        use mut lent;
        a(mut lent) => { *lent += 1; this() },
        b(lent) => { assert_eq!(*lent, 1); this() },
        c(lent) => { assert_eq!(*lent, 1); this() },
        d(mut lent) => { *lent += 1; this() },
        here e after b => this(),
    };
    assert_eq!(lent, 2);
    vec![
        joins,
        all,
        ("a scope", items),
        ("a loop", chunks.expect("not empty")),
        ("a nested graph", vec![nested.a, nested.b, nested.c, nested.d, nested.e]),
        ("a countdown graph", vec![countdown.a, countdown.b, countdown.c, countdown.d, countdown.e]),
    ]
}

/// Every worker stopped at a gate, inside a background task; whoever holds the guard has them.
fn held(pool: &ThreadPool) -> Held {
    let gate = Gate::default();
    let stop = || {
        let gate = gate.clone();
        pool.spawn(move || gate.pass())
    };
    let tasks = (0..pool.num_threads()).map(|_| stop()).collect();
    soon("every worker is held", || gate.arrived() == pool.num_threads());
    Held(gate, tasks)
}

struct Held(Gate, Vec<Task<()>>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.open();
        self.1.drain(..).for_each(Task::join);
    }
}

#[track_caller]
fn all_here(shapes: Vec<(&'static str, Vec<ThreadId>)>) {
    for (name, threads) in shapes {
        let this = thread::current().id();
        assert!(threads.iter().all(|id| *id == this), "{name} ran on {threads:?}, this is {this:?}");
    }
}

#[test]
fn promise_1_the_caller_runs_every_shape_while_all_workers_are_busy() {
    within(LIMIT, || {
        let pool = ThreadPoolBuilder::new().num_threads(3).background_threads(3).build().expect("a pool");
        let _held = held(&pool);
        all_here(pool.install(every_shape));
    });
}

/// Threads that the system doesn't run sleep as soundly as any: theirs begin when the gate opens.
#[test]
fn promise_1_the_caller_runs_every_shape_while_no_worker_wakes() {
    within(LIMIT, || {
        let gate = Gate::default();
        let at = gate.clone();
        let sleeping = move |worker: WorkerThread| {
            let gate = at.clone();
            thread::Builder::new().spawn(move || {
                gate.pass();
                worker.run();
            })?;
            Ok(())
        };
        let pool = ThreadPoolBuilder::new().num_threads(3).spawn_handler(sleeping).build().expect("a pool");
        all_here(pool.install(every_shape));
        assert_eq!(pool.spawn(|| thread::current().id()).join(), thread::current().id(), "a task that is joined");
        gate.open();
    });
}

/// Asleep for real: the system says so of each thread. Halves and nodes may then run anywhere, but what the caller begins with doesn't
/// wait. A countdown graph's first node is visible at once, so it may be taken where the system stops the caller for as long as a wake
/// takes: that is rare.
#[cfg(target_os = "linux")]
#[test]
fn promise_1_the_caller_begins_while_all_workers_sleep() {
    use std::sync::{Arc, Mutex};
    within(LIMIT, || {
        let ids = Arc::new(Mutex::new(Vec::new()));
        let note = ids.clone();
        let pool = ThreadPoolBuilder::new()
            .num_threads(3)
            .spin_before_sleep(Duration::ZERO)
            .start_handler(move |_| note.lock().unwrap().push(rustix::thread::gettid().as_raw_nonzero().get()))
            .build()
            .expect("a pool");
        let asleep = |id: &i32| {
            let task = procfs::process::Process::myself().unwrap().task_from_tid(*id).expect("a thread of ours");
            task.stat().expect("its state").state == 'S'
        };
        let mut taken = 0;
        for _ in 0..50 {
            soon("all workers are asleep", || {
                let ids = ids.lock().unwrap();
                ids.len() == 3 && ids.iter().all(asleep)
            });
            let this = thread::current().id();
            for (name, threads) in pool.install(every_shape) {
                let here = threads[0] == this;
                match name {
                    // An item of a scope is anybody's, and its caller may find all of them taken.
                    "a scope" => {}
                    "a countdown graph" => taken += u32::from(!here),
                    _ => assert!(here, "{name} began on {:?}, not on {this:?}", threads[0]),
                }
            }
        }
        assert!(taken <= 10, "{taken} countdown graphs of 50 began on another thread");
    });
}

#[test]
fn promise_2_every_shape_ends_with_any_number_of_workers_and_callers() {
    for workers in [0, 1, 8, 64] {
        within(LIMIT, move || {
            let pool = pool(workers);
            thread::scope(|s| {
                for _ in 0..100 {
                    s.spawn(|| pool.install(every_shape));
                }
            });
        });
    }
}

#[test]
fn promise_2_every_shape_ends_for_many_callers_of_a_full_pool() {
    within(LIMIT, || {
        let pool = ThreadPoolBuilder::new().num_threads(2).background_threads(2).build().expect("a pool");
        let held = held(&pool);
        // Behind the workers' own a queue that nobody will come to before the callers are done.
        let queue: Vec<_> = (0..100).map(|_| pool.spawn(|| ())).collect();
        thread::scope(|s| {
            for _ in 0..100 {
                s.spawn(|| all_here(pool.install(every_shape)));
            }
        });
        assert!(queue.iter().all(|task| !task.complete()), "the pool was full until the end");
        drop(held);
        queue.into_iter().for_each(Task::join);
    });
}

/// Two that can only end together: each computes, without calling the pool, until the other has begun.
struct Pair([AtomicBool; 2]);

impl Pair {
    fn new() -> Self {
        Self([const { AtomicBool::new(false) }; 2])
    }

    fn meet(&self, which: usize) {
        self.0[which].store(true, Ordering::Release);
        soon("the other has begun elsewhere", || self.0[1 - which].load(Ordering::Acquire));
    }
}

/// The worker finds work because it looks for it, and because it is woken.
fn for_spinning_and_sleeping(test: fn(Duration)) {
    for spin in [Duration::from_secs(1), Duration::ZERO] {
        within(LIMIT, move || test(spin));
    }
}

fn pool_of_one(spin: Duration) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(1).spin_before_sleep(spin).build().expect("a pool")
}

#[test]
fn promise_5_a_ready_node_is_visible_at_once() {
    for_spinning_and_sleeping(|spin| {
        let pool = pool_of_one(spin);
        for _ in 0..20 {
            let pair = Pair::new();
            micropool::parallel! { in pool; nested; a => pair.meet(0), b => pair.meet(1) };
            let pair = Pair::new();
            micropool::parallel! { in pool; use; a => pair.meet(0), b => pair.meet(1) };
            // Ready from the moment that another node is done.
            let pair = Pair::new();
            micropool::parallel! { in pool; nested; first => (), a after first => pair.meet(0), b after first => pair.meet(1) };
            let pair = Pair::new();
            let mut lent = 0;
            micropool::parallel! {
                in pool;
                use mut lent;
                first(mut lent) => *lent = 1,
                a(lent) => { assert_eq!(*lent, 1); pair.meet(0) },
                b(lent) => { assert_eq!(*lent, 1); pair.meet(1) },
                last(mut lent) => *lent = 2,
            };
            assert_eq!(lent, 2);
            // The condition of an `if` makes no difference.
            let pair = Pair::new();
            micropool::parallel! { in pool; use; a => pair.meet(0), b if true => pair.meet(1) };
        }
    });
}

/// Two threads wait in their sleep, one for the other's work and that one for the graph's: each of two branches that are offered
/// together wakes one of them. Several times, for a thread may be awake by chance.
#[test]
fn promise_5_every_branch_of_a_fork_wakes_a_thread_that_waits_for_it() {
    within(LIMIT, || {
        let pool = ThreadPoolBuilder::new().num_threads(2).spin_before_sleep(Duration::ZERO).build().expect("a pool");
        for _ in 0..8 {
            let begun = [const { AtomicBool::new(false) }; 2];
            let begin = |which: usize| begun[which].store(true, Ordering::Release);
            let has_begun = |which: usize| soon("it is taken", || begun[which].load(Ordering::Acquire));
            let branches = AtomicUsize::new(0);
            let meet = || {
                branches.fetch_add(1, Ordering::AcqRel);
                soon("all three branches run at the same time", || branches.load(Ordering::Acquire) == 3);
            };
            let graph = || {
                begin(1);
                std::thread::sleep(Duration::from_millis(30));
                micropool::parallel! { nested; a => meet(), b => meet(), c => meet() };
            };
            let between = || {
                begin(0);
                micropool::join(|| has_begun(1), graph);
            };
            pool.join(|| has_begun(0), between);
        }
    });
}

#[test]
fn promise_5_a_background_node_is_visible_while_its_graph_goes_on() {
    for_spinning_and_sleeping(|spin| {
        static BEGUN: AtomicBool = AtomicBool::new(false);
        let pool = pool_of_one(spin);
        for _ in 0..20 {
            BEGUN.store(false, Ordering::Release);
            let frame = micropool::parallel! {
                in pool;
                input => 1,
                background save(clone input) => { BEGUN.store(true, Ordering::Release); input },
                render after input => soon("the save has begun", || BEGUN.load(Ordering::Acquire)),
            };
            assert_eq!(frame.save.join(), 1);
        }
    });
}

#[test]
fn promise_5_an_item_of_a_loop_is_visible_at_once() {
    for_spinning_and_sleeping(|spin| {
        let pool = pool_of_one(spin);
        for _ in 0..20 {
            let pair = Pair::new();
            pool.split_per_item().for_each_range(2, |range| pair.meet(range.start));
        }
    });
}

/// What a call of `parallel!` leaves with.
fn message(graph: impl FnOnce()) -> &'static str {
    *catch_unwind(AssertUnwindSafe(graph)).expect_err("a panic").downcast().expect("its payload")
}

#[test]
fn promise_7_a_node_s_panic_travels_and_only_what_depends_on_it_is_left_out() {
    within(LIMIT, || {
        for workers in [0, 1, 3] {
            let pool = pool(workers);
            let ran = AtomicUsize::new(0);
            let count = || ran.fetch_add(1, Ordering::Relaxed);
            let nested = || {
                micropool::parallel! {
                    in pool;
                    nested;
                    a => count(),
                    b after a => panic_with::<()>("b"),
                    c after a => count(),
                    d after (b, c) => count(),
                    e => panic_with::<()>("e"),
                };
            };
            assert_eq!(message(nested), "b", "the highest one's, {workers} workers");
            assert_eq!(ran.swap(0, Ordering::Relaxed), 2, "nested, {workers} workers");
            let mut lent = 0;
            let countdown = || {
                micropool::parallel! {
                    in pool;
                    use mut lent;
                    a => count(),
                    b(mut lent) after a => { *lent = 1; panic_with::<()>("b") },
                    c after a => count(),
                    d(lent) => *lent + count(),
                    e if panic_with::<bool>("e") => count(),
                    f after c => count(),
                };
            };
            assert_eq!(message(countdown), "b", "the highest one's, {workers} workers");
            assert_eq!((ran.into_inner(), lent), (3, 1), "countdown, {workers} workers");
            let fallible = || {
                let _ = micropool::try_parallel! { in pool; error u32; a => panic_with::<Result<(), _>>("a"), b => Err::<(), _>(1) };
            };
            assert_eq!(message(fallible), "a", "a panic above an error, {workers} workers");
            // The workers are all still there.
            let seen = AtomicUsize::new(0);
            pool.install(|| micropool::broadcast(|_| _ = seen.fetch_add(1, Ordering::Relaxed)));
            assert_eq!(seen.into_inner(), workers);
        }
    });
}

fn panic_with<T>(text: &'static str) -> T {
    std::panic::panic_any(text)
}

#[test]
fn promise_7_a_node_s_panic_waits_for_what_borrows_from_the_frame() {
    within(LIMIT, || {
        for workers in [0, 1, 3] {
            let pool = pool(workers);
            for nested in [true, false] {
                let (panics, ended) = (AtomicBool::new(false), AtomicUsize::new(0));
                let panicking = || {
                    panics.store(true, Ordering::Release);
                    panic_with::<()>("a")
                };
                // It ends long after the panic, if it began before it.
                let borrowing = || {
                    if workers > 0 {
                        soon("the other node panics", || panics.load(Ordering::Acquire));
                    }
                    busy(Duration::from_millis(5));
                    ended.fetch_add(1, Ordering::Release)
                };
                let graph = || match nested {
                    true => _ = micropool::parallel! { in pool; nested; a => panicking(), b => borrowing() },
                    false => _ = micropool::parallel! { in pool; use; a => panicking(), b => borrowing() },
                };
                assert_eq!(message(graph), "a");
                assert_eq!(ended.load(Ordering::Acquire), 1, "nested: {nested}, {workers} workers");
            }
        }
    });
}
