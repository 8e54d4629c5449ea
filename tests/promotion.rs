//! What a foreground thread waits for is foreground, and so is all that it must come after: it runs on the thread that waits and
//! on workers that may not run background work. Each test can only end if that is so.

use micropool::{SharedTask, Task};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;
use support::{Gate, capped, dedicated, soon, within};

const LIMIT: Duration = Duration::from_secs(60);

#[micropool::job(background)]
fn after_two(#[after] a: usize, #[after] b: usize) -> usize {
    a + b
}

#[micropool::job(background)]
fn after_one(#[after] a: usize) -> usize {
    a + 1
}

/// A piece of work that is done when so many threads are at it.
fn meets(barrier: &Arc<Barrier>) -> impl FnOnce() -> usize + Send + 'static {
    let barrier = barrier.clone();
    move || {
        barrier.wait();
        1
    }
}

#[test]
fn queued_tasks_that_it_comes_after_run_on_workers_too() {
    within(LIMIT, || {
        for pool in [capped(2, 1), dedicated(1, 1)] {
            let gate = Gate::default();
            gate.hold(&pool).detach();
            // The waiting thread runs one of the two, and the worker that may not run background work the other.
            let two = Arc::new(Barrier::new(2));
            let task = pool.install(|| after_two(micropool::spawn(meets(&two)), micropool::spawn(meets(&two))));
            assert_eq!(task.join(), 2);
            gate.open();
        }
    });
}

#[test]
fn the_waiting_thread_runs_one_while_another_runs_elsewhere() {
    within(LIMIT, || {
        // Nobody else is there to run the second.
        for pool in [capped(1, 1), dedicated(0, 1)] {
            let (begun, ran) = (Gate::default(), Arc::new(AtomicBool::new(false)));
            begun.open();
            let (passes, seen) = (begun.clone(), ran.clone());
            let first = pool.spawn(move || {
                passes.pass();
                soon("the second is run", || seen.load(Ordering::SeqCst));
                1
            });
            soon("the first runs", || begun.arrived() == 1);
            let second = pool.spawn(move || {
                ran.store(true, Ordering::SeqCst);
                2
            });
            assert_eq!(pool.install(|| after_one(after_two(first, second))).join(), 4);
        }
    });
}

/// Both run in the background; the first ends only when the second has, and the second only with a foreground thread's help.
#[test]
fn running_tasks_that_it_comes_after_are_foreground_at_once() {
    within(LIMIT, || {
        for pool in [capped(3, 2), dedicated(1, 2)] {
            let (begun, over) = (Gate::default(), Arc::new(AtomicBool::new(false)));
            begun.open();
            let (passes, seen) = (begun.clone(), over.clone());
            let first = pool.spawn(move || {
                passes.pass();
                soon("the second ends", || seen.load(Ordering::SeqCst));
                1
            });
            let passes = begun.clone();
            let second = pool.spawn(move || {
                passes.pass();
                let two = Barrier::new(2);
                // Its own thread and another: the first's is not to be had, nor the waiting one.
                micropool::join(|| two.wait(), || two.wait());
                over.store(true, Ordering::SeqCst);
                2
            });
            soon("both run", || begun.arrived() == 2);
            assert_eq!(pool.install(|| after_two(first, second)).join(), 3);
        }
    });
}

/// What a task has pushed before anybody waits for it is offered to all at once, not only to the one who waits.
#[test]
fn all_that_a_task_has_pending_is_foreground_at_once() {
    within(LIMIT, || {
        for pool in [capped(2, 1), dedicated(1, 1)] {
            let (begun, three) = (Gate::default(), Arc::new(Barrier::new(3)));
            begun.open();
            let passes = begun.clone();
            let task = pool.spawn(move || {
                let wait = || {
                    three.wait();
                };
                let first = || {
                    passes.pass();
                    wait();
                };
                micropool::join(|| micropool::join(first, wait), wait);
            });
            soon("both halves are pending", || begun.arrived() == 1);
            // Time enough for those to sleep who may not take them.
            std::thread::sleep(Duration::from_millis(20));
            task.join();
        }
    });
}

/// A task that sleeps for another one is promoted, and with it what it sleeps for.
#[test]
fn what_a_promoted_task_waits_for_is_foreground_too() {
    within(LIMIT, || {
        for pool in [capped(3, 2), dedicated(1, 2)] {
            let (begun, three, go) = (Gate::default(), Arc::new(Barrier::new(3)), Arc::new(AtomicBool::new(false)));
            begun.open();
            let (passes, gone) = (begun.clone(), go.clone());
            let task = pool.spawn(move || {
                let inside = passes.clone();
                let inner = micropool::spawn(move || {
                    inside.pass();
                    soon("the test has begun to wait", || gone.load(Ordering::SeqCst));
                    // Its own thread, that of the task which waits for it, and a worker that runs foreground work only.
                    let wait = || {
                        three.wait();
                    };
                    micropool::join(wait, || micropool::join(wait, wait));
                });
                soon("it runs on another thread", || passes.arrived() == 1);
                inner.join();
            });
            soon("the inner one runs", || begun.arrived() == 1);
            let opener = std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(20));
                go.store(true, Ordering::SeqCst);
            });
            task.join();
            opener.join().expect("no panic");
        }
    });
}

/// A task that becomes ready while the foreground waits is foreground from its beginning.
#[test]
fn tasks_that_become_ready_meanwhile_run_on_workers_too() {
    within(LIMIT, || {
        let pool = capped(3, 1);
        let (gate, begun, two) = (Gate::default(), Gate::default(), Arc::new(Barrier::new(2)));
        begun.open();
        // The one place in the background is that of a task that ends last.
        let (held, passes) = (gate.clone(), begun.clone());
        let long = pool.spawn(move || {
            passes.pass();
            held.pass();
            1
        });
        soon("it runs", || begun.arrived() == 1);
        // The input of two others ends on a thread that doesn't run them.
        let (input_gate, input_begun) = (Gate::default(), begun.clone());
        let held = input_gate.clone();
        let input = pool.spawn_shared(move || {
            input_begun.pass();
            held.pass();
        });
        let elsewhere = input.clone();
        let runner = std::thread::spawn(move || elsewhere.help());
        soon("the input runs", || begun.arrived() == 2);
        let (open, met) = (gate.clone(), Arc::new(AtomicUsize::new(0)));
        let next = |barrier: Arc<Barrier>, met: Arc<AtomicUsize>, open: Gate| {
            micropool::__private::spawn_after("after", (), &[&input], move |()| {
                barrier.wait();
                if met.fetch_add(1, Ordering::SeqCst) == 1 {
                    open.open();
                }
                1
            })
        };
        let task: Task<usize> = pool.install(|| {
            let (a, b) = (next(two.clone(), met.clone(), open.clone()), next(two, met, open));
            after_two(long, after_two(a, b))
        });
        let opener = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            input_gate.open();
        });
        assert_eq!(task.join(), 3);
        opener.join().expect("no panic");
        runner.join().expect("no panic");
    });
}

/// Only a foreground thread promotes: a task that waits for others leaves them where they are.
#[test]
fn a_task_that_waits_promotes_nothing() {
    within(LIMIT, || {
        let (pool, gate, begun) = (capped(2, 1), Gate::default(), Gate::default());
        begun.open();
        let ran = Arc::new(AtomicUsize::new(0));
        let count = ran.clone();
        let (held, passes) = (gate.clone(), begun.clone());
        let task = pool.spawn(move || {
            let spawn = |held: Option<Gate>| {
                let (count, passes) = (count.clone(), passes.clone());
                micropool::spawn(move || {
                    if let Some(held) = held {
                        passes.pass();
                        held.pass();
                    }
                    count.fetch_add(1, Ordering::SeqCst)
                })
            };
            after_two(spawn(Some(held)), spawn(None)).join()
        });
        soon("the first of the two runs, on the task's own thread", || begun.arrived() == 1);
        // Time enough for the idle worker.
        std::thread::sleep(Duration::from_millis(50));
        assert_eq!(ran.load(Ordering::SeqCst), 0, "the other worker may not run background work");
        gate.open();
        task.join();
    });
}

/// As a graph spawns a node that comes after another.
fn meets_after(order: &SharedTask<usize>, barrier: &Arc<Barrier>) -> Task<usize> {
    let meets = meets(barrier);
    micropool::__private::spawn_after("meets", (), &[order], |()| meets())
}

/// A task in the background waits for two that come after one that runs elsewhere; then a foreground thread waits for it. The two must meet:
/// one of them on the task's own thread, which helps, the other on the worker that may not run background work.
#[test]
fn what_a_task_waits_for_is_promoted_with_it_though_it_waits_already() {
    within(LIMIT, || {
        let (pool, first, other) = (capped(3, 2), Gate::default(), Gate::default());
        let (held, two) = (first.clone(), Arc::new(Barrier::new(2)));
        let runs = pool.spawn(move || {
            held.pass();
            1
        });
        soon("one runs elsewhere", || first.arrived() == 1);
        let runs = runs.share();
        let waits = Arc::new(AtomicBool::new(false));
        let note = waits.clone();
        let task = pool.spawn(move || {
            let both = after_two(meets_after(&runs, &two), meets_after(&runs, &two));
            note.store(true, Ordering::SeqCst);
            both.join()
        });
        soon("the task runs", || waits.load(Ordering::SeqCst));
        // It takes the place in the background that becomes free.
        let busy = other.clone();
        pool.spawn(move || busy.pass()).detach();
        let joiner = std::thread::spawn(move || task.join());
        // Time enough for both to wait.
        std::thread::sleep(Duration::from_millis(50));
        first.open();
        assert_eq!(joiner.join().expect("no panic"), 2);
        other.open();
    });
}
