//! Wakers, futures that are forgotten, and polls too many.

use super::*;

#[test]
fn forgotten_futures_and_wakers() {
    struct Counts(AtomicUsize);
    impl Wake for Counts {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    on_pools(|pool| {
        let woken = Arc::new(Counts(AtomicUsize::new(0)));
        let waker = Waker::from(woken.clone());
        let mut context = Context::from_waker(&waker);
        let (open, gate) = mpsc::channel::<()>();
        let gated = if pool.num_threads() == 0 {
            pool.spawn(|| 1)
        } else {
            pool.spawn(move || {
                gate.recv().unwrap();
                1
            })
        };
        // Polled, then forgotten: the waker is called all the same.
        let mut task = gated;
        let first = Pin::new(&mut task).poll(&mut context);
        forget(task);
        let _ = open.send(());
        pool.wait_idle();
        assert!(first == Poll::Ready(1) || eventually(LIMIT, || woken.0.load(Ordering::SeqCst) == 1));

        let shared: SharedTask<String> = pool.spawn_shared(|| String::from("x"));
        for _ in 0..3 {
            let mut future = Box::pin((&shared).into_future());
            let _ = future.as_mut().poll(&mut context);
            forget(future);
        }
        assert_eq!(shared.join(), "x");
        // The worker that ended it may just be calling them.
        assert!(eventually(LIMIT, || Arc::strong_count(&woken) == 2), "no waker is kept when the task is over");

        // Polled once more after it gave its result: a panic.
        let mut task = pin!(pool.spawn(|| 2));
        assert!(eventually(LIMIT, || matches!(task.as_mut().poll(&mut context), Poll::Ready(2))));
        assert!(panics(|| task.as_mut().poll(&mut context)));
    });
}

#[test]
fn a_waker_that_panics_or_calls_back() {
    struct Bad(Mutex<Option<SharedTask<u32>>>);
    impl Wake for Bad {
        fn wake(self: Arc<Self>) {
            let own = self.0.lock().unwrap().take();
            if let Some(task) = own {
                assert_eq!(*task.join(), 3, "it is over: joining it from its own waker gives the result");
                assert_eq!(micropool::join(|| 1, || 2), (1, 2));
            }
            panic!("a waker that panics");
        }
    }
    within(LIMIT, || {
        let pool = pool(1);
        let (open, gate) = mpsc::channel::<()>();
        let task = pool.spawn_shared(move || {
            gate.recv().unwrap();
            3
        });
        let bad = Arc::new(Bad(Mutex::new(Some(task.clone()))));
        let waker = Waker::from(bad);
        let mut future = pin!((&task).into_future());
        assert!(future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        open.send(()).unwrap();
        assert_eq!(*task.join(), 3);
        assert_eq!(pool.spawn(|| 4).join(), 4);
    });
}
