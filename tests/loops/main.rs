//! Loops over ranges and over parallel iterators: how they are cut, in which order they reduce, who takes what, how soon they
//! end, and what they leave behind. `tests/adaptors` has each iterator's result, `tests/pipelines` each item's end.

mod cut;
mod ends;
mod nested;
mod reduction;
mod takers;
mod thrown_away;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ops::{ControlFlow, Range};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

use micropool::iter::*;
use micropool::{ThreadPool, ThreadPoolBuilder};
use support::{Gate, busy, capped, eventually, every_split_of, under_every_split, within};

const LIMIT: Duration = Duration::from_secs(60);

fn pool(workers: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(workers).build().expect("a pool")
}

/// What a call panics with.
fn payload(f: impl FnOnce()) -> Box<dyn std::any::Any + Send> {
    catch_unwind(AssertUnwindSafe(f)).expect_err("it panics")
}

/// Remembers the largest piece of memory that anybody has asked for.
struct Largest;

static LARGEST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: hands everything to the system's allocator, whose contract is the same.
unsafe impl GlobalAlloc for Largest {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
        // SAFETY: by this function's contract.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: by this function's contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Largest = Largest;

/// The ranges of a loop, in their order.
fn ranges(split: micropool::Split<'_>, len: usize) -> Vec<Range<usize>> {
    let seen = Mutex::new(Vec::new());
    split.for_each_range(len, |range| seen.lock().unwrap().push(range));
    let mut ranges = seen.into_inner().unwrap();
    ranges.sort_by_key(|range| range.start);
    assert_eq!(ranges.iter().flat_map(Clone::clone).collect::<Vec<_>>(), (0..len).collect::<Vec<_>>());
    ranges
}
