//! `background_threads`: how many tasks run at a time, whoever runs them.

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
        let holder = gate.hold(&pool);
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
