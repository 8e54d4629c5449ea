//! A unit: a piece of work with a handle (a background task, an item of a scope). One allocation holds its state, its
//! closure, then its result.
//!
//! | state     | meaning                              | left by                                         |
//! |-----------|--------------------------------------|-------------------------------------------------|
//! | Waiting   | what it must come after has not ended | the last predecessor's end (→ Queued), `cancel`  |
//! | Queued    | anyone who may can start it          | `claim` (→ Running), `cancel` (→ Cancelled)      |
//! | Running   | the claimer has the closure          | its end (→ Ended)                               |
//! | Ended     | the result is there                  | –                                               |
//! | Cancelled | it never runs, the closure is dropped | –                                               |
//!
//! `claim` and `cancel` are exchanges of one word, so exactly one wins. The cell's content belongs to whoever made the
//! last step: the claimer while Running, the handle once Ended.

use crate::panic::{self, Payload, catch, drop_quietly};
use crate::shared::Shared;
use crate::sync::{AtomicU32, Mutex, Ordering, UnsafeCell};
use smallvec::SmallVec;
use std::sync::Arc;
use std::task::Waker;

const WAITING: u32 = 0;
const QUEUED: u32 = 1;
const RUNNING: u32 = 2;
const ENDED: u32 = 3;
const CANCELLED: u32 = 4;
const STATE: u32 = 7;
/// `cancel` came too late to prevent it: the running task may look.
const CANCEL_WISHED: u32 = 1 << 3;
/// The last handle was dropped: a panic is the pool's to report.
const DETACHED: u32 = 1 << 4;
/// Somebody reports it already, or a shared handle's join has shown it.
const REPORTED: u32 = 1 << 5;
/// The parity of the epoch that a background task was made in.
const ODD_EPOCH: u32 = 1 << 6;
/// It was made to come after others.
const ORDERED: u32 = 1 << 9;
/// It has ended in a panic. The payload is whose who says `REPORTED` first.
const PANICKED: u32 = 1 << 10;
/// The marks of `task_end.rs`: somebody waits for it or for what comes after it, and does so in the foreground.
const AWAITED: u32 = 1 << 7;
const PROMOTED: u32 = 1 << 8;

/// What does not depend on the types. Its address is the unit's name in segments.
pub(crate) struct Header {
    state: AtomicU32,
    /// Shared handles besides the first.
    more_handles: AtomicU32,
    /// Predecessors that have not ended, and one more while the unit is being made.
    pending: AtomicU32,
    /// Of a task among those of its epoch's parity: see `background.rs`.
    number: AtomicU32,
    pub(crate) pool: Arc<Shared>,
    /// Most units never have any: a small task then fits into what allocators take as small.
    links: Mutex<Option<Box<Links>>>,
}

/// What others have to do with the unit.
#[derive(Default)]
struct Links {
    /// Units that come after this one.
    successors: Vec<Arc<dyn Unit>>,
    /// What this one comes after: for whoever waits, to help with it. Gone once it has started.
    predecessors: Vec<Arc<dyn Unit>>,
    /// Of those who await it: one for each future, by its key.
    wakers: Vec<(u64, Waker)>,
    /// So wide that it can't wrap.
    next_key: u64,
    /// Where somebody sleeps until something else has ended, who would run this one: pools other than its own.
    waiting_pools: Vec<Arc<Shared>>,
    /// Of a panic, for dependants that don't get the payload itself.
    message: Option<String>,
}

/// What a unit that is over leaves to be told.
#[derive(Default)]
pub(crate) struct Ended {
    pub(crate) successors: Vec<Arc<dyn Unit>>,
    /// Of a cancelled one, perhaps not over.
    pub(crate) predecessors: Vec<Arc<dyn Unit>>,
    pub(crate) wakers: Vec<Waker>,
}

pub(crate) trait Unit: Send + Sync {
    fn header(&self) -> &Header;

    /// Runs the closure and keeps its result; whether it panicked. Only after `Header::claim`, by the claimer.
    ///
    /// # Safety
    /// The caller has claimed the unit, and calls this once.
    unsafe fn run(&self) -> bool;

    /// Drops the closure. Only by the one whose `Header::cancel` won.
    ///
    /// # Safety
    /// The caller has cancelled the unit, and calls this once.
    unsafe fn discard(&self);

    /// The payload of its panic, if it ended in one and nobody has taken it.
    ///
    /// # Safety
    /// The unit is over, and nobody else uses its result.
    unsafe fn take_payload(&self) -> Option<Payload>;
}

/// A unit whose result is a `T`.
pub(crate) trait Yields<T>: Unit {
    /// # Safety
    /// The unit has ended (not cancelled), and nobody else uses its result.
    unsafe fn take(&self) -> Option<Result<T, Payload>>;

    /// # Safety
    /// The unit has ended, and nobody takes its result while the reference lives.
    unsafe fn peek(&self) -> Option<&Result<T, Payload>>;
}

enum Stage<F, T> {
    Closure(F),
    Result(Result<T, Payload>),
    Gone,
}

pub(crate) struct Core<F, T> {
    header: Header,
    stage: UnsafeCell<Stage<F, T>>,
}

// SAFETY: the stage is only touched by whom the state says (table above); closure and result move between threads, so
// both are Send. A shared `&T` is only handed out where `T: Sync` (`SharedTask`).
unsafe impl<F: Send, T: Send> Sync for Core<F, T> {}
// SAFETY: as above.
unsafe impl<F: Send, T: Send> Send for Core<F, T> {}

impl<F, T> Core<F, T>
where
    F: FnOnce() -> T + Send,
    T: Send,
{
    /// A unit that can't start before `Header::ready`.
    pub(crate) fn new(pool: Arc<Shared>, f: F) -> Self {
        Self {
            header: Header {
                state: AtomicU32::new(WAITING),
                more_handles: AtomicU32::new(0),
                pending: AtomicU32::new(1),
                number: AtomicU32::new(0),
                pool,
                links: Mutex::new(None),
            },
            stage: UnsafeCell::new(Stage::Closure(f)),
        }
    }

    /// # Safety
    /// The caller has the stage to itself, by the state.
    unsafe fn replace(&self, stage: Stage<F, T>) -> Stage<F, T> {
        // SAFETY: by this function's contract.
        self.stage.with_mut(|place| unsafe { std::mem::replace(&mut *place, stage) })
    }
}
impl<F, T> Unit for Core<F, T>
where
    F: FnOnce() -> T + Send,
    T: Send,
{
    fn header(&self) -> &Header {
        &self.header
    }

    unsafe fn run(&self) -> bool {
        // SAFETY: claimed: until the end only the claimer touches the stage.
        let Stage::Closure(f) = (unsafe { self.replace(Stage::Gone) }) else {
            return false;
        };
        let result = catch(f);
        if let Err(payload) = &result {
            let message = panic::message(&**payload).to_owned();
            self.header.links.lock().get_or_insert_default().message = Some(message);
            // Ordering: Relaxed: the exchange to Ended publishes it.
            self.header.state.fetch_or(PANICKED, Ordering::Relaxed);
        }
        let panicked = result.is_err();
        // SAFETY: as above.
        drop(unsafe { self.replace(Stage::Result(result)) });
        panicked
    }

    unsafe fn discard(&self) {
        // SAFETY: cancelled: nobody else touches the stage any more.
        drop_quietly(unsafe { self.replace(Stage::Gone) });
    }

    unsafe fn take_payload(&self) -> Option<Payload> {
        // SAFETY: by this function's contract.
        let failed = self.stage.with(|place| matches!(unsafe { &*place }, Stage::Result(Err(_))));
        if !failed {
            return None;
        }
        // SAFETY: by this function's contract.
        match unsafe { self.replace(Stage::Gone) } {
            Stage::Result(Err(payload)) => Some(payload),
            _ => None,
        }
    }
}
impl<F, T> Yields<T> for Core<F, T>
where
    F: FnOnce() -> T + Send,
    T: Send,
{
    unsafe fn take(&self) -> Option<Result<T, Payload>> {
        // SAFETY: by this function's contract.
        match unsafe { self.replace(Stage::Gone) } {
            Stage::Result(result) => Some(result),
            _ => None,
        }
    }

    unsafe fn peek(&self) -> Option<&Result<T, Payload>> {
        // SAFETY: by this function's contract nobody writes.
        match self.stage.with(|place| unsafe { &*place }) {
            Stage::Result(result) => Some(result),
            _ => None,
        }
    }
}

impl<F, T> Drop for Core<F, T> {
    fn drop(&mut self) {
        // A result that nobody took is the user's value: its `Drop` must not unwind through a worker.
        let stage = std::mem::replace(&mut self.stage, UnsafeCell::new(Stage::Gone)).into_inner();
        drop_quietly(stage);
    }
}

impl Header {
    pub(crate) fn address(&self) -> usize {
        std::ptr::from_ref(self).expose_provenance()
    }

    fn state(&self) -> u32 {
        // Ordering: Acquire pairs with the Release of `end`: whoever sees Ended sees the result.
        self.state.load(Ordering::Acquire) & STATE
    }

    /// Ended or cancelled.
    pub(crate) fn is_over(&self) -> bool {
        self.state() >= ENDED
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.state() == CANCELLED
    }

    pub(crate) fn is_waiting(&self) -> bool {
        self.state() == WAITING
    }

    pub(crate) fn is_queued(&self) -> bool {
        self.state() == QUEUED
    }

    /// Somebody waits for it (M1). `false`: that was known.
    pub(crate) fn mark_awaited(&self, foreground: bool) -> bool {
        let marks = AWAITED | if foreground { PROMOTED } else { 0 };
        // Ordering: AcqRel: the state that is looked at next is no older than the one that was marked.
        self.state.fetch_or(marks, Ordering::AcqRel) & marks != marks
    }

    pub(crate) fn is_awaited(&self) -> bool {
        self.state.load(Ordering::Relaxed) & AWAITED != 0
    }

    /// By whoever has just changed the state, or after a fence.
    pub(crate) fn is_promoted(&self) -> bool {
        self.state.load(Ordering::Relaxed) & PROMOTED != 0
    }

    pub(crate) fn cancel_wished(&self) -> bool {
        self.state.load(Ordering::Relaxed) & CANCEL_WISHED != 0
    }

    /// Notes the epoch and the number of a task that is being made, before others know of it.
    pub(crate) fn set_made(&self, (epoch, number): (usize, u32)) {
        self.number.store(number, Ordering::Relaxed);
        if !epoch.is_multiple_of(2) {
            self.state.store(WAITING | ODD_EPOCH, Ordering::Relaxed);
        }
    }

    /// Its epoch's parity, and its number.
    pub(crate) fn made(&self) -> (usize, u32) {
        (self.epoch(), self.number.load(Ordering::Relaxed))
    }

    /// Waiting → Queued, of a task that comes after nothing and that nobody else knows of yet.
    pub(crate) fn ready(&self) {
        // Ordering: Relaxed: the queue publishes it.
        self.pending.store(0, Ordering::Relaxed);
        self.state.store(self.state.load(Ordering::Relaxed) & !STATE | QUEUED, Ordering::Relaxed);
    }

    /// An epoch of the same parity.
    pub(crate) fn epoch(&self) -> usize {
        usize::from(self.state.load(Ordering::Relaxed) & ODD_EPOCH != 0)
    }

    /// A shared handle is cloned.
    pub(crate) fn add_handle(&self) {
        // Ordering: Relaxed, as for any counted reference: the handle that is cloned keeps the count up.
        if self.more_handles.fetch_add(1, Ordering::Relaxed) > u32::MAX / 2 {
            // So many can only have been forgotten. As `Arc` does: a count that wrapped would free what is in use.
            std::process::abort();
        }
    }

    /// A shared handle goes; whether it was the last one.
    #[must_use]
    pub(crate) fn drop_handle(&self) -> bool {
        // Ordering: AcqRel: the last one comes after all that the others did with the result.
        self.more_handles.fetch_sub(1, Ordering::AcqRel) == 0
    }

    /// Whether it ended in a panic.
    pub(crate) fn is_panicked(&self) -> bool {
        self.state.load(Ordering::Acquire) & PANICKED != 0
    }

    /// By a shared handle: whether its panic reaches somebody for the first time. True for one caller, who then owns the payload.
    #[must_use]
    pub(crate) fn claim_panic(&self) -> bool {
        self.state.fetch_or(REPORTED, Ordering::AcqRel) & REPORTED == 0
    }

    /// The last handle is gone.
    pub(crate) fn detach(&self) {
        self.state.fetch_or(DETACHED, Ordering::AcqRel);
    }

    /// Whether it has ended without a handle: true for exactly one caller, who then owns the result.
    #[must_use]
    pub(crate) fn claim_report(&self) -> bool {
        let now = self.state.load(Ordering::Acquire);
        if now & STATE != ENDED || now & DETACHED == 0 {
            return false;
        }
        self.state.fetch_or(REPORTED, Ordering::AcqRel) & REPORTED == 0
    }

    fn exchange(&self, from: u32, to: u32) -> bool {
        let mut now = self.state.load(Ordering::Relaxed);
        while now & STATE == from {
            // Ordering: AcqRel: the winner sees the stage as the loser of the last step left it, and hands on its own.
            match self.state.compare_exchange_weak(now, (now & !STATE) | to, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(other) => now = other,
            }
        }
        false
    }

    /// Queued → Running: the winner runs it.
    #[must_use]
    pub(crate) fn claim(&self) -> bool {
        self.exchange(QUEUED, RUNNING)
    }

    /// Waiting or Queued → Cancelled: the winner discards the closure and settles what comes after.
    #[must_use]
    pub(crate) fn cancel(&self) -> bool {
        if self.exchange(WAITING, CANCELLED) || self.exchange(QUEUED, CANCELLED) {
            return true;
        }
        self.state.fetch_or(CANCEL_WISHED, Ordering::Relaxed);
        false
    }

    /// One thing less to wait for; whether it is Queued now.
    #[must_use]
    pub(crate) fn predecessor_over(&self) -> bool {
        // Ordering: AcqRel: whoever counts to 0 has seen all predecessors' ends.
        self.pending.fetch_sub(1, Ordering::AcqRel) == 1 && self.exchange(WAITING, QUEUED)
    }

    /// Running → Ended (`ran`), or nothing if it was cancelled; who must be told.
    pub(crate) fn end(&self, ran: bool) -> Ended {
        let mut held = self.links.lock();
        if ran {
            self.exchange(RUNNING, ENDED);
        }
        let Some(links) = &mut *held else { return Ended::default() };
        let pools = std::mem::take(&mut links.waiting_pools);
        let ended = Ended {
            successors: std::mem::take(&mut links.successors),
            predecessors: std::mem::take(&mut links.predecessors),
            wakers: std::mem::take(&mut links.wakers).into_iter().map(|(_, waker)| waker).collect(),
        };
        drop(held);
        // With the last of a pool its handlers go, which are the user's: not under the lock.
        drop(pools);
        ended
    }

    /// `unit` comes after this one. `false`: this one is over, so there is nothing to come after.
    pub(crate) fn add_successor(&self, unit: &Arc<dyn Unit>) -> bool {
        let mut links = self.links.lock();
        if self.is_over() {
            return false;
        }
        links.get_or_insert_default().successors.push(unit.clone());
        true
    }

    /// Makes this unit wait for `predecessor` too; only while it is being made.
    pub(crate) fn come_after(&self, this: &Arc<dyn Unit>, predecessor: &Arc<dyn Unit>) {
        self.pending.fetch_add(1, Ordering::Relaxed);
        self.state.fetch_or(ORDERED, Ordering::Relaxed);
        self.links.lock().get_or_insert_default().predecessors.push(predecessor.clone());
        if !predecessor.header().add_successor(this) {
            let last = self.predecessor_over();
            debug_assert!(!last, "the count holds one for the making");
        }
    }

    /// Somebody sleeps in `pool`, or is going to, for something else, and would run this unit: he is told when it can start. Where it is
    /// the unit's own pool its sleepers are told anyway. `false`: it can start, or is over.
    pub(crate) fn wakes_in(&self, pool: &Arc<Shared>) -> bool {
        if Arc::ptr_eq(&self.pool, pool) {
            return true;
        }
        // With the lock in `take_waiting_pools`: whoever makes it Queued takes this, or we see that it is Queued.
        let mut links = self.links.lock();
        if !self.is_waiting() {
            return false;
        }
        let pools = &mut links.get_or_insert_default().waiting_pools;
        if !pools.iter().any(|other| Arc::ptr_eq(other, pool)) {
            pools.push(pool.clone());
        }
        true
    }

    pub(crate) fn take_waiting_pools(&self) -> Vec<Arc<Shared>> {
        self.links.lock().as_mut().map_or_else(Vec::new, |links| std::mem::take(&mut links.waiting_pools))
    }

    /// What this unit still waits for, or the first few of that.
    pub(crate) fn unfinished_predecessors(&self, limit: usize) -> SmallVec<[Arc<dyn Unit>; 4]> {
        let links = self.links.lock();
        let Some(links) = &*links else { return SmallVec::new() };
        links.predecessors.iter().filter(|unit| !unit.header().is_over()).take(limit).cloned().collect()
    }

    pub(crate) fn forget_predecessors(&self) {
        // Ordering: Relaxed: set before the unit was queued.
        if self.state.load(Ordering::Relaxed) & ORDERED == 0 {
            return;
        }
        let predecessors = self.links.lock().as_mut().map(|links| std::mem::take(&mut links.predecessors));
        drop(predecessors);
    }

    /// A key for the wakers of one more future than the task's own handle, whose key is 0.
    pub(crate) fn new_waker_key(&self) -> u64 {
        let mut links = self.links.lock();
        let links = links.get_or_insert_default();
        links.next_key += 1;
        links.next_key
    }

    /// Wakes the executor when it is over; of one future's wakers the last. `false`: it is over.
    pub(crate) fn set_waker(&self, waker: &Waker, key: u64) -> bool {
        // A waker's `clone` and `drop` are an executor's code, which may come back here: not under the lock.
        let waker = waker.clone();
        let mut lock = self.links.lock();
        // (What is declared later is dropped earlier: the lock before the waker.)
        if self.is_over() {
            return false;
        }
        let links = lock.get_or_insert_default();
        let old = match links.wakers.iter_mut().find(|(other, _)| *other == key) {
            Some((_, place)) => Some(std::mem::replace(place, waker)),
            None => {
                links.wakers.push((key, waker));
                None
            }
        };
        drop(lock);
        drop(old);
        true
    }

    /// A future goes before the task is over.
    pub(crate) fn forget_waker(&self, key: u64) {
        let mut links = self.links.lock();
        let old = links.as_mut().and_then(|links| {
            let place = links.wakers.iter().position(|(other, _)| *other == key)?;
            Some(links.wakers.swap_remove(place))
        });
        drop(links);
        drop(old);
    }

    /// The words of its panic, if it ended in one.
    pub(crate) fn panic_message(&self) -> Option<String> {
        self.links.lock().as_ref()?.message.clone()
    }
}

#[cfg(all(loom, test))]
mod loom_models;
