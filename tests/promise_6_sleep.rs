//! Promise 6, by the processor time of the whole process: which is why it is a test binary with one test.

#![cfg(unix)]
#![forbid(unsafe_code)]

use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use micropool::{ThreadPool, ThreadPoolBuilder};
use rustix::time::{ClockId, clock_gettime};
use support::{Gate, busy, soon, within};

/// The processor time that all threads have used so far.
fn used() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

/// What `f` uses.
fn cost(f: impl FnOnce()) -> Duration {
    let before = used();
    f();
    used().saturating_sub(before)
}

/// Asserts that the process uses next to nothing in this time. A machine with other work charges some of it to whoever is there, now and
/// then: so it is the least of several tries, until one is fine.
fn rests(what: &str, time: Duration) {
    let mut tries = Vec::new();
    let rested = (0..5).any(|_| {
        let used = cost(|| thread::sleep(time));
        tries.push(used);
        used < Duration::from_micros(200)
    });
    assert!(rested, "{what} used {tries:?} in {time:?}");
}

fn pool(threads: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be made")
}

fn fork(pool: &ThreadPool) {
    pool.join(|| busy(Duration::from_micros(20)), || busy(Duration::from_micros(20)));
}

/// Whether two threads get all the time of two processors.
fn two_processors_are_free() -> bool {
    let time = Duration::from_millis(20);
    let used = cost(|| {
        thread::scope(|scope| {
            scope.spawn(|| busy(time));
            busy(time);
        });
    });
    used > time * 19 / 10
}

/// Where gaps are short and come again and again, a worker spins through them; where they are long, it sleeps soon; and where a time is
/// set, neither changes it. Several tries: on a machine with other work a short gap may be long. And where that work never stops nothing
/// is asserted, for who spins gives way to it.
fn spinning_by_habit() {
    if thread::available_parallelism().map_or(1, usize::from) < 2 {
        return;
    }
    let per_frame = |pool: &ThreadPool, gap: Duration, frames: u32| {
        let all = || (0..frames).for_each(|_| (fork(pool), thread::sleep(gap)).0);
        all();
        cost(all) / frames
    };
    let (short, long) = (Duration::from_micros(150), Duration::from_millis(3));
    let (pool, fixed) =
        (pool(1), ThreadPoolBuilder::new().num_threads(1).spin_before_sleep(Duration::from_micros(50)).build());
    let fixed = fixed.expect("threads can be made");
    let mut seen = Vec::new();
    let as_told = (0..20).any(|_| {
        if !two_processors_are_free() {
            return false;
        }
        let [learned, unlearned] = [(short, 100), (long, 20)].map(|(gap, frames)| per_frame(&pool, gap, frames));
        let [never_learned, slept] = [(short, 100), (long, 20)].map(|(gap, frames)| per_frame(&fixed, gap, frames));
        let is_right = learned > never_learned + short / 3 && unlearned < slept + Duration::from_micros(150);
        if is_right || two_processors_are_free() {
            seen.push([learned, never_learned, unlearned, slept]);
        }
        is_right
    });
    if seen.is_empty() {
        eprintln!("no two processors are free: whether threads learn for how long to spin can't be seen");
        return;
    }
    assert!(as_told, "per frame (short gaps, with a time; long gaps, with a time): {seen:?}");
}

#[test]
fn promise_6_spin_then_sleep() {
    within(Duration::from_secs(60), || {
        let pools = [1, 4, 64].map(|threads| {
            let pool = pool(threads);
            for _ in 0..100 {
                fork(&pool);
            }
            pool
        });
        // Long past `spin_before_sleep`.
        thread::sleep(Duration::from_millis(300));
        rests("the sleeping workers of three pools", Duration::from_millis(300));
        drop(pools);

        // Under a guard an idle worker spins; without it it sleeps again.
        let pool_awake = pool(1);
        fork(&pool_awake);
        let guard = pool_awake.keep_awake();
        thread::sleep(Duration::from_millis(20));
        let awake = cost(|| thread::sleep(Duration::from_millis(300)));
        assert!(awake > Duration::from_millis(20), "a worker that is kept awake used {awake:?} in 300 ms");
        drop(guard);
        thread::sleep(Duration::from_millis(50));
        rests("after the guard a worker", Duration::from_millis(200));

        // A caller that is blocked on a stolen half spins for a while, then sleeps too.
        let pool = pool(1);
        let blocked = cost(|| {
            let (waited, ()) = pool.join(
                || {
                    busy(Duration::from_millis(1));
                    black_box(true)
                },
                || thread::sleep(Duration::from_millis(500)),
            );
            assert!(waited);
        });
        assert!(blocked < Duration::from_millis(6), "a blocked caller used {blocked:?} in half a second");

        // A pool is dropped while its one place for the background is taken: nobody waits awake for that.
        let pool = ThreadPoolBuilder::new().num_threads(3).background_threads(1).build().unwrap();
        for _ in 0..3 {
            pool.spawn(|| thread::sleep(Duration::from_millis(150))).detach();
        }
        let dropping = cost(|| drop(pool));
        assert!(dropping < Duration::from_millis(20), "dropping a pool used {dropping:?} in half a second");

        // A loop has stopped, and chunks that nobody will begin are left beside one that goes on: they are nothing to do.
        let pool = self::pool(3);
        let (kept, panicked) = (Gate::default(), AtomicBool::new(false));
        let holder = kept.hold(&pool);
        let begun = AtomicBool::new(false);
        let spinning = AtomicU64::new(u64::MAX);
        let result = catch_unwind(AssertUnwindSafe(|| {
            pool.split_per_item().for_each_range(4, |range| match range.start {
                0 => {
                    soon("the loop has stopped", || panicked.load(Ordering::SeqCst));
                    thread::sleep(Duration::from_millis(100));
                    spinning
                        .store(cost(|| thread::sleep(Duration::from_millis(300))).as_micros() as u64, Ordering::SeqCst);
                }
                1 => {
                    soon("the third has begun", || begun.load(Ordering::SeqCst));
                    panicked.store(true, Ordering::SeqCst);
                    // Without the panic hook: what it may spend on a backtrace isn't the pool's.
                    resume_unwind(Box::new("stops the loop"));
                }
                2 => {
                    begun.store(true, Ordering::SeqCst);
                    soon("the first is done", || {
                        thread::sleep(Duration::from_millis(50));
                        spinning.load(Ordering::SeqCst) != u64::MAX
                    });
                }
                _ => unreachable!("nobody is left to begin it before the loop has stopped"),
            });
        }));
        assert!(result.is_err());
        kept.open();
        holder.join();
        let spinning = spinning.into_inner();
        assert!(spinning < 6000, "beside a stopped loop the pool used {spinning} µs in 300 ms");

        spinning_by_habit();

        // Without a time to spin nobody spins: not the workers, not the caller.
        let pool = ThreadPoolBuilder::new().num_threads(2).spin_before_sleep(Duration::ZERO).build().unwrap();
        fork(&pool);
        thread::sleep(Duration::from_millis(50));
        rests("without a time to spin a worker", Duration::from_millis(200));
    });
}
