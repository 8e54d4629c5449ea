//! Tasks and pools: 7 to 14.

use crate::{Counted, LIMIT, counter, on_pools, pool, watched, words};
use micropool::{SharedTask, Task, ThreadPool, ThreadPoolBuilder};
use std::collections::HashSet;
use std::error::Error;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::Duration;
use support::eventually;

#[test]
fn case_07_a_dropped_handle_detaches_and_cancel_against_run_has_one_winner() {
    on_pools(|pool| {
        let (sender, receiver) = mpsc::channel();
        drop(pool.spawn(move || sender.send(7).unwrap()));
        assert_eq!(receiver.recv_timeout(LIMIT), Ok(7), "a task without a handle runs");

        let (ran, dropped) = (counter(), counter());
        let mut cancelled = 0;
        const TASKS: usize = 3000;
        for n in 0..TASKS {
            let (ran, capture) = (ran.clone(), Counted(dropped.clone()));
            let head = pool.spawn(|| ());
            // Every other one is cancelled while it may still wait for its input.
            let task: Task<()> = if n % 2 == 0 {
                head.then(move |()| drop((ran.fetch_add(1, Ordering::SeqCst), capture)))
            } else {
                drop(head);
                pool.spawn(move || drop((ran.fetch_add(1, Ordering::SeqCst), capture)))
            };
            if n % 16 < 8 {
                thread::yield_now();
            }
            let won = task.cancel();
            cancelled += usize::from(won);
        }
        pool.wait_idle();
        assert_eq!(ran.load(Ordering::SeqCst) + cancelled, TASKS);
        assert!(eventually(LIMIT, || dropped.load(Ordering::SeqCst) == TASKS));
        assert_eq!(Arc::strong_count(&ran), 1);
    });
}

#[test]
fn case_08_a_task_joined_from_inside_itself() {
    // With no workers a task runs before there is a handle, unless it comes after one of another pool.
    #[micropool::job(background)]
    fn joins_itself(#[after] shape: u32, own: mpsc::Receiver<Task<()>>, told: mpsc::Sender<String>) {
        let own = own.recv().unwrap();
        let join = move || catch_unwind(AssertUnwindSafe(|| own.join()));
        let ended = match shape {
            0 => join(),
            1 => micropool::join(|| (), join).1,
            _ => micropool::scope(|s| s.spawn(join).join()),
        };
        told.send(words(ended.expect_err("it can't be done"))).unwrap();
    }
    on_pools(|pool| {
        let other = self::pool(1);
        // By its one handle, in the task, in a half that the task made, and in an item of a scope that it made.
        for shape in 0..3 {
            let (sender, receiver) = mpsc::channel();
            let (told, result) = mpsc::channel();
            let gate = support::Gate::default();
            let held = gate.clone();
            let before = other.spawn(move || {
                held.pass();
                shape
            });
            sender.send(pool.install(|| joins_itself(before, receiver, told))).unwrap();
            gate.open();
            other.wait_idle();
            pool.wait_idle();
            let text = result.recv_timeout(LIMIT / 2).expect("a panic instead of a wait without end");
            assert!(text.contains("joined from inside itself"), "{text}");
        }
    });
}

#[cfg(target_os = "linux")]
#[test]
fn case_08_a_circle_of_joins_sleeps_and_holds_up_nobody_else() {
    use rustix::time::{ClockId, clock_gettime};
    const NAME: &str = "tasks_and_pools::case_08_a_circle_of_joins_sleeps_and_holds_up_nobody_else";
    if support::role().is_none() {
        // The circle never ends: in a process that does.
        return watched(|| {
            let child = support::in_child(NAME, "circle").stderr(std::process::Stdio::piped()).spawn().unwrap();
            let output = support::ended(child, LIMIT / 2);
            assert_eq!(output.status.code(), Some(8), "{}", String::from_utf8_lossy(&output.stderr));
        });
    }
    let used = || {
        clock_gettime(ClockId::ProcessCPUTime).tv_nsec + clock_gettime(ClockId::ProcessCPUTime).tv_sec * 1_000_000_000
    };
    let pool = ThreadPoolBuilder::new().num_threads(3).background_threads(3).build().unwrap();
    let (to_a, for_a) = mpsc::channel::<Task<()>>();
    let (to_b, for_b) = mpsc::channel::<Task<()>>();
    let a = pool.spawn(move || for_a.recv().unwrap().join());
    let b = pool.spawn(move || for_b.recv().unwrap().join());
    to_b.send(a).unwrap();
    to_a.send(b).unwrap();
    thread::sleep(Duration::from_millis(50));
    assert_eq!(pool.spawn(|| 1).join(), 1);
    let there = pool.spawn(|| 2);
    assert!(eventually(LIMIT, || there.complete()), "the third worker runs tasks");
    assert_eq!(pool.split_per(3).reduce_ranges(100, |range| range.len(), |a, b| a + b), Some(100));
    thread::sleep(Duration::from_millis(50));
    let before = used();
    thread::sleep(Duration::from_millis(200));
    assert!(used() - before < 50_000_000, "who waits in the circle sleeps");
    std::process::exit(8);
}

#[test]
fn case_09_join_after_the_pool_is_gone() {
    on_pools(|pool| {
        let gone = crate::pool(pool.num_threads());
        let (other, gate) = (crate::pool(1), Arc::new(Barrier::new(2)));
        let over: SharedTask<Vec<u32>> = gone.spawn_shared(|| vec![1, 2]);
        let plain = gone.spawn(|| 3);
        // Something of the pool's that becomes ready only when the pool is no more.
        let inside = gate.clone();
        let before = other.spawn(move || {
            inside.wait();
            4
        });
        #[micropool::job(background)]
        fn after(#[after] input: u32) -> (u32, thread::ThreadId) {
            (input + 1, thread::current().id())
        }
        let late = gone.install(|| after(before));
        thread::scope(|s| {
            // The drop waits for what is queued, not for what may never be.
            s.spawn(move || drop(gone)).join().unwrap();
        });
        gate.wait();
        assert_eq!(late.join().0, 5);
        assert_eq!(over.join(), &[1, 2]);
        // What comes after a task of such a pool runs here, before the call returns.
        let then = plain.then(|three| (three, thread::current().id()));
        assert!(then.complete());
        assert_eq!(then.join(), (3, thread::current().id()));
    });
}

#[test]
fn case_10_a_pool_dropped_by_its_own_worker() {
    watched(|| {
        for (workers, dedicated) in [(1, 0), (3, 0), (1, 2)] {
            let (ran, exits) = (counter(), counter());
            let (counted, exit) = (ran.clone(), exits.clone());
            let pool = ThreadPoolBuilder::new()
                .num_threads(workers)
                .dedicated_background_threads(dedicated)
                .exit_handler(move |_| {
                    exit.fetch_add(1, Ordering::SeqCst);
                })
                .build()
                .unwrap();
            let (sender, receiver) = mpsc::channel::<ThreadPool>();
            let (told, dropped) = mpsc::channel();
            pool.spawn(move || {
                let own = receiver.recv().unwrap();
                for _ in 0..100 {
                    let counted = counted.clone();
                    own.spawn(move || {
                        counted.fetch_add(1, Ordering::SeqCst);
                    })
                    .detach();
                }
                // In a half, by whoever takes it.
                micropool::join(|| (), move || drop(own));
                told.send(()).unwrap();
            })
            .detach();
            sender.send(pool).unwrap();
            dropped.recv_timeout(LIMIT / 2).expect("the drop returns");
            assert!(eventually(LIMIT / 2, || ran.load(Ordering::SeqCst) == 100), "what was queued runs");
            assert!(eventually(LIMIT / 2, || exits.load(Ordering::SeqCst) == workers), "the workers end");
        }
    });
}

#[test]
fn case_11_any_number_of_workers() {
    for workers in [0, 1, 256, 1000] {
        watched(move || {
            // Of 1000 that look for work, each goes over all: without optimisation that takes seconds, so they look once here.
            let spin = Duration::from_micros(if workers < 1000 { 50 } else { 0 });
            let pool = ThreadPoolBuilder::new().num_threads(workers).spin_before_sleep(spin).build().unwrap();
            assert_eq!(pool.num_threads(), workers);
            let task = pool.spawn(|| 11);
            let sum = pool.split_per(10).reduce_ranges(10_000, |range| range.sum::<usize>(), |a, b| a + b);
            assert_eq!(sum, Some(49_995_000));
            let (a, b) = pool.join(|| micropool::join(|| 1, || 2), || micropool::join(|| 3, || 4));
            assert_eq!((a, b), ((1, 2), (3, 4)));
            let items = AtomicUsize::new(0);
            pool.scope(|s| (0..100).for_each(|_| drop(s.spawn(|| items.fetch_add(1, Ordering::Relaxed)))));
            assert_eq!(items.into_inner(), 100);
            // A spawned task runs though nobody joins it.
            assert!(eventually(LIMIT / 2, || task.complete()));
            assert_eq!(task.join(), 11);
        });
    }
}

#[test]
fn case_12_thread_creation_fails_at_the_kth_thread() {
    watched(|| {
        const WORKERS: usize = 6;
        const DEDICATED: usize = 2;
        for k in 0..WORKERS + DEDICATED {
            let (begun, over) = (counter(), counter());
            let (begin, end) = (begun.clone(), over.clone());
            let error = ThreadPoolBuilder::new()
                .num_threads(WORKERS)
                .dedicated_background_threads(DEDICATED)
                .spawn_handler(move |thread| {
                    if thread.index() == k {
                        return Err(io::Error::new(io::ErrorKind::OutOfMemory, "no room for a thread"));
                    }
                    let (begin, end) = (begin.clone(), end.clone());
                    thread::Builder::new().spawn(move || {
                        begin.fetch_add(1, Ordering::SeqCst);
                        thread.run();
                        end.fetch_add(1, Ordering::SeqCst);
                    })?;
                    Ok(())
                })
                .build()
                .expect_err("one thread could not be had");
            let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>()).expect("the cause");
            assert_eq!(cause.kind(), io::ErrorKind::OutOfMemory);
            assert!(error.to_string().starts_with(&format!("thread {} of {}", k + 1, WORKERS + DEDICATED)), "{error}");
            // `run` has returned on each: only its thread's last steps may be left.
            assert!(eventually(LIMIT, || over.load(Ordering::SeqCst) == k && begun.load(Ordering::SeqCst) == k));
        }
        // The system's own refusal, and a handler that lets a worker go without running it.
        let error =
            ThreadPoolBuilder::new().num_threads(2).stack_size(usize::MAX / 4).build().expect_err("no such stack");
        assert!(error.source().is_some());
        let lost = ThreadPoolBuilder::new().num_threads(3).spawn_handler(|thread| {
            drop(thread);
            Ok(())
        });
        let pool = lost.build().expect("the handler said so");
        assert_eq!(pool.join(|| 1, || 2), (1, 2));
        let task = pool.spawn(|| 3);
        assert_eq!(task.join(), 3);
    });
}

// At the very place where the pool asks the system for a thread, in the build that injects failures there.
#[cfg(all(micropool_inject, target_os = "linux"))]
#[test]
fn case_12_the_kth_thread_is_refused_whichever_it_is() {
    const WORKERS: usize = 4;
    const DEDICATED: usize = 2;
    let build = || ThreadPoolBuilder::new().num_threads(WORKERS).dedicated_background_threads(DEDICATED).build();
    if let Some(k) = support::role() {
        let threads = || procfs::process::Process::myself().unwrap().stat().unwrap().num_threads;
        let before = threads();
        let error = build().expect_err("one thread could not be had");
        let k: usize = k.parse().unwrap();
        assert!(error.to_string().starts_with(&format!("thread {} of {}", k + 1, WORKERS + DEDICATED)), "{error}");
        let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>()).expect("the cause");
        assert_eq!(cause.kind(), io::ErrorKind::WouldBlock);
        // The kernel takes a moment to let go of a thread that was joined.
        assert!(eventually(LIMIT / 4, || threads() == before), "{} threads, {before} before", threads());
        let pool = build().expect("the next attempt finds them all");
        assert_eq!(pool.join(|| 1, || 2), (1, 2));
        assert_eq!(pool.spawn(|| 3).join(), 3);
        return;
    }
    watched(|| {
        let name = "tasks_and_pools::case_12_the_kth_thread_is_refused_whichever_it_is";
        for k in 0..WORKERS + DEDICATED {
            let mut child = support::in_child(name, &k.to_string());
            child.env("MICROPOOL_REFUSE_THREAD", k.to_string()).stderr(std::process::Stdio::piped());
            let output = support::ended(child.spawn().unwrap(), LIMIT / 2);
            assert!(output.status.success(), "thread {k}: {}", String::from_utf8_lossy(&output.stderr));
        }
    });
}

#[cfg(target_os = "linux")]
#[test]
fn case_12_the_system_has_no_more_threads() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    if support::role().is_some() {
        const STACK: usize = 64 << 20;
        let threads = || procfs::process::Process::myself().unwrap().stat().unwrap().num_threads;
        let before = threads();
        for k in [1, 3, 7] {
            let used = procfs::process::Process::myself().unwrap().stat().unwrap().vsize;
            let maximum = Some(used + (k * STACK) as u64);
            setrlimit(Resource::As, Rlimit { current: maximum, maximum: None }).unwrap();
            let result = ThreadPoolBuilder::new().num_threads(64).stack_size(STACK).build();
            setrlimit(Resource::As, Rlimit { current: None, maximum: None }).unwrap();
            let error = result.expect_err("there was no room for all");
            assert!(!error.to_string().starts_with("thread 65"), "{error}");
            // The kernel takes a moment to let go of a thread that was joined.
            assert!(eventually(LIMIT / 4, || threads() == before), "{} threads, {before} before", threads());
        }
        return;
    }
    watched(|| {
        let name = "tasks_and_pools::case_12_the_system_has_no_more_threads";
        let child = support::in_child(name, "few threads").stderr(std::process::Stdio::piped()).spawn().unwrap();
        let output = support::ended(child, LIMIT - Duration::from_secs(1));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    });
}

#[test]
fn case_13_2000_outside_threads_and_10_000_joins_at_once() {
    const THREADS: usize = 2000;
    const NESTED: usize = 5;
    fn nest(depth: usize, meet: &Barrier, halves: &AtomicUsize) {
        if depth == 0 {
            // Here every thread is inside of its joins.
            meet.wait();
        } else {
            let caller = thread::current().id();
            let first = || {
                assert_eq!(thread::current().id(), caller, "the first half begins where the join was called");
                nest(depth - 1, meet, halves);
            };
            micropool::join(first, || halves.fetch_add(1, Ordering::Relaxed));
            assert_eq!(thread::current().id(), caller, "and the join ends there");
        }
    }
    watched(|| {
        let pool = pool(2);
        let (meet, halves) = (Barrier::new(THREADS), AtomicUsize::new(0));
        thread::scope(|s| {
            for _ in 0..THREADS {
                let run = || pool.install(|| nest(NESTED, &meet, &halves));
                thread::Builder::new().stack_size(256 << 10).spawn_scoped(s, run).expect("a thread");
            }
        });
        assert_eq!(halves.into_inner(), THREADS * NESTED);
        // The seats of threads that have ended are used again.
        assert_eq!(pool.join(|| 1, || 2), (1, 2));
    });
}

#[test]
fn case_14_pools_nested_a_b_a() {
    watched(|| {
        for workers in [0, 1, 2] {
            let (a, b) = (Arc::new(pool(workers)), Arc::new(pool(1)));
            let nest = {
                let (a, b) = (a.clone(), b.clone());
                move || {
                    let inner = || {
                        let there = micropool::join(micropool::num_threads, micropool::num_threads);
                        let back = a.install(|| {
                            let sum =
                                micropool::split_per(5).reduce_ranges(100, |range| range.sum(), |x: usize, y| x + y);
                            micropool::scope(|s| s.spawn(|| sum.unwrap()).join())
                        });
                        (there, back)
                    };
                    let outer = micropool::num_threads();
                    let inside = b.join(inner, inner);
                    assert_eq!(inside, (((1, 1), 4950), ((1, 1), 4950)));
                    assert_eq!(micropool::num_threads(), outer, "the pool from before is current again");
                }
            };
            for _ in 0..200 {
                // From outside, from A's own workers, and from both halves at once.
                a.install(&nest);
                a.join(&nest, &nest);
                a.spawn(nest.clone()).join();
            }
            let names: HashSet<usize> = a.join_all([micropool::num_threads; 3]).into_iter().collect();
            assert_eq!(names, HashSet::from([workers]));
        }
    });
}
