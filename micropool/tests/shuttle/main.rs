//! Whole pools under shuttle: workers are its threads, and it says at every step whose turn it is. What a scenario asks for it asks
//! by the public functions alone.
//!
//! Half of the schedules are random, half are PCT's, which finds what takes few but well-placed preemptions. A wake-up that is
//! lost leaves all threads asleep, which shuttle calls a deadlock. It prints the schedule that failed, for `shuttle::replay`.
//!
//! `RUSTFLAGS="--cfg shuttle" CARGO_TARGET_DIR=target/shuttle cargo test --release -p micropool --test shuttle`;
//! `MICROPOOL_SHUTTLE=70000` sets the schedules of each scenario.

#![cfg(shuttle)]
#![forbid(unsafe_code)]

mod forks;
mod graphs;
mod loops;
mod pools;
mod scopes;
mod tasks;
mod tiers;

use micropool::{ThreadPool, ThreadPoolBuilder};
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::sync::{Condvar, Mutex};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// Preemptions at well-chosen places that PCT looks for.
const DEPTH: usize = 3;

/// Runs a scenario on as many schedules as asked for. Says how many there were.
fn explore(scenario: impl Fn() + Send + Sync + 'static) {
    let schedules = std::env::var("MICROPOOL_SHUTTLE")
        .map_or(2_000, |count| count.parse::<usize>().expect("MICROPOOL_SHUTTLE is a number"));
    let began = Instant::now();
    let scenario = Arc::new(scenario);
    let count = run(RandomScheduler::new(schedules.div_ceil(2)), scenario.clone())
        + run(PctScheduler::new(DEPTH, schedules / 2), scenario);
    println!("{count} schedules in {:?}", began.elapsed());
}

fn run(scheduler: impl Scheduler + 'static, scenario: Arc<impl Fn() + Send + Sync + 'static>) -> usize {
    let mut config = shuttle::Config::new();
    // A loop's pieces lie on its caller's stack.
    config.stack_size = 1 << 17;
    config.max_steps = shuttle::MaxSteps::FailAfter(20_000);
    config.silence_warnings = true;
    shuttle::Runner::new(scheduler, config).run(move || scenario())
}

fn builder(workers: usize) -> ThreadPoolBuilder {
    ThreadPoolBuilder::new().num_threads(workers)
}

fn pool(workers: usize) -> ThreadPool {
    builder(workers).build().expect("shuttle makes threads")
}

/// Threads stop here until another has opened it: what stands for "the two must run at the same time".
#[derive(Clone)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn new() -> Self {
        Self(Arc::new((Mutex::new(false), Condvar::new())))
    }
    fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }
    fn pass(&self) {
        let mut open = self.0.0.lock().unwrap();
        while !*open {
            open = self.0.1.wait(open).unwrap();
        }
    }
}

/// Counts what happens. Not one of shuttle's: counting is no step of the scenario.
#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);

impl Count {
    fn up(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }
    fn down(&self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
    fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// Counts its drops.
struct Dropped(Count);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.up();
    }
}

/// A panic without the hook, which would print the schedule.
fn quiet_panic(number: u32) -> ! {
    std::panic::resume_unwind(Box::new(number))
}

/// The number that `f` panics with.
fn number_of<R>(f: impl FnOnce() -> R) -> u32 {
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f));
    match caught.map(drop) {
        Ok(()) => panic!("it was to panic"),
        Err(payload) => *payload.downcast().unwrap_or_else(|other| std::panic::resume_unwind(other)),
    }
}
