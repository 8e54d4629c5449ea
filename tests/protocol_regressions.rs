//! Bugs that a review of the protocols found, each with the run that showed it. Those that need a certain interleaving are
//! models (`micropool/src/*/loom_models.rs`).

use micropool::{SharedTask, ThreadPool, ThreadPoolBuilder};
use std::cell::RefCell;
use std::future::{Future, IntoFuture};
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};
use support::{Gate, eventually, soon, with_its_thread_in_hand, within};

const LIMIT: Duration = Duration::from_secs(20);

fn pool(workers: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(workers).build().expect("a pool")
}

// A worker that read its mail went on counting as one who searches: a push relied on it, and woke nobody.
#[test]
fn a_task_made_in_a_broadcast_wakes_a_sleeping_worker() {
    within(LIMIT, || {
        for round in 0..20 {
            let pool = ThreadPoolBuilder::new()
                .num_threads(2)
                .background_threads(2)
                .spin_before_sleep(Duration::from_micros(10))
                .build()
                .expect("a pool");
            pool.install(|| {
                micropool::broadcast(|index| {
                    if index == 0 {
                        // The other worker has read its letter, and sleeps.
                        thread::sleep(Duration::from_millis(5));
                        let (sender, receiver) = mpsc::channel();
                        micropool::spawn(move || sender.send(()).unwrap()).detach();
                        let ran = receiver.recv_timeout(Duration::from_secs(5));
                        assert!(ran.is_ok(), "round {round}: nobody woke for the task");
                    }
                });
            });
        }
    });
}

// The workers of a closed pool leave when they find nothing; a broadcast from its last task waited for them for ever.
#[test]
fn a_broadcast_in_the_last_task_of_a_dropped_pool_ends() {
    within(LIMIT, || {
        let calls = Arc::new(AtomicUsize::new(0));
        let pool = pool(3);
        let (counted, begun) = (calls.clone(), Arc::new(AtomicBool::new(false)));
        let told = begun.clone();
        pool.spawn(move || {
            told.store(true, Ordering::Release);
            thread::sleep(Duration::from_millis(50));
            micropool::broadcast(|_| {
                counted.fetch_add(1, Ordering::Relaxed);
            });
        })
        .detach();
        assert!(eventually(LIMIT, || begun.load(Ordering::Acquire)));
        drop(pool);
        assert!((1..=3).contains(&calls.load(Ordering::Relaxed)));
    });
}

// Each waited for the other to read its letter, which came from no work that the other waited for.
#[test]
fn broadcasts_of_several_workers_at_once_end() {
    within(LIMIT, || {
        let pool = ThreadPoolBuilder::new().num_threads(3).background_threads(3).build().expect("a pool");
        for _ in 0..100 {
            let (calls, meet) = (Arc::new(AtomicUsize::new(0)), Arc::new(std::sync::Barrier::new(3)));
            let tasks = [(); 3].map(|()| {
                let (calls, meet) = (calls.clone(), meet.clone());
                pool.spawn(move || {
                    meet.wait();
                    micropool::broadcast(|_| {
                        calls.fetch_add(1, Ordering::Relaxed);
                    });
                })
            });
            assert!(eventually(LIMIT, || tasks.iter().all(micropool::Task::complete)));
            assert_eq!(calls.load(Ordering::Relaxed), 9);
        }
        // One inside of the other.
        let calls = AtomicUsize::new(0);
        pool.install(|| {
            micropool::broadcast(|_| {
                micropool::broadcast(|_| {
                    calls.fetch_add(1, Ordering::Relaxed);
                });
            });
        });
        assert_eq!(calls.into_inner(), 9);
    });
}

// Inside another pool's `install` a worker's own seat was forgotten: the join waited for itself.
#[test]
fn a_task_joined_from_inside_itself_by_way_of_another_pool_panics() {
    within(LIMIT, || {
        let (home, other) = (pool(1), Arc::new(pool(1)));
        let (sender, receiver) = mpsc::channel::<micropool::SharedTask<()>>();
        let (told, refused) = mpsc::channel();
        let task = home.spawn_shared(move || {
            let itself = receiver.recv().unwrap();
            let result = catch_unwind(AssertUnwindSafe(|| other.install(|| itself.join())));
            told.send(result.is_err()).unwrap();
        });
        sender.send(task.clone()).unwrap();
        assert_eq!(refused.recv_timeout(LIMIT / 2), Ok(true));
        task.join();
    });
}

#[test]
fn cancelled_is_seen_inside_another_pool() {
    within(LIMIT, || {
        let (home, other) = (pool(1), Arc::new(pool(1)));
        let (begun, told) = (mpsc::channel(), mpsc::channel());
        let (begin, tell) = (begun.0, told.0);
        let task = home.spawn(move || {
            begin.send(()).unwrap();
            let seen = other.install(|| eventually(LIMIT / 2, micropool::cancelled));
            tell.send(seen).unwrap();
        });
        begun.1.recv().unwrap();
        assert!(!task.cancel(), "it has begun");
        assert_eq!(told.1.recv_timeout(LIMIT), Ok(true));
    });
}

// The dropping thread is the pool's own, though another pool is current.
#[test]
fn a_pool_dropped_by_its_own_worker_inside_another_pool() {
    within(LIMIT, || {
        let (home, other) = (pool(1), Arc::new(pool(1)));
        let (sender, receiver) = mpsc::channel::<ThreadPool>();
        let (told, dropped) = mpsc::channel();
        home.spawn(move || {
            let home = receiver.recv().unwrap();
            other.install(|| drop(home));
            told.send(()).unwrap();
        })
        .detach();
        sender.send(home).unwrap();
        assert_eq!(dropped.recv_timeout(LIMIT / 2), Ok(()));
    });
}

struct JoinsWhenDropped(mpsc::Sender<u32>);
impl Drop for JoinsWhenDropped {
    fn drop(&mut self) {
        // The pool of this thread is gone by now.
        thread::sleep(Duration::from_millis(20));
        let (a, b) = micropool::join(|| 1, || 2);
        let _ = self.0.send(a + b);
    }
}

thread_local! {
    static LATE: RefCell<Option<JoinsWhenDropped>> = const { RefCell::new(None) };
}

// A worker whose thread the user made, ends: its thread-locals are dropped after its pool is, and the current seat
// pointed into that.
#[test]
fn a_thread_local_of_a_worker_is_dropped_after_its_pool() {
    within(LIMIT, || {
        let (sender, receiver) = mpsc::channel();
        let pool = ThreadPoolBuilder::new()
            .num_threads(1)
            .spawn_handler(|thread| {
                thread::Builder::new().spawn(move || thread.run())?;
                Ok(())
            })
            .build()
            .expect("a pool");
        // Detached, so that the worker runs it.
        pool.spawn(move || LATE.with(|late| *late.borrow_mut() = Some(JoinsWhenDropped(sender)))).detach();
        drop(pool);
        assert_eq!(receiver.recv_timeout(LIMIT / 2), Ok(3));
    });
}

// While one thread waited strictly, each push tried to wake every worker, one after another: in a pool of 256 a join cost a hundred
// times as much.
#[test]
fn a_push_with_nobody_idle_looks_at_no_worker() {
    // The best of several runs, of a join while all workers are at work and somebody sleeps until they are done.
    fn cost_of_a_join(workers: usize) -> Duration {
        let pool = ThreadPoolBuilder::new()
            .num_threads(workers)
            .spin_before_sleep(Duration::from_micros(1))
            .build()
            .expect("a pool");
        let gate = Gate::default();
        thread::scope(|s| {
            let sleeper = s.spawn(|| {
                pool.scope(|s| {
                    (0..workers).for_each(|_| drop(s.spawn(|| gate.pass())));
                    soon("every worker has one", || gate.arrived() == workers);
                });
            });
            soon("all are at work", || gate.arrived() == workers);
            thread::sleep(Duration::from_millis(20));
            let joins = || {
                let began = Instant::now();
                pool.install(|| {
                    (0..200).for_each(|n| {
                        micropool::join(|| black_box(n), || black_box(n));
                    })
                });
                began.elapsed()
            };
            let best = (0..20).map(|_| joins()).min().expect("several");
            gate.open();
            sleeper.join().unwrap();
            best
        })
    }
    within(LIMIT, || {
        let (few, many) = (cost_of_a_join(2), cost_of_a_join(128));
        assert!(many < few * 4, "200 joins cost {few:?} beside 2 workers, {many:?} beside 128");
    });
}

// The thread that dropped it waited for the worker to end, and the worker for that thread.
#[test]
fn a_pool_dropped_by_one_who_helps_its_worker() {
    within(LIMIT, || {
        let (pool, begun) = (Arc::new(pool(1)), Gate::default());
        let (own, passes) = (Mutex::new(Some(pool.clone())), begun.clone());
        let task = pool.spawn(move || {
            passes.pass();
            let dropping = || {
                soon("the half is taken", || own.lock().unwrap().is_none());
                thread::sleep(Duration::from_millis(20));
            };
            micropool::join(dropping, || {
                let last = own.lock().unwrap().take();
                drop(last);
            });
        });
        soon("the worker runs it", || begun.arrived() == 1);
        drop(pool);
        begun.open();
        task.join();
    });
}

#[micropool::job(background)]
fn next(#[after] n: u32) -> u32 {
    n + 1
}

// A thread that emptied one pool's queue took that for emptying any: what became ready in another pool meanwhile was left there.
#[test]
fn what_becomes_ready_in_a_second_pool_without_threads_runs() {
    within(LIMIT, || {
        let (home, a, b) = (pool(1), pool(0), pool(0));
        let gate = Gate::default();
        let passes = gate.clone();
        let first = home.spawn(move || {
            passes.pass();
            1
        });
        let second = a.install(|| next(first));
        let third = b.install(|| next(second));
        gate.open();
        soon("all three have run", || third.complete());
        assert_eq!(third.join(), 3);
    });
}

// It got a second seat there, and waited for itself to read the mail of the first.
#[test]
fn a_worker_that_comes_back_by_way_of_another_pool_is_that_worker() {
    within(LIMIT, || {
        let (home, other) = (Arc::new(pool(2)), pool(1));
        let again = home.clone();
        let (sender, receiver) = mpsc::channel();
        home.spawn(move || {
            let index = micropool::current_thread_index();
            let calls = AtomicUsize::new(0);
            other.install(|| {
                again.install(|| {
                    assert_eq!(micropool::current_thread_index(), index);
                    micropool::broadcast(|_| {
                        calls.fetch_add(1, Ordering::Relaxed);
                    });
                });
            });
            sender.send(calls.into_inner()).unwrap();
        })
        .detach();
        assert_eq!(receiver.recv_timeout(LIMIT / 2), Ok(2));
    });
}

// The last of that pool was dropped by a thread that was just taking its seat in the next one.
#[test]
fn what_a_handler_owns_joins_when_its_pool_is_gone() {
    within(LIMIT, || {
        let (sender, receiver) = mpsc::channel();
        let owned = JoinsWhenDropped(sender);
        let pool = ThreadPoolBuilder::new()
            .num_threads(1)
            .panic_handler(move |_| {
                let _ = &owned;
            })
            .build()
            .expect("a pool");
        // From here on this thread has a seat there, which keeps what the pool owns.
        pool.join(|| (), || ());
        thread::spawn(move || drop(pool)).join().unwrap();
        assert!(receiver.try_recv().is_err());
        self::pool(0).join(|| (), || ());
        assert_eq!(receiver.try_recv(), Ok(3));
    });
}

// The threads that had been made slept for ever.
#[test]
fn a_panic_while_a_pool_is_built_ends_its_threads() {
    within(LIMIT, || {
        for in_the_name in [true, false] {
            let (begun, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
            let (begin, end) = (begun.clone(), ended.clone());
            let builder = ThreadPoolBuilder::new()
                .num_threads(4)
                .start_handler(move |_| {
                    begin.fetch_add(1, Ordering::SeqCst);
                })
                .exit_handler(move |_| {
                    end.fetch_add(1, Ordering::SeqCst);
                });
            let builder = if in_the_name {
                builder.thread_name(|index| ["a", "b", "c"][index].to_owned())
            } else {
                builder.spawn_handler(|thread| {
                    assert!(thread.index() < 3);
                    thread::spawn(|| thread.run());
                    Ok(())
                })
            };
            assert!(catch_unwind(AssertUnwindSafe(|| builder.build())).is_err());
            assert_eq!((begun.load(Ordering::SeqCst), ended.load(Ordering::SeqCst)), (3, 3));
        }
    });
}

struct PanicsWhenDropped;
impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("in a drop");
    }
}

// It was dropped while the other's panic was on its way, which ended the process.
#[test]
fn a_result_of_join_all_that_panics_in_its_drop_beside_a_panic() {
    let first: fn() -> PanicsWhenDropped = || PanicsWhenDropped;
    let second: fn() -> PanicsWhenDropped = || panic!("the first in order");
    let is_it = |payload: Box<dyn std::any::Any + Send>| payload.downcast_ref() == Some(&"the first in order");
    let pool = pool(1);
    let array = catch_unwind(AssertUnwindSafe(|| drop(pool.join_all([first, second]))));
    let vector = catch_unwind(AssertUnwindSafe(|| drop(pool.join_all(vec![first, second, first]))));
    assert!(array.is_err_and(is_it) && vector.is_err_and(is_it));
}

// It slept until the worker had time for the task.
#[test]
fn wait_idle_helps_with_what_is_queued_while_it_sleeps() {
    within(LIMIT, || {
        let (pool, first, kept) = (pool(1), Gate::default(), Gate::default());
        let passes = first.clone();
        let task = pool.spawn(move || passes.pass()).then(|()| ());
        soon("the worker runs the first", || first.arrived() == 1);
        thread::scope(|s| {
            // A half that the worker takes before it looks at the queue, and holds it until the pool is idle.
            let half = s.spawn(|| pool.join(|| kept.pass(), || kept.pass()));
            let idle = s.spawn(|| pool.wait_idle());
            thread::sleep(Duration::from_millis(50));
            first.open();
            let helped = eventually(LIMIT / 4, || idle.is_finished());
            kept.open();
            half.join().unwrap();
            idle.join().unwrap();
            assert!(helped && task.complete());
        });
    });
}

// The task waited for the worker's answer, and the worker for the task.
#[test]
fn a_worker_that_waits_until_the_pool_is_idle_reads_the_mail_of_tasks() {
    within(LIMIT, || {
        let (pool, gate) = (pool(2), Gate::default());
        let passes = gate.clone();
        let task = pool.spawn(move || {
            passes.pass();
            micropool::broadcast(|_| ());
        });
        soon("a worker runs it", || gate.arrived() == 1);
        let waits = AtomicBool::new(false);
        pool.join(
            || {
                soon("the other worker waits", || waits.load(Ordering::SeqCst));
                gate.open();
            },
            || {
                waits.store(true, Ordering::SeqCst);
                pool.wait_idle();
            },
        );
        assert!(task.complete());
    });
}

// Afterwards the outer worker's thread had no current pool: its jobs used the global one.
#[test]
fn a_worker_thread_run_by_another_pools_worker_gives_that_back() {
    within(LIMIT, || {
        let home = pool(1);
        let (inner, thread) = with_its_thread_in_hand();
        let life = home.spawn(move || thread.run());
        let task = inner.spawn(|| ());
        soon("it works", || task.complete());
        drop(inner);
        soon("it has ended", || life.complete());
        let index = home.spawn(micropool::current_thread_index);
        soon("the outer one goes on", || index.complete());
        assert_eq!(index.join(), Some(0));
    });
}

// Those who joined it were told when the waker had returned.
#[test]
fn a_waker_keeps_nobody_from_the_end_of_a_task() {
    struct WaitsForTheJoin(AtomicBool);
    impl Wake for WaitsForTheJoin {
        fn wake(self: Arc<Self>) {
            soon("the join has returned", || self.0.load(Ordering::SeqCst));
        }
    }
    within(LIMIT, || {
        let (pool, gate) = (pool(1), Gate::default());
        let passes = gate.clone();
        let task = pool.spawn_shared(move || passes.pass());
        soon("it runs on the worker", || gate.arrived() == 1);
        let joined = Arc::new(WaitsForTheJoin(AtomicBool::new(false)));
        let waker = Waker::from(joined.clone());
        let mut future = pin!((&task).into_future());
        assert!(future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        thread::scope(|s| {
            s.spawn(|| {
                // When the other one sleeps.
                thread::sleep(Duration::from_millis(50));
                gate.open();
            });
            task.join();
            joined.0.store(true, Ordering::SeqCst);
        });
    });
}

// It waited on for what the cancelled task would have come after.
#[test]
fn a_join_ends_when_what_it_waits_for_is_cancelled() {
    within(LIMIT, || {
        let (pool, gate) = (pool(1), Gate::default());
        let passes = gate.clone();
        let tasks = pool.install(|| {
            micropool::parallel! {
                background first => passes.pass(),
                background second after first => (),
                background third after second => (),
                background fourth after third => (),
            }
        });
        soon("the first runs", || gate.arrived() == 1);
        thread::scope(|s| {
            let (second, fourth) = (tasks.second, tasks.fourth);
            let join = s.spawn(|| fourth.outcome());
            thread::sleep(Duration::from_millis(50));
            assert!(second.cancel());
            let ended = eventually(LIMIT / 4, || join.is_finished());
            gate.open();
            assert!(join.join().unwrap().is_err() && ended);
        });
    });
}

// The task lies below on the same stack, though it isn't what the work on top descends from: it waited for ever.
#[test]
fn work_on_top_of_a_task_that_waits_for_it_panics() {
    fn yields_to(pool: &ThreadPool, on_top: impl FnOnce(SharedTask<()>) + Send) {
        let (gate, over) = (Gate::default(), AtomicBool::new(false));
        let passes = gate.clone();
        let task = pool.spawn_shared(move || {
            passes.pass();
            while !micropool::yield_to_foreground() {}
        });
        soon("the worker runs it", || gate.arrived() == 1);
        let below = task.clone();
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            pool.join(
                || {
                    gate.open();
                    soon("it is over", || over.load(Ordering::SeqCst));
                },
                || {
                    let result = catch_unwind(AssertUnwindSafe(|| on_top(below)));
                    over.store(true, Ordering::SeqCst);
                    assert!(result.is_ok());
                },
            )
        }));
        assert!(panicked.is_err());
        task.join();
    }
    within(LIMIT, || {
        let pool = pool(1);
        yields_to(&pool, |task| *task.join());
        yields_to(&pool, |_| pool.wait_idle());
    });
}

// Only its caller could have run both, and it began with the one that only it may run: nobody was woken for the other.
#[test]
fn a_node_that_is_ready_beside_a_here_node_wakes_a_worker() {
    within(LIMIT, || {
        let (pool, ran) = (pool(1), AtomicBool::new(false));
        let seen = pool.install(|| {
            let graph = micropool::parallel! {
                // Long enough for the worker to fall asleep again.
                first => thread::sleep(Duration::from_millis(50)),
                here urgent after first => eventually(LIMIT / 4, || ran.load(Ordering::SeqCst)),
                here more(urgent) => *urgent,
                _ after first => ran.store(true, Ordering::SeqCst),
                here last(more) => *more,
            };
            graph.last
        });
        assert!(seen);
    });
}
