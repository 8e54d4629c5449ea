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
//! * I1 notes the next numbers as those that are `awaited`, and begins a new *look*; I2 fence; I3 promotes the segments of all tasks that run
//!   now; I4: until the look is over, the waiter and any worker, whatever the cap, take tasks from the front of the queue. A task at the
//!   front that isn't awaited was queued after I1, and so was all that lies behind it: it goes to the end, and the look is over.
//! * When an epoch ends, a waiter does I1, I2 and I4 again for the tasks of that epoch: what came while it went on must end too. And so it
//!   does whenever it finds one more of those, made by a thread that has read the older epoch.
//! * Who queues a task looks at the numbers first (Q1: an awaited one is put into the queue of those `so_far` too, which the same threads
//!   look at), queues it (Q2), and looks again after a fence (Q3: if I1 came between, it may lie behind others, and he takes all that are awaited to
//!   the queue of those `so_far`). I1-I2-I4 and Q2-Q3 are the store-buffering litmus: the waiter sees the task in the queue, or the other sees
//!   the numbers.
//! * Who runs a task opens its segment and then looks at the numbers: R2 to R4 in `task_end.rs`, with I1 to I3 as M1 to M3.
//!
//! The numbers are of 32 bits: a task that has been there for 2³¹ others may be taken for a later one, and isn't promoted then.
//!
//! The queue is `crossbeam-deque`'s injector: first in, first out, any thread at either end. Its cost is nothing next
//! to a task's own, and no promise of the foreground goes through it.

use crate::config::Config;
use crate::sync::{
    AtomicUsize, Injector, MODEL, Ordering, Steal, edge, heavy_fence, light_fence, local_cells, start_of_counter,
};
use crate::unit::Unit;
use std::sync::Arc;

pub(crate) struct Background {
    queue: Injector<Arc<dyn Unit>>,
    /// Those of the queue that a foreground thread waits for: see `task_end.rs`.
    promoted: Injector<Arc<dyn Unit>>,
    /// Those that a `wait_idle` in the foreground waited for when they were queued.
    so_far: Injector<Arc<dyn Unit>>,
    /// How many looks at the front of the queue have begun, and which was the last that is over.
    look: AtomicUsize,
    look_over: AtomicUsize,
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

/// What lay at the front.
pub(crate) enum Awaited {
    Task(Arc<dyn Unit>),
    Later { task: Arc<dyn Unit>, look: usize },
}

/// A place under the cap, which its thread holds; given back when dropped.
pub(crate) struct Place<'a> {
    of: &'a Background,
    before: usize,
}

local_cells! {
    /// The address of the `Background` that this thread holds a place of: the innermost, for a worker of one pool may be run inside a task
    /// of another.
    HOLDS_PLACE: usize = 0;
}

impl Background {
    pub(crate) fn new(config: &Config) -> Self {
        let count = || AtomicUsize::new(start_of_counter(usize::BITS, 3) as usize);
        Self {
            queue: Injector::new(),
            promoted: Injector::new(),
            so_far: Injector::new(),
            look: count(),
            look_over: count(),
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

    /// Runs a `wait_idle` in the foreground; `begun` is I3, and tells others of I4.
    pub(crate) fn waiting_in_foreground<R>(&self, begun: impl FnOnce(), wait: impl FnOnce() -> R) -> R {
        self.foreground_waiters.fetch_add(1, Ordering::Relaxed);
        self.note_awaited(&[0, 1]);
        edge("I1 of wait_idle");
        // Ordering: with R3, a fence, and with the light fence of Q3.
        heavy_fence();
        edge("I2 of wait_idle");
        begun();
        let result = self.waiting(wait);
        self.foreground_waiters.fetch_sub(1, Ordering::Relaxed);
        result
    }

    /// I1: all tasks of these parities that were made so far.
    fn note_awaited(&self, parities: &[usize]) {
        for &parity in parities {
            let made = self.made.0[parity].load(Ordering::Relaxed);
            // Another waiter may have seen more.
            let more = |now: usize| (made.wrapping_sub(now).cast_signed() > 0).then_some(made);
            let _ = self.awaited[parity].fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        }
        // Ordering: Release pairs with the Acquire in `pop_awaited`: whoever ends this look has compared with these numbers.
        self.look.fetch_add(1, Ordering::Release);
    }

    /// What came while an epoch went on is counted with what was there before, so it must end too, and it is awaited when that epoch
    /// has ended: I1 and I2 for that, if there is such; I4 is the caller's.
    pub(crate) fn await_more(&self) -> bool {
        if !self.must_await_more() {
            return false;
        }
        self.note_awaited(&[self.ending()]);
        heavy_fence();
        true
    }

    pub(crate) fn must_await_more(&self) -> bool {
        let [made, awaited] = [&self.made.0, &self.awaited].map(|counts| counts[self.ending()].load(Ordering::Relaxed));
        made.wrapping_sub(awaited).cast_signed() > 0
    }

    /// The parity of the tasks that the next end of an epoch waits for.
    fn ending(&self) -> usize {
        self.epoch.load(Ordering::Relaxed).wrapping_add(1) % 2
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

    /// One that is in the queue too, or isn't queued any more.
    pub(crate) fn pop_so_far(&self) -> Option<Arc<dyn Unit>> {
        pop_if_any(&self.so_far)
    }

    /// I4: what a `wait_idle` in the foreground waits for, or what is later than that.
    pub(crate) fn pop_awaited(&self) -> Option<Awaited> {
        if let Some(task) = self.pop_so_far() {
            return Some(Awaited::Task(task));
        }
        // Ordering: see `note_awaited`.
        let look = self.look.load(Ordering::Acquire);
        while self.is_looked_at(look) {
            let task = self.pop()?;
            if task.header().is_queued() {
                let is_awaited = self.awaits(task.header().made());
                return Some(if is_awaited { Awaited::Task(task) } else { Awaited::Later { task, look } });
            }
        }
        None
    }

    /// Puts back what [`pop_awaited`](Self::pop_awaited) found to be later; then those must be told who may have missed it.
    pub(crate) fn end_look(&self, task: Arc<dyn Unit>, look: usize) {
        edge("later, not put back");
        self.queue.push(task);
        self.look_over.store(look, Ordering::Relaxed);
    }

    fn is_looked_at(&self, look: usize) -> bool {
        self.foreground_waiters.load(Ordering::Relaxed) != 0 && self.look_over.load(Ordering::Relaxed) != look
    }

    /// Whether [`pop_awaited`](Self::pop_awaited) would find something.
    pub(crate) fn has_awaited(&self) -> bool {
        !self.so_far.is_empty() || self.is_looked_at(self.look.load(Ordering::Relaxed)) && !self.queue.is_empty()
    }

    /// Q3: what is queued, each taken out and put back in its turn, and what is awaited of it put into the other queue. Whether anything was
    /// found.
    pub(crate) fn sort_out_so_far(&self) -> bool {
        let mut any = false;
        for _ in 0..self.queue.len() {
            let Some(task) = self.pop() else { break };
            if !task.header().is_queued() {
                continue;
            }
            edge("Q3, taken out");
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
        pop_if_any(&self.promoted)
    }

    /// Whether there are tasks that any worker may run, whatever the cap.
    pub(crate) fn has_promoted(&self) -> bool {
        !self.promoted.is_empty() || self.has_awaited()
    }

    /// They are in the other queue too.
    pub(crate) fn forget_promoted(&self) {
        while self.pop_promoted().or_else(|| self.pop_so_far()).is_some() {}
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether one more worker may run background work.
    pub(crate) fn has_room(&self) -> bool {
        self.ended.running.load(Ordering::SeqCst) < self.cap
    }

    /// Whether this thread, a worker, is one of those in the background tier.
    pub(crate) fn holds_place(&self) -> bool {
        HOLDS_PLACE.get() == std::ptr::from_ref(self).addr()
    }

    /// By a worker that holds none.
    pub(crate) fn take_place(&self) -> Option<Place<'_>> {
        let mut running = self.ended.running.load(Ordering::SeqCst);
        while running < self.cap {
            match self.ended.running.compare_exchange_weak(running, running + 1, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) => {
                    let before = HOLDS_PLACE.replace(std::ptr::from_ref(self).addr());
                    return Some(Place { of: self, before });
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
        edge("an epoch read, not counted");
        let number = self.made.0[epoch % 2].fetch_add(1, Ordering::Relaxed);
        (epoch, number as u32)
    }

    /// Whether somebody must be told: it was the last one of its parity, and somebody waits for that (or might, if `always`).
    pub(crate) fn task_ended(&self, epoch: usize, always: bool) -> bool {
        // Ordering: AcqRel, so that whoever sees the last one sees what the tasks wrote, and the last one sees all that were made
        // of those that have ended.
        let ended = self.ended.tasks[epoch % 2].fetch_add(1, Ordering::AcqRel).wrapping_add(1);
        edge("counted as ended, nobody told");
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
            edge("an epoch is over, not ended");
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

/// As [`pop`], of a queue that is nearly always empty: whoever searches comes by here, and a look is cheaper than an attempt, which fences.
fn pop_if_any(queue: &Injector<Arc<dyn Unit>>) -> Option<Arc<dyn Unit>> {
    if !MODEL && queue.is_empty() { None } else { pop(queue) }
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
        HOLDS_PLACE.set(self.before);
        self.of.ended.running.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(all(loom, test))]
mod loom_models;
