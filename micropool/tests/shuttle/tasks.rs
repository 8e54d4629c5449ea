//! Tasks: who runs, who waits, who cancels, who reports.

use crate::{Count, Dropped, Gate, builder, explore, number_of, pool, quiet_panic};
use shuttle::thread;
use std::future::IntoFuture;
use std::sync::Arc;

// Goes red if the end of a task wakes nobody, or if a waiter doesn't look after it has said that it sleeps.
#[test]
fn a_task_is_joined_wherever_it_runs() {
    explore(|| {
        let pool = pool(1);
        let runs = Count::default();
        let counted = runs.clone();
        assert_eq!(pool.spawn(move || counted.up()).join(), 1);
        assert_eq!(runs.get(), 1);
    });
}

// Nobody waits for the task itself. Goes red if a worker that sleeps isn't woken for the queue.
#[test]
fn a_detached_task_runs() {
    explore(|| {
        let pool = pool(1);
        let ran = Gate::new();
        let told = ran.clone();
        pool.spawn(move || told.open()).detach();
        ran.pass();
    });
}

// Two that need each other. Goes red if the one who takes the first doesn't pass the wake on (F3).
#[test]
fn two_tasks_run_at_once() {
    explore(|| {
        let pool = builder(2).background_threads(2).build().unwrap();
        let (there, back) = (Gate::new(), Gate::new());
        let (a, b) = (there.clone(), back.clone());
        pool.spawn(move || (a.open(), b.pass())).detach();
        pool.spawn(move || (there.pass(), back.open())).detach();
    });
}

// Goes red if the state changes by a load and a store.
#[test]
fn a_task_is_cancelled_or_runs_never_both() {
    explore(|| {
        let pool = pool(1);
        let (runs, drops) = (Count::default(), Count::default());
        let (counted, capture) = (runs.clone(), Dropped(drops.clone()));
        let task = pool.spawn(move || {
            let _capture = capture;
            counted.up();
        });
        let cancelled = task.cancel();
        drop(pool);
        assert_eq!(runs.get(), usize::from(!cancelled));
        assert_eq!(drops.get(), 1);
    });
}

// The predecessor runs, is joined, is cancelled: each successor has one end, and its waiter hears of it.
#[test]
fn a_chain_goes_on_without_a_thread_that_waits() {
    explore(|| {
        let pool = pool(1);
        let task = pool.spawn(|| 1).then(|n| n + 1).then(|n| n * 10);
        assert_eq!(task.join(), 20);
    });
}

#[test]
fn a_chain_is_cancelled_while_somebody_joins_its_end() {
    explore(|| {
        let pool = Arc::new(pool(1));
        let blocks = Gate::new();
        let opened = blocks.clone();
        let first = pool.spawn_shared(move || opened.pass());
        let drops = Count::default();
        let capture = Dropped(drops.clone());
        let middle = pool.spawn(move || drop(capture));
        let canceller = thread::spawn(move || middle.cancel());
        blocks.open();
        first.join();
        let cancelled = canceller.join().unwrap();
        drop(first);
        drop(pool);
        assert_eq!(drops.get(), 1, "{cancelled}");
    });
}

#[test]
fn a_panicked_link_skips_the_rest() {
    explore(|| {
        let pool = pool(1);
        let runs = Count::default();
        let counted = runs.clone();
        let task = pool.spawn(|| quiet_panic(4)).then(move |(): ()| counted.up());
        assert_eq!(number_of(|| task.join()), 4);
        assert_eq!(runs.get(), 0);
    });
}

// Goes red if one of several sleepers is woken by the end, and not all.
#[test]
fn a_shared_task_has_several_joiners() {
    explore(|| {
        let pool = pool(1);
        let task = pool.spawn_shared(|| 9);
        let others: Vec<_> = (0..2)
            .map(|_| {
                let task = task.clone();
                thread::spawn(move || *task.join())
            })
            .collect();
        assert_eq!(*task.join(), 9);
        for other in others {
            assert_eq!(other.join().unwrap(), 9);
        }
    });
}

// The last of two handles goes just when the task ends in a panic. Goes red if both sides report it, or none does.
#[test]
fn a_detached_panic_is_reported_once() {
    explore(|| {
        let reports = Count::default();
        let counted = reports.clone();
        let pool = builder(1)
            .panic_handler(move |payload| {
                assert_eq!(payload.downcast_ref(), Some(&6_u32));
                counted.up();
            })
            .build()
            .unwrap();
        let task = pool.spawn_shared(|| {
            if true {
                quiet_panic(6)
            }
        });
        let other = task.clone();
        let dropper = thread::spawn(move || drop(other));
        drop(task);
        dropper.join().unwrap();
        drop(pool);
        assert_eq!(reports.get(), 1);
    });
}

// Goes red if the waker is set without a look at the state under its lock.
#[test]
fn a_task_is_awaited() {
    explore(|| {
        let pool = pool(1);
        assert_eq!(shuttle::future::block_on(pool.spawn(|| 8)), 8);
        let shared = pool.spawn_shared(|| 9);
        assert_eq!(shuttle::future::block_on((&shared).into_future()), &9);
    });
}

// Tasks that come meanwhile aren't waited for; those before are, waiting ones included.
#[test]
fn wait_idle_sees_the_end_of_all_so_far() {
    explore(|| {
        let pool = pool(1);
        let ended = Count::default();
        for _ in 0..2 {
            let (first, second) = (ended.clone(), ended.clone());
            pool.spawn(move || first.up()).then(move |_| second.up()).detach();
        }
        pool.wait_idle();
        assert_eq!(ended.get(), 4);
    });
}

#[test]
fn help_runs_a_task_once() {
    explore(|| {
        let pool = pool(1);
        let runs = Count::default();
        let counted = runs.clone();
        let task = pool.spawn_shared(move || counted.up());
        task.help();
        assert_eq!(*task.join(), 1);
        assert_eq!(runs.get(), 1);
    });
}
