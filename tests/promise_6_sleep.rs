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

fn pool(threads: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be made")
}

fn fork(pool: &ThreadPool) {
    pool.join(|| busy(Duration::from_micros(20)), || busy(Duration::from_micros(20)));
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
        let idle = cost(|| thread::sleep(Duration::from_millis(1000)));
        assert!(idle < Duration::from_micros(500), "the sleeping workers of three pools used {idle:?} in a second");
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
        let idle = cost(|| thread::sleep(Duration::from_millis(300)));
        assert!(idle < Duration::from_micros(500), "after the guard a worker used {idle:?} in 300 ms");

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
        let left = kept.clone();
        let holder = pool.spawn(move || left.pass());
        soon("one worker is kept elsewhere", || kept.arrived() == 1);
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

        // Without a time to spin nobody spins: not the workers, not the caller.
        let pool = ThreadPoolBuilder::new().num_threads(2).spin_before_sleep(Duration::ZERO).build().unwrap();
        fork(&pool);
        thread::sleep(Duration::from_millis(50));
        let idle = cost(|| thread::sleep(Duration::from_millis(300)));
        assert!(idle < Duration::from_micros(500), "{idle:?}");
    });
}
