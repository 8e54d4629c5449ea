//! `help_background`.

use super::*;

#[test]
fn stops_when_the_budget_is_spent() {
    within(LIMIT, || {
        let (pool, gate) = (capped(1, 1), Gate::default());
        let holder = gate.hold(&pool);
        let this = here();
        let tasks: Vec<_> = (0..100)
            .map(|_| {
                pool.spawn(move || {
                    assert_eq!(here(), this);
                    busy(Duration::from_millis(2));
                })
            })
            .collect();
        pool.install(|| {
            assert_eq!(micropool::help_background(Duration::ZERO), 0);
            let began = Instant::now();
            let count = micropool::help_background(Duration::from_millis(9));
            assert!((1..=5).contains(&count), "{count} tasks of 2 ms in 9 ms");
            assert!(began.elapsed() >= Duration::from_millis(9), "it goes on as long as there are any");
            assert_eq!(tasks.iter().filter(|task| task.complete()).count(), count);
            assert_eq!(micropool::help_background(LIMIT), 100 - count);
            assert_eq!(micropool::help_background(LIMIT), 0, "and stops when there are none left");
        });
        gate.open();
        holder.join();
        tasks.into_iter().for_each(Task::join);
    });
}

#[test]
fn may_find_a_task_that_panics() {
    within(LIMIT, || {
        let (pool, gate) = (capped(1, 1), Gate::default());
        gate.hold(&pool).detach();
        let task = pool.spawn(|| resume_unwind(Box::new(5)));
        assert_eq!(pool.install(|| micropool::help_background(LIMIT)), 1);
        assert_eq!(task.outcome().expect_err("its panic").downcast_ref(), Some(&5));
        gate.open();
    });
}
