//! A million tasks leave no memory behind. Resident memory is the process's, hence one test.
//!
//! A task is freed on another thread than it was made on, and glibc keeps what was freed below what is still in use for its own
//! next allocations (20 to 200 MiB here, differently in each run). That is not the pool's: the test has it given back before it looks.

#![cfg(all(target_os = "linux", target_env = "gnu"))]

use micropool::ThreadPoolBuilder;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use support::{eventually, within};

const TASKS: usize = 1_000_000;
const MIB: usize = 1 << 20;

/// Resident memory in bytes, without what the allocator only keeps.
fn resident() -> usize {
    // `malloc_trim` passes over the free end of this thread's arena, which goes when a block of over 64 KiB is freed.
    drop(black_box(Vec::<u8>::with_capacity(100 << 10)));
    // SAFETY: it has no precondition.
    unsafe { libc::malloc_trim(0) };
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux has it");
    let pages: usize = statm.split_whitespace().nth(1).expect("the resident pages").parse().expect("a number");
    pages * rustix::param::page_size()
}

#[test]
fn memory_is_back_after_a_million_tasks() {
    within(Duration::from_secs(300), || {
        for (workers, dedicated) in [(1, 0), (2, 0), (1, 1)] {
            let pool = ThreadPoolBuilder::new().num_threads(workers).dedicated_background_threads(dedicated).build();
            let pool = pool.expect("a pool");
            let ran = Arc::new(AtomicUsize::new(0));
            let spawn = |count: usize| {
                for _ in 0..count {
                    let ran = ran.clone();
                    pool.spawn(move || ran.fetch_add(1, Ordering::Relaxed)).detach();
                }
                pool.wait_idle();
            };
            // What is kept for good: seats, stacks touched, the allocator's own.
            spawn(1000);
            let before = resident();
            spawn(TASKS);
            assert_eq!(ran.load(Ordering::Relaxed), TASKS + 1000);
            // The last task's thread may still be at it.
            let limit = before + MIB;
            let back = eventually(Duration::from_secs(5), || resident() <= limit);
            assert!(
                back,
                "{workers} workers, {dedicated} dedicated: {} KiB more than before",
                (resident() - before) / 1024
            );
        }
    });
}
