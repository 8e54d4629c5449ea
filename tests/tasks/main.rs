//! Handles of background tasks: each method of `Task` and `SharedTask`, chains, cancelling, and tasks as futures on two executors.
//! What the pool does with tasks is in `tests/background`.

mod cancelling;
mod chains;
mod futures;
mod rude_wakers;

use micropool::{SharedTask, Task, ThreadPool, ThreadPoolBuilder};
use std::future::{Future, IntoFuture};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, OnceLock, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, ThreadId};
use std::time::Duration;
use support::{Gate, busy, eventually, soon, within};

const LIMIT: Duration = Duration::from_secs(60);

fn pool(workers: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(workers).build().expect("a pool")
}

/// A pool of one worker, held at the gate.
fn held_pool() -> (ThreadPool, Gate) {
    let (pool, gate) = (pool(1), Gate::default());
    gate.hold(&pool).detach();
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
fn the_first_join_of_a_shared_task_gets_its_panic_and_every_later_one_a_copy() {
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
        let panic_of = |task: &SharedTask<u8>| catch_unwind(AssertUnwindSafe(|| *task.join())).expect_err("it panics");
        let typed = pool.spawn_shared(|| -> u8 { resume_unwind(Box::new(5_u128)) });
        assert_eq!(panic_of(&typed.clone()).downcast_ref(), Some(&5_u128));
        assert_eq!(text(&*panic_of(&typed)), "a panic whose payload is not a string");
        let shared = pool.spawn_shared(|| -> u8 { panic!("words of {}", "mine") });
        for handle in [shared.clone(), shared.clone(), shared] {
            assert_eq!(text(&*panic_of(&handle)), "words of mine");
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
