//! The promises of the README, each under its name (the third has a file of its own).

use micropool::{ThreadPool, ThreadPoolBuilder};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};
use support::{busy, eventually, within};

const LIMIT: Duration = Duration::from_secs(20);

fn pool(threads: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool")
}

/// Every worker held in a background task or a stolen half, until the guard goes.
fn occupy(pool: &ThreadPool) -> impl Drop + use<> {
    struct Release(Arc<AtomicBool>, Vec<micropool::Task<()>>);
    impl Drop for Release {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Release);
            self.1.drain(..).for_each(micropool::Task::join);
        }
    }
    let release = Arc::new(AtomicBool::new(false));
    let held = Arc::new(AtomicUsize::new(0));
    let tasks = (0..pool.num_threads())
        .map(|_| {
            let (release, held) = (release.clone(), held.clone());
            pool.spawn(move || {
                held.fetch_add(1, Ordering::AcqRel);
                while !release.load(Ordering::Acquire) {
                    std::thread::yield_now();
                }
            })
        })
        .collect();
    let all = pool.num_threads();
    assert!(eventually(LIMIT, || held.load(Ordering::Acquire) == all), "every worker is held");
    Release(release, tasks)
}

#[test]
fn promise_1_the_caller_helps() {
    within(LIMIT, || {
        let pool = ThreadPoolBuilder::new().num_threads(2).background_threads(2).build().expect("a pool");
        let _held = occupy(&pool);
        let this = std::thread::current().id();
        let (a, b) = pool.join(|| std::thread::current().id(), || std::thread::current().id());
        assert_eq!((a, b), (this, this));
        pool.split_by(10).for_each_range(10, |_| assert_eq!(std::thread::current().id(), this));
        pool.scope(|s| {
            for _ in 0..10 {
                s.spawn(|| assert_eq!(std::thread::current().id(), this));
            }
        });
        assert_eq!(pool.spawn(|| std::thread::current().id()).join(), this);
    });
}

#[test]
fn promise_2_forward_progress() {
    for workers in [0, 1, 8, 64] {
        within(Duration::from_secs(60), move || {
            let pool = pool(workers);
            std::thread::scope(|s| {
                for _ in 0..200 {
                    s.spawn(|| {
                        pool.install(|| {
                            let (a, b) =
                                micropool::join(|| micropool::join(|| 1, || 2), || micropool::join(|| 3, || 4));
                            assert_eq!((a, b), ((1, 2), (3, 4)));
                        });
                    });
                }
            });
        });
    }
}

#[test]
fn promise_4_foreground_before_background() {
    within(LIMIT, || {
        // The one worker is held; meanwhile a background task, then foreground work is made. It takes the latter first.
        let pool = pool(1);
        let order = Arc::new(log::Log::default());
        let held = occupy(&pool);
        let log = order.clone();
        let task = pool.spawn(move || log.note("background"));
        let gate = AtomicBool::new(false);
        pool.join(
            || {
                drop(held);
                assert!(eventually(LIMIT, || gate.load(Ordering::Acquire)), "the worker takes the half");
            },
            || {
                order.note("foreground");
                gate.store(true, Ordering::Release);
            },
        );
        task.join();
        assert_eq!(order.take(), ["foreground", "background"]);
    });
}

#[test]
fn promise_4_the_cap_on_background_workers_holds() {
    within(LIMIT, || {
        let pool = ThreadPoolBuilder::new().num_threads(4).background_threads(2).build().expect("a pool");
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let tasks: Vec<_> = (0..200)
            .map(|_| {
                let (now, most) = (now.clone(), most.clone());
                pool.spawn(move || {
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    micropool::join(|| busy(Duration::from_micros(50)), || busy(Duration::from_micros(50)));
                    now.fetch_sub(1, Ordering::SeqCst);
                })
            })
            .collect();
        assert!(eventually(LIMIT, || tasks.iter().all(micropool::Task::complete)));
        assert_eq!(most.load(Ordering::SeqCst), 2);
    });
}

#[test]
fn promise_4_dedicated_threads_run_the_background() {
    within(LIMIT, || {
        let pool = ThreadPoolBuilder::new().num_threads(1).dedicated_background_threads(1).build().expect("a pool");
        let seen = pool.spawn(micropool::current_thread_index);
        assert!(eventually(LIMIT, || seen.complete()));
        assert_eq!(seen.join(), None, "not on a numbered worker");
        let held = AtomicBool::new(false);
        // A full background queue does not keep the worker from a half.
        let busy_task = pool.spawn(|| busy(Duration::from_millis(200)));
        let more: Vec<_> = (0..10).map(|_| pool.spawn(|| busy(Duration::from_millis(1)))).collect();
        pool.join(
            || assert!(eventually(LIMIT, || held.load(Ordering::Acquire))),
            || held.store(true, Ordering::Release),
        );
        busy_task.join();
        more.into_iter().for_each(micropool::Task::join);
    });
}

#[test]
fn promise_5_work_is_visible_at_once() {
    within(LIMIT, || {
        let pool = pool(1);
        for _ in 0..20 {
            // The first half never calls the pool, and ends only when the second has been taken by the worker.
            let taken = AtomicBool::new(false);
            pool.join(
                || assert!(eventually(LIMIT, || taken.load(Ordering::Acquire)), "the second half of a join"),
                || taken.store(true, Ordering::Release),
            );
            let taken = AtomicBool::new(false);
            pool.scope(|s| {
                s.spawn(|| taken.store(true, Ordering::Release));
                assert!(eventually(LIMIT, || taken.load(Ordering::Acquire)), "an item of a scope");
            });
            // Ten halves pending on one stack: the oldest can be taken while the innermost goes on.
            fn nest(depth: usize, taken: &AtomicBool) {
                if depth == 0 {
                    assert!(eventually(LIMIT, || taken.load(Ordering::Acquire)), "the oldest of ten halves");
                } else {
                    micropool::join(|| nest(depth - 1, taken), || taken.store(true, Ordering::Release));
                }
            }
            let taken = AtomicBool::new(false);
            pool.install(|| nest(10, &taken));
        }
    });
}

// What it costs and what sleeping doesn't is measured in `promise_6_sleep.rs`.
#[test]
fn promise_6_awake_guards_count_and_outlive_their_pool() {
    within(LIMIT, || {
        let pool = pool(1);
        let guard = pool.keep_awake();
        let second = pool.keep_awake();
        drop(guard);
        std::thread::sleep(Duration::from_millis(5));
        let taken = AtomicBool::new(false);
        let (_, there) = pool.join(
            || assert!(eventually(LIMIT, || taken.load(Ordering::Acquire))),
            || {
                taken.store(true, Ordering::Release);
                micropool::current_thread_index()
            },
        );
        assert_eq!(there, Some(0));
        drop(pool);
        drop(second);
    });
}

#[test]
fn promise_7_panics_travel() {
    within(LIMIT, || {
        for workers in [0, 1, 3] {
            let pool = pool(workers);
            let message = |result: std::thread::Result<()>| {
                *result.expect_err("a panic").downcast::<&str>().expect("its payload")
            };
            let other = AtomicUsize::new(0);
            let count = || {
                other.fetch_add(1, Ordering::Relaxed);
            };
            let run = |f: &dyn Fn()| message(catch_unwind(AssertUnwindSafe(|| pool.install(f))));
            assert_eq!(
                run(&|| {
                    let _ = micropool::join(|| panic!("a"), count);
                }),
                "a"
            );
            assert_eq!(
                run(&|| {
                    let _ = micropool::join(count, || panic!("b"));
                }),
                "b"
            );
            assert_eq!(other.load(Ordering::Relaxed), 2, "the other half always runs");
            assert_eq!(
                run(&|| {
                    let _ = micropool::join(|| panic!("a"), || panic!("b"));
                }),
                "a"
            );
            assert_eq!(
                run(&|| {
                    let _ = micropool::join_all((count, || panic!("second"), count, || panic!("fourth")));
                }),
                "second"
            );
            assert_eq!(other.load(Ordering::Relaxed), 4);
            assert_eq!(
                run(&|| {
                    micropool::scope(|s| drop(s.spawn(|| panic!("item"))));
                }),
                "item"
            );
            assert_eq!(
                run(&|| {
                    micropool::scope(|s| s.spawn(|| -> u32 { panic!("item") }).join());
                }),
                "item"
            );
            assert_eq!(
                run(&|| {
                    micropool::spawn(|| -> u32 { panic!("task") }).join();
                }),
                "task"
            );
            assert_eq!(
                run(&|| {
                    micropool::spawn(|| -> u32 { panic!("head") }).then(|head| head + 1).join();
                }),
                "head"
            );
            assert_eq!(
                run(&|| micropool::split_per_item().for_each_range(100, |range| assert!(range.start != 50, "never"))),
                "never"
            );
            // The workers are all still there.
            let seen = AtomicUsize::new(0);
            pool.install(|| {
                micropool::broadcast(|_| {
                    seen.fetch_add(1, Ordering::Relaxed);
                });
            });
            assert_eq!(seen.into_inner(), workers);
        }
    });
}

#[test]
fn promise_7_a_detached_panic_goes_to_the_handler() {
    within(LIMIT, || {
        let (sender, receiver) = std::sync::mpsc::channel();
        let sender = std::sync::Mutex::new(sender);
        let pool = ThreadPoolBuilder::new()
            .num_threads(1)
            .panic_handler(move |payload| {
                let text = *payload.downcast::<&str>().expect("its payload");
                sender.lock().expect("not poisoned").send(text).expect("the test listens");
                panic!("a handler's own panic goes no further");
            })
            .build()
            .expect("a pool");
        pool.spawn(|| panic!("detached")).detach();
        assert_eq!(receiver.recv_timeout(LIMIT), Ok("detached"));
        let task = pool.spawn(|| panic!("dropped later"));
        assert!(eventually(LIMIT, || task.complete()));
        drop(task);
        assert_eq!(receiver.recv_timeout(LIMIT), Ok("dropped later"));
        assert_eq!(pool.spawn(|| 5).join(), 5);
    });
}

#[test]
fn a_task_joined_from_inside_itself_panics_with_a_message() {
    within(LIMIT, || {
        let pool = pool(1);
        let slot: Arc<std::sync::Mutex<Option<micropool::SharedTask<()>>>> = Arc::default();
        let own = slot.clone();
        let gate = Arc::new(Barrier::new(2));
        let inside = gate.clone();
        let task = pool.spawn_shared(move || {
            inside.wait();
            let own = own.lock().expect("not poisoned").clone().expect("the handle");
            let result = catch_unwind(AssertUnwindSafe(|| own.join()));
            let text = result.expect_err("it can't be done").downcast::<String>().expect("a message");
            assert!(text.contains("joined from inside itself"), "{text}");
        });
        *slot.lock().expect("not poisoned") = Some(task.clone());
        gate.wait();
        task.join();
    });
}

#[test]
fn threads_that_sleep_are_woken_for_descendants() {
    within(LIMIT, || {
        // The caller sleeps for a half that the worker runs; when that half makes work, the caller is woken for it.
        let pool = ThreadPoolBuilder::new()
            .num_threads(1)
            .spin_before_sleep(Duration::from_micros(10))
            .build()
            .expect("a pool");
        for _ in 0..20 {
            let stolen = AtomicBool::new(false);
            let helped = AtomicBool::new(false);
            let caller = std::thread::current().id();
            pool.join(
                || assert!(eventually(LIMIT, || stolen.load(Ordering::Acquire))),
                || {
                    stolen.store(true, Ordering::Release);
                    // Long enough for the caller to fall asleep.
                    std::thread::sleep(Duration::from_millis(2));
                    micropool::join(
                        || {
                            assert!(
                                eventually(LIMIT, || helped.load(Ordering::Acquire)),
                                "the sleeping caller was woken"
                            )
                        },
                        || {
                            assert_eq!(std::thread::current().id(), caller);
                            helped.store(true, Ordering::Release);
                        },
                    );
                },
            );
        }
    });
}

#[test]
fn a_dropped_pool_finishes_its_queue() {
    within(LIMIT, || {
        for workers in [0, 1, 4] {
            let count = Arc::new(AtomicUsize::new(0));
            let pool = pool(workers);
            for _ in 0..100 {
                let count = count.clone();
                pool.spawn(move || {
                    let count = count.clone();
                    micropool::spawn(move || count.fetch_add(1, Ordering::Relaxed)).detach();
                })
                .detach();
            }
            drop(pool);
            assert_eq!(count.load(Ordering::Relaxed), 100);
        }
        // By one of its own workers.
        let pool = Arc::new(pool(2));
        let own = pool.clone();
        let (sender, receiver) = std::sync::mpsc::channel();
        pool.spawn(move || {
            receiver.recv().expect("the last handle is this one");
            drop(own);
        })
        .detach();
        drop(pool);
        sender.send(()).expect("the task listens");
    });
}

#[test]
fn a_thread_that_cannot_be_created_is_an_error_and_leaves_none_behind() {
    within(LIMIT, || {
        for fails_at in 0..4 {
            let alive = Arc::new(AtomicUsize::new(0));
            let count = alive.clone();
            let result = ThreadPoolBuilder::new()
                .num_threads(4)
                .spawn_handler(move |worker| {
                    if worker.index() == fails_at {
                        return Err(std::io::Error::other("no more threads"));
                    }
                    let count = count.clone();
                    std::thread::spawn(move || {
                        count.fetch_add(1, Ordering::SeqCst);
                        worker.run();
                        count.fetch_sub(1, Ordering::SeqCst);
                    });
                    Ok(())
                })
                .build();
            let text = result.expect_err("a thread is missing").to_string();
            assert!(text.contains("no more threads") && text.contains("of 4"), "{text}");
            assert!(eventually(LIMIT, || alive.load(Ordering::SeqCst) == 0));
        }
    });
}

#[test]
fn deep_recursion_needs_the_program_s_own_stack_only() {
    // On the 2 MiB of a thread. Without optimisation a level of any function is several times as big: the stress run of
    // the gates takes the full depth.
    const DEPTH: u32 = if cfg!(debug_assertions) { 2_000 } else { 10_000 };
    fn deep(n: u32) -> u32 {
        if n == 0 {
            return 0;
        }
        let (a, b) = micropool::join(|| deep(n - 1), || 1);
        a + b
    }
    within(LIMIT, || {
        let pool = pool(2);
        let started = Instant::now();
        assert_eq!(pool.install(|| deep(DEPTH)), DEPTH);
        assert!(started.elapsed() < LIMIT);
    });
}

mod log {
    /// What happened, in order.
    #[derive(Default)]
    pub struct Log(std::sync::Mutex<Vec<&'static str>>);

    impl Log {
        pub fn note(&self, what: &'static str) {
            self.0.lock().expect("not poisoned").push(what);
        }
        pub fn take(&self) -> Vec<&'static str> {
            std::mem::take(&mut self.0.lock().expect("not poisoned"))
        }
    }
}
