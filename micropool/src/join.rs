//! `join`: two closures, the second offered to others while this thread runs the first.

use crate::current;
use crate::latch::Latch;
use crate::panic::{AbortOnUnwind, Held, Payload, catch, drop_quietly};
use crate::seat::Seat;
use crate::segment::{SlotId, Target};
use crate::slot::{Ended, Slot, Work};
use crate::sync::{UnsafeCell, edge};
use crate::wait::{Awaited, wait};
use crate::wake;
use std::mem::{self, ManuallyDrop};
use std::panic::resume_unwind;

/// Runs both closures, perhaps at the same time, and returns both results.
///
/// The calling thread runs `a`; from the same moment on `b` can be taken by any idle thread of the current pool. If
/// nobody has taken it when `a` is done, the caller runs `b` too. If somebody has, the caller helps with what `b` made, and
/// with nothing else, until it is done. A lock held across the call can therefore not be asked for again by unrelated
/// work on the same thread.
///
/// ```
/// fn sum(numbers: &[u64]) -> u64 {
///     if numbers.len() < 1000 {
///         return numbers.iter().sum();
///     }
///     let (left, right) = numbers.split_at(numbers.len() / 2);
///     let (left, right) = micropool::join(|| sum(left), || sum(right));
///     left + right
/// }
/// let numbers: Vec<u64> = (0..10_000).collect();
/// assert_eq!(sum(&numbers), 49_995_000);
/// ```
///
/// # Panics
/// Both closures always run. If one panics, its payload is re-raised here after the other has ended and its result has
/// been dropped; if both do, the payload of `a`.
///
/// # Cost
/// A few nanoseconds if nobody takes `b`, and no allocation. If a worker sleeps, one is woken: some microseconds. Where halves are over sooner
/// than they could be handed over (0.4 µs), workers that look for work come to leave them to their owner.
#[inline]
pub fn join<A, B, RA, RB>(a: A, b: B) -> (RA, RB)
where
    A: FnOnce() -> RA + Send,
    B: FnOnce() -> RB + Send,
    RA: Send,
    RB: Send,
{
    match current::seat() {
        Some(seat) => join_on(seat, a, b),
        None => join_here(a, b),
    }
}

/// `join` on a known seat.
#[inline]
pub(crate) fn join_on<A, B, RA, RB>(me: &Seat, a: A, b: B) -> (RA, RB)
where
    A: FnOnce() -> RA,
    B: FnOnce() -> RB,
{
    let half = Half::new(b);
    let pushed = wake::push_job(me, half.work());
    both(me, &half, pushed.slot, a)
}

/// As [`join_on`], with the second half where the caller wants it: in a line beside what it needs.
#[inline]
pub(crate) fn join_in<A, B, RA, RB>(me: &Seat, place: &mut Option<Half<B, RB>>, a: A, b: B) -> (RA, RB)
where
    A: FnOnce() -> RA,
    B: FnOnce() -> RB,
{
    let half = &*place.insert(Half::new(b));
    let pushed = wake::push_job(me, half.work());
    both(me, half, pushed.slot, a)
}

/// As [`join_on`], however many search: for models whose executions would be too many with both kinds.
#[cfg(all(loom, test))]
pub(crate) fn join_ready<A, B, RA, RB>(me: &Seat, a: A, b: B) -> (RA, RB)
where
    A: FnOnce() -> RA,
    B: FnOnce() -> RB,
{
    let half = Half::new(b);
    let pushed = me.push(half.work(), crate::word::Kind::Ready);
    wake::published(me, pushed);
    both(me, &half, pushed.slot, a)
}

/// `join` whose second half is taken before others of its stack if it is more urgent: the longest way to the end of the
/// graph is `rank`.
///
/// Not `OFFERS` is for where the first thing that `a` does is another of these: that one offers both, so that the more urgent is taken
/// first by whoever looks. If `a` did anything else before, the second half would be offered too late.
#[inline]
pub(crate) fn join_ranked<const OFFERS: bool, A, B, RA, RB>(me: &Seat, rank: u32, a: A, b: B) -> (RA, RB)
where
    A: FnOnce() -> RA,
    B: FnOnce() -> RB,
{
    let half = Half::new(b);
    let slot = me.reserve(half.work(), rank);
    if OFFERS {
        wake::branches_reserved(me, slot);
    }
    both(me, &half, slot, a)
}

#[inline]
fn both<A, B, RA, RB>(me: &Seat, half: &Half<B, RB>, slot: &Slot, a: A) -> (RA, RB)
where
    A: FnOnce() -> RA,
    B: FnOnce() -> RB,
{
    // Before any code of the user's: this frame must not be left while another thread may be in it.
    let unwinding = Unwinding { me, half, slot };
    let ra = a();
    mem::forget(unwinding);
    if me.reclaim(slot) {
        // SAFETY: reclaimed, once.
        let b = unsafe { half.closure() };
        if mem::needs_drop::<RA>() {
            let ra = Held::new(ra);
            let rb = b();
            (ra.release(), rb)
        } else {
            let rb = b();
            (ra, rb)
        }
    } else {
        let ra = Held::new(ra);
        let rb = await_stolen(me, half, slot);
        match rb {
            Ok(rb) => (ra.release(), rb),
            Err(payload) => {
                drop(ra);
                resume_unwind(payload)
            }
        }
    }
}

/// Both on this thread, for where there is no pool.
#[cold]
pub(crate) fn join_here<A, B, RA, RB>(a: A, b: B) -> (RA, RB)
where
    A: FnOnce() -> RA,
    B: FnOnce() -> RB,
{
    match (catch(a), catch(b)) {
        (Ok(ra), Ok(rb)) => (ra, rb),
        (Err(payload), other) => {
            drop_quietly(other);
            resume_unwind(payload)
        }
        (ra, Err(payload)) => {
            drop_quietly(ra);
            resume_unwind(payload)
        }
    }
}

#[cold]
#[inline(never)]
fn await_stolen<B, RB>(me: &Seat, half: &Half<B, RB>, slot: &Slot) -> Result<RB, Payload>
where
    B: FnOnce() -> RB,
{
    // Leaving early would leave a thief with a frame that is gone.
    let guard = AbortOnUnwind;
    let word = slot.load();
    wait(me, &Stolen { me, slot, generation: word.generation(), latch: &half.latch });
    slot.empty(word);
    me.popped(slot);
    mem::forget(guard);
    // SAFETY: its end is told, once.
    unsafe { half.result() }
}

/// The second closure, then its result, in a frame of the thread that waits for it. Without drop glue: what it holds
/// is always taken, on every way.
// In this order: the latch beside the closure and the beginning of the result, however large that is.
#[repr(C)]
pub(crate) struct Half<B, RB> {
    latch: Latch,
    stage: UnsafeCell<Stage<B, RB>>,
}

/// Which of the two it is follows from slot and latch: the closure until it is reclaimed or claimed, the result once the latch is set.
union Stage<B, RB> {
    closure: ManuallyDrop<B>,
    result: ManuallyDrop<Result<RB, Payload>>,
}

impl<B, RB> Half<B, RB>
where
    B: FnOnce() -> RB,
{
    #[inline]
    fn new(b: B) -> Self {
        Self { latch: Latch::new(), stage: UnsafeCell::new(Stage { closure: ManuallyDrop::new(b) }) }
    }

    #[inline]
    fn work(&self) -> Work {
        // SAFETY: `both` borrows this half until the slot is reclaimed or the latch set (`Unwinding` does it on a panic), and
        // `join` and `loops::run` ask for closures and results that another thread may have.
        unsafe { Work::new(std::ptr::from_ref(self).cast(), Self::run_stolen) }
    }

    unsafe fn run_stolen(data: *const (), _me: &Seat) -> Ended {
        // SAFETY: `data` is the `Half` that `work` was made of, and the slot's owner keeps it until the latch is set.
        let half = unsafe { &*data.cast::<Self>() };
        // SAFETY: claimed by this thread, once.
        let closure = unsafe { half.closure() };
        let result = catch(closure);
        half.stage.with_mut(|stage| {
            // SAFETY: claimed: the owner doesn't touch the stage before the latch is set.
            let stage = unsafe { &mut *stage };
            stage.result = ManuallyDrop::new(result);
        });
        edge("run, not told");
        Ended::Told { owner_sleeps: half.latch.set() }
    }

    /// # Safety
    /// Once, by whoever has reclaimed or claimed the slot.
    #[inline]
    unsafe fn closure(&self) -> B {
        self.stage.with_mut(|stage| {
            // SAFETY: by this function's contract nobody else touches the stage now.
            let stage = unsafe { &mut *stage };
            // SAFETY: nobody has taken the closure yet, so that is what the union holds.
            let closure = unsafe { &mut stage.closure };
            // SAFETY: once, by this function's contract.
            unsafe { ManuallyDrop::take(closure) }
        })
    }

    /// # Safety
    /// Once, by the owner, after the latch is set.
    unsafe fn result(&self) -> Result<RB, Payload> {
        self.stage.with_mut(|stage| {
            // SAFETY: the latch is set, seen with Acquire: the thief is through with the stage.
            let stage = unsafe { &mut *stage };
            // SAFETY: the thief has put the result there.
            let result = unsafe { &mut stage.result };
            // SAFETY: once, by this function's contract.
            unsafe { ManuallyDrop::take(result) }
        })
    }
}

/// The first closure panicked: the second still runs, and this frame stays until it has.
struct Unwinding<'a, B, RB>
where
    B: FnOnce() -> RB,
{
    me: &'a Seat,
    half: &'a Half<B, RB>,
    slot: &'a Slot,
}

impl<B, RB> Drop for Unwinding<'_, B, RB>
where
    B: FnOnce() -> RB,
{
    // By value into the cold part: so the guard itself needs no place in memory.
    #[inline]
    fn drop(&mut self) {
        run_second(self.me, self.half, self.slot);
    }
}

#[cold]
#[inline(never)]
fn run_second<B, RB>(me: &Seat, half: &Half<B, RB>, slot: &Slot)
where
    B: FnOnce() -> RB,
{
    if me.reclaim(slot) {
        // SAFETY: reclaimed, once.
        let b = unsafe { half.closure() };
        drop_quietly(catch(b));
    } else {
        drop_quietly(await_stolen(me, half, slot));
    }
}

/// A half that a thief runs.
struct Stolen<'a> {
    me: &'a Seat,
    slot: &'a Slot,
    generation: u64,
    latch: &'a Latch,
}

impl Awaited for Stolen<'_> {
    fn done(&self) -> bool {
        self.latch.is_set()
    }
    fn target(&self) -> Target {
        Target::Slot(SlotId { seat: self.me.index, position: self.slot.position, generation: self.generation })
    }
    fn mark(&self) -> bool {
        self.latch.mark_waited()
    }
    fn unmark(&self) {
        self.latch.unmark_waited();
    }
}

#[cfg(all(loom, test))]
mod loom_models;
