//! Tasks as futures.

use super::*;

/// Notes the threads that it is woken on.
#[derive(Default)]
struct Woken(Mutex<Vec<ThreadId>>);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.lock().expect("not poisoned").push(here());
    }
}

impl Woken {
    fn threads(&self) -> Vec<ThreadId> {
        self.0.lock().expect("not poisoned").clone()
    }
}

fn tokio() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime")
}

#[test]
fn pollster_awaits_tasks() {
    within(LIMIT, || {
        let pool = pool(2);
        let shared = pool.spawn_shared(|| 5);
        let sum = pollster::block_on(async {
            let slow = pool.spawn(|| {
                busy(Duration::from_millis(20));
                1
            });
            slow.await + pool.spawn(|| 2).then(|n| n * 2).await + *(&shared).await + *(&shared).await
        });
        assert_eq!(sum, 15);
    });
}

#[test]
fn tokio_awaits_tasks() {
    within(LIMIT, || {
        let (runtime, pool) = (tokio(), Arc::new(pool(2)));
        let sum = runtime.block_on(async {
            let awaiting: Vec<_> = (0..1000_u64)
                .map(|n| {
                    let pool = pool.clone();
                    runtime.spawn(async move { pool.spawn(move || n).await + pool.spawn(move || n).then(|n| n).await })
                })
                .collect();
            let mut sum = 0;
            for handle in awaiting {
                sum += handle.await.expect("no panic");
            }
            sum
        });
        assert_eq!(sum, 999_000);
    });
}

#[test]
fn the_worker_that_ends_a_task_wakes_whoever_awaits_it() {
    within(LIMIT, || {
        let (pool, gate) = (pool(1), Gate::default());
        let held = gate.clone();
        let mut task = pool.spawn(move || {
            held.pass();
            here()
        });
        let (old, new) = (Arc::new(Woken::default()), Arc::new(Woken::default()));
        for waker in [&old, &new, &new] {
            let waker = Waker::from(waker.clone());
            assert!(pin!(&mut task).poll(&mut Context::from_waker(&waker)).is_pending());
        }
        gate.open();
        soon("somebody is woken", || !new.threads().is_empty());
        let Poll::Ready(worker) = pin!(&mut task).poll(&mut Context::from_waker(Waker::noop())) else {
            panic!("it was woken before the task was over")
        };
        pool.wait_idle();
        assert_eq!(new.threads(), [worker], "once");
        assert_eq!(old.threads(), [], "only the last one to poll");
    });
}

#[test]
fn everybody_who_awaits_a_shared_task_is_woken() {
    within(LIMIT, || {
        let (pool, gate) = held_pool();
        let shared = pool.spawn_shared(|| 5);
        let woken: Vec<Arc<Woken>> = (0..10).map(|_| Arc::default()).collect();
        let awaiting: Vec<_> = woken
            .iter()
            .map(|woken| {
                let (mut future, waker) = ((&shared).into_future(), Waker::from(woken.clone()));
                assert!(pin!(&mut future).poll(&mut Context::from_waker(&waker)).is_pending());
                future
            })
            .collect();
        gate.open();
        soon("all are woken", || woken.iter().all(|woken| woken.threads().len() == 1));
        drop(awaiting);
        assert_eq!(*pollster::block_on((&shared).into_future()), 5);
    });
}

/// One future, awaited by one executor after another, and given up in the end: the task keeps no waker but the last, and that
/// only as long as the future.
#[test]
fn a_future_leaves_no_wakers_behind() {
    within(LIMIT, || {
        let (pool, gate) = held_pool();
        let shared = pool.spawn_shared(|| 5);
        let (other, woken) = (Arc::new(Woken::default()), Arc::new(Woken::default()));
        let mut patient = (&shared).into_future();
        let waker = Waker::from(other.clone());
        assert!(pin!(&mut patient).poll(&mut Context::from_waker(&waker)).is_pending());
        let mut given_up = (&shared).into_future();
        for _ in 0..3 {
            let waker = Waker::from(woken.clone());
            assert!(pin!(&mut given_up).poll(&mut Context::from_waker(&waker)).is_pending());
            drop(waker);
            assert_eq!(Arc::strong_count(&woken), 2, "ours, and the task's");
        }
        drop(given_up);
        assert_eq!(Arc::strong_count(&woken), 1);
        gate.open();
        soon("who still awaits it is woken", || other.threads().len() == 1);
        assert_eq!(woken.threads(), []);
    });
}

/// A task that is polled and then given up, shared, or handed on: nobody awaits it any more.
#[test]
fn a_task_that_is_no_longer_awaited_leaves_no_waker_behind() {
    within(LIMIT, || {
        let ways: [fn(Task<u8>); 3] = [|task| drop(task), |task| drop(task.share()), |task| drop(task.then(|n| n + 1))];
        for way in ways {
            let (pool, gate) = held_pool();
            let (mut task, woken) = (pool.spawn(|| 5), Arc::new(Woken::default()));
            let waker = Waker::from(woken.clone());
            assert!(Pin::new(&mut task).poll(&mut Context::from_waker(&waker)).is_pending());
            drop(waker);
            assert_eq!(Arc::strong_count(&woken), 2, "ours, and the task's");
            way(task);
            assert_eq!(Arc::strong_count(&woken), 1);
            gate.open();
        }
    });
}

/// What comes after a task may run on the thread that ends it, and wait for whoever awaits the task.
#[test]
fn who_awaits_a_task_is_woken_before_what_comes_after_it_runs_there() {
    within(LIMIT, || {
        let (pool, none, gate) = (pool(1), pool(0), Gate::default());
        let passes = gate.clone();
        let input = pool.spawn_shared(move || passes.pass());
        soon("it runs", || gate.arrived() == 1);
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(woken.clone());
        let mut awaits = pin!((&input).into_future());
        assert!(awaits.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        let seen = woken.clone();
        let after = none.install(|| {
            micropool::__private::spawn_after("after", (), &[&input], move |()| {
                soon("it is woken", || seen.threads().len() == 1);
            })
        });
        gate.open();
        after.join();
    });
}

/// The last reference to a future may go with the waker that it has left with the task.
#[test]
fn a_waker_may_own_the_future_that_leaves_it() {
    struct Owns(Mutex<Option<micropool::SharedTaskFuture<'static, u8>>>);
    impl Wake for Owns {
        fn wake(self: Arc<Self>) {}
    }
    within(LIMIT, || {
        let (pool, gate) = held_pool();
        static SHARED: OnceLock<SharedTask<u8>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| pool.spawn_shared(|| 5));
        let mut future = shared.into_future();
        let owner = Arc::new(Owns(Mutex::new(None)));
        let waker = Waker::from(owner.clone());
        assert!(pin!(&mut future).poll(&mut Context::from_waker(&waker)).is_pending());
        drop(waker);
        *owner.0.lock().unwrap() = Some(future);
        drop(owner);
        // Another future of the same task is polled, given up, and polled with another waker; then the task ends.
        let mut second = shared.into_future();
        for _ in 0..2 {
            assert!(pin!(&mut second).poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        gate.open();
        assert_eq!(*pollster::block_on(second), 5);
    });
}

#[test]
fn polling_never_runs_the_task() {
    within(LIMIT, || {
        let (pool, gate) = held_pool();
        let mut task = pool.spawn(here);
        for _ in 0..100 {
            assert!(pin!(&mut task).poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        gate.open();
        assert_ne!(pollster::block_on(task), here());
    });
}

#[test]
fn a_task_that_has_given_its_result_is_over() {
    within(LIMIT, || {
        let mut task = pool(0).spawn(|| 3);
        assert_eq!(pollster::block_on(&mut task), 3);
        task.help();
        assert!(task.complete());
        let payload = catch_unwind(AssertUnwindSafe(|| pollster::block_on(&mut task))).expect_err("it is gone");
        assert_eq!(text(&*payload), "micropool: the task was awaited and has given its result");
        assert!(!task.cancel());
    });
}

#[test]
fn a_future_dropped_before_it_is_done_detaches_the_task() {
    within(LIMIT, || {
        let (pool, gate) = held_pool();
        let (tell, told) = mpsc::channel();
        let mut task = pool.spawn(move || tell.send("ran").expect("the test listens"));
        let polled = Arc::new(AtomicBool::new(false));
        let noted = polled.clone();
        let runtime = tokio();
        let awaiting = runtime.spawn(std::future::poll_fn(move |context| {
            let poll = Pin::new(&mut task).poll(context);
            noted.store(true, Ordering::SeqCst);
            poll
        }));
        soon("it is being awaited", || polled.load(Ordering::SeqCst));
        awaiting.abort();
        assert!(runtime.block_on(awaiting).expect_err("it was aborted").is_cancelled());
        drop(runtime);
        gate.open();
        assert_eq!(told.recv_timeout(LIMIT), Ok("ran"));
    });
}

#[test]
fn awaiting_a_panicked_or_cancelled_task_panics() {
    within(LIMIT, || {
        let (pool, gate) = held_pool();
        let frame = micropool::parallel! { in pool; background a => 1, background b after a => 2 };
        let panicked = pool.spawn(|| -> u8 { panic!("words") });
        let shared = pool.spawn_shared(|| -> u8 { panic!("words") });
        let runtime = tokio();
        let (b, panicked) = (runtime.spawn(frame.b), runtime.spawn(panicked));
        assert!(frame.a.cancel());
        let payload = runtime.block_on(b).expect_err("there is no result").into_panic();
        assert_eq!(text(&*payload), "micropool: the joined task was cancelled");
        gate.open();
        let payload = runtime.block_on(panicked).expect_err("its panic").into_panic();
        assert_eq!(text(&*payload), "words");
        let payload = catch_unwind(AssertUnwindSafe(|| *pollster::block_on((&shared).into_future())));
        assert_eq!(text(&*payload.expect_err("a copy")), "words");
    });
}

#[test]
fn a_waker_that_panics_harms_nobody() {
    struct Bad;
    impl Wake for Bad {
        fn wake(self: Arc<Self>) {
            panic!("a waker's panic");
        }
    }
    within(LIMIT, || {
        let (pool, gate) = held_pool();
        let mut task = pool.spawn(|| 1);
        let waker = Waker::from(Arc::new(Bad));
        assert!(pin!(&mut task).poll(&mut Context::from_waker(&waker)).is_pending());
        gate.open();
        soon("it is over", || task.complete());
        assert_eq!(task.join() + pool.spawn(|| 1).join(), 2);
    });
}
