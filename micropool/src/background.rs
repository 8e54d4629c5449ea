//! The background tier: the queue of tasks, the cap on those who run them, and the counts of those not ended.
//!
//! Tasks are counted by the parity of the *epoch* that they were made in, for `wait_idle`, which waits for those so far and not for
//! those that come meanwhile. An epoch ends when somebody waits and the tasks of the other parity are over:
//!
//! 1. A waiter notes the epoch, `since`. Every task so far is counted, in one of the two.
//! 2. Whoever waits reads the epoch, `now`, then the count of the parity that isn't `now`'s. If that is 0, he ends the epoch. (A count
//!    is two numbers, tasks ended and tasks made, so that those who make tasks and those who run them write to different lines.)
//! 3. A waiter is done when three epochs have ended since it came. The first may have been ended by a count that was read before
//!    step 1; the other two were not, and those are one of each parity. So each count was 0 after step 1.
//!
//! New tasks go to the parity of `now`, so the other count falls only (but for a task that is just being made and has read an
//! older epoch: one a thread at most). A task that brings a count to 0 wakes those who wait.
//!
//! *What `wait_idle` waits for in the foreground is foreground.* Tasks have numbers, in the order in which they were made, and the waiter:
//!
//! * I1 notes the next numbers as those that are `awaited`; I2 fence; I3 promotes the segments of all tasks that run now; I4 goes through
//!   the queue: each task made before is put into the queue of those `so_far` too, which any worker looks at whatever the cap, and the waiter
//!   itself.
//! * When an epoch ends, a waiter does I1, I2 and I4 again for the tasks of that epoch: what came while it went on must end too.
//! * Who queues a task looks at the numbers (Q1: an awaited one is put there at once), queues it (Q2), and looks again after a fence (Q3: then he
//!   does I4 for the waiter). I1-I2-I4 and Q2-Q3 are the store-buffering litmus: the waiter sees the task in the queue, or the other sees
//!   the numbers.
//! * Who runs a task opens its segment and then looks at the numbers: R2 to R4 in `task_end.rs`, with I1 to I3 as M1 to M3.
//!
//! The numbers are of 32 bits: a task that has been there for 2³¹ others may be taken for a later one, and isn't promoted then.
//!
//! The queue is `crossbeam-deque`'s injector: first in, first out, any thread at either end. Its cost is nothing next
//! to a task's own, and no promise of the foreground goes through it.

use crate::config::Config;
use crate::sync::{AtomicUsize, Injector, Ordering, Steal, heavy_fence, light_fence, local_cells, start_of_counter};
use crate::unit::Unit;
use std::cell::Cell;
use std::sync::Arc;

pub(crate) struct Background {
    queue: Injector<Arc<dyn Unit>>,
    /// Those of the queue that a foreground thread waits for: see `task_end.rs`.
    promoted: Injector<Arc<dyn Unit>>,
    /// Those of the queue that a `wait_idle` in the foreground waits for.
    so_far: Injector<Arc<dyn Unit>>,
    cap: usize,
    /// Threads in `wait_idle`: whoever queues a task wakes them.
    waiters: AtomicUsize,
    /// Those of them in the foreground.
    foreground_waiters: AtomicUsize,
    /// The numbers, by parity, before which tasks are waited for, while there are such.
    awaited: [AtomicUsize; 2],
    epoch: AtomicUsize,
    made: Made,
    ended: Ended,
}

/// What those who make tasks write, on a line of its own: tasks made, by the parity of their epoch.
#[repr(align(128))]
struct Made([AtomicUsize; 2]);

/// What those who run tasks write.
#[repr(align(128))]
struct Ended {
    /// Tasks over, by the parity of their epoch.
    tasks: [AtomicUsize; 2],
    /// Workers in the background tier now, never more than `cap`.
    running: AtomicUsize,
}

/// A place under the cap, which its thread holds; given back when dropped.
pub(crate) struct Place<'a>(&'a Background);

local_cells! {
    HOLDS_PLACE: bool = false;
}

impl Background {
    pub(crate) fn new(config: &Config) -> Self {
        let count = || AtomicUsize::new(start_of_counter(usize::BITS, 3) as usize);
        Self {
            queue: Injector::new(),
            promoted: Injector::new(),
            so_far: Injector::new(),
            cap: config.background_threads,
            waiters: AtomicUsize::new(0),
            foreground_waiters: AtomicUsize::new(0),
            awaited: [count(), count()],
            epoch: AtomicUsize::new(start_of_counter(usize::BITS, 2) as usize),
            made: Made([count(), count()]),
            ended: Ended { tasks: [count(), count()], running: AtomicUsize::new(0) },
        }
    }

    /// The unit that `wait_idle` sleeps for.
    pub(crate) fn idle_unit(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Runs a `wait_idle`.
    pub(crate) fn waiting<R>(&self, wait: impl FnOnce() -> R) -> R {
        // Ordering: Relaxed, here and in `anybody_waits`: the waiter sleeps after a heavy fence, and then looks at the queue; who
        // queues has a light fence before he asks.
        self.waiters.fetch_add(1, Ordering::Relaxed);
        let result = wait();
        self.waiters.fetch_sub(1, Ordering::Relaxed);
        result
    }

    pub(crate) fn anybody_waits(&self) -> bool {
        self.waiters.load(Ordering::Relaxed) != 0
    }

    /// Runs a `wait_idle` in the foreground; `begun` is I3 and I4.
    pub(crate) fn waiting_in_foreground<R>(&self, begun: impl FnOnce(), wait: impl FnOnce() -> R) -> R {
        self.foreground_waiters.fetch_add(1, Ordering::Relaxed);
        self.note_awaited(0);
        self.note_awaited(1);
        // Ordering: with R3, a fence, and with the light fence of Q3.
        heavy_fence();
        begun();
        let result = self.waiting(wait);
        self.foreground_waiters.fetch_sub(1, Ordering::Relaxed);
        result
    }

    /// I1: all tasks of this parity that were made so far.
    fn note_awaited(&self, parity: usize) {
        let made = self.made.0[parity].load(Ordering::Relaxed);
        // Another waiter may have seen more.
        let more = |now: usize| (made.wrapping_sub(now).cast_signed() > 0).then_some(made);
        let _ = self.awaited[parity].fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }

    /// Whether an epoch has ended since `seen` was last set by this. What came while that epoch went on is counted with what was there before, so
    /// it is awaited too: I1 and I2 for that; I4 is the caller's.
    pub(crate) fn await_ended_epoch(&self, seen: &Cell<usize>) -> bool {
        if !self.has_epoch_ended(seen) {
            return false;
        }
        seen.set(self.epoch.load(Ordering::Relaxed));
        self.note_awaited(seen.get().wrapping_add(1) % 2);
        heavy_fence();
        true
    }

    pub(crate) fn has_epoch_ended(&self, seen: &Cell<usize>) -> bool {
        self.epoch.load(Ordering::Relaxed) != seen.get()
    }

    /// Whether a `wait_idle` in the foreground waits for this task.
    pub(crate) fn awaits(&self, (epoch, number): (usize, u32)) -> bool {
        self.foreground_waiters.load(Ordering::Relaxed) != 0 && {
            let awaited = self.awaited[epoch % 2].load(Ordering::Relaxed) as u32;
            awaited.wrapping_sub(number).cast_signed() > 0
        }
    }

    pub(crate) fn push_so_far(&self, task: Arc<dyn Unit>) {
        self.so_far.push(task);
    }

    pub(crate) fn pop_so_far(&self) -> Option<Arc<dyn Unit>> {
        pop(&self.so_far)
    }

    pub(crate) fn has_so_far(&self) -> bool {
        !self.so_far.is_empty()
    }

    /// I4: what is queued, each taken out and put back in its turn. Whether anything was found.
    pub(crate) fn sort_out_so_far(&self) -> bool {
        let mut any = false;
        for _ in 0..self.queue.len() {
            let Some(task) = self.pop() else { break };
            if !task.header().is_queued() {
                continue;
            }
            if self.awaits(task.header().made()) {
                self.so_far.push(task.clone());
            }
            self.queue.push(task);
            any = true;
        }
        any
    }

    pub(crate) fn push(&self, task: Arc<dyn Unit>) {
        self.queue.push(task);
    }

    pub(crate) fn pop(&self) -> Option<Arc<dyn Unit>> {
        pop(&self.queue)
    }

    pub(crate) fn push_promoted(&self, task: Arc<dyn Unit>) {
        self.promoted.push(task);
    }

    pub(crate) fn pop_promoted(&self) -> Option<Arc<dyn Unit>> {
        pop(&self.promoted).or_else(|| self.pop_so_far())
    }

    pub(crate) fn has_promoted(&self) -> bool {
        !self.promoted.is_empty() || self.has_so_far()
    }

    /// They are in the other queue too.
    pub(crate) fn forget_promoted(&self) {
        while self.pop_promoted().is_some() {}
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether one more worker may run background work.
    pub(crate) fn has_room(&self) -> bool {
        self.ended.running.load(Ordering::SeqCst) < self.cap
    }

    /// Whether this thread, a worker, is one of those in the background tier.
    pub(crate) fn holds_place() -> bool {
        HOLDS_PLACE.get()
    }

    /// By a worker that holds none.
    pub(crate) fn take_place(&self) -> Option<Place<'_>> {
        let mut running = self.ended.running.load(Ordering::SeqCst);
        while running < self.cap {
            match self.ended.running.compare_exchange_weak(running, running + 1, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) => {
                    HOLDS_PLACE.set(true);
                    return Some(Place(self));
                }
                Err(now) => running = now,
            }
        }
        None
    }

    /// Counts a task; its epoch and its number.
    #[must_use]
    pub(crate) fn task_made(&self) -> (usize, u32) {
        // Ordering: an older epoch does no harm (step 3), and the task's way to other threads orders its count.
        let epoch = self.epoch.load(Ordering::Relaxed);
        let number = self.made.0[epoch % 2].fetch_add(1, Ordering::Relaxed);
        (epoch, number as u32)
    }

    /// Whether somebody must be told: it was the last one of its parity, and somebody waits for that (or might, if `always`).
    pub(crate) fn task_ended(&self, epoch: usize, always: bool) -> bool {
        // Ordering: AcqRel, so that whoever sees the last one sees what the tasks wrote, and the last one sees all that were made
        // of those that have ended.
        let ended = self.ended.tasks[epoch % 2].fetch_add(1, Ordering::AcqRel).wrapping_add(1);
        // Ordering: who waits has said so before the heavy fence after which he looks at the counts.
        light_fence();
        (always || self.anybody_waits()) && self.made.0[epoch % 2].load(Ordering::Relaxed) == ended
    }

    /// Whether every task of this parity is over that was made before.
    fn is_over(&self, parity: usize) -> bool {
        // Ordering: Acquire pairs with `task_ended`. The ended come first: they were no more than what was made by then, and that is
        // no more than what is read next; so if the two are equal, none was left at the first look.
        let ended = self.ended.tasks[parity].load(Ordering::Acquire);
        self.made.0[parity].load(Ordering::Relaxed) == ended
    }

    /// Step 1, for [`all_over`](Self::all_over).
    pub(crate) fn since(&self) -> usize {
        // Ordering: a read-modify-write, so that whoever ends this epoch has seen it, and with it every task so far.
        self.epoch.fetch_add(0, Ordering::AcqRel)
    }

    /// Steps 2 and 3: whether every task is over that was made before `since` was asked for.
    pub(crate) fn all_over(&self, since: usize) -> bool {
        loop {
            // Ordering: Acquire pairs with the exchange below: the waiter sees what the ender of the epoch has seen.
            let now = self.epoch.load(Ordering::Acquire);
            if now.wrapping_sub(since) >= 3 {
                return true;
            }
            if !self.is_over(now.wrapping_add(1) % 2) {
                return false;
            }
            // Failing is fine: somebody else has ended it.
            let _ = self.epoch.compare_exchange(now, now.wrapping_add(1), Ordering::AcqRel, Ordering::Relaxed);
        }
    }

    #[cfg(all(loom, test))]
    pub(crate) fn unfinished(&self) -> usize {
        let left = |parity: usize| {
            let ended = self.ended.tasks[parity].load(Ordering::Acquire);
            self.made.0[parity].load(Ordering::Relaxed).wrapping_sub(ended)
        };
        left(0) + left(1)
    }
}

fn pop(queue: &Injector<Arc<dyn Unit>>) -> Option<Arc<dyn Unit>> {
    loop {
        match queue.steal() {
            Steal::Success(task) => return Some(task),
            Steal::Empty => return None,
            Steal::Retry => {}
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        HOLDS_PLACE.set(false);
        self.0.ended.running.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(all(loom, test))]
mod loom_models;
