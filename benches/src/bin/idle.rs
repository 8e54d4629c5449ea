//! What does a pool cost that has nothing to do?
//!
//! Processor time of the whole process in 2 s (with `--quick` less) after the pool was used and has had time to fall asleep; and in the second that
//! a caller is blocked on a half that another thread has and sleeps in.

use clap::Parser;
use micropool_benches::rivals::{Forks, bevy, chili, fork_union, forte, ours, rayon, upstream};
use micropool_benches::turn::Cost;
use micropool_benches::{Args, Case, Goal, Report, Turn};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

#[derive(Parser)]
#[command(about = "Processor time of a pool that has nothing to do")]
struct Options {
    #[command(flatten)]
    common: Args,
}

/// Processor time in so long.
fn idles(time: Duration, used: impl FnOnce()) -> Turn {
    used();
    sleep(Duration::from_millis(100));
    let cost = Cost::from_now();
    sleep(time);
    let cpu = cost.cpu().as_nanos() as f64;
    cost.turn(vec![cpu])
}

/// Processor time while the caller waits for a half that sleeps elsewhere.
fn blocked<F: Forks>(time: Duration) -> Turn {
    F::with(2, |here| {
        let taken = AtomicBool::new(false);
        let cost = F::join(
            here,
            |_| {
                // A pool that doesn't hand it over within a second is shown sleeping by itself.
                let start = Instant::now();
                while !taken.load(Ordering::Acquire) && start.elapsed() < Duration::from_secs(1) {
                    std::hint::spin_loop();
                }
                Cost::from_now()
            },
            |_| {
                taken.store(true, Ordering::Release);
                sleep(time);
            },
        )
        .0;
        cost.turn(vec![cost.cpu().as_nanos() as f64])
    })
}

fn main() {
    let Options { common: args } = Options::parse();
    let args = &args;
    let mut report = Report::start("idle", args);
    let time = Duration::from_millis(args.size(400, 2000));

    Case::new(format!("processor time in {time:?} of idling"))
        .contender(ours::Ours::NAME, move || {
            let pool = ours::pool(2);
            idles(time, || {
                pool.join(|| (), || ());
            })
        })
        .contender(upstream::Upstream::NAME, move || {
            let pool = upstream::pool(2);
            idles(time, || {
                pool.join(|| (), || ());
            })
        })
        .contender(rayon::Rayon::NAME, move || {
            let pool = rayon::pool(2);
            idles(time, || {
                pool.join(|| (), || ());
            })
        })
        .contender(forte::Forte::NAME, move || {
            forte::resize(2);
            idles(time, || {
                forte::POOL.join(|_| (), |_| ());
            })
        })
        .contender("chili, a scope held", move || {
            let pool = chili::pool(2);
            let mut scope = pool.scope();
            idles(time, || {
                scope.join(|_| (), |_| ());
            })
        })
        .contender(bevy::NAME, move || {
            let pool = bevy::pool(2);
            idles(time, || drop(pool.scope(|scope| scope.spawn(async {}))))
        })
        .contender(fork_union::NAME, move || {
            let mut pool = fork_union::pool(2);
            idles(time, || fork_union::both(&mut pool, || {}, || {}))
        })
        .yardstick("no pool", move || idles(time, || {}))
        .goal(Goal::absolute(100_000.0))
        .run(args, &mut report);

    let time = Duration::from_millis(args.size(200, 1000));
    Case::new(format!("processor time while blocked for {time:?} on a half that another thread has"))
        .contender(ours::Ours::NAME, move || blocked::<ours::Ours>(time))
        .contender(rayon::Rayon::NAME, move || blocked::<rayon::Rayon>(time))
        .contender(upstream::Upstream::NAME, move || blocked::<upstream::Upstream>(time))
        // It sleeps: no more than its spinning and a wake-up.
        .goal(Goal::absolute(1_000_000.0))
        .run(args, &mut report);
    report.finish();
}
