//! bevy_tasks: a pool of futures. A scope's caller runs tasks while it waits.

use crate::pin;
use bevy_tasks::{TaskPool, TaskPoolBuilder};

pub const NAME: &str = "bevy_tasks";

/// A pool in which the caller and `threads - 1` threads of its own compute.
pub fn pool(threads: usize) -> TaskPool {
    pin::making(threads - 1, 1, || TaskPoolBuilder::new().num_threads(threads - 1).build())
}
