//! A gate for tasks.

use crate::soon;
use micropool::{Task, ThreadPool};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// A gate for tasks, closed at first: they stop at it until it is opened. Clones are the same gate.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<(Mutex<(usize, bool)>, Condvar)>);

impl Gate {
    /// Stops here until the gate is open, without computing meanwhile.
    pub fn pass(&self) {
        let (state, changed) = &*self.0;
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.0 += 1;
        while !state.1 {
            state = changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A task that holds one of the pool's threads here: when this returns, it has come.
    ///
    /// # Panics
    /// If no thread runs it within 20 seconds.
    #[track_caller]
    #[must_use = "dropped it goes on, which `detach` says"]
    pub fn hold(&self, pool: &ThreadPool) -> Task<()> {
        let (held, before) = (self.clone(), self.arrived());
        let task = pool.spawn(move || held.pass());
        soon("a thread of the pool is held", || self.arrived() > before);
        task
    }

    /// How many have come to it so far.
    pub fn arrived(&self) -> usize {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    /// Lets everybody through, now and later.
    pub fn open(&self) {
        let (state, changed) = &*self.0;
        state.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
        changed.notify_all();
    }
}
