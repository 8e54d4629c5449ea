//! What do many threads cost on few cores?
//!
//! fib, a frame and a loop with 8, 64 and 256 workers beside the same with 2, on however many cores there are; rayon beside.
//! And 2000 outside threads that fork at once, beside the same number one after another; as many that fork nothing show what of that is theirs.

use clap::Parser;
use micropool_benches::graph::Frame;
use micropool_benches::rivals::{Forks, ours, rayon};
use micropool_benches::work::{self, compute};
use micropool_benches::{Args, Case, Goal, Report, Turn};
use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

#[derive(Parser)]
#[command(about = "Many threads on few cores")]
struct Options {
    #[command(flatten)]
    common: Args,
}

fn fib<F: Forks>(here: &mut F::Here<'_>, n: u32) -> u64 {
    if n < 2 {
        return u64::from(n);
    }
    let (a, b) = F::join(here, |here| fib::<F>(here, n - 1), |here| fib::<F>(here, n - 2));
    a + b
}

fn serial_fib(n: u32) -> u64 {
    if n < 2 { u64::from(n) } else { serial_fib(n - 1) + serial_fib(n - 2) }
}

fn frame(f: &Frame) {
    micropool::parallel! {
        input                             => compute(f.input),
        physics   after input             => compute(f.physics),
        animation after input             => compute(f.animation),
        audio     after input             => compute(f.audio),
        _         after input             => compute(f.ai),
        cull      after (physics, animation) => compute(f.cull),
        _         after (cull, audio)        => compute(f.render),
    };
}

const CROWDS: [usize; 3] = [8, 64, 256];
const FEW: usize = 2;

fn workers(n: usize) -> String {
    format!("micropool, {n} workers")
}

/// One thing with few workers and with many.
fn crowds<'a>(name: &str, turn: impl Fn(usize) -> Turn + Copy + 'a) -> Case<'a> {
    let case = Case::new(name).contender(&workers(FEW), move || turn(FEW));
    CROWDS.into_iter().fold(case, |case, n| {
        case.contender(&workers(n), move || turn(n)).goal(Goal::ratio(&workers(FEW), 1.5).of(&workers(n)))
    })
}

fn outsiders(count: usize, at_once: bool, forks: impl Fn() + Sync) -> Turn {
    let ready = Barrier::new(count);
    let start = Instant::now();
    thread::scope(|scope| {
        if at_once {
            // All are there before the first forks.
            for _ in 0..count {
                let small = thread::Builder::new().stack_size(256 << 10);
                let run = || {
                    ready.wait();
                    forks();
                };
                small.spawn_scoped(scope, run).expect("threads can be made");
            }
        } else {
            for _ in 0..count {
                let small = thread::Builder::new().stack_size(256 << 10);
                let one = small.spawn_scoped(scope, &forks).expect("threads can be made");
                one.join().expect("it doesn't panic");
            }
        }
    });
    Turn { samples: vec![start.elapsed().as_nanos() as f64], ..Turn::default() }
}

fn main() {
    let Options { common: args } = Options::parse();
    let args = &args;
    let mut report = Report::start("crowd", args);
    work::calibrate();
    let budget = Duration::from_millis(args.size(20, 100));

    let fibs = move |workers: usize| {
        let pool = ours::pool(workers + 1);
        pool.install(|| {
            Turn::sampled(budget, 3, 1.0, || {
                black_box(fib::<ours::Ours>(&mut (), black_box(24)));
            })
        })
    };
    let fibs_in_rayon = move |threads: usize| {
        rayon::Rayon::with(threads, |here| {
            Turn::sampled(budget, 3, 1.0, || {
                black_box(fib::<rayon::Rayon>(here, black_box(24)));
            })
        })
    };
    crowds("fib(24)", fibs)
        .yardstick("rayon, 2 threads", move || fibs_in_rayon(2))
        .yardstick("rayon, 64 threads", move || fibs_in_rayon(64))
        .run(args, &mut report);

    let f = Frame::scaled_to(Duration::from_micros(750));
    let frames = move |workers: usize| {
        let pool = ours::pool(workers + 1);
        pool.install(|| Turn::sampled(budget, 10, 1.0, || frame(&f)))
    };
    crowds("frame of 750 µs", frames).run(args, &mut report);

    let data: Vec<u64> = (0..1_000_000).collect();
    let data = data.as_slice();
    let loops = |workers: usize| {
        let pool = ours::pool(workers + 1);
        let sum =
            || pool.split_by_threads().reduce_ranges(data.len(), |range| data[range].iter().sum::<u64>(), |a, b| a + b);
        Turn::sampled(budget, 10, 1.0, || {
            black_box(sum());
        })
    };
    crowds("sum of 1M", loops).run(args, &mut report);

    let (count, once, in_turn) = (args.size(500, 2000), "micropool, at once", "micropool, one after another");
    let ours = move |at_once| {
        let pool = ours::pool(2);
        let forks = || pool.install(|| black_box(fib::<ours::Ours>(&mut (), black_box(15))));
        outsiders(count, at_once, || _ = forks())
    };
    let alone = move |at_once| outsiders(count, at_once, || _ = black_box(serial_fib(black_box(15))));
    Case::new(format!("{count} outside threads, each with fib(15)"))
        .contender(once, move || ours(true))
        .contender(in_turn, move || ours(false))
        .yardstick("no pool, at once", move || alone(true))
        .yardstick("no pool, one after another", move || alone(false))
        .goal(Goal::ratio(in_turn, 2.0).of(once))
        .run(args, &mut report);
    report.finish();
}
