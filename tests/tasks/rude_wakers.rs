//! Wakers whose `clone`, `drop` and `wake`, which are an executor's code, panic or call back into the pool. None of them is called
//! under a lock, and a panic goes to whoever called: at the end of a task that is nobody.

use super::*;
use std::fmt;
use std::task::{RawWaker, RawWakerVTable};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    Clone,
    Drop,
    Wake,
}

/// Does something at one of its steps; counts all of them.
struct Rude {
    at: Step,
    panics: bool,
    /// The task that it is left with.
    task: SharedTask<u32>,
    calls: [AtomicUsize; 3],
    /// Not while the test itself clones and drops.
    armed: AtomicBool,
}

static TABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_it);

// SAFETY: of all four: `data` is a counted reference to a `Rude`, by `Rude::waker` and `clone`.
unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: as above.
    let rude = unsafe { &*data.cast::<Rude>() };
    rude.step(Step::Clone);
    // SAFETY: as above, and the new waker has the count.
    unsafe { Arc::increment_strong_count(data.cast::<Rude>()) };
    RawWaker::new(data, &TABLE)
}

unsafe fn wake(data: *const ()) {
    // SAFETY: as above: a waker that is woken gives up its count.
    unsafe { Arc::from_raw(data.cast::<Rude>()) }.step(Step::Wake);
}

unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: as above.
    unsafe { &*data.cast::<Rude>() }.step(Step::Wake);
}

unsafe fn drop_it(data: *const ()) {
    // SAFETY: as above: so does one that is dropped.
    unsafe { Arc::from_raw(data.cast::<Rude>()) }.step(Step::Drop);
}

impl Rude {
    fn new(at: Step, panics: bool, task: &SharedTask<u32>) -> Arc<Self> {
        Arc::new(Self { at, panics, task: task.clone(), calls: Default::default(), armed: AtomicBool::new(true) })
    }

    fn waker(self: &Arc<Self>) -> Waker {
        let raw = RawWaker::new(Arc::into_raw(self.clone()).cast(), &TABLE);
        // SAFETY: the functions keep the contract: they count as `Arc` does, and may be called by any thread.
        unsafe { Waker::from_raw(raw) }
    }

    fn step(&self, step: Step) {
        self.calls[step as usize].fetch_add(1, Ordering::SeqCst);
        if step != self.at || !self.armed.load(Ordering::SeqCst) {
            return;
        }
        // The task's own lock is needed for this: whoever held it here would wait for himself.
        let mut again = (&self.task).into_future();
        let over = pin!(&mut again).poll(&mut Context::from_waker(Waker::noop())).is_ready();
        drop(again);
        assert_eq!(over, self.task.complete());
        assert_eq!(micropool::join(|| 1, || micropool::scope(|s| s.spawn(|| 2).join())), (1, 2));
        assert_eq!(micropool::spawn(|| 3).join(), 3);
        if self.panics && !thread::panicking() {
            resume_unwind(Box::new(self.at));
        }
    }

    fn calls(&self, step: Step) -> usize {
        self.calls[step as usize].load(Ordering::SeqCst)
    }

    /// Polls with this waker; `None`: that panicked, by what the waker threw.
    fn poll<F: Future>(self: &Arc<Self>, future: Pin<&mut F>) -> Option<Poll<F::Output>> {
        self.armed.store(false, Ordering::SeqCst);
        let waker = self.waker();
        self.armed.store(true, Ordering::SeqCst);
        let polled = self.threw(|| future.poll(&mut Context::from_waker(&waker)));
        self.armed.store(false, Ordering::SeqCst);
        drop(waker);
        self.armed.store(true, Ordering::SeqCst);
        polled
    }

    /// `None`: it panicked, by what the waker threw.
    fn threw<R>(&self, f: impl FnOnce() -> R) -> Option<R> {
        match catch_unwind(AssertUnwindSafe(f)) {
            Ok(value) => Some(value),
            Err(payload) => {
                assert_eq!(payload.downcast_ref(), Some(&self.at), "{}", text(&*payload));
                None
            }
        }
    }
}

/// One way to be rude, and a pool whose worker is held.
struct Case {
    at: Step,
    panics: bool,
    pool: ThreadPool,
    gate: Gate,
}

impl Case {
    /// Whether this step of its waker panics.
    fn throws(&self, step: Step) -> bool {
        self.panics && self.at == step
    }

    fn rude(&self, task: &SharedTask<u32>) -> Arc<Rude> {
        Rude::new(self.at, self.panics, task)
    }

    /// What holds when all is over.
    fn leaves_nothing(&self, rude: &Arc<Rude>) {
        self.pool.wait_idle();
        soon("nothing is left of it", || Arc::strong_count(rude) == 1);
        assert_eq!(self.pool.spawn(|| 6).join(), 6, "the worker goes on");
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, {}", self.at, if self.panics { "which panics" } else { "which only calls back" })
    }
}

fn each_way(test: impl Fn(&Case) + Send + 'static) {
    within(LIMIT, move || {
        for at in [Step::Clone, Step::Drop, Step::Wake] {
            for panics in [false, true] {
                let (pool, gate) = held_pool();
                let case = Case { at, panics, pool, gate };
                case.pool.install(|| test(&case));
            }
        }
    });
}

#[test]
fn rude_wakers_of_a_shared_task() {
    each_way(|case| {
        let shared = case.pool.spawn_shared(|| 5);
        let rude = case.rude(&shared);
        let (mut first, mut second) = ((&shared).into_future(), (&shared).into_future());
        // Left with the task, unless it couldn't be copied.
        assert_eq!(rude.poll(pin!(&mut first)).is_none(), case.throws(Step::Clone), "{case}");
        // Another one in its place.
        let replaced = rude.threw(|| pin!(&mut first).poll(&mut Context::from_waker(Waker::noop())));
        assert_eq!(replaced.is_none(), case.throws(Step::Drop), "{case}");
        assert_eq!(pin!(&mut first).poll(&mut Context::from_waker(Waker::noop())), Poll::Pending);
        // Given up with its future.
        assert_eq!(rude.poll(pin!(&mut second)).is_none(), case.throws(Step::Clone), "{case}");
        assert_eq!(rude.threw(|| drop(second)).is_none(), case.throws(Step::Drop), "{case}");
        // Called at the end, with others before and behind it.
        let good = Arc::new(AtomicUsize::new(0));
        let mut others = [(&shared).into_future(), (&shared).into_future()];
        let mut third = (&shared).into_future();
        let poll_with_good = |future: &mut micropool::SharedTaskFuture<'_, u32>| {
            let waker = Waker::from(Arc::new(CountsWakes(good.clone())));
            assert_eq!(pin!(future).poll(&mut Context::from_waker(&waker)), Poll::Pending);
        };
        poll_with_good(&mut others[0]);
        assert_eq!(rude.poll(pin!(&mut third)).is_none(), case.throws(Step::Clone), "{case}");
        poll_with_good(&mut others[1]);
        case.gate.open();
        soon("the others are woken", || good.load(Ordering::SeqCst) == 2);
        assert_eq!(*shared.join(), 5);
        case.leaves_nothing(&rude);
        assert_eq!(rude.calls(Step::Wake), usize::from(!case.throws(Step::Clone)), "{case}");
        drop((first, third, others));
    });
}

#[test]
fn rude_wakers_of_a_task() {
    each_way(|case| {
        // Somebody else's, for what the waker does.
        let shared = case.pool.spawn_shared(|| 5);
        let rude = case.rude(&shared);
        let mut task = case.pool.spawn(|| 7);
        assert_eq!(rude.poll(pin!(&mut task)).is_none(), case.throws(Step::Clone), "{case}");
        let replaced = rude.threw(|| pin!(&mut task).poll(&mut Context::from_waker(Waker::noop())));
        assert_eq!(replaced.is_none(), case.throws(Step::Drop), "{case}");
        assert_eq!(rude.poll(pin!(&mut task)).is_none(), case.throws(Step::Clone), "{case}");
        let detached = case.pool.spawn(|| 8);
        let mut detached = Box::pin(detached);
        assert_eq!(rude.poll(detached.as_mut()).is_none(), case.throws(Step::Clone), "{case}");
        assert_eq!(rude.threw(|| drop(detached)).is_none(), case.throws(Step::Drop), "{case}");
        case.gate.open();
        soon("it ends", || task.complete());
        // The waker isn't needed any more: a panic of its copy's drop leaves the result where it is.
        match rude.poll(pin!(&mut task)) {
            Some(polled) => assert_eq!(polled, Poll::Ready(7)),
            None => {
                assert!(case.throws(Step::Clone) || case.throws(Step::Drop), "{case}");
                assert_eq!(pin!(&mut task).poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(7));
            }
        }
        case.leaves_nothing(&rude);
    });
}

struct CountsWakes(Arc<AtomicUsize>);

impl Wake for CountsWakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}
