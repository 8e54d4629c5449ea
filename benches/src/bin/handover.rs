//! Where does the time of a hand-over go?
//!
//! A dot product of 10 000 products in two halves, hot, with a look at the clock at the beginning and the end of each: how long until the
//! caller's half begins, until the other thread's does, and from the end of the later one until the caller goes on. Looks at the
//! clock hold a thread up that would have gone on while a line of memory is on its way, so the parts are more than the whole.
//! Only samples in which the other thread had its half.

use clap::Parser;
use micropool::ThreadPool;
use micropool::iter::*;
use micropool_benches::kernels;
use micropool_benches::rivals::by_hand::{self, Pair};
use micropool_benches::rivals::{Forks, fork_union, ours, rayon};
use micropool_benches::{Args, Case, Report, Turn};
use std::hint::black_box;
use std::ops::Range;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

#[derive(Parser)]
#[command(about = "Where the time of a hand-over goes")]
struct Options {
    #[command(flatten)]
    common: Args,
}

const LEN: usize = 10_000;

static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Nanoseconds.
fn now() -> u64 {
    EPOCH.elapsed().as_nanos() as u64
}

/// When a half began and ended; on lines of its own.
#[repr(align(128))]
struct Times {
    began: AtomicU64,
    ended: AtomicU64,
    /// Whether it was run by another thread than the caller's.
    elsewhere: AtomicU64,
}

static HALVES: [Times; 2] =
    [const { Times { began: AtomicU64::new(0), ended: AtomicU64::new(0), elsewhere: AtomicU64::new(0) } }; 2];

struct Halves {
    a: Vec<f32>,
    b: Vec<f32>,
    caller: ThreadId,
}

impl Halves {
    fn new() -> &'static Self {
        let (a, b) = (0..LEN).map(|x| (x as f32, 0.5)).unzip();
        LazyLock::force(&EPOCH);
        Box::leak(Box::new(Self { a, b, caller: thread::current().id() }))
    }

    fn run(&self, range: Range<usize>) -> u64 {
        let times = &HALVES[usize::from(range.start > 0)];
        times.began.store(now(), Ordering::Relaxed);
        let product: f32 = kernels::dots(&self.a[range.clone()], &self.b[range]).iter().sum();
        times.ended.store(now(), Ordering::Relaxed);
        times.elsewhere.store((thread::current().id() != self.caller).into(), Ordering::Relaxed);
        u64::from(product.to_bits())
    }
}

/// What is looked at.
#[derive(Clone, Copy)]
enum Part {
    CallerBegins,
    OtherBegins,
    End,
    Whole,
}

impl Part {
    fn turn(self, budget: Duration, mut both: impl FnMut()) -> Turn {
        let warm = Instant::now();
        while warm.elapsed() < budget / 4 {
            both();
        }
        Turn::timed(budget, 1000, || {
            loop {
                let start = now();
                both();
                let end = now();
                let [here, there] = [0, 1].map(|half: usize| &HALVES[half]);
                let [began, other, ended, other_ended] =
                    [&here.began, &there.began, &here.ended, &there.ended].map(|time| time.load(Ordering::Relaxed));
                if there.elsewhere.load(Ordering::Relaxed) == 0 {
                    continue;
                }
                let part = match self {
                    Self::CallerBegins => began - start,
                    Self::OtherBegins => other - start,
                    Self::End => end - ended.max(other_ended),
                    Self::Whole => end - start,
                };
                return part as f64;
            }
        })
    }
}

fn case(name: &str, part: Part, budget: Duration) -> Case<'static> {
    let ours = move |run: fn(&ThreadPool, &'static Halves)| {
        move || {
            let (pool, halves) = (ours::pool(2), Halves::new());
            part.turn(budget, || run(&pool, halves))
        }
    };
    let inside = move |run: fn(&'static Halves)| {
        move || {
            let (pool, halves) = (ours::pool(2), Halves::new());
            pool.install(|| part.turn(budget, || run(halves)))
        }
    };
    Case::new(name)
        .contender(
            ours::Ours::NAME,
            ours(|pool, halves| {
                black_box(pool.split_by_threads().reduce_ranges(LEN, |range| halves.run(range), u64::wrapping_add));
            }),
        )
        .contender(
            "micropool, join",
            ours(|pool, halves| {
                black_box(pool.join(|| halves.run(0..LEN / 2), || halves.run(LEN / 2..LEN)));
            }),
        )
        .contender(
            "micropool, chunks",
            ours(|pool, halves| {
                let place = |chunk: &[f32]| (chunk.as_ptr().addr() - halves.a.as_ptr().addr()) / size_of::<f32>();
                let chunks = halves.a.par_chunks(LEN / 2).with_thread_pool(pool.split_by_threads());
                let products = chunks.map(|chunk| halves.run(place(chunk)..place(chunk) + chunk.len()));
                black_box(products.reduce(|| 0, u64::wrapping_add));
            }),
        )
        .contender(
            "micropool, inside",
            inside(|halves| {
                let split = micropool::split_by_threads();
                black_box(split.reduce_ranges(LEN, |range| halves.run(range), u64::wrapping_add));
            }),
        )
        .contender(
            "micropool, join inside",
            inside(|halves| {
                black_box(micropool::join(|| halves.run(0..LEN / 2), || halves.run(LEN / 2..LEN)));
            }),
        )
        .contender(fork_union::NAME, move || {
            let (mut pool, halves) = (fork_union::pool(2), Halves::new());
            part.turn(budget, || {
                drop(pool.for_slices(LEN, |first, count| {
                    black_box(halves.run(first.task_index..first.task_index + count));
                }));
            })
        })
        .contender("rayon, inside", move || {
            rayon::Rayon::with(2, |()| {
                let halves = Halves::new();
                part.turn(budget, || {
                    black_box(::rayon::join(|| halves.run(0..LEN / 2), || halves.run(LEN / 2..LEN)));
                })
            })
        })
        .contender(by_hand::NAME, move || {
            let (mut pair, halves) = (Pair::new(), Halves::new());
            part.turn(budget, || {
                let there = AtomicU64::new(0);
                let mut here = 0;
                pair.both(
                    || here = halves.run(0..LEN / 2),
                    || there.store(halves.run(LEN / 2..LEN), Ordering::Relaxed),
                );
                black_box(here.wrapping_add(there.into_inner()));
            })
        })
}

fn main() {
    let Options { common: args } = Options::parse();
    let args = &args;
    let mut report = Report::start("handover", args);
    let budget = Duration::from_millis(args.size(15, 60));
    for (name, part) in [
        ("until the caller's half begins", Part::CallerBegins),
        ("until the other thread's half begins", Part::OtherBegins),
        ("from the later end until the caller goes on", Part::End),
        ("all of it", Part::Whole),
    ] {
        case(name, part, budget).run(args, &mut report);
    }
    report.finish();
}
