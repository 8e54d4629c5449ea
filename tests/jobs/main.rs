//! `#[micropool::job]`: each clause of its contract, by name.

#![forbid(unsafe_code)]

mod chains;
mod functions_of_all_kinds;
mod in_background;
mod in_place;
mod in_pools;

#[allow(non_snake_case, dead_code)]
mod hygiene;

use micropool::{SharedTask, Task, ThreadPool, ThreadPoolBuilder};
use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::num::ParseIntError;
use std::ops::AddAssign;
use std::panic::catch_unwind;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, mpsc};
use std::thread::{self, ThreadId};
use std::time::Duration;
use support::{eventually, within};

const LIMIT: Duration = Duration::from_secs(20);

/// A pool that can be told from the global one by its number of workers.
static FIVE: LazyLock<ThreadPool> =
    LazyLock::new(|| ThreadPoolBuilder::new().num_threads(5).thread_name(|i| format!("five {i}")).build().unwrap());

/// Writes a letter to a log when it is dropped.
struct Tells(&'static str, Arc<Mutex<String>>);

impl Drop for Tells {
    fn drop(&mut self) {
        self.1.lock().unwrap().push_str(self.0);
    }
}
