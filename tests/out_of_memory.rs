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

fn nested(depth: usize) {
    if depth > 0 {
        micropool::join(|| nested(depth - 1), || ());
    }
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
    for what in ["build", "spawn", "then", "scope", "depth", "seat"] {
        let mut failed = 0;
        for allocations in 0..200 {
            let mut command = in_child(test, &format!("{what} {allocations}"));
            let child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn();
            let output = ended(child.expect("this test once more"), Duration::from_secs(10));
            let said = String::from_utf8_lossy(&output.stderr);
            if output.status.success() {
                // From here on there is enough.
                break;
            }
            assert!(said.contains("memory allocation of"), "{what}, after {allocations}: {:?}: {said}", output.status);
            failed += 1;
        }
        assert!(failed > 0, "{what} needs no memory at all?");
    }
}
