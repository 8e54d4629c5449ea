//! The ends of pools: with tasks queued, with tasks running, from inside, without workers.

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
        for make in
            [|| capped(0, 1), || capped(1, 1), || capped(4, 1), || capped(3, 3), || dedicated(2, 1), || dedicated(0, 2)]
        {
            let (pool, gate, count) = (make(), Gate::default(), Arc::new(AtomicUsize::new(0)));
            if pool.num_threads() > 0 {
                // The queue is full, and a task runs, when the pool is dropped.
                gate.hold(&pool).detach();
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
        occupied.hold(&pool).detach();
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

/// Of two that come after one task, the one that nobody else runs waits for the other.
#[test]
fn what_comes_after_a_task_is_free_before_any_of_it_runs_on_its_thread() {
    within(LIMIT, || {
        for deserted in [false, true] {
            let (live, gate) = (capped(1, 1), Gate::default());
            let mut other = Some(capped(usize::from(deserted), 1));
            let held = gate.clone();
            let input = live.spawn_shared(move || {
                held.pass();
                here()
            });
            soon("it runs", || gate.arrived() == 1);
            let (send, given) = mpsc::channel::<Task<u8>>();
            let (heard, heard_there) = mpsc::channel();
            let first = other.as_ref().expect("still there").install(|| {
                micropool::__private::spawn_after("after", (), &[&input], move |()| {
                    heard.send((here(), given.recv().expect("it is sent").join())).expect("the test listens");
                })
            });
            let second = live.install(|| micropool::__private::spawn_after("after", (), &[&input], |()| 5));
            send.send(second).expect("the first one listens");
            if deserted {
                other = None;
            }
            gate.open();
            let (thread, value) = heard_there.recv_timeout(LIMIT).expect("it doesn't wait for ever");
            assert_eq!((thread, value), (*input.join(), 5));
            first.join();
            drop(other);
        }
    });
}

/// The closure of what is cancelled, and a waker, may wait for anything else that the end sets free.
#[test]
fn what_a_cancelled_task_drops_may_wait_for_others_that_are_cancelled_with_it() {
    struct Waits(Option<mpsc::Receiver<Task<()>>>, mpsc::Sender<bool>);
    impl Drop for Waits {
        fn drop(&mut self) {
            let later = self.0.take().expect("dropped once").recv().expect("it is sent");
            self.1.send(later.outcome().is_err()).expect("the test listens");
        }
    }
    within(LIMIT, || {
        let (pool, gate) = (capped(1, 1), Gate::default());
        gate.hold(&pool).detach();
        let input = pool.spawn(|| ());
        let (send, given) = mpsc::channel();
        let (heard, heard_there) = mpsc::channel();
        let waits = Waits(Some(given), heard);
        pool.install(|| {
            let [first, second] = [Some(waits), None]
                .map(|waits| micropool::__private::spawn_after("after", (), &[&input], move |()| drop(waits)));
            let last = micropool::__private::spawn_after("after", (), &[&second], |()| ());
            send.send(last).expect("it listens");
            drop((first, second));
        });
        assert!(input.cancel());
        assert_eq!(heard_there.recv_timeout(LIMIT), Ok(true));
        gate.open();
    });
}

/// A task that comes after a shared one.
fn after(input: micropool::SharedTask<ThreadId>, tell: mpsc::Sender<ThreadId>) -> Task<()> {
    micropool::__private::spawn_after("after", (), &[&input], move |()| tell.send(here()).expect("the test listens"))
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
