//! What safe code can do against the rules: guards and handles that are forgotten, drops and wakers that panic, functions that call back
//! into the pool, references that want to leave. None of it may be undefined behaviour; what it may cost (a leak, a panic) is
//! asserted. `SOUNDNESS.md` says which invariant each of these would break.

#![forbid(unsafe_code)]

mod forgotten;
mod lent;
mod plans;
mod reentrancy;
mod rude_graphs;
mod rude_values;
mod wakers;

use micropool::__private::{Edge, NodeJob, NodeSpec, OnceJob, Plan, run_graph};
use micropool::iter::*;
use micropool::{Scope, ScopedTask, SharedTask, Task, ThreadPool, ThreadPoolBuilder};
use std::cell::{Cell, RefCell};
use std::future::{Future, IntoFuture};
use std::mem::forget;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use support::{Gate, eventually, within};

const LIMIT: Duration = Duration::from_secs(60);

/// On pools of no, one and three workers.
fn on_pools(case: impl Fn(&ThreadPool) + Send + 'static) {
    within(LIMIT, move || {
        for workers in [0, 1, 3] {
            case(&pool(workers));
        }
    });
}

fn pool(workers: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(workers).panic_handler(|_payload| ()).build().expect("threads can be made")
}

fn panics<R>(f: impl FnOnce() -> R) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_err()
}

fn token() -> bool {
    true
}
