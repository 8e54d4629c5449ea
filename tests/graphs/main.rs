//! `parallel!` and `try_parallel!`: every clause of the grammar, by what it does.

#![forbid(unsafe_code)]

mod background;
mod failures;
mod lending;
mod nodes;
mod together;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use micropool::{Task, ThreadPool, ThreadPoolBuilder, parallel, try_parallel};

fn pool(workers: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(workers).build().expect("threads can be made")
}

/// Runs `f` in pools of several sizes.
fn everywhere(f: impl Fn()) {
    for workers in [0, 1, 2, 4] {
        pool(workers).install(&f);
    }
}

fn payload(f: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(f)).expect_err("it panics");
    payload
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| payload.downcast_ref::<&str>().map(|&text| text.to_owned()))
        .expect("a message")
}
