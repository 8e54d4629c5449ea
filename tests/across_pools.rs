//! Calls that go from pool to pool: a thread stays what it is in each, and what descends from a task does so in other pools too.

use micropool::{SharedTask, Task, ThreadPool, ThreadPoolBuilder};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread::{self, ThreadId};
use std::time::Duration;
use support::{Gate, capped, eventually, soon, with_its_thread_in_hand, within};

const LIMIT: Duration = Duration::from_secs(20);

fn pool(workers: usize) -> Arc<ThreadPool> {
    Arc::new(ThreadPoolBuilder::new().num_threads(workers).build().expect("a pool"))
}

/// The result of a task that a worker runs, and not whoever joins it.
fn by_a_worker<T>(task: Task<T>) -> T {
    soon("a worker runs it", || task.complete());
    task.join()
}

/// The words of its panic.
fn refusal<R>(f: impl FnOnce() -> R) -> Option<String> {
    let payload = catch_unwind(AssertUnwindSafe(f)).err()?;
    let text = payload.downcast_ref::<&str>().map(|&text| text.to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
}

/// Both halves of a join, each on a thread of its own.
fn on_two_threads<A: Send, B: Send>(
    pool: &ThreadPool,
    a: impl FnOnce() -> A + Send,
    b: impl FnOnce() -> B + Send,
) -> (A, B) {
    let meet = Barrier::new(2);
    let (a, b) = ((|| (meet.wait(), a())), (|| (meet.wait(), b())));
    let ((_, a), (_, b)) = pool.join(a, b);
    (a, b)
}

mod there_and_back {
    use super::*;

    /// What `f` gives on a worker of the first pool, inside the second, inside the first again.
    fn back<R: Send + 'static>(home: &Arc<ThreadPool>, f: impl FnOnce() -> R + Send + 'static) -> R {
        let (again, other) = (home.clone(), pool(3));
        by_a_worker(home.spawn(move || other.install(|| again.install(f))))
    }

    #[test]
    fn a_worker_is_one_of_the_current_pool() {
        within(LIMIT, || {
            let chunks = || {
                let count = AtomicUsize::new(0);
                micropool::split_by_threads().for_each_range(1000, |_| {
                    count.fetch_add(1, Ordering::Relaxed);
                });
                count.into_inner()
            };
            let seen = back(&pool(2), move || (micropool::num_threads(), micropool::current_thread_index(), chunks()));
            assert!(matches!(seen, (2, Some(0 | 1), 2)), "{seen:?}");
            let (home, other) = (pool(2), pool(3));
            let seen = by_a_worker(home.spawn(move || {
                other.install(|| (micropool::num_threads(), micropool::current_thread_index(), chunks()))
            }));
            assert_eq!(seen, (3, None, 4), "in the other pool it is a caller");
        });
    }

    /// Notes in which pool it is dropped, by the number of its threads.
    struct NotesItsEnd<'a>(&'a Mutex<Vec<usize>>);

    impl Drop for NotesItsEnd<'_> {
        fn drop(&mut self) {
            self.0.lock().expect("not poisoned").push(micropool::num_threads());
        }
    }

    #[test]
    fn what_the_closures_of_a_loop_own_is_dropped_in_its_pool() {
        within(LIMIT, || {
            let (home, other) = (pool(2), pool(3));
            let ends = Mutex::new(Vec::new());
            let owned = || NotesItsEnd(&ends);
            for parts in [1, 2, 3, 50] {
                for len in [0, 100] {
                    // An empty loop enters no pool.
                    let there = if len > 0 { other.num_threads() } else { home.num_threads() };
                    let noted = |count: usize| assert_eq!(ends.lock().unwrap().split_off(0), vec![there; count]);
                    home.install(|| {
                        let f = owned();
                        other.split_by(parts).for_each_range(len, move |_| {
                            let _ = &f;
                        });
                        noted(1);
                        let (map, reduce) = (owned(), owned());
                        let map = move |range: Range<usize>| {
                            let _ = &map;
                            range.len()
                        };
                        let reduce = move |a, b| {
                            let _ = &reduce;
                            a + b
                        };
                        let all = other.split_by(parts).reduce_ranges(len, map, reduce);
                        assert_eq!(all, (len > 0).then_some(len));
                        noted(2);
                        let f = owned();
                        let panics = move |_: Range<usize>| {
                            let _ = &f;
                            panic!("on purpose");
                        };
                        let looped = || other.split_by(parts).for_each_range(len, panics);
                        assert_eq!(catch_unwind(AssertUnwindSafe(looped)).is_err(), len > 0);
                        noted(1);
                    });
                }
            }
        });
    }

    #[test]
    fn a_broadcast_reaches_the_worker_that_makes_it() {
        within(LIMIT, || {
            for workers in [1, 2] {
                let calls = back(&pool(workers), || {
                    let calls = AtomicUsize::new(0);
                    micropool::broadcast(|_| {
                        calls.fetch_add(1, Ordering::Relaxed);
                    });
                    calls.into_inner()
                });
                assert_eq!(calls, workers);
            }
        });
    }

    #[test]
    fn work_of_a_task_keeps_to_the_background() {
        within(LIMIT, || {
            let builder = ThreadPoolBuilder::new().num_threads(2).background_threads(1);
            let home = Arc::new(builder.build().expect("a pool"));
            // The cap is used up by the task itself: if its half were foreground, the second worker would take it.
            let here = || thread::current().id();
            let half = move || micropool::join(|| thread::sleep(Duration::from_millis(30)), here).1 == here();
            assert!(back(&home, half));
        });
    }

    #[test]
    fn who_waits_may_take_what_is_offered_there() {
        within(LIMIT, || {
            let (home, other) = (pool(1), pool(0));
            let (begun, taker) = (AtomicUsize::new(0), Mutex::new(None));
            let inner = || {
                let taken = || taker.lock().unwrap().is_some();
                micropool::join(
                    || eventually(LIMIT / 2, taken),
                    || *taker.lock().unwrap() = Some(thread::current().id()),
                );
            };
            home.join(
                || soon("the worker has the other half", || begun.load(Ordering::SeqCst) == 1),
                || {
                    begun.store(1, Ordering::SeqCst);
                    other.install(|| home.install(inner));
                },
            );
            assert_eq!(taker.into_inner().unwrap(), Some(thread::current().id()));
        });
    }
}

mod tiers_of_each_pool {
    use super::*;

    /// A pool can't promote another's work; so what a background task does in another pool is foreground there from the start, lest a frame
    /// that comes to wait for the task waits for that pool's cap too.
    #[test]
    fn what_a_background_task_does_in_another_pool_is_foreground_there() {
        within(LIMIT, || {
            let (home, gate) = (pool(1), Gate::default());
            let builder = ThreadPoolBuilder::new().num_threads(2).background_threads(1);
            let other = Arc::new(builder.build().expect("a pool"));
            let held = gate.hold(&other);
            let taken = Arc::new(AtomicUsize::new(0));
            let (there, half) = (other.clone(), taken.clone());
            let task = home.spawn(move || {
                let first = || soon("a worker of the other pool takes it", || half.load(Ordering::SeqCst) == 1);
                there.join(first, || half.store(1, Ordering::SeqCst));
            });
            by_a_worker(task);
            gate.open();
            held.join();
        });
    }

    #[test]
    fn what_comes_after_a_task_runs_in_its_pool() {
        within(LIMIT, || {
            let [home, other] = [2, 3].map(pool);
            let task = home.spawn(|| ());
            let after = other.install(|| task.then(|()| micropool::num_threads()));
            assert_eq!(by_a_worker(after), 2);
        });
    }

    /// A thread holds its place of the background in one pool, and perhaps in another that it works for meanwhile.
    #[test]
    fn a_worker_run_inside_a_task_of_another_pool_has_a_place_of_its_own() {
        within(LIMIT, || {
            let home = Arc::new(capped(1, 1));
            let (inner, thread) = with_its_thread_in_hand();
            let again = home.clone();
            let life = home.spawn(move || {
                thread.run();
                // It holds the one place of this pool still, and so may run what is queued there.
                let next = again.spawn(thread::current);
                let helped = micropool::help_background(LIMIT);
                assert!(next.complete(), "helped with {helped}");
                helped
            });
            soon("it works", || {
                let task = inner.spawn(|| ());
                eventually(Duration::from_secs(1), || task.complete())
            });
            drop(inner);
            assert_eq!(by_a_worker(life), 1);
        });
    }
}

mod inside {
    use super::*;

    /// A task on top of whoever joins it is a worker of another pool: all the while its thread is inside of the task's pool, too.
    #[test]
    fn a_pool_dropped_by_a_worker_that_one_of_its_tasks_is_waits_for_nobody() {
        within(LIMIT, || {
            let (home, gate) = (pool(1), Gate::default());
            let held = gate.hold(&home);
            let (inner, thread) = with_its_thread_in_hand();
            let life = home.spawn_shared(move || {
                thread.run();
                micropool::num_threads()
            });
            // Nobody of its own pool can run it.
            let here = life.clone();
            let joiner = thread::spawn(move || *here.join());
            let (tell, told) = mpsc::channel();
            let dropped = inner.spawn(move || {
                drop(home);
                // A seat of another pool is no reason to give the one back that this thread is on.
                assert_eq!(pool(1).join(|| 1, || 2), (1, 2));
                tell.send(()).expect("the test listens");
            });
            told.recv_timeout(LIMIT / 4).expect("it doesn't wait for a thread that is held");
            by_a_worker(dropped);
            gate.open();
            drop(inner);
            assert_eq!(joiner.join().expect("no panic"), 1);
            held.join();
        });
    }
}

mod descent {
    use super::*;

    /// The branch that becomes ready lies in another pool than what its joiner sleeps for, whose end it holds up.
    #[test]
    fn who_waits_runs_what_becomes_ready_in_another_pool() {
        within(LIMIT, || {
            let [busy, elsewhere, starts] = [1, 1, 1].map(pool);
            let (gate, start) = (Gate::default(), Gate::default());
            let passes = start.clone();
            let input = starts.spawn_shared(move || passes.pass());
            soon("it runs", || start.arrived() == 1);
            let ((begin, begun), (tell, told)) = (mpsc::channel(), mpsc::channel());
            let long = elsewhere.spawn_shared(move || {
                begin.send(()).expect("the test waits for it");
                told.recv_timeout(LIMIT / 2).is_ok()
            });
            // Else the joiner might be the one that runs it.
            begun.recv().expect("its own pool's worker runs it");
            let branch = busy.install(|| {
                micropool::__private::spawn_after("after", (), &[&input], move |()| {
                    tell.send(()).expect("the long one listens");
                    thread::current().id()
                })
            });
            let branch = branch.share();
            let both = micropool::__private::spawn_after("after", (), &[&long, &branch], |()| ());
            // Nobody of its own pool can run the branch.
            let held = gate.hold(&busy);
            let opener = thread::spawn(move || {
                // When the joiner sleeps.
                thread::sleep(Duration::from_millis(50));
                start.open();
            });
            both.join();
            assert!(long.join(), "the joiner slept until the long one had given up");
            assert_eq!(*branch.join(), thread::current().id());
            gate.open();
            held.join();
            opener.join().expect("no panic");
        });
    }

    #[test]
    fn cancelled_is_seen_by_a_thread_of_another_pool() {
        within(LIMIT, || {
            let (home, other) = (pool(1), pool(1));
            let ((begin, begun), (tell, told)) = (mpsc::channel(), mpsc::channel());
            let task = home.spawn(move || {
                let see = || eventually(LIMIT / 4, micropool::cancelled);
                let seen = on_two_threads(&other, see, || {
                    begin.send(()).unwrap();
                    see()
                });
                tell.send(seen).unwrap();
            });
            begun.recv().unwrap();
            assert!(!task.cancel(), "it has begun");
            assert_eq!(told.recv().unwrap(), (true, true));
        });
    }

    #[test]
    fn a_task_of_another_pool_is_not_cancelled_with_the_one_that_joins_it() {
        within(LIMIT, || {
            let home = pool(1);
            let dedicated =
                ThreadPoolBuilder::new().num_threads(0).dedicated_background_threads(1).build().expect("a pool");
            let ((begin, begun), (open, opened), (tell, told)) = (mpsc::channel(), mpsc::channel(), mpsc::channel());
            // The only thread that would run it is busy, so it runs on top of the one that joins it.
            let (busy, release) = (mpsc::channel(), mpsc::channel::<()>());
            let blocker = dedicated.spawn(move || {
                busy.0.send(()).unwrap();
                let _ = release.1.recv();
            });
            busy.1.recv().unwrap();
            let inner = dedicated.spawn(move || {
                begin.send(()).unwrap();
                opened.recv().unwrap();
                micropool::cancelled()
            });
            let outer = home.spawn(move || {
                tell.send((inner.join(), micropool::cancelled())).unwrap();
            });
            begun.recv().unwrap();
            assert!(!outer.cancel(), "it has begun");
            open.send(()).unwrap();
            assert_eq!(told.recv().unwrap(), (false, true));
            drop(release.0);
            blocker.join();
        });
    }

    #[test]
    fn a_task_is_not_joined_by_its_own_work_in_another_pool() {
        within(LIMIT, || {
            let (home, other) = (pool(1), pool(1));
            let (sender, receiver) = mpsc::channel::<SharedTask<Option<String>>>();
            let task = home.spawn_shared(move || {
                let itself = receiver.recv().unwrap();
                on_two_threads(&other, || (), || refusal(|| itself.join().is_some())).1
            });
            sender.send(task.clone()).unwrap();
            let words = task.join().as_deref().expect("it was refused");
            assert!(words.contains("from inside itself"), "{words}");
        });
    }

    #[test]
    fn a_pool_is_not_waited_for_by_its_own_tasks_work_in_another_pool() {
        within(LIMIT, || {
            let (home, other) = (pool(1), pool(1));
            let (again, there) = (home.clone(), other.clone());
            let words =
                by_a_worker(home.spawn(move || on_two_threads(&there, || (), || refusal(|| again.wait_idle())).1));
            assert!(words.expect("it was refused").contains("`wait_idle` was called from one of the pool's own tasks"));
            // The other pool's tasks are not what it is part of.
            let there = other.clone();
            let waited =
                by_a_worker(home.spawn(move || on_two_threads(&other, || there.wait_idle(), || there.wait_idle())));
            assert_eq!(waited, ((), ()));
        });
    }

    #[test]
    fn calls_that_go_to_and_fro_end() {
        fn go(pools: &[Arc<ThreadPool>], depth: usize, seed: usize) -> usize {
            let Some(depth) = depth.checked_sub(1) else { return 1 };
            let (left, right) = (|| go(pools, depth, seed + 1), || go(pools, depth, seed + 2));
            let pool = &pools[(seed * 7 + depth) % pools.len()];
            match depth % 3 {
                0 => {
                    let (a, b) = pool.join(left, right);
                    a + b
                }
                1 => pool.scope(|s| s.spawn(left).join() + right()),
                _ => pool.spawn(|| ()).then(|()| 0).join() + pool.install(|| left() + right()),
            }
        }
        within(LIMIT, || {
            let pools = [0, 1, 2].map(pool);
            for seed in 0..20 {
                assert_eq!(go(&pools, 9, seed), 512);
                let here: ThreadId = thread::current().id();
                let pools = pools.clone();
                let task = pools[2].clone().spawn(move || (go(&pools, 8, seed), thread::current().id()));
                let (sum, there) = by_a_worker(task);
                assert_eq!(sum, 256);
                assert_ne!(there, here);
            }
        });
    }
}
