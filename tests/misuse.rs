//! What safe code can do against the rules: guards and handles that are forgotten, drops that panic, functions that call back into
//! the pool, references that want to leave. None of it may be undefined behaviour; what it may cost (a leak, a panic) is
//! asserted. `SOUNDNESS.md` says which invariant each of these would break.

#![forbid(unsafe_code)]

use micropool::{Scope, ScopedTask, SharedTask, Task, ThreadPool, ThreadPoolBuilder};
use std::cell::{Cell, RefCell};
use std::future::{Future, IntoFuture};
use std::mem::forget;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
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
