//! What does a small background task cost, from an outside thread, and does its memory come back?
//!
//! A million spawns of a closure that adds to a counter, then a wait until all have run; the figure is per task, both
//! included. "MiB kept" is how much more memory the process holds afterwards, pool and all, than before its first spawn.

use clap::Parser;
use micropool_benches::rivals::{Forks, bevy, forte, ours, rayon, upstream};
use micropool_benches::turn::Cost;
use micropool_benches::{Args, Case, Goal, Report, Turn};
use std::fs;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

#[derive(Parser)]
#[command(about = "A million tiny background tasks")]
struct Options {
    #[command(flatten)]
    common: Args,
}

/// The tasks that have run.
#[derive(Clone)]
struct Count(Arc<AtomicUsize>);

impl Count {
    fn new() -> Self {
        Self(Arc::new(AtomicUsize::new(0)))
    }

    fn task(&self) -> impl FnOnce() + Send + 'static {
        let Self(count) = self.clone();
        move || {
            count.fetch_add(1, Ordering::Release);
        }
    }

    /// For pools that can't be waited for.
    fn wait_for(&self, tasks: usize) {
        while self.0.load(Ordering::Acquire) < tasks {
            std::thread::yield_now();
        }
    }
}

/// Memory of this process that is in use, in MiB, without what the allocator only keeps for the next one who asks.
fn resident() -> f64 {
    // The system's allocator gives nothing back by itself from where it serves a thread, and passes over the free end of that, which
    // goes when a large block is freed.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        drop(black_box(Vec::<u8>::with_capacity(100 << 10)));
        // SAFETY: it has no precondition.
        unsafe { libc::malloc_trim(0) };
    }
    let pages = fs::read_to_string("/proc/self/statm").expect("this system tells what a process holds");
    let pages: f64 = pages.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("the second field");
    pages * 4096.0 / f64::from(1 << 20)
}

/// Spawns so many and waits for them, after a tenth as warm-up.
fn spawns(tasks: usize, spawn: impl Fn(&Count), wait: impl Fn(&Count, usize)) -> Turn {
    let run = |tasks| {
        let count = Count::new();
        (0..tasks).for_each(|_| spawn(&count));
        wait(&count, tasks);
        count.wait_for(tasks);
    };
    let before = resident();
    run(tasks / 10);
    let cost = Cost::from_now();
    let start = Instant::now();
    run(tasks);
    let turn = cost.turn(vec![start.elapsed().as_nanos() as f64 / tasks as f64]);
    Turn { extra: Some((resident() - before).max(0.0)), ..turn }
}

fn main() {
    let Options { common: args } = Options::parse();
    let mut report = Report::start("background", &args);
    let tasks = args.size(100_000, 1_000_000);

    Case::new(format!("{tasks} tiny spawns from outside and a wait, per task, 1 worker"))
        .extra("MiB kept")
        .contender(ours::Ours::NAME, || {
            let pool = ours::pool(2);
            spawns(tasks, |count| pool.spawn(count.task()).detach(), |_, _| pool.wait_idle())
        })
        .contender(upstream::Upstream::NAME, || {
            let pool = upstream::pool(2);
            // A shared task runs whether or not its handle is kept.
            spawns(tasks, |count| drop(pool.spawn_shared(count.task())), Count::wait_for)
        })
        .contender(rayon::Rayon::NAME, || {
            let pool = rayon::outside(1);
            spawns(tasks, |count| pool.spawn(count.task()), Count::wait_for)
        })
        .contender(forte::Forte::NAME, || {
            forte::resize(2);
            let spawn = |count: &Count| {
                let task = count.task();
                forte::POOL.spawn(|_| task());
            };
            spawns(tasks, spawn, Count::wait_for)
        })
        .contender("forte, as a worker", || {
            forte::Forte::with(2, |here| {
                let worker = &**here;
                let spawn = |count: &Count| {
                    let task = count.task();
                    worker.spawn(|_| task());
                };
                // A registered caller runs what nobody took.
                spawns(tasks, spawn, |count, tasks| {
                    while count.0.load(Ordering::Acquire) < tasks {
                        let _ = worker.yield_now();
                    }
                })
            })
        })
        .contender(bevy::NAME, || {
            let pool = bevy::pool(2);
            let spawn = |count: &Count| {
                let task = count.task();
                pool.spawn(async move { task() }).detach();
            };
            spawns(tasks, spawn, Count::wait_for)
        })
        .goal(Goal::ratio(forte::Forte::NAME, 1.0))
        .goal(Goal::ratio(rayon::Rayon::NAME, 1.0))
        .goal(Goal::extra(1.0))
        .run(&args, &mut report);
    report.finish();
}
