//! The end of a job that a thief runs, told in the frame of the thread that waits for it.
//!
//! It lies beside the job's result, so that what tells the end and what the owner then reads come to it in one line of memory, unless the
//! frame happens to have a line's end between them. (Told in the slot they were two always, one after the other.)
//!
//! | word    | meaning                                       | left by                                              |
//! |---------|-----------------------------------------------|------------------------------------------------------|
//! | Running | the owner isn't asleep                        | the owner's mark (→ Waited), the thief's end (→ Set) |
//! | Waited  | the owner is about to sleep: it must be woken | its unmark (→ Running), the thief's end (→ Set)      |
//! | Set     | the thief is through with the frame           | nobody: the owner leaves the frame                   |

use crate::sync::{AtomicU32, Ordering};

const RUNNING: u32 = 0;
const WAITED: u32 = 1;
const SET: u32 = 2;

pub(crate) struct Latch(AtomicU32);

impl Latch {
    #[inline]
    pub(crate) fn new() -> Self {
        Self(AtomicU32::new(RUNNING))
    }

    // ---- the owner's steps -------------------------------------------------------------------------------------

    #[inline]
    pub(crate) fn is_set(&self) -> bool {
        // Ordering: Acquire pairs with `set`: what the thief wrote is seen.
        self.0.load(Ordering::Acquire) == SET
    }

    /// The owner says that it will sleep until the end (S2). `false`: it has come.
    pub(crate) fn mark_waited(&self) -> bool {
        // Ordering: Release, so that a thief that sees the mark sees the owner's sleeper as it is. On failure Acquire, as in `is_set`.
        self.0.compare_exchange(RUNNING, WAITED, Ordering::Release, Ordering::Acquire).is_ok()
    }

    pub(crate) fn unmark_waited(&self) {
        // Failing is fine: the end has come.
        let _ = self.0.compare_exchange(WAITED, RUNNING, Ordering::Relaxed, Ordering::Relaxed);
    }

    // ---- the thief's -------------------------------------------------------------------------------------------

    /// D1: the end; whether the owner must be woken. The frame, and this latch in it, may be gone from here on.
    #[must_use]
    pub(crate) fn set(&self) -> bool {
        // Ordering: Release pairs with `is_set`. Acquire: we see the sleeper of an owner that has marked it.
        self.0.swap(SET, Ordering::AcqRel) == WAITED
    }
}

#[cfg(all(loom, test))]
mod loom_models;
