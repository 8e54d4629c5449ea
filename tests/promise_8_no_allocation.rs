//! Promise 8: `join`, `join_all`, graphs and loops allocate nothing in the steady state. An allocator counts, for all
//! threads, which is why this is a test binary with one test.

use std::hint::black_box;
use std::time::Duration;

use micropool::iter::*;
use micropool::{ThreadPoolBuilder, join, join_all, parallel, split_by, split_by_threads, split_per, try_parallel};
use support::{CountingAllocator, allocations, within};

#[global_allocator]
static COUNTING: CountingAllocator = CountingAllocator;

fn fib(n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let (a, b) = join(|| fib(n - 1), || fib(n - 2));
    a + b
}

/// On the stack of a thread of the test, which is short without optimisation.
const DEPTH: u32 = if cfg!(debug_assertions) { 1_000 } else { 5_000 };

fn deep(n: u32) {
    if n > 0 {
        join(|| deep(n - 1), || black_box(n));
    }
}

/// `f` allocates nothing once it is in its stride: what happens once (a worker's first sleep, a list's last growth) may
/// come at any time, but soon there are 1000 rounds in a row without it.
fn steady(name: &str, f: impl Fn()) {
    steady_after(200, name, f);
}

/// The same with `rounds` for 200, where `f` is big.
fn steady_after(rounds: usize, name: &str, f: impl Fn()) {
    let mut seen = Vec::new();
    let mut quiet = 0;
    while quiet < 5 {
        let before = allocations();
        for _ in 0..rounds {
            f();
        }
        let allocated = allocations() - before;
        quiet = if allocated == 0 { quiet + 1 } else { 0 };
        seen.push(allocated);
        assert!(seen.len() < 40, "{name}: allocations in each {rounds} rounds: {seen:?}");
    }
}

#[test]
fn promise_8_no_hidden_cost() {
    within(Duration::from_secs(120), || {
        let data: Vec<u64> = (0..1000).collect();
        for threads in [0, 1, 3] {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be made");
            pool.install(|| {
                steady("join", || {
                    black_box(fib(10));
                });
                steady_after(4, "a deep nesting", || deep(DEPTH));
                steady_after(20, "join_all of a long array", || {
                    black_box(join_all([|| 1; 300]));
                });
                steady_after(4, "many chunks", || {
                    split_per(1).for_each_range(10_000, |range| {
                        black_box(range);
                    });
                });
                steady("join_all of a tuple", || {
                    black_box(join_all((|| 1, || 2, || 3, || 4, || 5)));
                });
                steady("join_all of an array", || {
                    black_box(join_all([|| 1, || 2, || 3]));
                });
                steady("for_each_range", || {
                    split_per(10).for_each_range(1000, |range| {
                        black_box(data[range].iter().sum::<u64>());
                    });
                });
                steady("par_iter", || {
                    let sum = data.par_iter().with_thread_pool(split_by_threads()).sum::<u64>();
                    assert_eq!(sum, 499_500);
                    let most = data.par_iter().with_thread_pool(split_by(7)).max();
                    assert_eq!(most, Some(&999));
                });
                steady("reduce_ranges", || {
                    let sum =
                        split_by_threads().reduce_ranges(1000, |range| data[range].iter().sum(), |a: u64, b| a + b);
                    assert_eq!(sum, Some(499_500));
                });
                steady_after(10, "reduce_ranges with many results", || {
                    let sum = split_per(10).reduce_ranges(20_000, |range| range.len(), |a, b| a + b);
                    assert_eq!(sum, Some(20_000));
                });
                steady_after(10, "reduce_ranges with large results", || {
                    let most = split_by(30).reduce_ranges(1000, |range| [range.start; 500], std::cmp::max);
                    assert_eq!(most, Some([967; 500]));
                });
                steady_after(10, "a loop in a loop, both with large results", || {
                    let filled = split_by(9).reduce_ranges(
                        90,
                        |outer| {
                            let inner = split_by(9).reduce_ranges(9, |range| [range.start; 600], std::cmp::max);
                            inner.map(|inner| [inner[599] + outer.start; 600])
                        },
                        std::cmp::max,
                    );
                    assert_eq!(filled, Some(Some([88; 600])));
                });
                steady_after(10, "accumulators of a few thousand bytes", || {
                    let sums = data.par_iter().with_thread_pool(split_per(7)).fold_per_thread(
                        || [0; 500],
                        |mut sums, number| {
                            sums[*number as usize % 500] += number;
                            sums
                        },
                        |_| [0; 500],
                        |mut all, part| {
                            all.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
                            all
                        },
                    );
                    assert_eq!(sums[499], 499 + 999);
                });
                steady("a nested graph", || {
                    let frame = parallel! {
                        nested;
                        a => fib(3),
                        b after a => fib(4),
                        c after a => fib(5),
                        d(b, c) => b + c,
                    };
                    assert_eq!(frame.d, 8);
                });
                steady("a wide graph", || {
                    let frame = parallel! {
                        nested;
                        a => 1, b => 2, c => 3, d => 4, e => 5, f => 6, g => 7, h => 8,
                    };
                    assert_eq!(frame.h, 8);
                });
                steady("a wide countdown graph", || {
                    let frame = parallel! {
                        use;
                        a => 1, b => 2, c => 3, d => 4, e => 5, f => 6, g => 7, h => 8,
                        i => 1, j => 2, k => 3, l => 4, m => 5, n => 6, o => 7, p => 8,
                        sum(a, h, i, p) after (b, c, d, e, f, g, j, k, l, m, n, o) => a + h + i + p,
                    };
                    assert_eq!(frame.sum, 18);
                });
                steady_after(20, "graphs inside one another", || {
                    fn inside(n: u32) -> u32 {
                        let Some(below) = n.checked_sub(1) else { return 0 };
                        let frame = parallel! { use; a => inside(below), b => 1, c(a, b) => a + b };
                        frame.c
                    }
                    assert_eq!(inside(50), 50);
                });
                steady("a countdown graph", || {
                    let mut world = [0_u64; 4];
                    let frame = parallel! {
                        use mut world;
                        a(mut world) => world[0] = fib(3),
                        b(world) => world[0] + 1,
                        c(world) => world[0] + 2,
                        d(mut world, b, c) => world[1] = b + c,
                        e(world) if world[1] > 0 => world[1],
                    };
                    assert_eq!(frame.e, Some(7));
                });
                steady("a graph that may fail", || {
                    let frame = try_parallel! { a => "1".parse::<u32>(), b(a) => Ok(a + 1) };
                    assert_eq!(frame.map(|frame| frame.b), Ok(2));
                });
            });
        }
    });
}
