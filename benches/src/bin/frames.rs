//! How close does a frame come to its longest way?
//!
//! The graph of `graph.rs`, through `parallel!` in both of its forms, beside what rivals offer: nested joins in the natural
//! order (J), or counters where whoever finishes a node goes on with the next (G). Back to back and with 4 ms of idling
//! between; scaled down to 25 µs and 5 µs, where what a fork costs shows; with other lengths, where two threads need 900 µs;
//! a thousand empty nodes; and the frame while at least 8 background tasks of 2 ms are queued. The "bound" is the longest way,
//! computed by one thread in the same round.

use bevy_tasks::{Scope, TaskPool};
use clap::Parser;
use micropool_benches::graph::{Frame, Run};
use micropool_benches::rivals::{Forks, bevy, chili, fork_union, forte, ours, rayon, upstream};
use micropool_benches::turn::Cost;
use micropool_benches::work::{self, compute};
use micropool_benches::{Args, Case, Goal, Report, Turn, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

#[derive(Parser)]
#[command(about = "Frames of a game, as graphs")]
struct Options {
    #[command(flatten)]
    common: Args,
}

/// How many frames, and what lies between them.
#[derive(Clone, Copy)]
struct Pace {
    idle: Duration,
    frames: usize,
}

impl Pace {
    fn turn(self, mut frame: impl FnMut()) -> Turn {
        let warm = Instant::now();
        while warm.elapsed() < Duration::from_millis(3) {
            frame();
        }
        Turn::timed(Duration::ZERO, self.frames, || {
            if !self.idle.is_zero() {
                sleep(self.idle);
            }
            let start = Instant::now();
            frame();
            start.elapsed().as_nanos() as f64
        })
    }
}

const NESTED: &str = ours::Ours::NAME;
const COUNTDOWN: &str = "micropool, countdown";
const BOUND: &str = "bound";

fn nested(f: &Frame) {
    micropool::parallel! {
        nested;
        input                          => compute(f.input),
        physics   after input             => compute(f.physics),
        animation after input             => compute(f.animation),
        audio     after input             => compute(f.audio),
        _         after input             => compute(f.ai),
        cull      after (physics, animation) => compute(f.cull),
        _         after (cull, audio)        => compute(f.render),
    };
}

fn countdown(f: &Frame) {
    micropool::parallel! {
        use;
        input                          => compute(f.input),
        physics   after input             => compute(f.physics),
        animation after input             => compute(f.animation),
        audio     after input             => compute(f.audio),
        _         after input             => compute(f.ai),
        cull      after (physics, animation) => compute(f.cull),
        _         after (cull, audio)        => compute(f.render),
    };
}

/// Joins, in the order in which the nodes are written.
fn joined<F: Forks>(here: &mut F::Here<'_>, f: &Frame) {
    compute(f.input);
    let audio_and_before = |here: &mut F::Here<'_>| {
        F::join(here, |_| compute(f.physics), |_| compute(f.animation));
        compute(f.cull);
    };
    let shown = |here: &mut F::Here<'_>| {
        F::join(here, audio_and_before, |_| compute(f.audio));
        compute(f.render);
    };
    F::join(here, shown, |_| compute(f.ai));
}

fn in_rayon(f: &Frame) {
    fn go<'s>(scope: &::rayon::Scope<'s>, run: &'s Run, node: usize) {
        run.from(node, &|next| scope.spawn(move |scope| go(scope, run, next)));
    }
    let run = &Run::new(f);
    ::rayon::scope(|scope| run.from_start(&|next| scope.spawn(move |scope| go(scope, run, next))));
}

fn in_forte(worker: &::forte::Worker, f: &Frame) {
    fn go<'s>(scope: &::forte::Scope<'s>, run: &'s Run, node: usize) {
        run.from(node, &|next| scope.spawn(move |scope| go(scope, run, next)));
    }
    let run = &Run::new(f);
    worker.scope(|scope| run.from_start(&|next| scope.spawn(move |scope| go(scope, run, next))));
}

fn in_bevy(pool: &TaskPool, f: &Frame) {
    fn go<'s, 'e: 's>(scope: &'s Scope<'s, 'e, ()>, run: &'e Run, node: usize) {
        run.from(node, &|next| scope.spawn(async move { go(scope, run, next) }));
    }
    let run = &Run::new(f);
    pool.scope(|scope| {
        scope.spawn(async move { run.from_start(&|next| scope.spawn(async move { go(scope, run, next) })) })
    });
}

fn frame_case(name: &str, frame: Frame, pace: Pace, bound: Duration) -> Case<'static> {
    Case::new(name)
        .contender(NESTED, move || {
            let pool = ours::pool(2);
            pool.install(|| pace.turn(|| nested(&frame)))
        })
        .contender(COUNTDOWN, move || {
            let pool = ours::pool(2);
            pool.install(|| pace.turn(|| countdown(&frame)))
        })
        .contender("fork_union G", move || {
            let mut pool = fork_union::pool(2);
            pace.turn(|| {
                let run = Run::new(&frame);
                fork_union::both(&mut pool, || run.work(), || run.work());
            })
        })
        .contender("upstream 0.4.2 G", move || {
            let pool = upstream::pool(2);
            pool.install(|| {
                pace.turn(|| {
                    let run = Run::new(&frame);
                    ::upstream::join(|| run.work(), || run.work());
                })
            })
        })
        .contender("upstream 0.4.2 J", move || {
            upstream::Upstream::with(2, |here| pace.turn(|| joined::<upstream::Upstream>(here, &frame)))
        })
        .contender("rayon G", move || rayon::pool(2).install(|| pace.turn(|| in_rayon(&frame))))
        .contender("rayon J", move || rayon::Rayon::with(2, |here| pace.turn(|| joined::<rayon::Rayon>(here, &frame))))
        .contender("rayon G, outside", move || {
            let pool = rayon::pool(2);
            pace.turn(|| pool.install(|| in_rayon(&frame)))
        })
        .contender("forte G", move || forte::Forte::with(2, |here| pace.turn(|| in_forte(here, &frame))))
        .contender("forte J", move || forte::Forte::with(2, |here| pace.turn(|| joined::<forte::Forte>(here, &frame))))
        .contender("chili J", move || chili::Chili::with(2, |here| pace.turn(|| joined::<chili::Chili>(here, &frame))))
        .contender("bevy_tasks G", move || {
            let pool = bevy::pool(2);
            pace.turn(|| in_bevy(&pool, &frame))
        })
        .yardstick(BOUND, move || pace.turn(|| compute(bound)))
}

/// Includes what `build.rs` wrote.
#[inline(never)]
fn thousand() {
    include!(concat!(env!("OUT_DIR"), "/thousand.rs"));
}

fn thousand_empty(threads: usize, budget: Duration) -> Turn {
    let pool = ours::pool(threads);
    pool.install(|| Turn::sampled(budget, 100, 1000.0, thousand))
}

/// Background tasks, always enough of them queued.
struct Feed {
    /// Those that nobody has started.
    queued: AtomicUsize,
    done: AtomicUsize,
}

const TASK: Duration = Duration::from_millis(2);

impl Feed {
    fn new() -> Arc<Self> {
        Arc::new(Self { queued: AtomicUsize::new(0), done: AtomicUsize::new(0) })
    }

    /// Twelve not started: two cores start four at most while a frame and its idling last, so that eight are left.
    fn top_up(self: &Arc<Self>, spawn: impl Fn(Box<dyn FnOnce() + Send>)) {
        while self.queued.load(Ordering::Relaxed) < 12 {
            self.queued.fetch_add(1, Ordering::Relaxed);
            let feed = self.clone();
            spawn(Box::new(move || {
                feed.queued.fetch_sub(1, Ordering::Relaxed);
                compute(TASK);
                feed.done.fetch_add(1, Ordering::Relaxed);
            }));
        }
    }
}

/// Frames over a queue that never empties; beside their times, the core time that they left over what the background got.
fn loaded(pace: Pace, f: &Frame, spawn: impl Fn(Box<dyn FnOnce() + Send>), frame: impl Fn()) -> Turn {
    let feed = Feed::new();
    feed.top_up(&spawn);
    sleep(Duration::from_millis(5));
    let (done, start, cost) = (feed.done.load(Ordering::Relaxed), Instant::now(), Cost::from_now());
    let mut samples = Vec::with_capacity(pace.frames);
    for _ in 0..pace.frames {
        feed.top_up(&spawn);
        if !pace.idle.is_zero() {
            sleep(pace.idle);
        }
        let start = Instant::now();
        frame();
        samples.push(start.elapsed().as_nanos() as f64);
    }
    let cores = pin::count().min(2) as f64;
    let left = cores * start.elapsed().as_secs_f64() - f.work().as_secs_f64() * pace.frames as f64;
    let got = (feed.done.load(Ordering::Relaxed) - done) as f64 * TASK.as_secs_f64();
    Turn { extra: Some(left / got.max(1e-9)), ..cost.turn(samples) }
}

const UNLOADED: &str = "micropool, unloaded";
const SHARED: &str = "micropool, shared";

fn loaded_case(name: &str, frame: Frame, pace: Pace, bound: Duration) -> Case<'static> {
    use micropool::ThreadPoolBuilder;
    Case::new(name)
        .extra("left/got")
        .contender(ours::Ours::NAME, move || {
            // One for each core: both are free while nothing but the clock goes on between two frames.
            let builder = ThreadPoolBuilder::new().num_threads(1).dedicated_background_threads(2);
            let pool = ours::build(1, builder);
            pool.install(|| loaded(pace, &frame, |task| pool.spawn(task).detach(), || nested(&frame)))
        })
        .contender(SHARED, move || {
            let pool = ours::pool(2);
            pool.install(|| loaded(pace, &frame, |task| pool.spawn(task).detach(), || nested(&frame)))
        })
        .contender(UNLOADED, move || {
            let pool = ours::pool(2);
            pool.install(|| pace.turn(|| nested(&frame)))
        })
        .contender(upstream::Upstream::NAME, move || {
            let pool = upstream::pool(2);
            let spawn = |task: Box<dyn FnOnce() + Send>| drop(pool.spawn_shared(task));
            pool.install(|| {
                loaded(pace, &frame, spawn, || {
                    let run = Run::new(&frame);
                    ::upstream::join(|| run.work(), || run.work());
                })
            })
        })
        .contender("rayon, inside", move || {
            let pool = rayon::pool(2);
            pool.install(|| loaded(pace, &frame, ::rayon::spawn, || in_rayon(&frame)))
        })
        .contender("rayon, second pool", move || {
            let pool = rayon::pool(2);
            let second = pin::making(0, 0, || rayon::unpinned(1));
            pool.install(|| loaded(pace, &frame, |task| second.spawn(task), || in_rayon(&frame)))
        })
        .contender(forte::Forte::NAME, move || {
            forte::Forte::with(2, |here| {
                let here = &**here;
                loaded(
                    pace,
                    &frame,
                    |task| forte::POOL.spawn(|_| task()),
                    || joined::<forte::Forte>(&mut { here }, &frame),
                )
            })
        })
        .yardstick(BOUND, move || pace.turn(|| compute(bound)))
}

/// The same on three workers, of which the default cap leaves one to the foreground; at most `of_unloaded` of their frames without a
/// background.
fn with_three_workers(case: Case<'static>, frame: Frame, pace: Pace, of_unloaded: f64) -> Case<'static> {
    const SHARED: &str = "micropool, shared, 3 workers";
    const UNLOADED: &str = "micropool, unloaded, 3 workers";
    case.contender(SHARED, move || {
        let pool = ours::pool(4);
        pool.install(|| loaded(pace, &frame, |task| pool.spawn(task).detach(), || nested(&frame)))
    })
    .contender(UNLOADED, move || {
        let pool = ours::pool(4);
        pool.install(|| pace.turn(|| nested(&frame)))
    })
    .goal(Goal::ratio(UNLOADED, of_unloaded).of(SHARED))
}

fn main() {
    let Options { common: args } = Options::parse();
    let args = &args;
    let mut report = Report::start("frames", args);
    work::calibrate();
    let micros = Duration::from_micros;
    let at_once = |quick, full| Pace { idle: Duration::ZERO, frames: args.size(quick, full) };
    let idling = |quick, full| Pace { idle: Duration::from_millis(4), frames: args.size(quick, full) };
    let frame = Frame::scaled_to(micros(750));
    // At least 5000 frames over the 15 rounds, for a 99th percentile that says something.
    let (plain, rested) = (at_once(30, 340), idling(6, 340));

    let with_goals = |case: Case<'static>, of_bound: f64| {
        [NESTED, COUNTDOWN].into_iter().fold(case, |case, form| {
            case.goal(Goal::ratio(BOUND, of_bound).of(form)).goal(Goal::best(1.0).p99().of(form))
        })
    };
    with_goals(frame_case("frame of 750 µs, back to back", frame, plain, micros(750)), 1.01).run(args, &mut report);
    // What a wake-up is of a frame: fork_union's thread never sleeps.
    let awake = move || {
        let pool = ours::pool(2);
        let _awake = pool.keep_awake();
        pool.install(|| rested.turn(|| countdown(&frame)))
    };
    let case = frame_case("frame of 750 µs, 4 ms between", frame, rested, micros(750));
    with_goals(case.yardstick("micropool, countdown, kept awake", awake), 1.03).run(args, &mut report);
    frame_case("frame with animation 400 and audio 250: 900 µs", Frame::lopsided(), plain, micros(900))
        .goal(Goal::ratio(BOUND, 1.01).of(COUNTDOWN))
        .run(args, &mut report);
    for bound in [25, 5] {
        let name = format!("frame scaled to {bound} µs, back to back");
        frame_case(&name, Frame::scaled_to(micros(bound)), at_once(300, 2000), micros(bound))
            .goal(Goal::best(1.02))
            .goal(Goal::best(1.02).of(COUNTDOWN))
            .run(args, &mut report);
    }

    let budget = Duration::from_millis(args.size(30, 100));
    let one = "micropool, 1 thread";
    Case::new("a random graph of 1000 empty nodes, per node")
        .contender(ours::Ours::NAME, || thousand_empty(2, budget))
        .contender(one, || thousand_empty(1, budget))
        .goal(Goal::absolute(20.0).of(one))
        .goal(Goal::ratio(one, 1.5))
        .run(args, &mut report);

    let case = loaded_case("the frame over 8 background tasks of 2 ms, back to back", frame, plain, micros(750));
    with_three_workers(case, frame, plain, 1.10)
        .goal(Goal::ratio(UNLOADED, 1.10))
        .goal(Goal::ratio(UNLOADED, 1.15).p99())
        .goal(Goal::ratio(upstream::Upstream::NAME, 1.0).of(SHARED))
        .run(args, &mut report);
    let case = loaded_case("the frame over 8 background tasks of 2 ms, 4 ms between", frame, rested, micros(750));
    with_three_workers(case, frame, rested, 1.05)
        .goal(Goal::ratio(UNLOADED, 1.05))
        .goal(Goal::ratio(UNLOADED, 1.15).p99())
        // The background gets at least 0.9 of what is left.
        .goal(Goal::extra(1.0 / 0.9))
        .run(args, &mut report);
    report.finish();
}
