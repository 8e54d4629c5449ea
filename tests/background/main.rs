//! The background tier: who runs tasks and when, the cap, dedicated threads, promotion, and the ends of pools. The handles are in
//! `tests/tasks`.

mod broadcasts;
mod dedicated_threads;
mod ends;
mod helping;
mod nodes_of_graphs;
mod the_cap;
mod tiers;

use micropool::{Task, ThreadPool, ThreadPoolBuilder};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};
use support::{Gate, busy, capped, dedicated, soon, within};

const LIMIT: Duration = Duration::from_secs(60);

fn here() -> ThreadId {
    thread::current().id()
}
