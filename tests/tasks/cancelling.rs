//! `cancel`, and `cancelled` inside of a task.

use super::*;

#[test]
fn a_task_that_has_not_begun_never_runs() {
    within(LIMIT, || {
        let (pool, gate) = held_pool();
        let drops = Arc::new(AtomicUsize::new(0));
        let ran = Arc::new(AtomicBool::new(false));
        let (capture, told) = (Counted(drops.clone()), ran.clone());
        let task = pool.spawn(move || {
            told.store(true, Ordering::SeqCst);
            drop(capture);
        });
        assert!(task.cancel());
        assert_eq!(drops.load(Ordering::SeqCst), 1, "its closure is dropped when `cancel` returns");
        gate.open();
        pool.wait_idle();
        assert!(!ran.load(Ordering::SeqCst));
    });
}

#[test]
fn a_task_that_runs_can_see_it_on_every_thread_of_its_work() {
    within(LIMIT, || {
        let pool = ThreadPoolBuilder::new().num_threads(2).background_threads(2).build().expect("a pool");
        let (both, begun) = (Arc::new(Barrier::new(2)), Gate::default());
        begun.open();
        let (tell, told) = mpsc::channel();
        let passes = begun.clone();
        let task = pool.spawn(move || {
            let half = || {
                // Both halves are here at once, so they are on two threads.
                both.wait();
                passes.pass();
                soon("it sees the wish", micropool::cancelled);
                here()
            };
            let (left, right) = micropool::join(half, half);
            tell.send(left != right).expect("the test listens");
        });
        let bystander = pool.install(|| micropool::join(micropool::cancelled, micropool::cancelled));
        soon("both halves run", || begun.arrived() == 2);
        assert!(!task.cancel(), "it has begun");
        assert_eq!(told.recv_timeout(LIMIT), Ok(true));
        assert_eq!(bystander, (false, false));
        assert!(!micropool::cancelled());
    });
}

#[test]
fn a_task_that_is_over_cannot_be_cancelled() {
    within(LIMIT, || {
        let pool = pool(1);
        let task = pool.spawn(|| 1);
        soon("it is over", || task.complete());
        assert!(!task.cancel());
    });
}

#[test]
fn cancelling_a_then_leaves_what_it_comes_after() {
    within(LIMIT, || {
        let (pool, gate) = held_pool();
        let count = Arc::new(AtomicUsize::new(0));
        let (first, second) = (count.clone(), count.clone());
        let task = pool.spawn(move || first.fetch_add(1, Ordering::SeqCst));
        assert!(task.then(move |_| second.fetch_add(10, Ordering::SeqCst)).cancel());
        gate.open();
        pool.wait_idle();
        assert_eq!(count.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn what_comes_after_a_cancelled_task_is_cancelled_and_says_so() {
    within(LIMIT, || {
        let (pool, gate) = held_pool();
        let ran = Arc::new(AtomicUsize::new(0));
        let (b_ran, c_ran) = (ran.clone(), ran.clone());
        let frame = micropool::parallel! {
            in pool;
            background a => 1,
            background b after a => b_ran.fetch_add(1, Ordering::SeqCst),
            background c(move b) => c_ran.fetch_add(b, Ordering::SeqCst),
        };
        let chained = frame.c.then(|n| n + 1);
        assert!(frame.a.cancel());
        assert!(chained.complete(), "the whole chain at once");
        let payload = catch_unwind(AssertUnwindSafe(|| chained.join())).expect_err("there is no result");
        assert_eq!(text(&*payload), "micropool: the joined task was cancelled");
        gate.open();
        pool.wait_idle();
        assert_eq!(ran.load(Ordering::SeqCst), 0);
    });
}

/// What became of one task.
#[derive(Default)]
struct Fate {
    ran: AtomicUsize,
    dropped: AtomicUsize,
}

struct Capture(Arc<Vec<Fate>>, usize);

impl Drop for Capture {
    fn drop(&mut self) {
        self.0[self.1].dropped.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn each_of_100_000_tasks_ran_or_was_cancelled() {
    const TASKS: usize = 100_000;
    within(LIMIT, || {
        let pool = pool(2);
        let fates: Arc<Vec<Fate>> = Arc::new((0..TASKS).map(|_| Fate::default()).collect());
        let spawn = |number: usize| {
            let capture = Capture(fates.clone(), number);
            pool.spawn(move || {
                capture.0[capture.1].ran.fetch_add(1, Ordering::Relaxed);
            })
        };
        let mut cancelled = vec![false; TASKS];
        let mut waiting = std::collections::VecDeque::new();
        for number in 0..TASKS {
            waiting.push_back((number, spawn(number)));
            // Now after a moment, now a few tasks later: about where the workers are.
            (0..number % 97).for_each(|_| std::hint::spin_loop());
            if waiting.len() > number / 64 % 8 {
                let (number, task) = waiting.pop_front().expect("one was pushed");
                cancelled[number] = task.cancel();
            }
        }
        for (number, task) in waiting {
            cancelled[number] = task.cancel();
        }
        pool.wait_idle();
        // The last worker may still have the shell of a task in its hands.
        soon("no closure is left", || Arc::strong_count(&fates) == 1);
        for (number, (fate, cancelled)) in fates.iter().zip(&cancelled).enumerate() {
            let (ran, dropped) = (fate.ran.load(Ordering::Relaxed), fate.dropped.load(Ordering::Relaxed));
            assert_eq!((ran, dropped), (usize::from(!cancelled), 1), "task {number}, cancelled: {cancelled}");
        }
        let won = cancelled.iter().filter(|cancelled| **cancelled).count();
        assert!((1..TASKS).contains(&won), "a race has two winners: {won} of {TASKS} were cancelled");
    });
}
