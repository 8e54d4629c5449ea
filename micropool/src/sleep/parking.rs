//! One thread's blocking on a word, by a lock and a condition: where the system has no call for it, and for models.

use crate::sync::{AtomicU32, Condvar, Mutex, Ordering};

pub(crate) struct Parking {
    lock: Mutex<()>,
    changed: Condvar,
}

impl Parking {
    pub(crate) fn new() -> Self {
        Self { lock: Mutex::new(()), changed: Condvar::new() }
    }

    /// Blocks while the word has this value. May return too early.
    pub(crate) fn park(&self, word: &AtomicU32, value: u32) {
        let mut guard = self.lock.lock();
        if word.load(Ordering::Relaxed) == value {
            self.changed.wait(&mut guard);
        }
    }

    /// Wakes the one who blocks on the word, which has been changed.
    pub(crate) fn unpark(&self, _word: &AtomicU32) {
        // It looks at the word under the lock before it blocks: having held the lock once, we know that it has either seen the
        // change or is on the condition.
        drop(self.lock.lock());
        self.changed.notify_one();
    }
}
