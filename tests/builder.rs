//! Each setting of the builder reaches the threads, and what goes wrong while they are made leaves none.

use micropool::{ThreadPool, ThreadPoolBuilder};
use std::error::Error;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use std::time::Duration;
use support::{eventually, within};

const LIMIT: Duration = Duration::from_secs(20);

/// What `f` gives on each worker, in the order of their indices.
fn on_each_worker<T: Send>(pool: &ThreadPool, f: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let seen = Mutex::new(Vec::new());
    pool.install(|| micropool::broadcast(|index| seen.lock().unwrap().push((index, f(index)))));
    let mut seen = seen.into_inner().unwrap();
    seen.sort_by_key(|&(index, _)| index);
    seen.into_iter().map(|(_, value)| value).collect()
}

fn own_name(_: usize) -> Option<String> {
    thread::current().name().map(String::from)
}

#[test]
fn threads_have_the_names_that_they_are_given() {
    within(LIMIT, || {
        let named =
            ThreadPoolBuilder::new().num_threads(2).thread_name(|index| format!("cook {index}")).build().unwrap();
        assert_eq!(on_each_worker(&named, own_name), [Some("cook 0".into()), Some("cook 1".into())]);
        let unnamed = ThreadPoolBuilder::default().num_threads(1).build().unwrap();
        assert_eq!(on_each_worker(&unnamed, own_name), [Some("micropool-0".into())]);
    });
}

#[test]
fn handlers_run_on_each_worker_before_its_work_and_after() {
    type Seen = Arc<Mutex<Vec<(usize, ThreadId, Option<usize>)>>>;
    within(LIMIT, || {
        let (started, ended) = (Seen::default(), Seen::default());
        let note = |list: &Seen| {
            let list = list.clone();
            move |index| list.lock().unwrap().push((index, thread::current().id(), micropool::current_thread_index()))
        };
        let builder = ThreadPoolBuilder::new().num_threads(3).dedicated_background_threads(1);
        let pool = builder.start_handler(note(&started)).exit_handler(note(&ended)).build().unwrap();
        let threads = on_each_worker(&pool, |_| thread::current().id());
        assert!(ended.lock().unwrap().is_empty());
        drop(pool);
        let expected: Vec<_> = threads.iter().enumerate().map(|(index, &id)| (index, id, Some(index))).collect();
        for list in [started, ended] {
            let mut list = list.lock().unwrap();
            list.sort_by_key(|&(index, ..)| index);
            assert_eq!(*list, expected);
        }
    });
}

#[test]
fn a_spawn_handler_is_told_what_each_thread_should_be() {
    within(LIMIT, || {
        let told = Arc::new(Mutex::new(Vec::new()));
        let list = told.clone();
        let builder = ThreadPoolBuilder::new().num_threads(2).dedicated_background_threads(1).stack_size(1 << 20);
        let pool = builder
            .thread_name(|index| format!("cook {index}"))
            .spawn_handler(move |worker| {
                list.lock().unwrap().push((worker.index(), worker.name().map(String::from), worker.stack_size()));
                thread::Builder::new().spawn(move || worker.run()).map(drop)
            })
            .build()
            .unwrap();
        let stack = Some(1 << 20);
        let expected = [(0, Some("cook 0".into()), stack), (1, Some("cook 1".into()), stack)];
        assert_eq!(told.lock().unwrap()[..2], expected);
        let (index, _, size) = told.lock().unwrap()[2];
        assert_eq!((index, size), (2, stack), "a dedicated thread comes after the workers");
        assert_eq!((pool.join(|| 1, || 2), pool.spawn(|| 3).join()), ((1, 2), 3));
    });
}

#[cfg(target_os = "linux")]
#[test]
fn pinned_workers_leave_the_first_core_to_the_caller() {
    use rustix::thread::{CpuSet, sched_getaffinity};
    let cores = |set: &CpuSet| (0..CpuSet::MAX_CPU).filter(|&core| set.is_set(core)).collect::<Vec<_>>();
    let own = move |_| cores(&sched_getaffinity(None).unwrap());
    let all = own(0);
    within(LIMIT, move || {
        let pool = ThreadPoolBuilder::new().num_threads(2).pin_workers(true).build().unwrap();
        let expected = [1, 2].map(|core| if all.contains(&core) { vec![core] } else { all.clone() });
        assert_eq!(on_each_worker(&pool, own), expected, "a core that isn't there binds nobody");
        assert_eq!(own(0), all, "the caller isn't bound");
        let free = ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        assert_eq!(on_each_worker(&free, own), [all]);
    });
}

#[test]
fn more_threads_than_a_pool_can_have_are_an_error() {
    within(LIMIT, || {
        let of = |workers, dedicated| {
            let builder = ThreadPoolBuilder::new().num_threads(workers).dedicated_background_threads(dedicated);
            builder.spawn_handler(|_| unreachable!("no thread is made")).build().expect_err("too many")
        };
        for (workers, dedicated) in
            [(usize::MAX, 0), (usize::MAX, usize::MAX), (1, usize::MAX), (1 << 40, 1), (1 << 14, 1)]
        {
            let error = of(workers, dedicated);
            let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>()).expect("the cause");
            assert_eq!(cause.kind(), io::ErrorKind::InvalidInput);
            assert!(error.to_string().contains("at most 16384"), "{error}");
        }
    });
}

// The threads that were made before stayed for ever.
#[test]
fn a_panic_of_the_users_code_while_threads_are_made_leaves_none() {
    within(LIMIT, || {
        let alive = Arc::new(AtomicUsize::new(0));
        let builder = || {
            let (begun, ended) = (alive.clone(), alive.clone());
            let count = |by: usize, of: Arc<AtomicUsize>| {
                move |_| {
                    of.fetch_add(by, Ordering::SeqCst);
                }
            };
            ThreadPoolBuilder::new()
                .num_threads(3)
                .start_handler(count(1, begun))
                .exit_handler(count(usize::MAX, ended))
        };
        let names = builder().thread_name(|index| if index < 2 { String::new() } else { panic!("no name") });
        let threads = builder().spawn_handler(|worker| {
            assert!(worker.index() < 2, "no thread");
            thread::Builder::new().spawn(move || worker.run()).map(drop)
        });
        for (builder, words) in [(names, "no name"), (threads, "no thread")] {
            let payload = catch_unwind(AssertUnwindSafe(|| builder.build().map(drop))).expect_err("a panic");
            assert_eq!(payload.downcast_ref::<&str>(), Some(&words));
            assert_eq!(alive.load(Ordering::SeqCst), 0, "each worker has run to its end");
        }
        assert!(eventually(LIMIT / 4, || Arc::strong_count(&alive) == 1), "nothing of the pools is left");
    });
}
