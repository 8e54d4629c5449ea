//! A task and its handle are one allocation. The allocator counts for all threads, hence one test.

use micropool::{SharedTask, Task, ThreadPoolBuilder};
use std::hint::black_box;
use std::time::Duration;
use support::{CountingAllocator, Gate, allocations, within};

#[global_allocator]
static COUNTING: CountingAllocator = CountingAllocator;

/// A multiple of what the queue allocates at once: a block for some dozens of tasks.
const TASKS: u64 = 6300;
const BLOCKS: u64 = TASKS / 31 + 2;

fn allocated(f: impl FnOnce()) -> u64 {
    let before = allocations();
    f();
    allocations() - before
}

fn check(what: &str, allocated: u64, each: u64) {
    assert!(
        (each * TASKS..=each * TASKS + BLOCKS).contains(&allocated),
        "{allocated} allocations for {what} of {TASKS} tasks"
    );
}

#[test]
fn one_allocation_a_task() {
    within(Duration::from_secs(60), || {
        let pool = ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
        let gate = Gate::default();
        gate.hold(&pool).detach();
        // Big captures and results are part of it.
        let capture = black_box([1_u64; 64]);
        let mut tasks: Vec<Task<[u64; 64]>> = Vec::with_capacity(TASKS as usize);
        let spawned = allocated(|| tasks.extend((0..TASKS).map(|n| pool.spawn(move || capture.map(|m| m + n)))));
        check("spawns", spawned, 1);
        let mut shared: Vec<SharedTask<u64>> = Vec::with_capacity(TASKS as usize);
        let spawned = allocated(|| shared.extend((0..TASKS).map(|n| pool.spawn_shared(move || n))));
        check("shared spawns", spawned, 1);
        let joined = allocated(|| {
            let clones = shared.iter().map(|task| *task.clone().join()).sum::<u64>();
            assert_eq!(clones, TASKS * (TASKS - 1) / 2);
        });
        check("joins of shared clones", joined, 0);
        gate.open();
        pool.wait_idle();
        // Those that ran elsewhere.
        let joined =
            allocated(|| assert!(tasks.drain(..).enumerate().all(|(n, task)| task.join() == [n as u64 + 1; 64])));
        check("joins", joined, 0);
    });
}
