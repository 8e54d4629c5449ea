//! Bugs that a review of the protocols found, each with the run that showed it. Those that need a certain interleaving are
//! models (`micropool/src/*/loom_models.rs`).

use micropool::{ThreadPool, ThreadPoolBuilder};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use support::{eventually, within};

const LIMIT: Duration = Duration::from_secs(20);

fn pool(workers: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(workers).build().expect("a pool")
}

// A worker that read its mail went on counting as one who searches: a push relied on it, and woke nobody.
#[test]
fn a_task_made_in_a_broadcast_wakes_a_sleeping_worker() {
    within(LIMIT, || {
        for round in 0..20 {
            let pool = ThreadPoolBuilder::new()
                .num_threads(2)
                .background_threads(2)
                .spin_before_sleep(Duration::from_micros(10))
                .build()
                .expect("a pool");
            pool.install(|| {
                micropool::broadcast(|index| {
                    if index == 0 {
                        // The other worker has read its letter, and sleeps.
                        std::thread::sleep(Duration::from_millis(5));
                        let (sender, receiver) = mpsc::channel();
                        micropool::spawn(move || sender.send(()).unwrap()).detach();
                        let ran = receiver.recv_timeout(Duration::from_secs(5));
                        assert!(ran.is_ok(), "round {round}: nobody woke for the task");
                    }
                });
            });
        }
    });
}

// The workers of a closed pool leave when they find nothing; a broadcast from its last task waited for them for ever.
#[test]
fn a_broadcast_in_the_last_task_of_a_dropped_pool_ends() {
    within(LIMIT, || {
        let calls = Arc::new(AtomicUsize::new(0));
        let pool = pool(3);
        let (counted, begun) = (calls.clone(), Arc::new(AtomicBool::new(false)));
        let told = begun.clone();
        pool.spawn(move || {
            told.store(true, Ordering::Release);
            std::thread::sleep(Duration::from_millis(50));
            micropool::broadcast(|_| {
                counted.fetch_add(1, Ordering::Relaxed);
            });
        })
        .detach();
        assert!(eventually(LIMIT, || begun.load(Ordering::Acquire)));
        drop(pool);
        assert!((1..=3).contains(&calls.load(Ordering::Relaxed)));
    });
}

// Each waited for the other to read its letter, which came from no work that the other waited for.
#[test]
fn broadcasts_of_several_workers_at_once_end() {
    within(LIMIT, || {
        let pool = ThreadPoolBuilder::new().num_threads(3).background_threads(3).build().expect("a pool");
        for _ in 0..100 {
            let (calls, meet) = (Arc::new(AtomicUsize::new(0)), Arc::new(std::sync::Barrier::new(3)));
            let tasks = [(); 3].map(|()| {
                let (calls, meet) = (calls.clone(), meet.clone());
                pool.spawn(move || {
                    meet.wait();
                    micropool::broadcast(|_| {
                        calls.fetch_add(1, Ordering::Relaxed);
                    });
                })
            });
            assert!(eventually(LIMIT, || tasks.iter().all(micropool::Task::complete)));
            assert_eq!(calls.load(Ordering::Relaxed), 9);
        }
        // One inside of the other.
        let calls = AtomicUsize::new(0);
        pool.install(|| {
            micropool::broadcast(|_| {
                micropool::broadcast(|_| {
                    calls.fetch_add(1, Ordering::Relaxed);
                });
            });
        });
        assert_eq!(calls.into_inner(), 9);
    });
}

// Inside another pool's `install` a worker's own seat was forgotten: the join waited for itself.
#[test]
fn a_task_joined_from_inside_itself_by_way_of_another_pool_panics() {
    within(LIMIT, || {
        let (home, other) = (pool(1), Arc::new(pool(1)));
        let (sender, receiver) = mpsc::channel::<micropool::SharedTask<()>>();
        let (told, refused) = mpsc::channel();
        let task = home.spawn_shared(move || {
            let itself = receiver.recv().unwrap();
            let result = catch_unwind(AssertUnwindSafe(|| other.install(|| itself.join())));
            told.send(result.is_err()).unwrap();
        });
        sender.send(task.clone()).unwrap();
        assert_eq!(refused.recv_timeout(LIMIT / 2), Ok(true));
        task.join();
    });
}

#[test]
fn cancelled_is_seen_inside_another_pool() {
    within(LIMIT, || {
        let (home, other) = (pool(1), Arc::new(pool(1)));
        let (begun, told) = (mpsc::channel(), mpsc::channel());
        let (begin, tell) = (begun.0, told.0);
        let task = home.spawn(move || {
            begin.send(()).unwrap();
            let seen = other.install(|| eventually(LIMIT / 2, micropool::cancelled));
            tell.send(seen).unwrap();
        });
        begun.1.recv().unwrap();
        assert!(!task.cancel(), "it has begun");
        assert_eq!(told.1.recv_timeout(LIMIT), Ok(true));
    });
}

// The dropping thread is the pool's own, though another pool is current.
#[test]
fn a_pool_dropped_by_its_own_worker_inside_another_pool() {
    within(LIMIT, || {
        let (home, other) = (pool(1), Arc::new(pool(1)));
        let (sender, receiver) = mpsc::channel::<ThreadPool>();
        let (told, dropped) = mpsc::channel();
        home.spawn(move || {
            let home = receiver.recv().unwrap();
            other.install(|| drop(home));
            told.send(()).unwrap();
        })
        .detach();
        sender.send(home).unwrap();
        assert_eq!(dropped.recv_timeout(LIMIT / 2), Ok(()));
    });
}

struct JoinsWhenDropped(mpsc::Sender<u32>);
impl Drop for JoinsWhenDropped {
    fn drop(&mut self) {
        // The pool of this thread is gone by now.
        std::thread::sleep(Duration::from_millis(20));
        let (a, b) = micropool::join(|| 1, || 2);
        let _ = self.0.send(a + b);
    }
}

thread_local! {
    static LATE: RefCell<Option<JoinsWhenDropped>> = const { RefCell::new(None) };
}

// A worker whose thread the user made, ends: its thread-locals are dropped after its pool is, and the current seat
// pointed into that.
#[test]
fn a_thread_local_of_a_worker_is_dropped_after_its_pool() {
    within(LIMIT, || {
        let (sender, receiver) = mpsc::channel();
        let pool = ThreadPoolBuilder::new()
            .num_threads(1)
            .spawn_handler(|thread| {
                std::thread::Builder::new().spawn(move || thread.run())?;
                Ok(())
            })
            .build()
            .expect("a pool");
        // Detached, so that the worker runs it.
        pool.spawn(move || LATE.with(|late| *late.borrow_mut() = Some(JoinsWhenDropped(sender)))).detach();
        drop(pool);
        assert_eq!(receiver.recv_timeout(LIMIT / 2), Ok(3));
    });
}
