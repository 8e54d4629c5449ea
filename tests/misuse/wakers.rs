//! Wakers, futures that are forgotten, and polls too many.

use super::*;

/// A task that ends when the gate is opened. In a pool of no workers whoever polls it runs it: there the gate is open.
fn gated(pool: &ThreadPool, value: u32) -> (Gate, Task<u32>) {
    let gate = Gate::default();
    if pool.num_threads() == 0 {
        gate.open();
    }
    let own = gate.clone();
    let task = pool.spawn(move || {
        own.pass();
        value
    });
    (gate, task)
}

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
        let (gate, mut task) = gated(pool, 1);
        // Polled, then forgotten: the waker is called all the same.
        let waits = Pin::new(&mut task).poll(&mut context).is_pending();
        assert_eq!(waits, pool.num_threads() > 0);
        forget(task);
        gate.open();
        pool.wait_idle();
        assert!(eventually(LIMIT / 2, || woken.0.load(Ordering::SeqCst) == usize::from(waits)));

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
    type Came = (u32, (u32, u32));
    /// Says what came of the calls in it, for its panics go to nobody.
    struct Bad(SharedTask<u32>, mpsc::Sender<Came>);
    impl Wake for Bad {
        fn wake(self: Arc<Self>) {
            // It is over: joining it from its own waker gives the result.
            self.1.send((*self.0.clone().join(), micropool::join(|| 1, || 2))).unwrap();
            panic!("a waker that panics");
        }
    }
    within(LIMIT, || {
        let pool = pool(1);
        let (gate, task) = gated(&pool, 3);
        let task = task.share();
        let (sender, heard) = mpsc::channel();
        let waker = Waker::from(Arc::new(Bad(task.clone(), sender)));
        let mut future = pin!((&task).into_future());
        assert!(future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        gate.open();
        assert_eq!(heard.recv_timeout(LIMIT / 2), Ok((3, (1, 2))));
        assert_eq!(*task.join(), 3);
        assert_eq!(pool.spawn(|| 4).join(), 4);
    });
}
