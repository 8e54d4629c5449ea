//! No memory left, wherever the pool asks for some: the process ends as it does for any `Box` or `Vec`, with the standard library's
//! message. It neither hangs nor goes on with half of something.

#![allow(unsafe_code)]

use micropool::ThreadPoolBuilder;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use support::{ended, in_child, role};

/// The system's allocator, which has nothing left once it is told so.
struct Failing;

/// How many allocations still succeed.
static LEFT: AtomicU32 = AtomicU32::new(u32::MAX);

// SAFETY: hands everything to the system's allocator, or fails as an allocator may.
unsafe impl GlobalAlloc for Failing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let left = LEFT.load(Ordering::Relaxed);
        if left != u32::MAX
            && LEFT.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err()
        {
            return std::ptr::null_mut();
        }
        // SAFETY: by this function's contract.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: by this function's contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Failing = Failing;

/// What is played, and how often it asks for memory at least: what it is there for, not what threads happen to do besides.
const LEAST: [(&str, u32); 12] = [
    ("build", 30),
    ("spawn", 2),
    ("then", 4),
    ("chain", 10),
    ("share", 1),
    ("after", 6),
    ("scope", 2),
    ("loop", 2),
    ("join_all", 2),
    ("broadcast", 2),
    ("depth", 4),
    ("seat", 1),
];

fn nested(depth: usize) {
    if depth > 0 {
        micropool::join(|| nested(depth - 1), || ());
    }
}

#[micropool::job(background)]
fn after_two(#[after] a: u32, #[after] b: u32) -> u32 {
    a + b
}

/// What needs memory, by name, once a pool is there.
fn play(what: &str, allocations: u32) {
    let fails = || LEFT.store(allocations, Ordering::Relaxed);
    if what == "build" {
        fails();
        let _ = ThreadPoolBuilder::new().num_threads(2).build();
        return;
    }
    let pool = ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
    pool.join(|| (), || ());
    match what {
        "spawn" => {
            fails();
            pool.spawn(|| ()).join();
        }
        "then" => {
            let task = pool.spawn(|| ());
            fails();
            task.then(|()| ()).join();
        }
        "scope" => pool.scope(|s| {
            fails();
            s.spawn(|| ()).join();
        }),
        // A stack of more slots than it has from the start.
        "depth" => pool.install(|| {
            fails();
            nested(1000);
        }),
        // A chain, and a handle of it for several.
        "chain" => {
            fails();
            pool.spawn(|| 1).then(|n| n + 1).then(|n| n + 1).then(drop).join();
        }
        "share" => {
            let task = pool.spawn(|| 1);
            fails();
            drop(task.share().clone());
        }
        "after" => {
            let (first, second) = (pool.spawn(|| 1), pool.spawn(|| 2));
            pool.install(|| {
                fails();
                after_two(first, second).join();
            });
        }
        // Results that are too many for the caller's frame: in a buffer of its thread's.
        "loop" => {
            fails();
            let large = |range: std::ops::Range<usize>| [range.start; 1 << 10];
            pool.split_per_item().reduce_ranges(100, large, |a, _| a);
        }
        "join_all" => {
            let jobs: Vec<_> = (0..100_usize).map(|n| move || n).collect();
            fails();
            pool.join_all(jobs);
        }
        "broadcast" => pool.install(|| {
            fails();
            micropool::broadcast(|_| ());
        }),
        "seat" => std::thread::scope(|threads| {
            threads.spawn(|| {
                fails();
                pool.join(|| (), || ());
            });
        }),
        other => panic!("{other}?"),
    }
}

#[test]
fn the_process_ends_with_the_standard_message() {
    if let Some(role) = role() {
        let (what, allocations) = role.split_once(' ').expect("what, and how many succeed");
        play(what, allocations.parse().expect("a number"));
        LEFT.store(u32::MAX, Ordering::Relaxed);
        println!("it had enough");
        return;
    }
    let test = "the_process_ends_with_the_standard_message";
    // With how many allocations each needs at least.
    for (what, least) in LEAST {
        let (mut failed, mut had_enough) = (0, false);
        for allocations in 0..200 {
            let mut command = in_child(test, &format!("{what} {allocations}"));
            let child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn();
            let output = ended(child.expect("this test once more"), Duration::from_secs(10));
            let said = String::from_utf8_lossy(&output.stderr);
            if output.status.success() {
                // From here on there is enough.
                had_enough = String::from_utf8_lossy(&output.stdout).contains("it had enough");
                break;
            }
            assert!(said.contains("memory allocation of"), "{what}, after {allocations}: {:?}: {said}", output.status);
            failed += 1;
        }
        assert!(had_enough, "{what} was never played to its end");
        assert!(failed >= least, "{what} ran out of memory at {failed} places only");
    }
}
