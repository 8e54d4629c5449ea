//! Scheduling: 15 to 19. (20 is in `clock.rs`.)

use crate::{LIMIT, alone, counter, pool, watched};
use micropool::ThreadPoolBuilder;
use std::cell::Cell;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;
use support::{busy, ended, eventually, in_child};

/// The children of tests end before the tests' own watchdog bites.
const CHILD: Duration = Duration::from_secs(9);

// Foreign jobs are counted by lineage in `tests/lineage.rs`; the shapes of rayon's issues are in `tests/promise_3_strict.rs`.
#[test]
fn case_15_a_lock_held_across_waits_is_not_asked_for_again() {
    thread_local! {
        static INSIDE: Cell<bool> = const { Cell::new(false) };
    }
    watched(|| {
        for workers in [0, 1, 2, 8] {
            let pool = pool(workers);
            let lock = Mutex::new(0_u32);
            let item = || {
                assert!(!INSIDE.replace(true), "the same thread came back while it waits with the lock");
                let mut held = lock.lock().unwrap();
                let (a, b) = micropool::join(|| busy(Duration::from_nanos(300)), || busy(Duration::from_micros(1)));
                let ((), ()) = (a, b);
                micropool::scope(|s| (0..3).for_each(|_| drop(s.spawn(|| busy(Duration::from_nanos(500))))));
                micropool::parallel! {
                    use;
                    left  => busy(Duration::from_nanos(300)),
                    right => busy(Duration::from_nanos(500)),
                    both after (left, right) => (),
                };
                let task = micropool::spawn(|| 1);
                *held += task.join();
                INSIDE.set(false);
            };
            let round = || {
                pool.split_per_item().for_each_range(8, |range| range.for_each(|_| item()));
                pool.scope(|s| (0..8).for_each(|_| drop(s.spawn(item))));
                pool.join(item, item);
            };
            thread::scope(|s| {
                s.spawn(|| (0..40).for_each(|_| round()));
                (0..40).for_each(|_| round());
            });
            assert_eq!(*lock.lock().unwrap(), 2 * 40 * 18);
        }
    });
}

// Without optimisation a level of any function is several times as big.
const DEPTH: usize = if cfg!(debug_assertions) { 2_000 } else { 10_000 };

#[test]
fn case_16_depth_on_a_2_mib_stack() {
    const NAME: &str = "scheduling::case_16_depth_on_a_2_mib_stack";
    fn deep(n: usize) -> usize {
        if n == 0 {
            return 0;
        }
        let (a, b) = micropool::join(|| 1, || deep(n - 1));
        a + b
    }
    fn endless(n: usize) -> usize {
        let (a, b) = micropool::join(|| endless(n + 1), || n);
        a + b
    }
    let on_a_thread = |f: &(dyn Fn() -> usize + Sync)| {
        thread::scope(|s| thread::Builder::new().stack_size(2 << 20).spawn_scoped(s, f).unwrap().join().unwrap())
    };
    match support::role().as_deref() {
        Some("a caller") => drop(on_a_thread(&|| pool(2).install(|| endless(0)))),
        Some(_) => drop(pool(1).spawn(|| endless(0)).then(|n| n).join()),
        None => watched(move || {
            // Depth in the second half: nobody's thief's stack is deeper than the program's own nesting.
            for workers in [0, 1, 3] {
                let pool = ThreadPoolBuilder::new().num_threads(workers).stack_size(2 << 20).build().unwrap();
                assert_eq!(on_a_thread(&|| pool.install(|| deep(DEPTH))), DEPTH);
            }
            for role in ["a caller", "a worker"] {
                let child = in_child(NAME, role).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
                let output = ended(child, CHILD / 2);
                assert!(!output.status.success());
                let text = String::from_utf8_lossy(&output.stderr);
                assert!(text.contains("has overflowed its stack"), "{role}: {text}");
            }
        }),
    }
}

// From outside: pushes that fall on every point of a worker's way to sleep, and signals that end its sleep without a reason. The
// models beside the protocol (`micropool/src/sleep`) take every edge.
#[test]
fn case_17_no_wake_up_is_lost() {
    alone("scheduling::case_17_no_wake_up_is_lost", || {
        #[cfg(unix)]
        let _storm = crate::process::Storm::begin();
        for spin in [Duration::ZERO, Duration::from_micros(2)] {
            let pool = ThreadPoolBuilder::new().num_threads(2).spin_before_sleep(spin).build().unwrap();
            let mut random = fastrand::Rng::with_seed(17);
            let began = std::time::Instant::now();
            while began.elapsed() < Duration::from_millis(1200) {
                busy(Duration::from_nanos(random.u64(0..20_000)));
                // Only a worker can open the gate: if none wakes, this ends at the watchdog.
                let gate = AtomicBool::new(false);
                let open = || gate.store(true, Ordering::Release);
                let wait = || assert!(eventually(LIMIT, || gate.load(Ordering::Acquire)), "nobody woke");
                match random.u8(0..4) {
                    0 => drop(pool.join(wait, open)),
                    1 => pool.scope(|s| {
                        drop(s.spawn(open));
                        wait();
                    }),
                    2 => {
                        let (sender, receiver) = mpsc::channel();
                        pool.spawn(move || sender.send(()).unwrap()).detach();
                        receiver.recv_timeout(LIMIT).expect("nobody woke for the task");
                    }
                    _ => {
                        // The caller is the one to be woken: for the end of the stolen half, and for what it makes.
                        let stolen = AtomicBool::new(false);
                        let pause = Duration::from_nanos(random.u64(0..20_000));
                        pool.join(
                            || assert!(eventually(LIMIT, || stolen.load(Ordering::Acquire))),
                            || {
                                stolen.store(true, Ordering::Release);
                                busy(pause);
                                micropool::join(|| busy(pause), || busy(pause));
                            },
                        );
                    }
                }
            }
        }
    });
}

#[test]
fn case_18_endless_foreground_and_a_background_task() {
    watched(|| {
        let pool = pool(1);
        let (stop, rounds, ran) = (AtomicBool::new(false), AtomicUsize::new(0), Arc::new(AtomicBool::new(false)));
        pool.scope(|s| {
            // Each item spawns the next before it ends, so there is always foreground work; it spawns two, so that the worker never
            // finds the queue empty.
            fn item<'scope, 'env>(
                s: &'scope micropool::Scope<'scope, 'env>,
                stop: &'env AtomicBool,
                rounds: &'env AtomicUsize,
            ) {
                if !stop.load(Ordering::Acquire) {
                    // The number of items stays as it is: one is replaced by one.
                    drop(s.spawn(move || item(s, stop, rounds)));
                    rounds.fetch_add(1, Ordering::Relaxed);
                }
            }
            (0..4).for_each(|_| drop(s.spawn(|| item(s, &stop, &rounds))));
            assert!(eventually(LIMIT, || rounds.load(Ordering::Relaxed) > 1000), "the worker is busy with them");
            let flag = ran.clone();
            let task = pool.spawn(move || {
                flag.store(true, Ordering::Release);
                thread::current().id()
            });
            let now = rounds.load(Ordering::Relaxed);
            assert!(eventually(LIMIT, || rounds.load(Ordering::Relaxed) > now + 20_000));
            assert!(!ran.load(Ordering::Acquire), "background gets what foreground leaves: nothing");
            // Who joins it needs no worker.
            assert_eq!(task.join(), thread::current().id());
            let promoted = pool.spawn(|| micropool::join(|| 1, || 2));
            assert_eq!(promoted.join(), (1, 2));
            let after = pool.spawn(|| 3);
            stop.store(true, Ordering::Release);
            assert!(eventually(LIMIT, || after.complete()), "foreground is over: background runs by itself");
        });
    });
}

#[cfg(target_os = "linux")]
#[test]
fn case_19_64_workers_on_2_cores_and_everything_on_1() {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
    use rustix::time::{ClockId, clock_gettime};
    const NAME: &str = "scheduling::case_19_64_workers_on_2_cores_and_everything_on_1";
    let Some(role) = support::role() else {
        return watched(|| {
            for role in ["two", "one"] {
                let child = in_child(NAME, role).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
                let output = ended(child, CHILD / 2);
                assert!(output.status.success(), "{role}: {}", String::from_utf8_lossy(&output.stderr));
            }
        });
    };
    if role == "one" {
        let all = sched_getaffinity(None).unwrap();
        let first = (0..CpuSet::MAX_CPU).find(|&core| all.is_set(core)).expect("a processor");
        let mut one = CpuSet::new();
        one.set(first);
        sched_setaffinity(None, &one).unwrap();
    }
    let used = || {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
    };
    let pool = pool(64);
    let ran = counter();
    for _ in 0..20 {
        let sum = pool.split_per(7).reduce_ranges(10_000, |range| range.sum::<usize>(), |a, b| a + b);
        assert_eq!(sum, Some(49_995_000));
        pool.scope(|s| {
            for _ in 0..64 {
                s.spawn(|| {
                    micropool::join(|| busy(Duration::from_micros(5)), || busy(Duration::from_micros(5)));
                    ran.fetch_add(1, Ordering::Relaxed);
                });
            }
        });
        // A half that is stolen: the caller must let the thief run, on one processor too.
        let taken = AtomicBool::new(false);
        pool.join(
            || assert!(eventually(CHILD, || taken.load(Ordering::Acquire))),
            || taken.store(true, Ordering::Release),
        );
    }
    assert_eq!(ran.load(Ordering::Relaxed), 20 * 64);
    // A caller that is blocked on a half of another thread, and all idle workers, use next to nothing.
    // Workers that are still being started (with a sanitizer that takes them half a second) aren't idle yet.
    let is_quiet = || {
        let before = used();
        thread::sleep(Duration::from_millis(50));
        used() - before < Duration::from_millis(2)
    };
    assert!(eventually(Duration::from_secs(3), is_quiet), "workers without work go on using processor time");
    let begun = AtomicBool::new(false);
    let before = used();
    pool.join(
        || assert!(eventually(CHILD, || begun.load(Ordering::Acquire))),
        || {
            begun.store(true, Ordering::Release);
            thread::sleep(Duration::from_millis(500));
        },
    );
    let spent = used() - before;
    assert!(spent < Duration::from_millis(150), "{spent:?} of processor time in half a second of waiting");
}
