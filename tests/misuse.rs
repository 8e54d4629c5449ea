//! What safe code can do against the rules: guards and handles that are forgotten, drops that panic, functions that call back into
//! the pool, references that want to leave. None of it may be undefined behaviour; what it may cost (a leak, a panic) is
//! asserted. `SOUNDNESS.md` says which invariant each of these would break.

#![forbid(unsafe_code)]

use micropool::__private::{Edge, NodeJob, NodeSpec, OnceJob, Plan, run_graph};
use micropool::iter::*;
use micropool::{Scope, ScopedTask, SharedTask, Task, ThreadPool, ThreadPoolBuilder};
use std::cell::{Cell, RefCell};
use std::future::{Future, IntoFuture};
use std::mem::forget;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use support::{eventually, within};

const LIMIT: Duration = Duration::from_secs(60);

/// On pools of no, one and three workers.
fn on_pools(case: impl Fn(&ThreadPool) + Send + 'static) {
    within(LIMIT, move || {
        for workers in [0, 1, 3] {
            case(&pool(workers));
        }
    });
}

fn pool(workers: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(workers).panic_handler(|_payload| ()).build().expect("threads can be made")
}

fn panics<R>(f: impl FnOnce() -> R) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_err()
}

// ---- forgotten -------------------------------------------------------------------------------------------------

#[test]
fn forgotten_awake_guards_keep_workers_awake_and_nothing_else() {
    on_pools(|pool| {
        forget(pool.keep_awake());
        pool.install(|| forget(micropool::keep_awake()));
        assert_eq!(pool.join(|| 1, || 2), (1, 2));
        // The pool of this case is dropped with the guards still counted: its threads must end.
    });
}

#[test]
fn forgotten_tasks_run_and_their_results_leak() {
    on_pools(|pool| {
        let (ran, alive) = (Arc::new(AtomicUsize::new(0)), Arc::new(()));
        for _ in 0..100 {
            let (ran, alive) = (ran.clone(), alive.clone());
            forget(pool.spawn(move || {
                ran.fetch_add(1, Ordering::SeqCst);
                alive
            }));
        }
        pool.wait_idle();
        assert_eq!(ran.load(Ordering::SeqCst), 100);
        assert_eq!(Arc::strong_count(&alive), 101, "a result belongs to the handle");
        // A shared handle, a continuation, a handle inside of another task's result.
        forget(pool.spawn_shared(|| 1));
        forget(pool.spawn(|| 1).then(|n| n + 1));
        forget(pool.spawn(|| micropool::spawn(|| 2)));
        pool.wait_idle();
    });
}

#[test]
fn a_forgotten_pool_runs_on() {
    within(LIMIT, || {
        let pool = pool(2);
        let (sender, receiver) = mpsc::channel();
        for n in 0..50 {
            let sender = sender.clone();
            pool.spawn(move || sender.send(n).unwrap()).detach();
        }
        let task = pool.spawn(|| 5);
        forget(pool);
        assert_eq!((0..50).map(|_| receiver.recv_timeout(LIMIT).unwrap()).sum::<i32>(), 1225);
        assert_eq!(task.join(), 5);
    });
}

/// Whoever forgets a thread of a pool has said that it will run: the pool's end waits for that. One that is dropped has said that it won't.
#[test]
fn a_forgotten_worker_thread_is_waited_for_without_end() {
    const WAITS: i32 = 8;
    const ENDS: i32 = 9;
    let Some(role) = support::role() else {
        return within(LIMIT, || {
            let roles = [
                ("forgotten", WAITS),
                ("forgotten, then none", WAITS),
                ("dropped", ENDS),
                ("dropped, then none", ENDS),
            ];
            for (role, code) in roles {
                let mut child = support::in_child("a_forgotten_worker_thread_is_waited_for_without_end", role);
                let child = child.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
                let output = support::ended(child, LIMIT / 4);
                let said = String::from_utf8_lossy(&output.stderr);
                assert_eq!(output.status.code(), Some(code), "{role}: {said}");
            }
        });
    };
    let (is_forgotten, fails) = (role.starts_with("forgotten"), role.ends_with("none"));
    let (told, last_step) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        let builder = ThreadPoolBuilder::new().num_threads(2).spawn_handler(move |worker| match worker.index() {
            1 if fails => Err(std::io::Error::other("no more")),
            _ if is_forgotten => {
                forget(worker);
                Ok(())
            }
            _ => Ok(()),
        });
        if fails {
            told.send(()).unwrap();
            return assert!(builder.build().is_err());
        }
        let pool = builder.build().unwrap();
        // Until then it is a pool that lacks its workers, and callers do the work.
        assert_eq!((pool.join(|| 1, || 2), pool.spawn(|| 3).join()), ((1, 2), 3));
        told.send(()).unwrap();
        drop(pool);
    });
    last_step.recv_timeout(LIMIT / 8).expect("what comes before waits for nobody");
    let patience = if is_forgotten { Duration::from_millis(300) } else { LIMIT / 8 };
    if eventually(patience, || thread.is_finished()) {
        thread.join().expect("it has ended well");
        std::process::exit(ENDS);
    }
    std::process::exit(WAITS);
}

#[test]
fn awake_guards_end_after_their_pool_and_on_other_threads() {
    within(LIMIT, || {
        for workers in [0, 1, 3] {
            let pool = pool(workers);
            let (first, second) = (pool.keep_awake(), pool.install(micropool::keep_awake));
            // Made on a thread of the pool, if it has any.
            let third = pool.spawn(micropool::keep_awake).join();
            std::thread::spawn(move || drop(first)).join().unwrap();
            assert_eq!(pool.join(|| 1, || 2), (1, 2));
            // Inside of another pool, whose guards they aren't.
            let other = self::pool(1);
            let (kept, own) = (third, other.keep_awake());
            other.install(|| drop(kept));
            // The threads of a pool go though one is left.
            drop(pool);
            std::thread::spawn(move || drop(second)).join().unwrap();
            drop(other);
            drop(own);
        }
    });
}

/// One item of a loop: counts how often it was given out and how often it was dropped, and owns nothing.
struct Item<'a>(&'a (AtomicUsize, AtomicUsize), bool);

impl Drop for Item<'_> {
    fn drop(&mut self) {
        self.0.1.fetch_add(1, Ordering::SeqCst);
    }
}

/// Takes so many items of its iterator, and forgets that.
struct Forgets(usize);

impl<'a> Accumulator<Item<'a>, usize> for Forgets {
    fn accumulate(&self, mut iter: impl Iterator<Item = Item<'a>>) -> usize {
        let mut taken = 0;
        for item in iter.by_ref().take(self.0) {
            item.0.0.fetch_add(1, Ordering::SeqCst);
            taken += 1;
            if item.1 {
                resume_unwind(Box::new("as asked"));
            }
        }
        forget(iter);
        taken
    }
}

struct Sum;

impl ExactSizeAccumulator<usize, usize> for Sum {
    fn accumulate_exact(&self, iter: impl ExactSizeIterator<Item = usize>) -> usize {
        iter.sum()
    }
}

#[test]
fn an_iterator_that_its_accumulator_forgets_leaks_its_items_and_gives_none_twice() {
    const ITEMS: usize = 100;
    within(LIMIT, || {
        for (takes, panics) in [(0, false), (1, false), (7, false), (usize::MAX, false), (1, true), (7, true)] {
            support::under_every_split(|split| {
                let counts: Vec<(AtomicUsize, AtomicUsize)> = (0..ITEMS).map(|_| Default::default()).collect();
                let items: Vec<Item<'_>> =
                    counts.iter().enumerate().map(|(n, count)| Item(count, panics && n % 50 == 0)).collect();
                let run = || items.into_par_iter().with_thread_pool(split).iter_pipeline(Forgets(takes), Sum);
                let taken = catch_unwind(AssertUnwindSafe(run));
                let counts = counts.into_iter().map(|(given, dropped)| (given.into_inner(), dropped.into_inner()));
                let counts: Vec<_> = counts.collect();
                assert!(counts.iter().all(|&(given, dropped)| given <= 1 && dropped <= 1), "{counts:?}");
                assert!(
                    counts.iter().all(|&(given, dropped)| given <= dropped),
                    "what was taken is dropped: {counts:?}"
                );
                let given: usize = counts.iter().map(|(given, _)| given).sum();
                match taken {
                    Ok(taken) => assert_eq!(taken, given),
                    Err(payload) => assert!(panics && payload.is::<&str>()),
                }
                if takes == 0 {
                    assert!(counts.iter().all(|&(_, dropped)| dropped == 0), "nobody had them: {counts:?}");
                } else if takes == usize::MAX {
                    assert_eq!(given, ITEMS);
                }
            });
        }
    });
}

#[test]
fn a_forgotten_scoped_task_has_ended_when_the_scope_has() {
    on_pools(|pool| {
        for _ in 0..100 {
            let mut items = vec![String::from("a"), String::from("b"), String::from("c")];
            pool.scope(|s| {
                for item in &mut items {
                    // The result borrows from the frame, and stays in the forgotten handle's memory.
                    forget(s.spawn(|| {
                        item.push('!');
                        &**item
                    }));
                }
            });
            assert_eq!(items, ["a!", "b!", "c!"]);
            drop(items);
        }
    });
}

#[test]
fn a_scope_has_nothing_to_forget() {
    on_pools(|pool| {
        let mut data = [1, 2, 3];
        // Only a reference to the scope is ever lent, so forgetting it does nothing.
        pool.scope(|s: &Scope<'_, '_>| {
            s.spawn(|| data[0] = 4);
            #[allow(clippy::forget_non_drop, forgetting_references)]
            forget(s);
        });
        assert_eq!(data, [4, 2, 3]);
    });
}

#[test]
fn a_handle_forgotten_in_an_items_result_is_not_used_again() {
    on_pools(|pool| {
        for _ in 0..100 {
            let word = String::from("word");
            let panicked = panics(|| {
                pool.scope(|s| {
                    // A handle of an item that panics, in the result of one whose handle is forgotten.
                    let outer = s.spawn(|| s.spawn(|| -> &str { panic!("{word}") }));
                    forget(outer);
                });
            });
            assert!(panicked);
        }
    });
}

#[test]
fn forgotten_futures_and_wakers() {
    struct Counts(AtomicUsize);
    impl Wake for Counts {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    on_pools(|pool| {
        let woken = Arc::new(Counts(AtomicUsize::new(0)));
        let waker = Waker::from(woken.clone());
        let mut context = Context::from_waker(&waker);
        let (open, gate) = mpsc::channel::<()>();
        let gated = if pool.num_threads() == 0 {
            pool.spawn(|| 1)
        } else {
            pool.spawn(move || {
                gate.recv().unwrap();
                1
            })
        };
        // Polled, then forgotten: the waker is called all the same.
        let mut task = gated;
        let first = Pin::new(&mut task).poll(&mut context);
        forget(task);
        let _ = open.send(());
        pool.wait_idle();
        assert!(first == Poll::Ready(1) || eventually(LIMIT, || woken.0.load(Ordering::SeqCst) == 1));

        let shared: SharedTask<String> = pool.spawn_shared(|| String::from("x"));
        for _ in 0..3 {
            let mut future = Box::pin((&shared).into_future());
            let _ = future.as_mut().poll(&mut context);
            forget(future);
        }
        assert_eq!(shared.join(), "x");
        // The worker that ended it may just be calling them.
        assert!(eventually(LIMIT, || Arc::strong_count(&woken) == 2), "no waker is kept when the task is over");

        // Polled once more after it gave its result: a panic.
        let mut task = pin!(pool.spawn(|| 2));
        assert!(eventually(LIMIT, || matches!(task.as_mut().poll(&mut context), Poll::Ready(2))));
        assert!(panics(|| task.as_mut().poll(&mut context)));
    });
}

#[test]
fn a_waker_that_panics_or_calls_back() {
    struct Bad(Mutex<Option<SharedTask<u32>>>);
    impl Wake for Bad {
        fn wake(self: Arc<Self>) {
            let own = self.0.lock().unwrap().take();
            if let Some(task) = own {
                assert_eq!(*task.join(), 3, "it is over: joining it from its own waker gives the result");
                assert_eq!(micropool::join(|| 1, || 2), (1, 2));
            }
            panic!("a waker that panics");
        }
    }
    within(LIMIT, || {
        let pool = pool(1);
        let (open, gate) = mpsc::channel::<()>();
        let task = pool.spawn_shared(move || {
            gate.recv().unwrap();
            3
        });
        let bad = Arc::new(Bad(Mutex::new(Some(task.clone()))));
        let waker = Waker::from(bad);
        let mut future = pin!((&task).into_future());
        assert!(future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        open.send(()).unwrap();
        assert_eq!(*task.join(), 3);
        assert_eq!(pool.spawn(|| 4).join(), 4);
    });
}

fn token() -> bool {
    true
}

// ---- drops that panic, drops that call back --------------------------------------------------------------------

/// Calls the pool in its drop, and then panics if it may.
struct Rude;

impl Drop for Rude {
    fn drop(&mut self) {
        let (a, b) = micropool::join(|| 1, || micropool::scope(|s| s.spawn(|| 2).join()));
        assert_eq!((a, b), (1, 2));
        assert_eq!(micropool::spawn(|| 3).join(), 3);
        if !std::thread::panicking() {
            panic!("rude");
        }
    }
}

#[test]
fn rude_values_everywhere() {
    on_pools(|pool| {
        pool.install(|| {
            micropool::spawn(|| Rude).detach();
            let rude = Rude;
            micropool::spawn(move || drop(rude)).detach();
            forget(catch_unwind(|| micropool::join(|| Rude, || -> () { panic!() })).map(drop));
            assert!(panics(|| drop(micropool::join(|| Rude, || ()))));
            assert!(panics(|| micropool::scope(|s| drop(s.spawn(|| Rude).join()))));
            micropool::scope(|s| drop(s.spawn(|| Rude)));
            let shared = micropool::spawn_shared(|| Rude);
            let other = shared.clone();
            shared.join();
            drop((shared, other));
            assert!(panics(|| {
                micropool::parallel! { use; a => Rude, b(a) => { let _ = a; }, _c(move a) after b => drop(a) };
            }));
            assert!(panics(|| drop(micropool::parallel! { a => Rude, b => { if token() { panic!() } } })));
            let rude_payload = micropool::spawn(|| std::panic::panic_any(Rude));
            drop(rude_payload);
            let split = micropool::split_per_item();
            assert!(panics(|| split.reduce_ranges(
                9,
                |_| Rude,
                |a, b| {
                    drop(b);
                    a
                }
            )));
        });
        pool.wait_idle();
        assert_eq!(pool.join(|| 1, || 2), (1, 2));
    });
}

#[test]
fn a_result_whose_drop_spawns_into_its_scope() {
    /// Spawns one more item when it is dropped.
    struct Spawns<'scope, 'env>(&'scope Scope<'scope, 'env>, &'env AtomicUsize);
    impl Drop for Spawns<'_, '_> {
        fn drop(&mut self) {
            let count = self.1;
            drop(self.0.spawn(move || count.fetch_add(1, Ordering::SeqCst)));
        }
    }
    for _ in 0..20 {
        on_pools(|pool| {
            for _ in 0..50 {
                let count = AtomicUsize::new(0);
                pool.scope(|s| {
                    for _ in 0..4 {
                        // Nobody has the handle: the result is dropped by whoever ran the item.
                        drop(s.spawn(|| Spawns(s, &count)));
                    }
                });
                assert_eq!(count.into_inner(), 4, "what is spawned before the scope is over has ended when it returns");
            }
        });
    }
}

#[test]
fn a_result_dropped_late_may_still_spawn_into_its_scope() {
    /// Takes its time, and then spawns.
    struct Late<'scope, 'env>(&'scope Scope<'scope, 'env>, &'env AtomicUsize);
    impl Drop for Late<'_, '_> {
        fn drop(&mut self) {
            support::busy(Duration::from_millis(2));
            let count = self.1;
            drop(self.0.spawn(move || count.fetch_add(1, Ordering::SeqCst)));
        }
    }
    within(LIMIT, || {
        let pool = pool(1);
        for _ in 0..10 {
            let (begun, over, count) = (AtomicBool::new(false), AtomicBool::new(false), AtomicUsize::new(0));
            pool.scope(|s| {
                drop(s.spawn(|| {
                    begun.store(true, Ordering::SeqCst);
                    assert!(eventually(LIMIT, || over.load(Ordering::SeqCst)));
                    Late(s, &count)
                }));
                assert!(eventually(LIMIT, || begun.load(Ordering::SeqCst)));
                // What is joined by hand leaves something behind that the scope's end has to clear away: that takes time.
                for _ in 0..50_000 {
                    s.spawn(|| ()).join();
                }
                over.store(true, Ordering::SeqCst);
                // So that the item has ended, and its result is being dropped, when the scope looks.
                support::busy(Duration::from_micros(500));
            });
            assert_eq!(count.into_inner(), 1, "an item that was spawned while the scope waited has ended with it");
        }
    });
}

/// Panics in its drop, always.
struct Ruder;

impl Drop for Ruder {
    fn drop(&mut self) {
        panic!("ruder");
    }
}

/// Fails, with a payload that no drop has.
fn fail() {
    if token() {
        std::panic::panic_any("failed");
    }
}

/// That the block ends by the panic of `fail`.
fn fails<R>(block: impl FnOnce() -> R) {
    let payload = catch_unwind(AssertUnwindSafe(|| drop(block()))).expect_err("a node failed");
    assert_eq!(payload.downcast_ref(), Some(&"failed"));
}

#[test]
fn rude_results_of_a_graph_that_fails() {
    on_pools(|pool| {
        pool.install(|| {
            // Moved into a node that doesn't run, one or several.
            fails(|| micropool::parallel! { use; a => Ruder, b => fail(), c(move a) after b => drop(a) });
            fails(|| micropool::parallel! { nested; a => Ruder, b => fail(), c(move a) after b => drop(a) });
            fails(|| micropool::parallel! { use; a => Ruder, a2 => Ruder, b => fail(), c(move a, move a2) after b => drop((a, a2)) });
            fails(
                || micropool::parallel! { nested; a => Ruder, a2 => Ruder, b => fail(), c(move a, move a2) after b => drop((a, a2)) },
            );
            // Left to the end of the block.
            fails(|| micropool::parallel! { use; a => Ruder, a2 => Ruder, b => fail() }.into_tuple());
            fails(|| micropool::parallel! { nested; a => Ruder, a2 => Ruder, b => fail() }.into_tuple());
            let failed = micropool::try_parallel! {
                use; error u8;
                a => Ok(Ruder), a2 => Ok(Ruder), b => if token() { Err(1) } else { Ok(()) },
                c(move a) after b => { drop(a); Ok(()) },
            };
            assert_eq!(failed.map(forget), Err(1));
            let failed = micropool::try_parallel! {
                nested; error u8;
                a => Ok(Ruder), a2 => Ok(Ruder), b => if token() { Err(1) } else { Ok(()) },
                c(move a) after b => { drop(a); Ok(()) },
            };
            assert_eq!(failed.map(forget), Err(1));
        });
    });
}

#[test]
fn rude_captures_of_nodes_that_do_not_run() {
    on_pools(|pool| {
        pool.install(|| {
            let ran = AtomicUsize::new(0);
            let run = || ran.fetch_add(1, Ordering::SeqCst);
            // Behind the failing node in one chain, each with something of its own; and in a job of its own.
            let (r, s) = (Ruder, Ruder);
            fails(|| micropool::parallel! { use; b => fail(), c after b => drop(r), d after c => drop(s), e => run() });
            let (r, s, t) = (Ruder, Ruder, Ruder);
            fails(|| {
                micropool::parallel! {
                    use; a => run(), b => fail(), c after (a, b) => drop(r), d after c => drop(s), here f after b => drop(t), g => run(),
                }
            });
            assert_eq!(ran.swap(0, Ordering::SeqCst), 3);
            let (r, s) = (Ruder, Ruder);
            fails(|| {
                micropool::parallel! {
                    nested;
                    a => (), b after a => fail(), c after b => drop(r), c2 after c => drop(s),
                    d after a => run(), x after (c2, d) => (), z after a => run(), w after (x, z) => (), v after a => run(),
                }
            });
            assert_eq!(ran.swap(0, Ordering::SeqCst), 3);
            // A rude capture beside rude inputs.
            let r = Ruder;
            fails(|| micropool::parallel! { nested; a => Ruder, b => fail(), c(move a) after b => drop((a, r)), d => run() });
            assert_eq!(ran.swap(0, Ordering::SeqCst), 1);
        });
    });
}

// ---- re-entrancy -----------------------------------------------------------------------------------------------

#[test]
fn everything_inside_of_everything() {
    on_pools(|pool| {
        fn nest(depth: u32, pool: &ThreadPool) -> u32 {
            if depth == 0 {
                return 1;
            }
            let inner = || nest(depth - 1, pool);
            let (a, b) = pool.join(inner, inner);
            let c = pool.scope(|s| s.spawn(inner).join());
            let d = pool.install(|| micropool::parallel! { use; a => inner(), b(a) => *a }.b);
            let e = pool.split_per_item().reduce_ranges(2, |range| range.len() as u32 * inner(), |a, b| a + b);
            let _ = pool.install(micropool::yield_to_foreground);
            pool.install(|| micropool::help_background(Duration::from_micros(10)));
            a + b + c + d + e.unwrap()
        }
        assert_eq!(nest(3, pool), 6 * 6 * 6);
        // Broadcasts in broadcasts, loops and scopes; each worker once.
        let calls = AtomicUsize::new(0);
        pool.install(|| {
            micropool::broadcast(|_| {
                micropool::broadcast(|_| {
                    calls.fetch_add(1, Ordering::SeqCst);
                });
            });
        });
        assert_eq!(calls.into_inner(), pool.num_threads() * pool.num_threads());
    });
}

#[test]
fn handlers_that_call_back() {
    within(LIMIT, || {
        let (sender, heard) = mpsc::channel();
        let pool = ThreadPoolBuilder::new()
            .num_threads(2)
            .thread_name(|index| {
                // Before the pool is there: another one is current.
                assert_eq!(micropool::join(|| 1, || 2), (1, 2));
                format!("with a \0 in it {index}")
            })
            .start_handler(|_| assert_eq!(micropool::join(|| 1, || 2), (1, 2)))
            .exit_handler(|_| {
                assert_eq!(micropool::join(|| 1, || 2), (1, 2));
                micropool::spawn(|| ()).detach();
            })
            .panic_handler(move |_payload| {
                let again = micropool::spawn(|| 5).join() + micropool::join(|| 1, || 2).0;
                sender.send(again).unwrap();
            })
            .build()
            .unwrap();
        pool.spawn(|| panic!()).detach();
        assert_eq!(heard.recv_timeout(LIMIT / 2), Ok(6));
        drop(pool);
    });
}

#[test]
fn worker_threads_run_where_they_should_not() {
    within(LIMIT, || {
        // Kept by the handler, and run on a thread that is inside of another pool, after the builder has returned.
        let (sender, receiver) = mpsc::channel();
        let mut builder = ThreadPoolBuilder::new().num_threads(2);
        builder = builder.spawn_handler(move |worker| {
            sender.send(worker).unwrap();
            Ok(())
        });
        let pool = builder.build().unwrap();
        let workers: Vec<_> = receiver.try_iter().collect();
        let other = self::pool(1);
        std::thread::scope(|s| {
            for worker in workers {
                s.spawn(|| other.install(|| worker.run()));
            }
            let ran = AtomicBool::new(false);
            pool.join(
                || assert!(eventually(LIMIT / 2, || ran.load(Ordering::SeqCst))),
                || ran.store(true, Ordering::SeqCst),
            );
            drop(pool);
        });
        assert_eq!(other.join(|| 1, || 2), (1, 2));
    });
}

#[test]
fn pools_dropped_in_the_middle_of_their_own_work() {
    within(LIMIT, || {
        let pool = Arc::new(pool(2));
        let own = pool.clone();
        // The last handle goes inside of a half, inside of a loop, inside of a task of the pool.
        let task: Task<()> = pool.spawn(move || {
            let own = Mutex::new(Some(own));
            micropool::split_per_item().for_each_range(8, |range| {
                micropool::join(
                    || (),
                    || {
                        if range.contains(&5) {
                            drop(own.lock().unwrap().take());
                            assert_eq!(micropool::join(|| 1, || 2), (1, 2));
                            micropool::spawn(|| ()).detach();
                        }
                    },
                );
            });
        });
        drop(pool);
        task.join();
    });
}

// ---- what is lent ----------------------------------------------------------------------------------------------

// That a reference lent by `use` can't leave its node is a compile error: `micropool-macros/tests/ui/parallel/smuggle_*`. Here, what the
// checker lets pass.
/// What only the macro calls: a fork that leaves it to the next one to offer its branch, where none follows. Nobody has seen the branch then,
/// so it is run, or dropped, here.
#[test]
fn a_branch_that_nobody_offers() {
    on_pools(|pool| {
        let block = micropool::__private::Block::<std::convert::Infallible>::new(&[]);
        let dropped = Arc::new(());
        for ends in [true, false] {
            let kept = dropped.clone();
            let first = || if ends { 1 } else { resume_unwind(Box::new("as asked")) };
            let both = catch_unwind(AssertUnwindSafe(|| {
                pool.install(|| block.fork_outer(1, first, move || Arc::strong_count(&kept)))
            }));
            assert_eq!(both.ok(), ends.then_some((1, 2)));
            assert_eq!(Arc::strong_count(&dropped), 1);
        }
    });
}

/// What only the macro calls, with plans that it never writes. A circle never begins: each of its nodes waits for another, and so the
/// call doesn't return. What isn't on it is run once.
#[test]
fn a_plan_with_a_circle_runs_nothing_twice() {
    static RUNS: [AtomicUsize; 5] = [const { AtomicUsize::new(0) }; 5];
    static CIRCLE: Plan<5> = {
        const fn to(succs: &'static [Edge]) -> NodeSpec {
            NodeSpec { succs, here: false }
        }
        const fn edge(to: u32) -> Edge {
            Edge { to, needs: true }
        }
        // The first leads into a circle of the second and the third; the fourth leads to itself; the last stands alone.
        const INTO: &[Edge] = &[edge(1)];
        const FORTH: &[Edge] = &[edge(2)];
        const BACK: &[Edge] = &[edge(1)];
        const ITSELF: &[Edge] = &[edge(3)];
        Plan::new([to(INTO), to(FORTH), to(BACK), to(ITSELF), to(&[])], 2)
    };
    if support::role().is_none() {
        return within(LIMIT, || {
            let mut child = support::in_child("a_plan_with_a_circle_runs_nothing_twice", "circle");
            let child = child.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
            let output = support::ended(child, LIMIT / 4);
            assert_eq!(output.status.code(), Some(8), "{}", String::from_utf8_lossy(&output.stderr));
        });
    }
    let runs = || RUNS.each_ref().map(|count| count.load(Ordering::SeqCst));
    let calls: Vec<_> = [0, 2]
        .map(|workers| {
            std::thread::spawn(move || {
                let mut jobs = std::array::from_fn::<_, 5, _>(|k| {
                    OnceJob::new(move |may| {
                        RUNS[k].fetch_add(1, Ordering::SeqCst);
                        may
                    })
                });
                let pool = self::pool(workers);
                pool.install(|| run_graph::<5, 0>(&CIRCLE, jobs.each_mut().map(|job| job as _), &mut []));
            })
        })
        .into();
    assert!(eventually(LIMIT / 8, || runs() == [2, 0, 0, 0, 2]), "{:?}", runs());
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(runs(), [2, 0, 0, 0, 2], "three of five wait for one another, or for themselves");
    assert!(calls.iter().all(|call| !call.is_finished()));
    std::process::exit(8);
}

/// As above: a node for the caller, without its job. It counts as one that panicked.
#[test]
fn a_plan_whose_caller_lacks_a_job() {
    const TO_2: &[Edge] = &[Edge { to: 2, needs: true }];
    const TO_3: &[Edge] = &[Edge { to: 3, needs: true }];
    static PLAN: Plan<4> = Plan::new(
        [
            NodeSpec { succs: TO_2, here: true },
            NodeSpec { succs: TO_3, here: true },
            NodeSpec { succs: &[], here: false },
            NodeSpec { succs: &[], here: false },
        ],
        2,
    );
    on_pools(|pool| {
        for present in 0..3 {
            let told: [Mutex<Vec<bool>>; 4] = Default::default();
            let job = |k: usize| {
                let told = &told[k];
                OnceJob::new(move |may| {
                    told.lock().unwrap().push(may);
                    may
                })
            };
            let (mut first, mut second, mut third, mut fourth) = (job(0), job(1), job(2), job(3));
            let (mut nothing, mut neither) = (micropool::__private::Nothing, micropool::__private::Nothing);
            let mut here: [&mut dyn NodeJob; 2] = [&mut first, &mut second];
            pool.install(|| {
                let jobs = [&mut nothing as _, &mut neither as _, &mut third as _, &mut fourth as _];
                run_graph::<4, 0>(&PLAN, jobs, &mut here[..present]);
            });
            let expected = |has: bool| if has { vec![true] } else { vec![] };
            let told = told.map(|told| told.into_inner().unwrap());
            let (one, two) = (present > 0, present > 1);
            assert_eq!(told, [expected(one), expected(two), vec![one], vec![two]], "{present} of two");
        }
    });
}

#[test]
fn lent_resources_survive_panics_and_forgetting() {
    on_pools(|pool| {
        pool.install(|| {
            let mut world = vec![1, 2, 3];
            let mut kept = RefCell::new(0);
            assert!(panics(|| {
                micropool::parallel! {
                    use mut world, mut kept;
                    grow(mut world) => world.push(4),
                    broken(mut world) => { forget(world.drain(1..)); world.clear(); panic!("with the resource in hand") },
                    never(world) => drop(world.clone()),
                    // A borrow that is forgotten inside of a cell stays borrowed, as in any code.
                    borrowed(mut kept) => forget(kept.borrow_mut()),
                };
            }));
            assert_eq!(world, Vec::<i32>::new(), "it is back, as the panic left it");
            assert!(kept.try_borrow().is_err());
            *kept.get_mut() = 1;
            // A guard that a node returns is dropped or forgotten after the block.
            let lock = Mutex::new(5);
            let frame = micropool::parallel! { use; lock_ => &lock, value(lock_) => *lock_.lock().unwrap() };
            #[allow(forgetting_references)]
            forget(frame.lock_);
            assert_eq!(frame.value, 5);
            assert_eq!(*lock.lock().unwrap(), 5);
        });
    });
}

#[test]
fn handles_of_another_scope_pool_or_thread() {
    on_pools(|pool| {
        let other = self::pool(1);
        // Joined inside of another pool, inside of another scope, and by a thread that no pool knows.
        let sum: usize = pool.scope(|s| {
            let tasks: Vec<ScopedTask<'_, usize>> = (0..12).map(|n| s.spawn(move || n)).collect();
            let mut tasks = tasks.into_iter();
            let mut next = || tasks.by_ref().take(3).collect::<Vec<_>>();
            let join = |tasks: Vec<ScopedTask<'_, usize>>| tasks.into_iter().map(ScopedTask::join).sum::<usize>();
            let (first, second, third) = (next(), next(), next());
            let a = other.install(|| join(first));
            let b = micropool::scope(|inner| inner.spawn(move || join(second)).join());
            let c = std::thread::scope(|threads| threads.spawn(move || join(third)).join().unwrap());
            a + b + c + join(next())
        });
        assert_eq!(sum, 66);
    });
}

thread_local! {
    static COUNT: Cell<u32> = const { Cell::new(0) };
}

#[test]
fn values_that_are_not_send_stay_on_their_thread() {
    on_pools(|pool| {
        // `scope`'s closure, `install`'s and `reduce` of a loop are not `Send`, and run on the caller.
        COUNT.set(0);
        let count = std::rc::Rc::new(Cell::new(0));
        pool.install(|| count.set(count.get() + 1));
        pool.scope(|s| {
            drop(s.spawn(|| ()));
            count.set(count.get() + 1);
        });
        let caller = std::thread::current().id();
        let folded = pool.split_per_item().reduce_ranges(
            100,
            |range| range.len(),
            |a, b| {
                assert_eq!(std::thread::current().id(), caller);
                COUNT.set(COUNT.get() + 1);
                a + b
            },
        );
        assert_eq!((count.get(), folded), (2, Some(100)));
    });
}
