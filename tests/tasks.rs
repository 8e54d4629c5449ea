//! Handles of background tasks: each method of `Task` and `SharedTask`, chains, cancelling, and tasks as futures on two executors.
//! What the pool does with tasks is in `background.rs`.

use micropool::{SharedTask, Task, ThreadPool, ThreadPoolBuilder};
use std::future::{Future, IntoFuture};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, OnceLock, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, ThreadId};
use std::time::Duration;
use support::{Gate, busy, soon, within};

const LIMIT: Duration = Duration::from_secs(60);

fn pool(workers: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(workers).build().expect("a pool")
}

/// A pool of one worker, held at the gate.
fn held_pool() -> (ThreadPool, Gate) {
    let (pool, gate) = (pool(1), Gate::default());
    let held = gate.clone();
    pool.spawn(move || held.pass()).detach();
    soon("the worker is at the gate", || gate.arrived() == 1);
    (pool, gate)
}

fn text(payload: &(dyn std::any::Any + Send)) -> &str {
    payload.downcast_ref::<&str>().copied().or(payload.downcast_ref::<String>().map(String::as_str)).expect("words")
}

fn here() -> ThreadId {
    thread::current().id()
}

/// Counts its drops.
#[derive(Clone)]
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_task_that_nobody_started_runs_on_whoever_joins_it() {
    within(LIMIT, || {
        let (pool, gate) = held_pool();
        let (first, second) = (pool.spawn(here), pool.spawn_shared(here));
        let third = pool.spawn(|| 1).then(|n| (n, here()));
        assert!(!first.complete() && !second.complete() && !third.complete());
        assert_eq!(first.join(), here());
        assert_eq!(*second.join(), here());
        assert_eq!(third.join(), (1, here()), "with what it comes after");
        assert_eq!(gate.arrived(), 1, "and the worker is where it was");
        gate.open();
    });
}

#[test]
fn try_join_gives_the_handle_back_until_the_task_is_over() {
    within(LIMIT, || {
        let (pool, gate) = held_pool();
        let passes = gate.clone();
        let task = pool.spawn(move || passes.pass());
        let shared = pool.spawn_shared(|| String::from("text"));
        let task = task.try_join().expect_err("it hasn't begun");
        assert_eq!(shared.try_join(), None);
        gate.open();
        soon("both are over", || task.complete() && shared.complete());
        assert!(task.try_join().is_ok());
        assert_eq!(shared.try_join().map(String::as_str), Some("text"));
        assert_eq!(shared.try_join(), Some(shared.join()), "as often as one likes");
    });
}

#[test]
fn try_join_of_a_panicked_task_panics() {
    within(LIMIT, || {
        let pool = pool(1);
        let task = pool.spawn(|| -> u8 { panic!("words") });
        let shared = pool.spawn_shared(|| -> u8 { panic!("words") });
        soon("both are over", || task.complete() && shared.complete());
        let payload = catch_unwind(AssertUnwindSafe(|| task.try_join().map_err(drop))).expect_err("its panic");
        assert_eq!(text(&*payload), "words");
        let payload = catch_unwind(AssertUnwindSafe(|| shared.try_join().copied())).expect_err("a copy");
        assert_eq!(text(&*payload), "words");
    });
}

#[test]
fn outcome_gives_the_payload_itself() {
    within(LIMIT, || {
        #[derive(Debug, PartialEq)]
        struct Payload(u32);
        for workers in [0, 2] {
            let pool = pool(workers);
            assert_eq!(pool.spawn(|| 4).outcome().ok(), Some(4));
            let payload = pool.spawn(|| std::panic::panic_any(Payload(7))).outcome().expect_err("its panic");
            assert_eq!(payload.downcast_ref(), Some(&Payload(7)));
            let chained = pool.spawn(|| -> u8 { std::panic::panic_any(Payload(8)) }).then(|n| n + 1).then(|n| n + 1);
            let payload = chained.outcome().expect_err("it travels down the chain");
            assert_eq!(payload.downcast_ref(), Some(&Payload(8)));
        }
    });
}

#[test]
fn every_join_of_a_shared_task_gets_a_copy_of_its_panic() {
    within(LIMIT, || {
        let heard = Arc::new(AtomicUsize::new(0));
        let count = heard.clone();
        let pool = ThreadPoolBuilder::new()
            .num_threads(1)
            .panic_handler(move |_| {
                count.fetch_add(1, Ordering::SeqCst);
            })
            .build()
            .expect("a pool");
        let shared = pool.spawn_shared(|| -> u8 { panic!("words of {}", "mine") });
        for handle in [shared.clone(), shared.clone(), shared] {
            let payload = catch_unwind(AssertUnwindSafe(|| *handle.join())).expect_err("a copy");
            assert_eq!(text(&*payload), "words of mine");
        }
        let unseen = pool.spawn_shared(|| -> u8 { panic!("nobody joins") });
        soon("it is over", || unseen.complete());
        let other = unseen.clone();
        drop(unseen);
        assert_eq!(heard.load(Ordering::SeqCst), 0, "what was joined is known, and this one still has a handle");
        drop(other);
        // By this thread, or by the worker that has just ended the task.
        soon("it is reported", || heard.load(Ordering::SeqCst) == 1);
        drop(pool);
        assert_eq!(heard.load(Ordering::SeqCst), 1, "once");
    });
}

#[test]
fn a_shared_result_is_dropped_with_its_last_handle() {
    within(LIMIT, || {
        let pool = pool(2);
        let drops = Arc::new(AtomicUsize::new(0));
        let result = Counted(drops.clone());
        let shared = pool.spawn_shared(move || result);
        pool.wait_idle();
        let handles: Vec<SharedTask<Counted>> = (0..100).map(|_| shared.clone()).collect();
        drop(shared);
        thread::scope(|s| {
            for handle in handles {
                assert_eq!(drops.load(Ordering::SeqCst), 0);
                s.spawn(move || drop(handle));
            }
        });
        soon("the result is dropped", || drops.load(Ordering::SeqCst) == 1);
    });
}

#[test]
fn help_runs_it_here_and_never_waits() {
    within(LIMIT, || {
        let (pool, gate) = held_pool();
        let (task, shared) = (pool.spawn(here), pool.spawn_shared(here));
        task.help();
        shared.help();
        assert!(task.complete() && shared.complete());
        task.help();
        assert_eq!((task.join(), *shared.join()), (here(), here()));

        // It runs elsewhere: there is nothing to be done here.
        let inner = Gate::default();
        let passes = inner.clone();
        let runs = pool.spawn_shared(move || passes.pass());
        let elsewhere = runs.clone();
        let helper = thread::spawn(move || elsewhere.help());
        soon("it runs on the other thread", || inner.arrived() == 1);
        runs.help();
        assert!(!runs.complete());
        inner.open();
        helper.join().expect("no panic");

        // Its turn has not come.
        let passes = gate.clone();
        let waits = pool.spawn(move || passes.pass()).then(|()| 5);
        waits.help();
        assert!(!waits.complete());
        gate.open();
        assert_eq!(waits.join(), 5);
    });
}

#[test]
fn dropped_and_detached_tasks_run() {
    within(LIMIT, || {
        let (pool, gate) = held_pool();
        let count = Arc::new(AtomicUsize::new(0));
        for n in 0..30 {
            let count = count.clone();
            let task = pool.spawn(move || count.fetch_add(1, Ordering::SeqCst));
            match n % 3 {
                0 => task.detach(),
                1 => drop(task),
                _ => drop(task.share()),
            }
        }
        gate.open();
        pool.wait_idle();
        assert_eq!(count.load(Ordering::SeqCst), 30);
    });
}

#[test]
fn a_panic_skips_what_comes_after_and_drops_its_closure() {
    within(LIMIT, || {
        for workers in [0, 1] {
            let pool = pool(workers);
            let drops = Arc::new(AtomicUsize::new(0));
            let ran = Arc::new(AtomicBool::new(false));
            let (capture, told) = (Counted(drops.clone()), ran.clone());
            let next = pool.spawn(|| -> u8 { panic!("head") }).then(move |n| {
                told.store(true, Ordering::SeqCst);
                drop(capture);
                n
            });
            assert_eq!(text(&*next.outcome().expect_err("it travels")), "head");
            assert!(!ran.load(Ordering::SeqCst));
            soon("its closure is dropped", || drops.load(Ordering::SeqCst) == 1);
        }
    });
}

#[test]
fn handles_work_after_their_pool_is_gone() {
    within(LIMIT, || {
        let pool = pool(1);
        let (first, second, third) = (pool.spawn(|| 1), pool.spawn(|| 2), pool.spawn_shared(|| 3));
        drop(pool);
        assert!(first.complete() && second.complete());
        assert_eq!(first.then(|n| (n, here())).then(|(n, there)| (n + 1, there)).join(), (2, here()));
        assert_eq!(second.join() + third.join(), 5);
    });
}

mod cancelling {
    use super::*;

    #[test]
    fn a_task_that_has_not_begun_never_runs() {
        within(LIMIT, || {
            let (pool, gate) = held_pool();
            let drops = Arc::new(AtomicUsize::new(0));
            let ran = Arc::new(AtomicBool::new(false));
            let (capture, told) = (Counted(drops.clone()), ran.clone());
            let task = pool.spawn(move || {
                told.store(true, Ordering::SeqCst);
                drop(capture);
            });
            assert!(task.cancel());
            assert_eq!(drops.load(Ordering::SeqCst), 1, "its closure is dropped when `cancel` returns");
            gate.open();
            pool.wait_idle();
            assert!(!ran.load(Ordering::SeqCst));
        });
    }

    #[test]
    fn a_task_that_runs_can_see_it_on_every_thread_of_its_work() {
        within(LIMIT, || {
            let pool = ThreadPoolBuilder::new().num_threads(2).background_threads(2).build().expect("a pool");
            let (both, begun) = (Arc::new(Barrier::new(2)), Gate::default());
            begun.open();
            let (tell, told) = mpsc::channel();
            let passes = begun.clone();
            let task = pool.spawn(move || {
                let half = || {
                    // Both halves are here at once, so they are on two threads.
                    both.wait();
                    passes.pass();
                    soon("it sees the wish", micropool::cancelled);
                    here()
                };
                let (left, right) = micropool::join(half, half);
                tell.send(left != right).expect("the test listens");
            });
            let bystander = pool.install(|| micropool::join(micropool::cancelled, micropool::cancelled));
            soon("both halves run", || begun.arrived() == 2);
            assert!(!task.cancel(), "it has begun");
            assert_eq!(told.recv_timeout(LIMIT), Ok(true));
            assert_eq!(bystander, (false, false));
            assert!(!micropool::cancelled());
        });
    }

    #[test]
    fn a_task_that_is_over_cannot_be_cancelled() {
        within(LIMIT, || {
            let pool = pool(1);
            let task = pool.spawn(|| 1);
            soon("it is over", || task.complete());
            assert!(!task.cancel());
        });
    }

    #[test]
    fn cancelling_a_then_leaves_what_it_comes_after() {
        within(LIMIT, || {
            let (pool, gate) = held_pool();
            let count = Arc::new(AtomicUsize::new(0));
            let (first, second) = (count.clone(), count.clone());
            let task = pool.spawn(move || first.fetch_add(1, Ordering::SeqCst));
            assert!(task.then(move |_| second.fetch_add(10, Ordering::SeqCst)).cancel());
            gate.open();
            pool.wait_idle();
            assert_eq!(count.load(Ordering::SeqCst), 1);
        });
    }

    #[test]
    fn what_comes_after_a_cancelled_task_is_cancelled_and_says_so() {
        within(LIMIT, || {
            let (pool, gate) = held_pool();
            let ran = Arc::new(AtomicUsize::new(0));
            let (b_ran, c_ran) = (ran.clone(), ran.clone());
            let frame = micropool::parallel! {
                in pool;
                background a => 1,
                background b after a => b_ran.fetch_add(1, Ordering::SeqCst),
                background c(move b) => c_ran.fetch_add(b, Ordering::SeqCst),
            };
            let chained = frame.c.then(|n| n + 1);
            assert!(frame.a.cancel());
            assert!(chained.complete(), "the whole chain at once");
            let payload = catch_unwind(AssertUnwindSafe(|| chained.join())).expect_err("there is no result");
            assert_eq!(text(&*payload), "micropool: the joined task was cancelled");
            gate.open();
            pool.wait_idle();
            assert_eq!(ran.load(Ordering::SeqCst), 0);
        });
    }

    /// What became of one task.
    #[derive(Default)]
    struct Fate {
        ran: AtomicUsize,
        dropped: AtomicUsize,
    }

    struct Capture(Arc<Vec<Fate>>, usize);

    impl Drop for Capture {
        fn drop(&mut self) {
            self.0[self.1].dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn each_of_100_000_tasks_ran_or_was_cancelled() {
        const TASKS: usize = 100_000;
        within(LIMIT, || {
            let pool = pool(2);
            let fates: Arc<Vec<Fate>> = Arc::new((0..TASKS).map(|_| Fate::default()).collect());
            let spawn = |number: usize| {
                let capture = Capture(fates.clone(), number);
                pool.spawn(move || {
                    capture.0[capture.1].ran.fetch_add(1, Ordering::Relaxed);
                })
            };
            let mut cancelled = vec![false; TASKS];
            let mut waiting = std::collections::VecDeque::new();
            for number in 0..TASKS {
                waiting.push_back((number, spawn(number)));
                // Now after a moment, now a few tasks later: about where the workers are.
                (0..number % 97).for_each(|_| std::hint::spin_loop());
                if waiting.len() > number / 64 % 8 {
                    let (number, task) = waiting.pop_front().expect("one was pushed");
                    cancelled[number] = task.cancel();
                }
            }
            for (number, task) in waiting {
                cancelled[number] = task.cancel();
            }
            pool.wait_idle();
            // The last worker may still have the shell of a task in its hands.
            soon("no closure is left", || Arc::strong_count(&fates) == 1);
            for (number, (fate, cancelled)) in fates.iter().zip(&cancelled).enumerate() {
                let (ran, dropped) = (fate.ran.load(Ordering::Relaxed), fate.dropped.load(Ordering::Relaxed));
                assert_eq!((ran, dropped), (usize::from(!cancelled), 1), "task {number}, cancelled: {cancelled}");
            }
            let won = cancelled.iter().filter(|cancelled| **cancelled).count();
            assert!((1..TASKS).contains(&won), "a race has two winners: {won} of {TASKS} were cancelled");
        });
    }
}

mod futures {
    use super::*;

    /// Notes the threads that it is woken on.
    #[derive(Default)]
    struct Woken(Mutex<Vec<ThreadId>>);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.lock().expect("not poisoned").push(here());
        }
    }

    impl Woken {
        fn threads(&self) -> Vec<ThreadId> {
            self.0.lock().expect("not poisoned").clone()
        }
    }

    fn tokio() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime")
    }

    #[test]
    fn pollster_awaits_tasks() {
        within(LIMIT, || {
            let pool = pool(2);
            let shared = pool.spawn_shared(|| 5);
            let sum = pollster::block_on(async {
                let slow = pool.spawn(|| {
                    busy(Duration::from_millis(20));
                    1
                });
                slow.await + pool.spawn(|| 2).then(|n| n * 2).await + *(&shared).await + *(&shared).await
            });
            assert_eq!(sum, 15);
        });
    }

    #[test]
    fn tokio_awaits_tasks() {
        within(LIMIT, || {
            let (runtime, pool) = (tokio(), Arc::new(pool(2)));
            let sum = runtime.block_on(async {
                let awaiting: Vec<_> = (0..1000_u64)
                    .map(|n| {
                        let pool = pool.clone();
                        runtime
                            .spawn(async move { pool.spawn(move || n).await + pool.spawn(move || n).then(|n| n).await })
                    })
                    .collect();
                let mut sum = 0;
                for handle in awaiting {
                    sum += handle.await.expect("no panic");
                }
                sum
            });
            assert_eq!(sum, 999_000);
        });
    }

    #[test]
    fn the_worker_that_ends_a_task_wakes_whoever_awaits_it() {
        within(LIMIT, || {
            let (pool, gate) = (pool(1), Gate::default());
            let held = gate.clone();
            let mut task = pool.spawn(move || {
                held.pass();
                here()
            });
            let (old, new) = (Arc::new(Woken::default()), Arc::new(Woken::default()));
            for waker in [&old, &new, &new] {
                let waker = Waker::from(waker.clone());
                assert!(pin!(&mut task).poll(&mut Context::from_waker(&waker)).is_pending());
            }
            gate.open();
            soon("somebody is woken", || !new.threads().is_empty());
            let Poll::Ready(worker) = pin!(&mut task).poll(&mut Context::from_waker(Waker::noop())) else {
                panic!("it was woken before the task was over")
            };
            pool.wait_idle();
            assert_eq!(new.threads(), [worker], "once");
            assert_eq!(old.threads(), [], "only the last one to poll");
        });
    }

    #[test]
    fn everybody_who_awaits_a_shared_task_is_woken() {
        within(LIMIT, || {
            let (pool, gate) = held_pool();
            let shared = pool.spawn_shared(|| 5);
            let woken: Vec<Arc<Woken>> = (0..10).map(|_| Arc::default()).collect();
            let awaiting: Vec<_> = woken
                .iter()
                .map(|woken| {
                    let (mut future, waker) = ((&shared).into_future(), Waker::from(woken.clone()));
                    assert!(pin!(&mut future).poll(&mut Context::from_waker(&waker)).is_pending());
                    future
                })
                .collect();
            gate.open();
            soon("all are woken", || woken.iter().all(|woken| woken.threads().len() == 1));
            drop(awaiting);
            assert_eq!(*pollster::block_on((&shared).into_future()), 5);
        });
    }

    /// One future, awaited by one executor after another, and given up in the end: the task keeps no waker but the last, and that
    /// only as long as the future.
    #[test]
    fn a_future_leaves_no_wakers_behind() {
        within(LIMIT, || {
            let (pool, gate) = held_pool();
            let shared = pool.spawn_shared(|| 5);
            let (other, woken) = (Arc::new(Woken::default()), Arc::new(Woken::default()));
            let mut patient = (&shared).into_future();
            let waker = Waker::from(other.clone());
            assert!(pin!(&mut patient).poll(&mut Context::from_waker(&waker)).is_pending());
            let mut given_up = (&shared).into_future();
            for _ in 0..3 {
                let waker = Waker::from(woken.clone());
                assert!(pin!(&mut given_up).poll(&mut Context::from_waker(&waker)).is_pending());
                drop(waker);
                assert_eq!(Arc::strong_count(&woken), 2, "ours, and the task's");
            }
            drop(given_up);
            assert_eq!(Arc::strong_count(&woken), 1);
            gate.open();
            soon("who still awaits it is woken", || other.threads().len() == 1);
            assert_eq!(woken.threads(), []);
        });
    }

    /// The last reference to a future may go with the waker that it has left with the task.
    #[test]
    fn a_waker_may_own_the_future_that_leaves_it() {
        struct Owns(Mutex<Option<micropool::SharedTaskFuture<'static, u8>>>);
        impl Wake for Owns {
            fn wake(self: Arc<Self>) {}
        }
        within(LIMIT, || {
            let (pool, gate) = held_pool();
            static SHARED: OnceLock<SharedTask<u8>> = OnceLock::new();
            let shared = SHARED.get_or_init(|| pool.spawn_shared(|| 5));
            let mut future = shared.into_future();
            let owner = Arc::new(Owns(Mutex::new(None)));
            let waker = Waker::from(owner.clone());
            assert!(pin!(&mut future).poll(&mut Context::from_waker(&waker)).is_pending());
            drop(waker);
            *owner.0.lock().unwrap() = Some(future);
            drop(owner);
            // Another future of the same task is polled, given up, and polled with another waker; then the task ends.
            let mut second = shared.into_future();
            for _ in 0..2 {
                assert!(pin!(&mut second).poll(&mut Context::from_waker(Waker::noop())).is_pending());
            }
            gate.open();
            assert_eq!(*pollster::block_on(second), 5);
        });
    }

    #[test]
    fn polling_never_runs_the_task() {
        within(LIMIT, || {
            let (pool, gate) = held_pool();
            let mut task = pool.spawn(here);
            for _ in 0..100 {
                assert!(pin!(&mut task).poll(&mut Context::from_waker(Waker::noop())).is_pending());
            }
            gate.open();
            assert_ne!(pollster::block_on(task), here());
        });
    }

    #[test]
    fn a_task_that_has_given_its_result_is_over() {
        within(LIMIT, || {
            let mut task = pool(0).spawn(|| 3);
            assert_eq!(pollster::block_on(&mut task), 3);
            task.help();
            assert!(task.complete());
            let payload = catch_unwind(AssertUnwindSafe(|| pollster::block_on(&mut task))).expect_err("it is gone");
            assert_eq!(text(&*payload), "micropool: the task was awaited and has given its result");
            assert!(!task.cancel());
        });
    }

    #[test]
    fn a_future_dropped_before_it_is_done_detaches_the_task() {
        within(LIMIT, || {
            let (pool, gate) = held_pool();
            let (tell, told) = mpsc::channel();
            let mut task = pool.spawn(move || tell.send("ran").expect("the test listens"));
            let polled = Arc::new(AtomicBool::new(false));
            let noted = polled.clone();
            let runtime = tokio();
            let awaiting = runtime.spawn(std::future::poll_fn(move |context| {
                let poll = Pin::new(&mut task).poll(context);
                noted.store(true, Ordering::SeqCst);
                poll
            }));
            soon("it is being awaited", || polled.load(Ordering::SeqCst));
            awaiting.abort();
            assert!(runtime.block_on(awaiting).expect_err("it was aborted").is_cancelled());
            drop(runtime);
            gate.open();
            assert_eq!(told.recv_timeout(LIMIT), Ok("ran"));
        });
    }

    #[test]
    fn awaiting_a_panicked_or_cancelled_task_panics() {
        within(LIMIT, || {
            let (pool, gate) = held_pool();
            let frame = micropool::parallel! { in pool; background a => 1, background b after a => 2 };
            let panicked = pool.spawn(|| -> u8 { panic!("words") });
            let shared = pool.spawn_shared(|| -> u8 { panic!("words") });
            let runtime = tokio();
            let (b, panicked) = (runtime.spawn(frame.b), runtime.spawn(panicked));
            assert!(frame.a.cancel());
            let payload = runtime.block_on(b).expect_err("there is no result").into_panic();
            assert_eq!(text(&*payload), "micropool: the joined task was cancelled");
            gate.open();
            let payload = runtime.block_on(panicked).expect_err("its panic").into_panic();
            assert_eq!(text(&*payload), "words");
            let payload = catch_unwind(AssertUnwindSafe(|| *pollster::block_on((&shared).into_future())));
            assert_eq!(text(&*payload.expect_err("a copy")), "words");
        });
    }

    #[test]
    fn a_waker_that_panics_harms_nobody() {
        struct Bad;
        impl Wake for Bad {
            fn wake(self: Arc<Self>) {
                panic!("a waker's panic");
            }
        }
        within(LIMIT, || {
            let (pool, gate) = held_pool();
            let mut task = pool.spawn(|| 1);
            let waker = Waker::from(Arc::new(Bad));
            assert!(pin!(&mut task).poll(&mut Context::from_waker(&waker)).is_pending());
            gate.open();
            soon("it is over", || task.complete());
            assert_eq!(task.join() + pool.spawn(|| 1).join(), 2);
        });
    }
}

/// Nothing waits, and nothing is nested, however many tasks come after each other.
mod chains {
    use super::*;

    const LINKS: usize = 10_000;

    /// Where the stack is, and how often this thread has blocked so far (where the system tells).
    fn stack_and_blocks() -> (usize, u64) {
        let local = 0_u8;
        let status = std::fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
        let blocks = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        (std::ptr::from_ref(&local).addr(), blocks.map_or(0, |text| text.trim().parse().expect("a number")))
    }

    /// What the links saw, all on one worker.
    #[derive(Default)]
    struct Seen {
        thread: Option<ThreadId>,
        lowest: usize,
        highest: usize,
        blocks: Vec<u64>,
    }

    impl Seen {
        fn note(&mut self) {
            let (stack, blocks) = stack_and_blocks();
            assert_eq!(*self.thread.get_or_insert_with(here), here(), "there is one worker, and nobody helps it");
            self.lowest = if self.lowest == 0 { stack } else { self.lowest.min(stack) };
            self.highest = self.highest.max(stack);
            self.blocks.push(blocks);
        }

        fn check(&self) {
            assert!(self.highest - self.lowest < 4096, "the stack grew by {} bytes", self.highest - self.lowest);
            // A thread that waited for each link would have blocked as often.
            let blocked = self.blocks.last().expect("a link") - self.blocks[0];
            assert!(blocked < 10, "the worker blocked {blocked} times");
        }
    }

    #[test]
    fn a_chain_of_10_000_thens() {
        within(LIMIT, || {
            let (pool, gate) = held_pool();
            let seen = Arc::new(Mutex::new(Seen::default()));
            let mut chain = pool.spawn(|| 0);
            for _ in 0..LINKS {
                let seen = seen.clone();
                chain = chain.then(move |n| {
                    seen.lock().expect("not poisoned").note();
                    n + 1
                });
            }
            // Not one link holds the worker: it goes on with others.
            assert!(!chain.complete());
            gate.open();
            while !chain.complete() {
                thread::sleep(Duration::from_millis(1));
            }
            assert_eq!(chain.join(), LINKS);
            seen.lock().expect("not poisoned").check();
        });
    }

    #[test]
    fn a_chain_of_10_000_thens_that_is_joined_runs_on_the_joiner() {
        within(LIMIT, || {
            let (pool, gate) = held_pool();
            let head = pool.spawn(|| 0_usize);
            let stack = |_| stack_and_blocks().0;
            let first = head.then(stack);
            let chain = (0..LINKS)
                .fold(first.then(|first| (first, 0)), |chain, _| chain.then(move |(first, _)| (first, stack(0))));
            let (first, last) = chain.join();
            assert!(first.abs_diff(last) < 4096, "the stack grew by {} bytes", first.abs_diff(last));
            gate.open();
        });
    }

    #[micropool::job(background)]
    fn number(n: usize, seen: Arc<Mutex<Seen>>) -> usize {
        seen.lock().expect("not poisoned").note();
        n
    }

    #[micropool::job(background)]
    fn doubled(#[after] n: usize, seen: Arc<Mutex<Seen>>) -> usize {
        seen.lock().expect("not poisoned").note();
        2 * n
    }

    #[micropool::job(background)]
    fn sum_of(#[after] a: usize, #[after] b: usize, #[after] c: usize, #[after] d: usize) -> usize {
        a + b + c + d
    }

    #[test]
    fn a_fan_of_10_000_jobs_after_others() {
        within(LIMIT, || {
            let (pool, gate) = held_pool();
            let seen = Arc::new(Mutex::new(Seen::default()));
            let sum = pool.install(|| {
                let mut fan: Vec<Task<usize>> =
                    (0..LINKS).map(|n| doubled(number(n, seen.clone()), seen.clone())).collect();
                // Into one, four at a time.
                while fan.len() > 1 {
                    let mut rest = fan.into_iter();
                    let mut next = Vec::new();
                    while let Some(a) = rest.next() {
                        let [b, c, d] = [(); 3].map(|()| rest.next().unwrap_or_else(|| micropool::spawn(|| 0)));
                        next.push(sum_of(a, b, c, d));
                    }
                    fan = next;
                }
                fan.remove(0)
            });
            gate.open();
            while !sum.complete() {
                thread::sleep(Duration::from_millis(1));
            }
            assert_eq!(sum.join(), LINKS * (LINKS - 1));
            let seen = seen.lock().expect("not poisoned");
            assert_eq!(seen.blocks.len(), 2 * LINKS);
            seen.check();
        });
    }

    /// The longest chains, on threads with small stacks: a step that is nested in the one before would soon end the process.
    mod long {
        use super::*;

        const LINKS: usize = 100_000;
        const STACK: usize = 256 << 10;
        /// Some seconds, unless all of them and the rest of the machine run at once.
        const LIMIT: Duration = Duration::from_secs(300);

        /// Runs a test on a thread with a small stack, with a pool whose one worker, if it has one, has a small one too.
        fn on_small_stacks(workers: usize, test: impl FnOnce(ThreadPool) + Send + 'static) {
            within(LIMIT, move || {
                let pool = ThreadPoolBuilder::new().num_threads(workers).stack_size(STACK).build().expect("a pool");
                let test = thread::Builder::new().stack_size(STACK).spawn(move || test(pool)).expect("a thread");
                test.join().unwrap_or_else(|payload| std::panic::resume_unwind(payload));
            });
        }

        fn hold(pool: &ThreadPool) -> Gate {
            let gate = Gate::default();
            let held = gate.clone();
            pool.spawn(move || held.pass()).detach();
            soon("the worker is at the gate", || gate.arrived() == 1);
            gate
        }

        fn chain<T: Send + 'static>(head: Task<T>) -> Task<T> {
            (0..LINKS).fold(head, |chain, _| chain.then(|value| value))
        }

        #[test]
        fn a_chain_that_is_cancelled() {
            on_small_stacks(1, |pool| {
                let gate = hold(&pool);
                let drops = Arc::new(AtomicUsize::new(0));
                let capture = Counted(drops.clone());
                let frame =
                    micropool::parallel! { in pool; background head => 1, background next after head => capture };
                let chain = chain(frame.next);
                assert!(frame.head.cancel());
                assert!(chain.complete(), "the end of the chain is cancelled with its head");
                assert_eq!(drops.load(Ordering::SeqCst), 1);
                assert!(chain.outcome().is_err());
                gate.open();
            });
        }

        #[test]
        fn a_chain_whose_head_panics() {
            on_small_stacks(1, |pool| {
                let gate = hold(&pool);
                let chain = chain(pool.spawn(|| -> u8 { std::panic::resume_unwind(Box::new(7)) }));
                gate.open();
                soon("it is over", || chain.complete());
                assert_eq!(chain.outcome().expect_err("it travels").downcast_ref(), Some(&7));
            });
        }

        #[test]
        fn a_chain_that_nobody_has_a_handle_of() {
            on_small_stacks(1, |pool| {
                let gate = hold(&pool);
                let drops = Arc::new(AtomicUsize::new(0));
                let capture = Counted(drops.clone());
                drop(chain(pool.spawn(move || capture)));
                gate.open();
                // The pool is dropped in the middle of it.
                soon("it runs", || gate.arrived() == 1);
                drop(pool);
                assert_eq!(drops.load(Ordering::SeqCst), 1, "the result of the last link");
            });
        }

        #[test]
        fn a_chain_whose_end_is_cancelled_leaves_the_rest() {
            on_small_stacks(1, |pool| {
                let gate = hold(&pool);
                let count = Arc::new(AtomicUsize::new(0));
                let head = pool.spawn(|| ());
                let chain = (0..LINKS).fold(head, |chain, _| {
                    let count = count.clone();
                    chain.then(move |()| {
                        count.fetch_add(1, Ordering::Relaxed);
                    })
                });
                assert!(chain.cancel());
                gate.open();
                pool.wait_idle();
                assert_eq!(count.load(Ordering::Relaxed), LINKS - 1);
            });
        }

        #[test]
        fn a_chain_that_is_joined() {
            on_small_stacks(1, |pool| {
                let gate = hold(&pool);
                assert_eq!(chain(pool.spawn(|| 5)).join(), 5);
                gate.open();
                // The worker takes links too.
                assert_eq!(chain(pool.spawn(|| 6)).join(), 6);
            });
        }

        #[test]
        fn a_chain_without_workers() {
            on_small_stacks(0, |pool| {
                // Each link runs before `then` returns.
                assert_eq!(chain(pool.spawn(|| 5)).join(), 5);
            });
        }

        /// All links run on the thread that ends their head, which is another pool's.
        #[test]
        fn a_chain_without_workers_after_a_task_of_another_pool() {
            on_small_stacks(1, |pool| {
                let (gate, none) = (hold(&pool), super::pool(0));
                let head = pool.spawn_shared(here);
                let next = none.install(|| {
                    let input = head.clone();
                    micropool::__private::spawn_after("after", (), &[&head], move |()| *input.join())
                });
                let chain = chain(next.then(|head| (head, here())));
                assert!(!chain.complete());
                gate.open();
                soon("it is over", || chain.complete());
                let (head, next) = chain.join();
                assert_eq!(head, next);
                assert_ne!(head, here());
            });
        }

        #[test]
        fn a_chain_that_two_wait_for() {
            on_small_stacks(2, |pool| {
                let end = chain(pool.spawn(|| 5)).share();
                thread::scope(|s| {
                    for _ in 0..2 {
                        let end = end.clone();
                        s.spawn(move || assert_eq!(*end.join(), 5));
                    }
                });
            });
        }
    }

    /// Joining the end of a graph of tasks whose ways meet again and again takes a time that grows with the tasks, not with the ways.
    #[test]
    fn ways_that_meet_again_and_again() {
        within(LIMIT, || {
            let (pool, gate) = held_pool();
            let begun = Gate::default();
            let passes = begun.clone();
            let head = pool.spawn_shared(move || passes.pass());
            let after = |a: &SharedTask<()>, b: &SharedTask<()>| {
                pool.install(|| micropool::__private::spawn_shared_after("after", (), &[a, b], |()| ()))
            };
            let mut two = [after(&head, &head), after(&head, &head)];
            for _ in 0..1000 {
                two = [after(&two[0], &two[1]), after(&two[1], &two[0])];
            }
            // The head runs elsewhere, so that there is nothing to do but to look for something.
            let elsewhere = head.clone();
            let runner = thread::spawn(move || elsewhere.help());
            soon("the head runs", || begun.arrived() == 1);
            let opener = thread::spawn(move || {
                thread::sleep(Duration::from_millis(20));
                begun.open();
            });
            two[0].join();
            runner.join().expect("no panic");
            opener.join().expect("no panic");
            gate.open();
        });
    }
}
