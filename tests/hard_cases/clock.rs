//! 20, clocks that jump: this binary's own `clock_gettime` stands between the standard library and the system's, and bends the
//! monotonic clock in the process that plays the part. And a process that was stopped and continued: for it the clock did jump.

use crate::{LIMIT, pool};
use micropool::ThreadPoolBuilder;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use support::{ended, in_child};

/// Seconds that the clock is off by; changes while pools run.
static OFF: AtomicI64 = AtomicI64::new(0);

/// # Safety
/// As the C library's: `time` may be written to.
// SAFETY: the name is the C library's, and so are the signature and what it does, but for the seconds that it is off by.
#[unsafe(no_mangle)]
unsafe extern "C" fn clock_gettime(clock: libc::clockid_t, time: *mut libc::timespec) -> libc::c_int {
    // SAFETY: the system call writes one `timespec` to `time`, as the caller allows.
    let result = unsafe { libc::syscall(libc::SYS_clock_gettime, clock, time) } as libc::c_int;
    if result == 0 && clock == libc::CLOCK_MONOTONIC {
        // SAFETY: the call above has filled it.
        let time = unsafe { &mut *time };
        time.tv_sec += OFF.load(Ordering::Relaxed);
    }
    result
}

/// Everything of the runtime that looks at a clock: spinning, sleeping, `help_background`'s budget.
fn work(rounds: usize) {
    let pools = [Duration::ZERO, Duration::from_micros(50), Duration::from_millis(5), Duration::MAX]
        .map(|spin| ThreadPoolBuilder::new().num_threads(2).spin_before_sleep(spin).build().unwrap());
    for round in 0..rounds {
        for pool in &pools {
            let sum = pool.split_per(3).reduce_ranges(300, |range| range.sum::<usize>(), |a, b| a + b);
            assert_eq!(sum, Some(44_850));
            let taken = AtomicBool::new(false);
            pool.join(
                || {
                    while !taken.load(Ordering::Acquire) {
                        thread::yield_now();
                    }
                },
                || taken.store(true, Ordering::Release),
            );
            let tasks: Vec<_> = (0..20).map(|n| pool.spawn(move || n)).collect();
            pool.install(|| micropool::help_background(Duration::from_micros(100)));
            assert_eq!(tasks.into_iter().map(|task| task.join()).sum::<usize>(), 190);
            if round % 16 == 0 {
                thread::sleep(Duration::from_micros(300));
            }
        }
    }
}

/// How many of three tasks `help_background` runs with this budget, of which the first makes the clock jump by so many seconds and
/// each takes so long.
fn helped(budget: Duration, jump: i64, each: Duration) -> usize {
    let (pool, gate) = (support::capped(1, 1), support::Gate::default());
    // Its worker is busy, so that there are all three to help with.
    gate.hold(&pool).detach();
    let jumped = Arc::new(AtomicBool::new(false));
    for _ in 0..3 {
        let jumped = jumped.clone();
        let task = move || {
            if !jumped.swap(true, Ordering::Relaxed) {
                OFF.fetch_add(jump, Ordering::Relaxed);
            }
            thread::sleep(each);
        };
        pool.spawn(task).detach();
    }
    let count = pool.install(|| micropool::help_background(budget));
    gate.open();
    count
}

#[test]
fn case_20_clocks_that_jump() {
    const NAME: &str = "clock::case_20_clocks_that_jump";
    match support::role().as_deref() {
        Some("bent") => {
            let before = Instant::now();
            OFF.store(1_000_000, Ordering::Relaxed);
            assert!(before.elapsed() > Duration::from_secs(900_000), "the standard library's clock is ours");
            let (short, long) = (Duration::from_millis(5), Duration::from_secs(1000));
            assert_eq!(helped(short, 0, 2 * short), 1, "as asked for");
            assert_eq!(helped(long, 0, Duration::ZERO), 3, "as asked for");
            assert_eq!(helped(long, 2000, Duration::ZERO), 1, "a jump ahead ends it early");
            assert_eq!(helped(short, -2000, 2 * short), 3, "and one back makes it last longer");
            let over = AtomicBool::new(false);
            thread::scope(|s| {
                s.spawn(|| {
                    let mut random = fastrand::Rng::with_seed(20);
                    while !over.load(Ordering::Relaxed) {
                        OFF.store(1_000_000 + random.i64(-900_000..900_000), Ordering::Relaxed);
                        thread::yield_now();
                    }
                });
                work(200);
                over.store(true, Ordering::Relaxed);
            });
        }
        Some(_) => work(200),
        None => crate::watched(|| {
            let run = |role| in_child(NAME, role).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
            let bent = run("bent");
            let mut stopped = run("stopped");
            let process = rustix::process::Pid::from_child(&stopped);
            while stopped.try_wait().unwrap().is_none() {
                for signal in [rustix::process::Signal::STOP, rustix::process::Signal::CONT] {
                    // It may have ended meanwhile.
                    let _ = rustix::process::kill_process(process, signal);
                    thread::sleep(Duration::from_millis(15));
                }
            }
            for child in [bent, stopped] {
                let output = ended(child, LIMIT - Duration::from_secs(2));
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            }
            assert_eq!(pool(1).join(|| 1, || 2), (1, 2));
        }),
    }
}
