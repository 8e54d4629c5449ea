//! `wait_idle`: for which tasks it waits, and what the thread that waits does meanwhile. The wait in pools that end is in
//! `tests/background`.

use micropool::Task;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;
use support::{Gate, busy, capped, dedicated, eventually, soon, within};

const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn waits_for_all_tasks_so_far() {
    within(LIMIT, || {
        for pool in [capped(0, 1), capped(1, 1), capped(3, 2), dedicated(1, 1)] {
            for _ in 0..20 {
                let count = Arc::new(AtomicUsize::new(0));
                for _ in 0..10 {
                    let (first, second) = (count.clone(), count.clone());
                    pool.spawn(move || {
                        busy(Duration::from_micros(20));
                        first.fetch_add(1, Ordering::SeqCst);
                    })
                    .then(move |()| second.fetch_add(1, Ordering::SeqCst))
                    .detach();
                }
                pool.wait_idle();
                assert_eq!(count.load(Ordering::SeqCst), 20, "those that wait for others included");
            }
        }
    });
}

#[test]
fn waits_for_one_that_runs_elsewhere_and_helps_with_the_rest() {
    within(LIMIT, || {
        let (pool, gate) = (capped(1, 1), Gate::default());
        gate.hold(&pool).detach();
        let helped = Arc::new(AtomicBool::new(false));
        let told = helped.clone();
        pool.spawn(move || told.store(true, Ordering::SeqCst)).detach();
        let over = AtomicBool::new(false);
        thread::scope(|s| {
            s.spawn(|| {
                pool.wait_idle();
                over.store(true, Ordering::SeqCst);
            });
            soon("who waits runs the second", || helped.load(Ordering::SeqCst));
            thread::sleep(Duration::from_millis(10));
            assert!(!over.load(Ordering::SeqCst), "the first is not over");
            gate.open();
        });
    });
}

#[test]
fn runs_none_that_were_spawned_after_the_call() {
    within(LIMIT, || {
        let (pool, gate) = (capped(1, 1), Gate::default());
        gate.hold(&pool).detach();
        let before = pool.spawn(|| thread::current().id());
        let later = thread::scope(|s| {
            let waits = s.spawn(|| pool.wait_idle());
            soon("who waits runs what was there", || before.complete());
            let later = pool.spawn(|| thread::current().id());
            // He is woken for it, or looks for more anyway.
            eventually(Duration::from_millis(100), || later.complete());
            assert!(!later.complete());
            assert_eq!(before.join(), waits.thread().id());
            gate.open();
            later
        });
        later.join();
    });
}

#[test]
fn runs_later_ones_that_it_must_wait_for() {
    within(LIMIT, || {
        let (pool, kept, gate) = (capped(1, 1), Gate::default(), Gate::default());
        thread::scope(|s| {
            // The only worker is held in the foreground.
            let half = s.spawn(|| pool.join(|| kept.pass(), || kept.pass()));
            soon("the worker is held", || kept.arrived() == 2);
            let held = gate.clone();
            pool.spawn(move || held.pass()).detach();
            let first = s.spawn(|| pool.wait_idle());
            soon("the first who waits is held", || gate.arrived() == 1);
            let before = pool.spawn(|| ());
            let second = s.spawn(|| pool.wait_idle());
            soon("the second waits", || before.complete());
            // It is counted with `before`, for what is older isn't over.
            let later = pool.spawn(|| ());
            gate.open();
            let helped = eventually(LIMIT / 4, || first.is_finished() && second.is_finished());
            kept.open();
            half.join().unwrap();
            assert!(helped);
            later.join();
        });
    });
}

#[test]
fn makes_what_is_queued_foreground() {
    within(LIMIT, || {
        let (pool, gate) = (capped(2, 1), Gate::default());
        let holds_the_place = gate.hold(&pool);
        // They can only end if two threads run them, of which one is a worker: over the cap.
        let meet = Arc::new(std::sync::Barrier::new(2));
        let other = meet.clone();
        pool.spawn(move || other.wait()).detach();
        let over = pool.spawn(move || meet.wait()).then(move |_| gate.open());
        pool.wait_idle();
        assert!(over.complete() && holds_the_place.complete());
    });
}

#[test]
fn makes_what_comes_after_others_foreground() {
    within(LIMIT, || {
        let (pool, gate, first) = (capped(2, 1), Gate::default(), Gate::default());
        let other = gate.clone();
        gate.hold(&pool).detach();
        let meet = Arc::new(std::sync::Barrier::new(2));
        let tasks = [0, 1].map(|_| {
            let (first, meet) = (first.clone(), meet.clone());
            // It becomes ready when somebody waits already.
            pool.spawn(move || first.pass()).then(move |()| meet.wait())
        });
        thread::scope(|s| {
            s.spawn(|| {
                soon("both are begun", || first.arrived() == 2);
                first.open();
                soon("both are over", || tasks.iter().all(Task::complete));
                other.open();
            });
            pool.wait_idle();
        });
    });
}

#[test]
fn makes_what_running_tasks_fork_foreground() {
    within(LIMIT, || {
        for forks_later in [false, true] {
            let (pool, gate) = (capped(2, 1), Gate::default());
            let (held, waits, begun) = (gate.clone(), Arc::new(AtomicBool::new(false)), Gate::default());
            let (waits_now, begins) = (waits.clone(), begun.clone());
            // Its second half can only begin on the other worker, which the cap keeps from it.
            pool.spawn(move || {
                let stop = || {
                    held.pass();
                    soon("somebody waits", || waits_now.load(Ordering::SeqCst));
                };
                if forks_later {
                    stop();
                }
                micropool::join(
                    || {
                        if !forks_later {
                            stop();
                        }
                        soon("the other half begins", || begins.arrived() == 1);
                    },
                    || begins.pass(),
                );
            })
            .detach();
            soon("it is begun", || gate.arrived() == 1);
            let other = waits.clone();
            pool.spawn(move || other.store(true, Ordering::SeqCst)).detach();
            gate.open();
            thread::scope(|s| {
                s.spawn(|| {
                    soon("the other half begins", || begun.arrived() == 1);
                    begun.open();
                });
                pool.wait_idle();
            });
        }
    });
}

#[test]
fn is_not_put_off_by_tasks_that_come_later() {
    within(LIMIT, || {
        let pool = capped(2, 2);
        let (stop, rounds) = (AtomicBool::new(false), AtomicUsize::new(0));
        thread::scope(|s| {
            // There is always a task that isn't over: each is spawned before the last one ends.
            s.spawn(|| {
                let spawn = || {
                    let gate = Gate::default();
                    let held = gate.clone();
                    (gate, pool.spawn(move || held.pass()))
                };
                let mut last = spawn();
                while !stop.load(Ordering::SeqCst) {
                    let next = spawn();
                    last.0.open();
                    last.1.join();
                    last = next;
                    rounds.fetch_add(1, Ordering::SeqCst);
                }
                last.0.open();
            });
            for round in 0..50 {
                soon("tasks come and go", || rounds.load(Ordering::SeqCst) > round);
                let task = pool.spawn(|| ());
                pool.wait_idle();
                assert!(task.complete());
            }
            stop.store(true, Ordering::SeqCst);
        });
    });
}

#[test]
fn many_may_wait() {
    within(LIMIT, || {
        let pool = capped(2, 1);
        thread::scope(|s| {
            for _ in 0..8 {
                s.spawn(|| {
                    for _ in 0..200 {
                        let task = pool.spawn(|| ()).then(|()| ());
                        pool.wait_idle();
                        assert!(task.complete());
                    }
                });
            }
        });
    });
}

#[test]
fn from_one_of_the_pool_s_own_tasks_panics() {
    within(LIMIT, || {
        for workers in [0, 2] {
            let pool = Arc::new(capped(workers, 1));
            let own = pool.clone();
            let payload = pool.spawn(move || own.wait_idle()).outcome().expect_err("it could never return");
            let text = payload.downcast_ref::<&str>().expect("words");
            assert!(text.contains("`wait_idle` was called from one of the pool's own tasks"), "{text}");
            // From a half that another worker took, too; and not in the foreground.
            let own = pool.clone();
            let half = pool.spawn(move || micropool::join(|| (), || own.wait_idle()));
            assert!(half.outcome().is_err());
            pool.join(|| pool.wait_idle(), || pool.wait_idle());
        }
    });
}
