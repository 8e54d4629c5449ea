//! The shapes of parking_lot's locks, of crossbeam's queue and of a thread-local cell, over what a model checker has.

use super::checker;
use crossbeam_deque::Steal;
use std::cell::Cell;
use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::sync::PoisonError;

#[derive(Default)]
pub(crate) struct Mutex<T>(checker::sync::Mutex<T>);

/// Empty only inside [`Condvar::wait`].
pub(crate) struct MutexGuard<'a, T>(Option<checker::sync::MutexGuard<'a, T>>);

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(checker::sync::Mutex::new(value))
    }
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        MutexGuard(Some(self.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        self.0.as_ref().expect("held")
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.as_mut().expect("held")
    }
}

pub(crate) struct Condvar(checker::sync::Condvar);

impl Condvar {
    pub(crate) fn new() -> Self {
        Self(checker::sync::Condvar::new())
    }
    pub(crate) fn notify_one(&self) {
        self.0.notify_one();
    }
    pub(crate) fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
        let held = guard.0.take().expect("held");
        guard.0 = Some(self.0.wait(held).unwrap_or_else(PoisonError::into_inner));
    }
}

/// A locked queue: it shows the checker where threads may alternate, which crossbeam's own can't.
pub(crate) struct Injector<T>(Mutex<VecDeque<T>>);

impl<T> Injector<T> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(VecDeque::new()))
    }
    pub(crate) fn push(&self, task: T) {
        self.0.lock().push_back(task);
    }
    pub(crate) fn steal(&self) -> Steal<T> {
        self.0.lock().pop_front().map_or(Steal::Empty, Steal::Success)
    }
    pub(crate) fn len(&self) -> usize {
        self.0.lock().len()
    }
    pub(crate) fn is_empty(&self) -> bool {
        self.0.lock().is_empty()
    }
}

pub(crate) struct LocalCell<T: 'static>(pub(crate) &'static checker::thread::LocalKey<Cell<T>>);

impl<T: Copy> LocalCell<T> {
    pub(crate) fn get(&self) -> T {
        self.0.with(Cell::get)
    }
    pub(crate) fn set(&self, value: T) {
        // A model's thread may be at its end, where this one is gone already: the system's stays to the last.
        let _ = self.0.try_with(|cell| cell.set(value));
    }
    pub(crate) fn replace(&self, value: T) -> T {
        self.0.with(|cell| cell.replace(value))
    }
}
