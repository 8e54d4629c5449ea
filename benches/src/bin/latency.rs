//! How long does one fork and join of two threads take, from a thread that is none of the pool's; and how soon does an
//! idle thread begin with the half it is offered?
//!
//! Hot: the pool has just been used. Asleep: it has idled for 20 ms, as between frames. Two halves of 20 µs take 20 µs at best.
//! `keep_awake`: a pool of ours that has idled for a millisecond under its guard, beside a hot one; once with a caller that computes
//! meanwhile, so that only the pool has idled, and once with a caller that sleeps, who pays for waking cold whatever its pool
//! does. The second part is about
//! visibility: `join(long, short)` with an idle hot worker, from the call to the first instruction of `short`; and ten halves
//! pending on a stack when a worker becomes idle, from then to the first instruction of the oldest.
//!
//! `--steps` counts the code that a fork and join after a pause goes through, instead of timing it.

use clap::Parser;
use micropool_benches::rivals::by_hand::{self, Pair};
use micropool_benches::rivals::{Forks, bevy, fork_union};
use micropool_benches::rivals::{chili, forte, ours, rayon, upstream};
use micropool_benches::steps::{self, Steps};
use micropool_benches::work::{self, compute};
use micropool_benches::{Args, Case, Goal, Report, Turn, pin};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

#[derive(Parser)]
#[command(about = "One fork and join; how soon an offered half starts")]
struct Options {
    #[command(flatten)]
    common: Args,

    /// How much code a fork-join of two empty halves goes through that wakes a thread, instead of times.
    #[arg(long)]
    steps: bool,
}

/// What happens between two fork-joins, and how often to look.
#[derive(Clone, Copy)]
struct Pace {
    idle: Duration,
    /// Whether the caller sleeps meanwhile, or computes.
    sleeps: bool,
    budget: Duration,
    least: usize,
}

impl Pace {
    fn hot(args: &Args) -> Self {
        Self { idle: Duration::ZERO, sleeps: false, budget: Duration::from_millis(args.size(15, 60)), least: 1000 }
    }

    fn after(idle: Duration, least: usize) -> Self {
        Self { idle, sleeps: true, budget: Duration::ZERO, least }
    }

    fn computing(self) -> Self {
        Self { sleeps: false, ..self }
    }

    fn turn(self, mut fork_join: impl FnMut()) -> Turn {
        let warm = Instant::now();
        while warm.elapsed() < Duration::from_millis(2) {
            fork_join();
        }
        Turn::timed(self.budget, self.least, || {
            match (self.idle.is_zero(), self.sleeps) {
                (true, _) => {}
                (false, true) => sleep(self.idle),
                (false, false) => compute(self.idle),
            }
            let start = Instant::now();
            fork_join();
            start.elapsed().as_nanos() as f64
        })
    }
}

/// A half of a fork-join: nothing, or so long.
fn half(time: Duration) {
    if !time.is_zero() {
        compute(time);
    }
}

/// One fork-join of two halves, by everybody.
fn fork_join(name: String, pace: Pace, time: Duration) -> Case<'static> {
    Case::new(name)
        .contender(ours::Ours::NAME, move || {
            let pool = ours::pool(2);
            pace.turn(|| {
                pool.join(|| half(time), || half(time));
            })
        })
        .contender(fork_union::NAME, move || {
            let mut pool = fork_union::pool(2);
            pace.turn(|| fork_union::both(&mut pool, || half(time), || half(time)))
        })
        .contender(upstream::Upstream::NAME, move || {
            let pool = upstream::pool(2);
            pace.turn(|| {
                pool.join(|| half(time), || half(time));
            })
        })
        .contender("rayon, outside", move || {
            let pool = rayon::pool(2);
            pace.turn(|| {
                pool.join(|| half(time), || half(time));
            })
        })
        .contender(chili::Chili::NAME, move || {
            let pool = chili::pool(2);
            let mut scope = pool.scope();
            pace.turn(|| {
                scope.join(|_| half(time), |_| half(time));
            })
        })
        .contender(forte::Forte::NAME, move || {
            forte::resize(2);
            pace.turn(|| {
                forte::POOL.join(|_| half(time), |_| half(time));
            })
        })
        .contender(bevy::NAME, move || {
            let pool = bevy::pool(2);
            pace.turn(|| {
                pool.scope(|scope| {
                    scope.spawn(async move { half(time) });
                    scope.spawn(async move { half(time) });
                });
            })
        })
        // Inside the pool nobody has to be asked: another question, shown beside.
        .yardstick("rayon, inside", move || {
            let pool = rayon::pool(2);
            pool.install(|| {
                pace.turn(|| {
                    ::rayon::join(|| half(time), || half(time));
                })
            })
        })
        .yardstick(by_hand::NAME, move || {
            let mut pair = Pair::new();
            pace.turn(|| pair.both(|| half(time), || half(time)))
        })
}

const KEPT_AWAKE: &str = "micropool, kept awake";
const KEPT_AWAKE_COLD: &str = "the same, caller slept";
/// What a hot pool has that this hasn't either: the lines that the two share, and what the processor remembers of the code.
const BY_HAND_LATER: &str = "by hand, kept awake";

/// Beside a hot one: a pool that was kept awake for a millisecond.
fn and_kept_awake(case: Case<'static>, least: usize, time: Duration) -> Case<'static> {
    let turn = move |pace: Pace| {
        let pool = ours::pool(2);
        let _awake = pool.keep_awake();
        pace.turn(|| {
            pool.join(|| half(time), || half(time));
        })
    };
    let pace = Pace::after(Duration::from_millis(1), least);
    case.contender(KEPT_AWAKE, move || turn(pace.computing()))
        .yardstick(KEPT_AWAKE_COLD, move || turn(pace))
        .yardstick(BY_HAND_LATER, move || {
            let mut pair = Pair::new();
            pace.computing().turn(|| pair.both(|| half(time), || half(time)))
        })
        .goal(Goal::ratio(ours::Ours::NAME, 1.2).of(KEPT_AWAKE))
}

const LONG: Duration = Duration::from_micros(100);

/// A join whose second half is on the other thread when this returns, or a millisecond has passed: that thread is awake, is
/// on its core, and will be idle in an instant. (The heartbeat schedulers may not hand it over.)
fn meet<F: Forks>(here: &mut F::Here<'_>) {
    let (met, start) = (AtomicBool::new(false), Instant::now());
    let wait = |_: &mut F::Here<'_>| {
        while !met.load(Ordering::Acquire) && start.elapsed() < Duration::from_millis(1) {
            std::hint::spin_loop();
        }
    };
    F::join(here, wait, |_| met.store(true, Ordering::Release));
}

/// From `join(long, short)` to the start of `short`.
fn short_starts<F: Forks>(least: usize) -> Turn {
    F::with(2, |here| {
        Turn::timed(Duration::ZERO, least, || {
            meet::<F>(here);
            let start = Instant::now();
            let ((), started) = F::join(here, |_| compute(LONG), |_| Instant::now());
            (started - start).as_nanos() as f64
        })
    })
}

fn short_starts_in_fork_union(least: usize) -> Turn {
    let mut pool = fork_union::pool(2);
    Turn::timed(Duration::ZERO, least, || {
        fork_union::both(&mut pool, || {}, || {});
        let started = Mutex::new(None);
        let start = Instant::now();
        fork_union::both(
            &mut pool,
            || compute(LONG),
            || *started.lock().expect("nobody panics") = Some(Instant::now()),
        );
        let started = started.into_inner().expect("nobody panics").expect("both have run");
        (started - start).as_nanos() as f64
    })
}

/// Ten halves, the oldest outermost; innermost, the worker is let go. Gives when that was and when the oldest started.
fn ten_pending<F: Forks>(here: &mut F::Here<'_>, left: u32, let_go: &AtomicBool) -> (Instant, Instant) {
    if left == 0 {
        let at = Instant::now();
        let_go.store(true, Ordering::Release);
        compute(LONG);
        return (at, at);
    }
    let ((at, _), started) = F::join(here, |here| ten_pending::<F>(here, left - 1, let_go), |_| Instant::now());
    (at, started)
}

/// From a worker's becoming idle to the start of the oldest of ten halves on another thread's stack.
fn oldest_starts<F: Forks>(least: usize) -> Turn {
    F::with(2, |here| {
        Turn::timed(Duration::ZERO, least, || {
            let (held, let_go) = (AtomicBool::new(false), AtomicBool::new(false));
            let ((at, started), ()) = F::join(
                here,
                |here| {
                    // The only worker is to be busy with the other half while the ten are made.
                    while !held.load(Ordering::Acquire) {
                        std::hint::spin_loop();
                    }
                    ten_pending::<F>(here, 10, &let_go)
                },
                |_| {
                    held.store(true, Ordering::Release);
                    while !let_go.load(Ordering::Acquire) {
                        std::hint::spin_loop();
                    }
                },
            );
            (started - at).as_nanos() as f64
        })
    })
}

/// Of those whose caller does both halves where the other thread doesn't come.
fn count_steps(args: &Args) {
    pin::start(false);
    println!("a fork-join of two empty halves after 20 ms asleep, on the caller's thread");
    println!("{:16} {:>12} {:>14} {:>14}", "", "instructions", "lines of code", "pages of code");
    let row = |name: &str, count: &dyn Fn() -> Result<Steps, String>| {
        if !args.wants(name) {
            return;
        }
        match count() {
            Ok(Steps { instructions, lines, pages }) => println!("{name:16} {instructions:12} {lines:14} {pages:14}"),
            Err(error) => println!("{name:16} {error}"),
        }
    };
    let ours = || {
        let pool = ours::pool(2);
        move || _ = pool.join(|| (), || ())
    };
    let upstream = || {
        let pool = upstream::pool(2);
        move || _ = pool.join(|| (), || ())
    };
    row(ours::Ours::NAME, &|| steps::count(ours));
    row(upstream::Upstream::NAME, &|| steps::count(upstream));
}

fn main() {
    let Options { common: args, steps } = Options::parse();
    let args = &args;
    if steps {
        return count_steps(args);
    }
    let mut report = Report::start("latency", args);
    work::calibrate();
    let hot = Pace::hot(args);
    let asleep = Pace::after(Duration::from_millis(20), args.size(4, 40));
    let least = args.size(200, 1000);
    let (empty, long) = (Duration::ZERO, Duration::from_micros(20));

    let kept = args.size(20, 100);
    and_kept_awake(fork_join("hot, two empty halves".into(), hot, empty), kept, empty)
        .goal(Goal::ratio(fork_union::NAME, 1.0))
        .goal(Goal::ratio(fork_union::NAME, 1.0).p99())
        .run(args, &mut report);
    and_kept_awake(fork_join("hot, two halves of 20 µs".into(), hot, long), kept, long)
        .goal(Goal::ratio(fork_union::NAME, 1.01))
        .run(args, &mut report);
    fork_join("asleep for 20 ms, two empty halves".into(), asleep, empty)
        .goal(Goal::ratio(upstream::Upstream::NAME, 1.0))
        .run(args, &mut report);
    fork_join("asleep for 20 ms, two halves of 20 µs".into(), asleep, long)
        .goal(Goal::ratio(upstream::Upstream::NAME, 1.0))
        .run(args, &mut report);

    Case::new("join(100 µs, short), an idle hot worker: until the short half starts")
        .contender(ours::Ours::NAME, || short_starts::<ours::Ours>(least))
        .contender(rayon::Rayon::NAME, || short_starts::<rayon::Rayon>(least))
        .contender(upstream::Upstream::NAME, || short_starts::<upstream::Upstream>(least))
        .contender(fork_union::NAME, || short_starts_in_fork_union(least))
        .contender(chili::Chili::NAME, || short_starts::<chili::Chili>(least))
        .contender(forte::Forte::NAME, || short_starts::<forte::Forte>(least))
        .goal(Goal::absolute(1000.0))
        .run(args, &mut report);
    // The heartbeat schedulers would not take even the half that keeps the worker busy.
    Case::new("ten halves pending, a worker becomes idle: until the oldest starts")
        .contender(ours::Ours::NAME, || oldest_starts::<ours::Ours>(least))
        .contender(rayon::Rayon::NAME, || oldest_starts::<rayon::Rayon>(least))
        .contender(upstream::Upstream::NAME, || oldest_starts::<upstream::Upstream>(least))
        .goal(Goal::absolute(1000.0))
        .run(args, &mut report);
    report.finish();
}
