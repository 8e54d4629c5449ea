//! The background tier: who runs tasks and when, the cap, dedicated threads, promotion, and the ends of pools. The handles are in
//! `tasks.rs`.

use micropool::{Task, ThreadPool, ThreadPoolBuilder};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};
use support::{Gate, busy, capped, dedicated, soon, within};

const LIMIT: Duration = Duration::from_secs(60);

fn here() -> ThreadId {
    thread::current().id()
}

mod the_cap {
    use super::*;

    /// How many workers are inside background work, and the most there were.
    #[derive(Default)]
    struct Meter {
        now: AtomicUsize,
        most: AtomicUsize,
    }

    thread_local! {
        static DEPTH: Cell<usize> = const { Cell::new(0) };
    }

    impl Meter {
        /// A piece of background work; those that run inside others on one thread count once.
        fn run(&self, work: impl FnOnce()) {
            let counts = micropool::current_thread_index().is_some() && DEPTH.replace(DEPTH.get() + 1) == 0;
            if counts {
                self.most.fetch_max(self.now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            }
            work();
            if counts {
                self.now.fetch_sub(1, Ordering::SeqCst);
            }
            if micropool::current_thread_index().is_some() {
                DEPTH.set(DEPTH.get() - 1);
            }
        }
    }

    /// A task with all kinds of pieces that others could take.
    fn task(pool: &ThreadPool, meter: &Arc<Meter>) {
        let meter = meter.clone();
        let piece = move |meter: &Meter| meter.run(|| busy(Duration::from_micros(20)));
        pool.spawn(move || {
            meter.run(|| {
                micropool::join(|| piece(&meter), || piece(&meter));
                micropool::scope(|s| (0..4).for_each(|_| drop(s.spawn(|| piece(&meter)))));
                micropool::split_per_item().for_each_range(4, |_| piece(&meter));
            });
        })
        .detach();
    }

    #[test]
    fn holds_at_every_moment() {
        within(LIMIT, || {
            for cap in [1, 2, 3] {
                let (pool, meter) = (capped(4, cap), Arc::new(Meter::default()));
                for _ in 0..300 {
                    task(&pool, &meter);
                }
                pool_is_done(&pool, &meter);
                assert_eq!(meter.most.load(Ordering::SeqCst), cap, "and it is made use of");
            }
        });
    }

    /// Waits without helping.
    fn pool_is_done(pool: &ThreadPool, meter: &Arc<Meter>) {
        let last = pool.spawn(|| ());
        soon("the queue is done", || last.complete() && meter.now.load(Ordering::SeqCst) == 0);
    }

    #[test]
    fn holds_for_workers_that_help_in_a_frame() {
        within(LIMIT, || {
            let (pool, meter) = (capped(4, 1), Arc::new(Meter::default()));
            let helped = AtomicUsize::new(0);
            while helped.load(Ordering::Relaxed) < 20 {
                for _ in 0..20 {
                    task(&pool, &meter);
                }
                pool.split_per_item().for_each_range(16, |_| {
                    if micropool::current_thread_index().is_some() {
                        let count = micropool::help_background(Duration::from_micros(200));
                        helped.fetch_add(count, Ordering::Relaxed);
                    } else {
                        // The caller leaves the items to the workers.
                        busy(Duration::from_micros(500));
                    }
                });
            }
            pool_is_done(&pool, &meter);
            assert_eq!(meter.most.load(Ordering::SeqCst), 1);
        });
    }

    /// Both workers have forked in the foreground; what a task forks in the same places is background all the same.
    #[test]
    fn holds_for_what_is_forked_where_foreground_work_lay() {
        within(LIMIT, || {
            let pool = capped(2, 1);
            for _ in 0..20 {
                pool.install(|| {
                    micropool::broadcast(|_| {
                        micropool::join(|| micropool::join(|| (), || ()), || ());
                    })
                });
                let task = pool.spawn(|| {
                    let fork = || micropool::join(|| thread::sleep(Duration::from_millis(5)), here).1 == here();
                    micropool::join(fork, || ()).0
                });
                soon("a worker runs it", || task.complete());
                assert!(task.join(), "the other worker has taken a part, though the cap is one");
            }
        });
    }

    /// Foreground threads wait for tasks all the time, for some by way of others; those run without a place, and the rest keeps to it.
    #[test]
    fn holds_while_others_are_promoted() {
        within(LIMIT, || {
            let (pool, meter) = (capped(4, 1), Arc::new(Meter::default()));
            let over = AtomicBool::new(false);
            thread::scope(|s| {
                for _ in 0..2 {
                    s.spawn(|| {
                        while !over.load(Ordering::SeqCst) {
                            let spawn = || pool.spawn(|| busy(Duration::from_micros(30)));
                            let (a, b) = (spawn(), spawn().then(|()| micropool::join(|| (), || ())));
                            pool.install(|| (a.join(), b.join()));
                        }
                    });
                }
                for _ in 0..200 {
                    task(&pool, &meter);
                }
                pool_is_done(&pool, &meter);
                over.store(true, Ordering::SeqCst);
            });
            assert_eq!(meter.most.load(Ordering::SeqCst), 1);
        });
    }

    // Whoever finds no place for the queue goes to sleep; a helper that gives its own back goes on with its frame.
    #[test]
    fn a_helper_leaves_nothing_lying() {
        within(LIMIT, || {
            let pool = capped(2, 1);
            let (ran, other, over) = (Arc::new(AtomicBool::new(false)), Gate::default(), Gate::default());
            let caller = || {
                soon("the other worker runs the second task", || ran.load(Ordering::SeqCst));
                over.open();
            };
            let helper = || {
                soon("the other worker is kept", || other.arrived() == 1);
                let (free, ran) = (other.clone(), ran.clone());
                let first = micropool::spawn(move || {
                    free.open();
                    // Long enough for the other worker to see that there is no place, and to fall asleep.
                    thread::sleep(Duration::from_millis(50));
                });
                micropool::spawn(move || ran.store(true, Ordering::SeqCst)).detach();
                assert_eq!(micropool::help_background(Duration::from_millis(20)), 1);
                assert!(first.complete());
                over.pass();
            };
            pool.join_all((caller, helper, || other.pass()));
        });
    }

    #[test]
    fn of_nothing_counts_as_one() {
        within(LIMIT, || {
            let (pool, meter) = (capped(3, 0), Arc::new(Meter::default()));
            (0..50).for_each(|_| task(&pool, &meter));
            pool_is_done(&pool, &meter);
            assert_eq!(meter.most.load(Ordering::SeqCst), 1);
        });
    }

    #[test]
    fn does_not_count_a_worker_that_joins_a_task_nobody_started() {
        within(LIMIT, || {
            let (pool, gate) = (capped(2, 1), Gate::default());
            let held = gate.clone();
            let holder = pool.spawn(move || held.pass());
            soon("the one place is taken", || gate.arrived() == 1);
            let joined = AtomicBool::new(false);
            pool.join(
                || soon("the other worker has run it", || joined.load(Ordering::SeqCst)),
                || {
                    let this = here();
                    assert_eq!(micropool::spawn(here).join(), this);
                    joined.store(true, Ordering::SeqCst);
                },
            );
            gate.open();
            holder.join();
        });
    }
}

mod dedicated_threads {
    use super::*;

    #[test]
    fn run_all_tasks_and_are_as_many_as_asked_for() {
        within(LIMIT, || {
            for workers in [0, 2] {
                let pool = dedicated(workers, 2);
                let threads = Arc::new(Mutex::new(std::collections::HashSet::new()));
                let both = Arc::new(Barrier::new(2));
                for _ in 0..100 {
                    let (threads, both) = (threads.clone(), both.clone());
                    pool.spawn(move || {
                        assert_eq!(micropool::current_thread_index(), None);
                        both.wait();
                        let name = thread::current().name().map(str::to_owned);
                        threads.lock().expect("not poisoned").insert((here(), name));
                    })
                    .detach();
                }
                let last = pool.spawn(|| ());
                soon("they run by themselves", || last.complete());
                pool.wait_idle();
                let mut names: Vec<_> = threads
                    .lock()
                    .expect("not poisoned")
                    .iter()
                    .map(|(_, name)| name.clone().expect("a name"))
                    .collect();
                names.sort();
                assert_eq!(names, ["micropool-bg-0", "micropool-bg-1"]);
            }
        });
    }

    #[test]
    fn leave_workers_to_the_foreground() {
        within(LIMIT, || {
            let (pool, gate) = (dedicated(1, 1), Gate::default());
            let held = gate.clone();
            let holder = pool.spawn(move || held.pass());
            soon("the background thread is held", || gate.arrived() == 1);
            let waits = pool.spawn(here);
            let helped = AtomicUsize::new(usize::MAX);
            pool.join(
                || soon("a worker takes the half", || helped.load(Ordering::SeqCst) != usize::MAX),
                || helped.store(micropool::help_background(Duration::from_secs(1)), Ordering::SeqCst),
            );
            assert_eq!(helped.into_inner(), 0, "not even one that would help");
            assert!(!waits.complete());
            // Other threads may.
            assert_eq!(pool.install(|| micropool::help_background(Duration::from_secs(1))), 1);
            assert_eq!(waits.join(), here());
            gate.open();
            holder.join();
        });
    }

    #[test]
    fn as_none_are_no_dedicated_threads() {
        within(LIMIT, || {
            let pool = dedicated(1, 0);
            let task = pool.spawn(micropool::current_thread_index);
            soon("the worker runs it", || task.complete());
            assert_eq!(task.join(), Some(0));
        });
    }
}

mod tiers {
    use super::*;

    /// A task that holds its worker and offers a half again and again, until it has been taken; then gives the taker.
    fn offers(pool: &ThreadPool, begun: &Gate) -> Task<Option<ThreadId>> {
        let begun = begun.clone();
        pool.spawn(move || {
            begun.pass();
            let taker = Mutex::new(None);
            let is_taken = || taker.lock().expect("not poisoned").is_some();
            let task = here();
            while !is_taken() && !micropool::cancelled() {
                micropool::join(
                    || busy(Duration::from_micros(200)),
                    || *taker.lock().expect("not poisoned") = Some(here()).filter(|taker| *taker != task),
                );
            }
            taker.into_inner().expect("not poisoned")
        })
    }

    #[test]
    fn blocking_calls_of_a_task_stay_in_the_background() {
        within(LIMIT, || {
            // The other worker is idle, and not allowed to take what the task offers.
            let (pool, begun) = (capped(2, 1), Gate::default());
            let task = offers(&pool, &begun);
            begun.open();
            soon("it runs", || begun.arrived() == 1);
            thread::sleep(Duration::from_millis(100));
            assert!(!task.complete(), "its half was taken");
            assert!(!task.cancel(), "it runs");
            pool.wait_idle();
        });
    }

    #[test]
    fn with_room_in_the_background_they_are_taken() {
        within(LIMIT, || {
            let (pool, begun) = (capped(2, 2), Gate::default());
            begun.open();
            let task = offers(&pool, &begun);
            soon("the other worker takes its half", || task.complete());
            assert!(task.join().is_some());
        });
    }

    #[test]
    fn dedicated_threads_take_what_tasks_offer_and_workers_do_not() {
        within(LIMIT, || {
            let (pool, begun) = (dedicated(2, 2), Gate::default());
            begun.open();
            let taken_on = pool.spawn(|| {
                let taker = Mutex::new(None);
                micropool::join(
                    || soon("its half is taken", || taker.lock().expect("not poisoned").is_some()),
                    || {
                        let name = thread::current().name().expect("it has one").to_owned();
                        *taker.lock().expect("not poisoned") = Some(name);
                    },
                );
                taker.into_inner().expect("not poisoned").expect("it was taken")
            });
            soon("it is over", || taken_on.complete());
            let name = taken_on.join();
            assert!(name.starts_with("micropool-bg-"), "{name}");
        });
    }

    #[test]
    fn a_foreground_thread_that_waits_promotes_the_task_and_all_that_it_makes() {
        within(LIMIT, || {
            for pool in [capped(2, 1), dedicated(1, 1)] {
                // All of it can only end on three threads at once: the task's, the one that waits, and a worker that may not
                // run background work.
                let three = Arc::new(Barrier::new(3));
                let (inside, begun) = (three.clone(), Gate::default());
                begun.open();
                let passes = begun.clone();
                let task = pool.spawn(move || {
                    passes.pass();
                    let wait = || {
                        inside.wait();
                    };
                    micropool::join(wait, || micropool::join(wait, wait));
                    micropool::scope(|s| (0..3).for_each(|_| drop(s.spawn(wait))));
                    micropool::split_per_item().for_each_range(3, |_| wait());
                    micropool::parallel! { a => wait(), b => wait(), c => wait() };
                });
                soon("it runs on a thread of the pool", || begun.arrived() == 1);
                task.join();
            }
        });
    }

    // Who waits takes one of the halves that lie there, and others must be able to take the rest: though they were offered to the
    // background, and to nobody else.
    #[test]
    fn all_that_a_task_has_offered_so_far_is_promoted_at_once() {
        within(LIMIT, || {
            for pool in [capped(3, 1), dedicated(2, 1)] {
                let (four, begun) = (Arc::new(AtomicUsize::new(0)), Gate::default());
                let (inside, passes) = (four.clone(), begun.clone());
                let task = pool.spawn(move || {
                    let meet = || {
                        inside.fetch_add(1, Ordering::SeqCst);
                        soon("all four run at once", || inside.load(Ordering::SeqCst) == 4);
                    };
                    let innermost = || {
                        passes.pass();
                        meet();
                    };
                    micropool::join(|| micropool::join(|| micropool::join(innermost, meet), meet), meet);
                });
                soon("it has offered three halves", || begun.arrived() == 1);
                begun.open();
                // The other workers sleep.
                thread::sleep(Duration::from_millis(50));
                task.join();
            }
        });
    }

    #[test]
    fn a_task_yields_to_tasks_that_the_foreground_waits_for() {
        within(LIMIT, || {
            let (pool, gate, over) = (capped(1, 1), Gate::default(), Arc::new(AtomicUsize::new(0)));
            let (held, both) = (gate.clone(), over.clone());
            let yields = pool.spawn(move || {
                held.pass();
                let ran = AtomicUsize::new(0);
                soon("both are over", || {
                    ran.fetch_add(micropool::yield_to_foreground().into(), Ordering::SeqCst);
                    both.load(Ordering::SeqCst) == 2
                });
                ran.into_inner()
            });
            soon("the worker is held", || gate.arrived() == 1);
            // The caller runs one of them, and it waits for the other.
            let meet = Arc::new(std::sync::Barrier::new(2));
            for _ in 0..2 {
                let (meet, over) = (meet.clone(), over.clone());
                pool.spawn(move || {
                    meet.wait();
                    over.fetch_add(1, Ordering::SeqCst);
                })
                .detach();
            }
            gate.open();
            pool.wait_idle();
            assert_eq!(yields.join(), 1);
        });
    }

    #[test]
    fn a_task_yields_to_the_foreground() {
        within(LIMIT, || {
            let (pool, stop, begun) = (capped(1, 1), Arc::new(AtomicBool::new(false)), Gate::default());
            begun.open();
            let (until, passes) = (stop.clone(), begun.clone());
            let task = pool.spawn(move || {
                passes.pass();
                let mut yields = 0;
                while !until.load(Ordering::SeqCst) {
                    yields += usize::from(micropool::yield_to_foreground());
                }
                (yields, here())
            });
            soon("it runs", || begun.arrived() == 1);
            let mut takers = Vec::new();
            for _ in 0..10 {
                let taker = Mutex::new(None);
                pool.join(
                    || soon("the one worker takes it, in the middle of its task", || taker.lock().unwrap().is_some()),
                    || *taker.lock().unwrap() = Some(here()),
                );
                takers.push(taker.into_inner().unwrap().expect("it was taken"));
            }
            stop.store(true, Ordering::SeqCst);
            let (yields, worker) = task.join();
            // One call goes on with what is offered while it runs something else.
            assert!((1..=10).contains(&yields), "{yields} calls have run something");
            assert_eq!(takers, [worker; 10]);
        });
    }

    #[test]
    fn yielding_does_not_run_other_tasks() {
        within(LIMIT, || {
            let (pool, gate) = (capped(1, 1), Gate::default());
            let held = gate.clone();
            let task = pool.spawn(move || {
                held.pass();
                micropool::yield_to_foreground()
            });
            soon("it runs", || gate.arrived() == 1);
            let other = pool.spawn(|| ());
            gate.open();
            assert!(!task.join(), "there is no foreground work");
            other.join();
        });
    }
}

mod helping {
    use super::*;

    #[test]
    fn stops_when_the_budget_is_spent() {
        within(LIMIT, || {
            let (pool, gate) = (capped(1, 1), Gate::default());
            let held = gate.clone();
            let holder = pool.spawn(move || held.pass());
            soon("the worker is held", || gate.arrived() == 1);
            let this = here();
            let tasks: Vec<_> = (0..100)
                .map(|_| {
                    pool.spawn(move || {
                        assert_eq!(here(), this);
                        busy(Duration::from_millis(2));
                    })
                })
                .collect();
            pool.install(|| {
                assert_eq!(micropool::help_background(Duration::ZERO), 0);
                let began = Instant::now();
                let count = micropool::help_background(Duration::from_millis(9));
                assert!((1..=5).contains(&count), "{count} tasks of 2 ms in 9 ms");
                assert!(began.elapsed() >= Duration::from_millis(9), "it goes on as long as there are any");
                assert_eq!(tasks.iter().filter(|task| task.complete()).count(), count);
                assert_eq!(micropool::help_background(LIMIT), 100 - count);
                assert_eq!(micropool::help_background(LIMIT), 0, "and stops when there are none left");
            });
            gate.open();
            holder.join();
            tasks.into_iter().for_each(Task::join);
        });
    }

    #[test]
    fn may_find_a_task_that_panics() {
        within(LIMIT, || {
            let (pool, gate) = (capped(1, 1), Gate::default());
            let held = gate.clone();
            pool.spawn(move || held.pass()).detach();
            soon("the worker is held", || gate.arrived() == 1);
            let task = pool.spawn(|| resume_unwind(Box::new(5)));
            assert_eq!(pool.install(|| micropool::help_background(LIMIT)), 1);
            assert_eq!(task.outcome().expect_err("its panic").downcast_ref(), Some(&5));
            gate.open();
        });
    }
}

mod broadcasts {
    use super::*;

    #[test]
    fn a_panic_arrives_after_all_calls_have_ended() {
        within(LIMIT, || {
            let (pool, ended) = (capped(3, 2), AtomicUsize::new(0));
            let result = catch_unwind(AssertUnwindSafe(|| {
                pool.install(|| {
                    micropool::broadcast(|index| {
                        if index == 1 {
                            resume_unwind(Box::new("words"));
                        }
                        thread::sleep(Duration::from_millis(30));
                        ended.fetch_add(1, Ordering::SeqCst);
                    });
                });
            }));
            assert_eq!(result.expect_err("its panic").downcast_ref(), Some(&"words"));
            assert_eq!(ended.into_inner(), 2);
        });
    }

    #[test]
    fn from_a_task_reaches_all_workers_its_own_included() {
        within(LIMIT, || {
            let pool = capped(3, 1);
            let seen = pool.spawn(|| {
                let seen = Mutex::new(Vec::new());
                micropool::broadcast(|index| seen.lock().expect("not poisoned").push(index));
                let mut seen = seen.into_inner().expect("not poisoned");
                seen.sort_unstable();
                (seen, micropool::current_thread_index())
            });
            soon("it runs on a worker", || seen.complete());
            let (seen, own) = seen.join();
            assert_eq!(seen, [0, 1, 2]);
            assert!(own.is_some());
        });
    }

    #[test]
    fn does_not_reach_dedicated_threads() {
        within(LIMIT, || {
            let (pool, calls) = (dedicated(1, 2), AtomicUsize::new(0));
            pool.install(|| {
                micropool::broadcast(|index| {
                    assert_eq!(index, 0);
                    calls.fetch_add(1, Ordering::SeqCst);
                });
            });
            assert_eq!(calls.into_inner(), 1);
        });
    }
}

mod ends {
    use super::*;

    /// Tasks that each spawn two, and those two each, to a depth.
    fn spawn_many(pool: &ThreadPool, count: &Arc<AtomicUsize>, depth: u32) {
        for _ in 0..10 {
            let count = count.clone();
            pool.spawn(move || nested(&count, depth)).detach();
        }
    }

    fn nested(count: &Arc<AtomicUsize>, depth: u32) {
        count.fetch_add(1, Ordering::SeqCst);
        if depth > 0 {
            let (first, second) = (count.clone(), count.clone());
            micropool::spawn(move || nested(&first, depth - 1)).then(move |()| nested(&second, depth - 1)).detach();
        }
    }

    #[test]
    fn a_dropped_pool_runs_what_is_queued_and_what_that_spawns() {
        within(LIMIT, || {
            for make in [
                || capped(0, 1),
                || capped(1, 1),
                || capped(4, 1),
                || capped(3, 3),
                || dedicated(2, 1),
                || dedicated(0, 2),
            ] {
                let (pool, gate, count) = (make(), Gate::default(), Arc::new(AtomicUsize::new(0)));
                if pool.num_threads() > 0 {
                    // The queue is full, and a task runs, when the pool is dropped.
                    let held = gate.clone();
                    pool.spawn(move || held.pass()).detach();
                    soon("it runs", || gate.arrived() == 1);
                }
                spawn_many(&pool, &count, 5);
                let opener = thread::spawn(move || {
                    thread::sleep(Duration::from_millis(5));
                    gate.open();
                });
                drop(pool);
                // 1 + 2 + 4 + … + 32 each.
                assert_eq!(count.load(Ordering::SeqCst), 10 * 63);
                opener.join().expect("no panic");
            }
        });
    }

    #[test]
    fn a_pool_dropped_by_one_of_its_own_threads_runs_its_queue() {
        within(LIMIT, || {
            for make in [|| capped(1, 1), || capped(3, 1), || dedicated(1, 1), || dedicated(0, 2)] {
                let (pool, count) = (make(), Arc::new(AtomicUsize::new(0)));
                let (sender, receiver) = mpsc::channel::<ThreadPool>();
                let (told, returned) = mpsc::channel();
                pool.spawn(move || {
                    let pool = receiver.recv().expect("the test sends it");
                    drop(pool);
                    told.send(()).expect("the test listens");
                })
                .detach();
                spawn_many(&pool, &count, 3);
                sender.send(pool).expect("the task listens");
                assert_eq!(returned.recv_timeout(LIMIT), Ok(()), "it returns without waiting");
                soon("what was queued runs", || count.load(Ordering::SeqCst) == 10 * 15);
            }
        });
    }

    #[test]
    fn what_becomes_ready_after_its_pool_runs_where_its_input_ends() {
        within(LIMIT, || {
            let (pool, gate) = (capped(1, 1), Gate::default());
            let occupied = Gate::default();
            let held = occupied.clone();
            pool.spawn(move || held.pass()).detach();
            soon("the worker is held", || occupied.arrived() == 1);
            let passes = gate.clone();
            let input = pool.spawn_shared(move || {
                passes.pass();
                here()
            });
            let (tell, told) = mpsc::channel();
            let elsewhere = input.clone();
            let runner = thread::spawn(move || elsewhere.help());
            soon("it runs on a thread that isn't the pool's", || gate.arrived() == 1);
            // It comes after `input`, which outlives the pool.
            let after = pool.install(|| after(input.clone(), tell));
            occupied.open();
            drop(pool);
            gate.open();
            let thread = *input.join();
            assert_eq!(told.recv_timeout(LIMIT), Ok(thread));
            after.join();
            runner.join().expect("no panic");
        });
    }

    /// A task that ends where its pool's tasks are run by whoever ends their inputs makes one ready of another such pool.
    #[test]
    fn what_becomes_ready_in_another_pool_without_threads_runs() {
        within(LIMIT, || {
            let (first, second, third) = (capped(1, 1), capped(0, 1), capped(0, 1));
            let gate = Gate::default();
            let held = gate.clone();
            let input = first.spawn_shared(move || {
                held.pass();
                here()
            });
            soon("it runs", || gate.arrived() == 1);
            let (tell, told) = mpsc::channel();
            let both = tell.clone();
            let middle = second.install(|| after(input.clone(), tell)).share();
            let last = third.install(|| {
                micropool::__private::spawn_after("after", (), &[&middle], move |()| {
                    both.send(here()).expect("the test listens")
                })
            });
            gate.open();
            let worker = *input.join();
            assert_eq!([told.recv_timeout(LIMIT), told.recv_timeout(LIMIT)], [Ok(worker), Ok(worker)]);
            middle.join();
            last.join();
        });
    }

    /// A task that runs where an input has ended may itself end inputs of others, and wait for those.
    #[test]
    fn what_becomes_ready_inside_a_task_without_threads_runs_inside_of_it() {
        within(LIMIT, || {
            let (first, second) = (capped(1, 1), Arc::new(capped(0, 1)));
            let (gate, inner) = (Gate::default(), Gate::default());
            let held = gate.clone();
            let input = first.spawn_shared(move || held.pass());
            let passes = inner.clone();
            let other = first.spawn_shared(move || passes.pass());
            soon("it runs", || gate.arrived() == 1);
            let (tell, told) = mpsc::channel();
            let (heard, heard_there) = mpsc::channel();
            let after_other = second.install(|| {
                let other = other.clone();
                micropool::__private::spawn_after("after", (), &[&other], move |()| {
                    tell.send(()).expect("somebody listens")
                })
            });
            let task = second.install(|| {
                micropool::__private::spawn_after("after", (), &[&input], move |()| {
                    // Ends here, and with it what comes after it can run.
                    other.join();
                    heard.send(told.recv_timeout(LIMIT)).expect("the test listens");
                })
            });
            inner.open();
            gate.open();
            assert_eq!(heard_there.recv_timeout(LIMIT), Ok(Ok(())));
            task.join();
            after_other.join();
        });
    }

    /// A task that comes after a shared one.
    fn after(input: micropool::SharedTask<ThreadId>, tell: mpsc::Sender<ThreadId>) -> Task<()> {
        micropool::__private::spawn_after("after", (), &[&input], move |()| {
            tell.send(here()).expect("the test listens")
        })
    }

    #[test]
    fn each_panic_without_a_handle_is_handled_once() {
        within(LIMIT, || {
            const TASKS: usize = 999;
            for dedicated in [0, 1] {
                let heard = Arc::new(Mutex::new(Vec::new()));
                let log = heard.clone();
                let pool = ThreadPoolBuilder::new()
                    .num_threads(2)
                    .dedicated_background_threads(dedicated)
                    .panic_handler(move |payload| {
                        log.lock().expect("not poisoned").push(*payload.downcast::<usize>().expect("a number"));
                    })
                    .build()
                    .expect("a pool");
                for n in 0..TASKS {
                    // Without the panic hook, which would print it.
                    let task = pool.spawn(move || -> u8 { resume_unwind(Box::new(n)) });
                    match n % 3 {
                        // Before it is over, or at the same time.
                        0 => task.detach(),
                        1 => drop(task.then(|n| n + 1)),
                        _ => {
                            soon("it is over", || task.complete());
                            drop(task.share());
                        }
                    }
                }
                drop(pool);
                let mut heard = std::mem::take(&mut *heard.lock().expect("not poisoned"));
                heard.sort_unstable();
                assert_eq!(heard, (0..TASKS).collect::<Vec<_>>());
            }
        });
    }
}

mod nodes_of_graphs {
    use super::*;

    fn fails() -> u8 {
        resume_unwind(Box::new(7))
    }

    #[test]
    fn background_nodes_come_after_each_other_without_a_thread() {
        within(LIMIT, || {
            let (pool, gate) = (capped(1, 1), Gate::default());
            let passes = gate.clone();
            let order = Arc::new(Mutex::new(Vec::new()));
            let [log_b, log_c, log_d] = [(); 3].map(|()| order.clone());
            let frame = micropool::parallel! {
                in pool;
                scene => vec![1, 2, 3],
                background a(clone scene) => { passes.pass(); scene.len() }
                background b(move a, clone scene) => { log_b.lock().unwrap().push("b"); a + scene.len() }
                background c after b => log_c.lock().unwrap().push("c"),
                background d(move b) after c => { log_d.lock().unwrap().push("d"); b }
                sum(scene) => scene.iter().sum::<i32>(),
            };
            assert_eq!((frame.sum, &frame.scene), (6, &vec![1, 2, 3]));
            soon("the first runs", || gate.arrived() == 1);
            assert!(!frame.c.complete() && !frame.d.complete());
            gate.open();
            assert_eq!(frame.d.join(), 6);
            frame.c.join();
            assert_eq!(*order.lock().unwrap(), ["b", "c", "d"]);
        });
    }

    #[test]
    fn a_panic_travels_by_move_and_its_words_by_after() {
        within(LIMIT, || {
            for workers in [0, 2] {
                let pool = capped(workers, 1);
                let frame = micropool::parallel! {
                    in pool;
                    background a => fails(),
                    background b(move a) => a + 1,
                    background c after b => 3,
                    foreground => 4,
                };
                assert_eq!(frame.foreground, 4, "nobody waits for it");
                let words = frame.c.outcome().expect_err("it comes after a panic");
                let words = words.downcast_ref::<String>().expect("a copy");
                assert_eq!(words, "a panic whose payload is not a string");
                assert_eq!(frame.b.outcome().expect_err("its panic").downcast_ref(), Some(&7));
            }
        });
    }
}
