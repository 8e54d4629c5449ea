//! A thread pool for games and other low-latency programs, and a task-graph layer of macros on top.
//!
//! Read `README.md` for what it promises and how it is used, `ARCHITECTURE.md` for how it works. A job's way through the
//! code: what a user calls ([`join`], [`scope`], `parallel!`, [`iter`], [`spawn`]) → `opened`, `run_unit` → `seat`, `slot`, `word`
//! → `segment`, `steal` → `wait`, `wake`, `sleep`. A file imports files below it.

#![deny(unsafe_code)]

#[cfg(all(loom, test))]
#[allow(unsafe_code)]
mod loom_support;
mod platform;
mod sync;
mod trace;

mod panic;
#[allow(unsafe_code)]
mod table;
mod word;

mod sleep;

mod segment;
#[allow(unsafe_code)]
mod slot;

#[allow(unsafe_code)]
mod seat;

mod background;
mod config;
#[allow(unsafe_code)]
mod shared;
#[allow(unsafe_code)]
mod unit;

mod steal;
mod wait;
mod wake;

#[allow(unsafe_code)]
mod broadcast;
mod current;
mod opened;
mod run_unit;

mod after;
// What the macros expand into is nothing to print.
#[allow(missing_debug_implementations)]
mod graph;
#[allow(unsafe_code)]
mod join;
mod join_all;
#[allow(unsafe_code)]
mod loops;
mod scope;
mod split;
mod task;

mod builder;
mod global;
pub mod iter;
#[cfg(feature = "macros")]
mod macros;
mod pool;
mod worker;

pub use builder::{BuildError, ThreadPoolBuilder, WorkerThread};
pub use join::join;
pub use join_all::{JoinAll, join_all};
pub use pool::{
    AwakeGuard, ThreadPool, broadcast, current_thread_index, help_background, keep_awake, num_threads,
    yield_to_foreground,
};
pub use scope::{Scope, ScopedTask, scope};
pub use split::{Split, split_by, split_by_threads, split_per, split_per_item};
pub use task::{SharedTask, SharedTaskFuture, Task, cancelled, spawn, spawn_shared};

#[cfg(feature = "macros")]
pub use micropool_macros::job;

/// What the macros expand into. Not for use by hand: it may change in any version.
#[doc(hidden)]
pub mod __private {
    pub use crate::after::{AfterValues, AnyTask, spawn_after, spawn_shared_after};
    pub use crate::graph::*;
    pub use crate::task::task_done;
    pub use crate::trace::enter;
    #[cfg(feature = "macros")]
    pub use micropool_macros::{parallel, try_parallel};
    pub use std as std_core;

    /// `in POOL;`
    pub fn in_pool<R>(pool: &crate::ThreadPool, f: impl FnOnce() -> R) -> R {
        pool.install(f)
    }
}
