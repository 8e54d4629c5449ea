//! Foreground and background: the cap, promotion, dedicated threads, and the two calls that run unrelated work.

use crate::{Count, Gate, builder, explore, pool};
use std::time::Duration;

/// Longer than any schedule.
const LONG: Duration = Duration::from_secs(3600);

// Goes red if the cap lets one more in, or if who gives up the place doesn't look again before it sleeps.
#[test]
fn the_cap_holds_and_leaves_no_task_behind() {
    explore(|| {
        let pool = builder(2).background_threads(1).build().unwrap();
        let (now, ended, all) = (Count::default(), Count::default(), Gate::new());
        for _ in 0..3 {
            let (now, ended, all) = (now.clone(), ended.clone(), all.clone());
            pool.spawn(move || {
                assert_eq!(now.up(), 1, "more than one worker in the background");
                shuttle::thread::yield_now();
                now.down();
                if ended.up() == 3 {
                    all.open();
                }
            })
            .detach();
        }
        // Nobody helps, and the pool doesn't end before.
        all.pass();
    });
}

// A started task's second half is background, and the cap keeps the other worker away from it; then somebody waits for the task.
#[test]
fn a_joined_task_is_helped_by_who_joins() {
    explore(|| {
        let pool = builder(2).background_threads(1).build().unwrap();
        let (started, taken) = (Gate::new(), Gate::new());
        let told = started.clone();
        let task = pool.spawn(move || {
            told.open();
            micropool::join(|| taken.pass(), || taken.open());
        });
        started.pass();
        task.join();
    });
}

// He takes the first half that the task offers, and the worker that may run what is foreground only the one after it.
// Goes red if a waiter in the foreground doesn't promote the segment that he takes from.
#[test]
fn a_joined_task_is_promoted() {
    explore(|| {
        let pool = builder(2).background_threads(1).build().unwrap();
        let (offered, first, second) = (Gate::new(), Gate::new(), Gate::new());
        let told = offered.clone();
        let taken = Gate::new();
        let task = pool.spawn(move || {
            micropool::join(
                || {
                    told.open();
                    taken.pass();
                    micropool::join(|| first.pass(), || second.open());
                },
                || {
                    taken.open();
                    second.pass();
                    first.open();
                },
            );
        });
        offered.pass();
        task.join();
    });
}

// Goes red if a push to the queue doesn't wake a dedicated thread.
#[test]
fn dedicated_threads_run_tasks_and_workers_the_rest() {
    explore(|| {
        let pool = builder(1).dedicated_background_threads(1).build().unwrap();
        let (there, ran, taken) = (Gate::new(), Gate::new(), Gate::new());
        let (a, b) = (there.clone(), ran.clone());
        pool.spawn(move || {
            a.pass();
            b.open();
        })
        .detach();
        // The worker is free for this, whatever the task does.
        pool.join(|| taken.pass(), || taken.open());
        there.open();
        ran.pass();
    });
}

// The only worker is in a long background task, which looks for foreground work now and then.
#[test]
fn yield_to_foreground_runs_what_a_caller_offers() {
    explore(|| {
        let pool = pool(1);
        let (started, taken) = (Gate::new(), Gate::new());
        let told = started.clone();
        let task = pool.spawn(move || {
            told.open();
            while !micropool::yield_to_foreground() {
                shuttle::thread::yield_now();
            }
        });
        started.pass();
        pool.join(|| taken.pass(), || taken.open());
        task.join();
    });
}

#[test]
fn help_background_runs_each_task_once() {
    explore(|| {
        let pool = pool(1);
        let runs = Count::default();
        for _ in 0..3 {
            let runs = runs.clone();
            pool.spawn(move || runs.up()).detach();
        }
        let here = pool.install(|| micropool::help_background(LONG));
        assert!(here <= 3);
        pool.wait_idle();
        assert_eq!(runs.get(), 3);
    });
}
