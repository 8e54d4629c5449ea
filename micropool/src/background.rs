//! The background tier: the queue of tasks, the cap on those who run them, and the count of those not ended.
//!
//! The queue is `crossbeam-deque`'s injector: first in, first out, any thread at either end. Its cost is nothing next
//! to a task's own, and no promise of the foreground goes through it.

use crate::config::Config;
use crate::sync::{AtomicUsize, Injector, Ordering, Steal};
use crate::unit::Unit;
use std::sync::Arc;

pub(crate) struct Background {
    queue: Injector<Arc<dyn Unit>>,
    /// Workers in the background tier now, never more than `cap`.
    running: AtomicUsize,
    cap: usize,
    /// Tasks made and not ended, waiting ones included.
    unfinished: AtomicUsize,
}

/// A place under the cap; given back when dropped.
pub(crate) struct Place<'a>(&'a Background);

impl Background {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            queue: Injector::new(),
            running: AtomicUsize::new(0),
            cap: config.background_threads,
            unfinished: AtomicUsize::new(0),
        }
    }

    pub(crate) fn push(&self, task: Arc<dyn Unit>) {
        self.queue.push(task);
    }

    pub(crate) fn pop(&self) -> Option<Arc<dyn Unit>> {
        loop {
            match self.queue.steal() {
                Steal::Success(task) => return Some(task),
                Steal::Empty => return None,
                Steal::Retry => {}
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether one more worker may run background work.
    pub(crate) fn has_room(&self) -> bool {
        self.running.load(Ordering::SeqCst) < self.cap
    }

    pub(crate) fn take_place(&self) -> Option<Place<'_>> {
        let mut running = self.running.load(Ordering::SeqCst);
        while running < self.cap {
            match self.running.compare_exchange_weak(running, running + 1, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) => return Some(Place(self)),
                Err(now) => running = now,
            }
        }
        None
    }

    pub(crate) fn task_made(&self) {
        self.unfinished.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether it was the last one.
    pub(crate) fn task_ended(&self) -> bool {
        // Ordering: AcqRel, so that whoever sees 0 sees what the tasks wrote.
        self.unfinished.fetch_sub(1, Ordering::AcqRel) == 1
    }

    pub(crate) fn unfinished(&self) -> usize {
        self.unfinished.load(Ordering::Acquire)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}
