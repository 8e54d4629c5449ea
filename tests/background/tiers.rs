//! What is foreground and what is background, and `yield_to_foreground`.

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
