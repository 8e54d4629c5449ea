//! Loops inside others, and inside all else.

use super::*;

#[test]
fn loops_nest() {
    within(LIMIT, || {
        under_every_split(|split| {
            let square = |n: usize| (0..n).into_par_iter().with_thread_pool(split).map(|_| n).sum::<usize>();
            let sum = (0..20).into_par_iter().with_thread_pool(split).map(square).sum::<usize>();
            assert_eq!(sum, (0..20).map(|n| n * n).sum());
            let cubes = split.reduce_ranges(
                12,
                |range| range.map(|n| split.reduce_ranges(n, |m| m.len() * square(n), |a, b| a + b).unwrap_or(0)).sum(),
                |a: usize, b| a + b,
            );
            assert_eq!(cubes, Some((0..12).map(|n| n * n * n).sum()));
        });
    });
}

#[test]
fn loops_run_in_nodes_items_halves_and_tasks() {
    within(LIMIT, || {
        under_every_split(|split| {
            let count = |n: usize| (0..n).into_par_iter().with_thread_pool(split).map(|_| 1).sum::<usize>();
            let graph = micropool::parallel! {
                a => count(100),
                b => count(200),
                c(a, b) => count(a + b),
                d(a) => count(*a),
            };
            assert_eq!((graph.c, graph.d), (300, 100));
            let mut world = vec![0_usize; 50];
            let run = micropool::parallel! {
                use mut world;
                write(mut world) => world.par_iter_mut().with_thread_pool(split).for_each(|n| *n += 1),
                sum(world) => world.par_iter().with_thread_pool(split).sum::<usize>(),
                again(mut world) => world.par_iter_mut().with_thread_pool(split).for_each(|n| *n += 1),
            };
            assert_eq!((run.sum, world.iter().sum()), (50, 100));
            let in_scope = micropool::scope(|s| {
                let items: Vec<_> = (0..4).map(|k| s.spawn(move || count(k * 10))).collect();
                items.into_iter().map(micropool::ScopedTask::join).sum::<usize>()
            });
            assert_eq!(in_scope, 60);
            assert_eq!(micropool::join(|| count(70), || count(80)), (70, 80));
        });
        let task =
            pool(2).spawn(|| (0..100).into_par_iter().with_thread_pool(micropool::split_per_item()).sum::<usize>());
        assert_eq!(task.join(), 4950);
    });
}

/// Who waits in an item's own loop doesn't begin another item of the outer one, nor one of another caller.
#[test]
fn promise_3_a_thread_inside_an_item_begins_no_other_item() {
    thread_local! {
        static INSIDE: Cell<bool> = const { Cell::new(false) };
    }
    fn outer_item(split: micropool::Split<'_>) {
        assert!(!INSIDE.replace(true), "another item was begun on top of one that waits");
        // The second item most likely goes to another thread, for a time in which this one waits for it and others offer work.
        let begun = AtomicBool::new(false);
        let item = |k| match k {
            0 => _ = eventually(Duration::from_micros(100), || begun.load(Ordering::Acquire)),
            _ => {
                begun.store(true, Ordering::Release);
                busy(Duration::from_micros(20));
            }
        };
        (0..2usize).into_par_iter().with_thread_pool(split).for_each(item);
        begun.store(false, Ordering::Release);
        split.for_each_range(2, |range| range.for_each(item));
        INSIDE.set(false);
    }
    within(LIMIT, || {
        under_every_split(|split| {
            let caller = || {
                (0..16).into_par_iter().with_thread_pool(split).for_each(|_| outer_item(split));
                split.for_each_range(16, |range| range.for_each(|_| outer_item(split)));
            };
            // From a pool's `install` the other caller must come into it by itself: only the split's own pool is sure.
            std::thread::scope(|s| {
                s.spawn(caller);
                caller();
            });
        });
    });
}
