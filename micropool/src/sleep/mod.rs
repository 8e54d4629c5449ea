//! Sleeping and waking. The protocol, with its proof, is in `README.md` beside this file; steps are named by its letters.

use crate::sync::{
    AtomicU32, AtomicU64, Ordering, Parking, edge, fence, has_asymmetric_fences, heavy_fence, wakes_for_nothing,
};
use crate::trace;

// Elsewhere than on Linux, and in models.
#[cfg_attr(all(target_os = "linux", not(any(loom, shuttle))), allow(dead_code))]
pub(crate) mod parking;

const AWAKE: u32 = 0;
const IDLE: u32 = 1;
const STRICT: u32 = 2;
/// Somebody is ending an idle sleep, and has not yet counted the sleeper as searching.
const WAKING: u32 = 3;

// The pool's counts lie in one word, so that a push reads all that it must know at once.
const ONE_IDLE: u64 = 1;
const ONE_STRICT: u64 = 1 << COUNT_BITS;
const ONE_SEARCHING: u64 = 1 << (2 * COUNT_BITS);
/// A million threads each: more than a system runs.
const COUNT_BITS: u32 = 20;
const COUNT: u64 = (1 << COUNT_BITS) - 1;
/// Pushes rely on those who search without a fence: the last of them who stops has one for both sides. Set only while somebody searches, and
/// cleared by the last who did.
const UNFENCED: u64 = 1 << 60;
/// Set for good where a light fence is no fence: then no push may trust the counts without one.
const SYMMETRIC: u64 = 1 << 63;

/// How a thread sleeps: for any work, or for what it waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Idle,
    Strict,
}

impl Mode {
    fn state(self) -> u32 {
        match self {
            Mode::Idle => IDLE,
            Mode::Strict => STRICT,
        }
    }
    fn one(self) -> u64 {
        match self {
            Mode::Idle => ONE_IDLE,
            Mode::Strict => ONE_STRICT,
        }
    }
}

/// What the pool knows of its sleepers, and of the workers that search: awake, without work, looking for some.
#[repr(align(128))]
pub(crate) struct Sleepers {
    counts: AtomicU64,
}

/// A reading of `Sleepers`.
#[derive(Clone, Copy)]
pub(crate) struct Counts(u64);

impl Counts {
    /// Whether a push is done when it has read this after a compiler's fence: nobody sleeps, and nobody searches.
    #[inline]
    pub(crate) fn nothing_to_do(self) -> bool {
        self.0 == 0
    }
    /// Whether nobody sleeps, if the reading may be trusted.
    pub(crate) fn none(self) -> bool {
        self.idle() == 0 && self.strict() == 0
    }
    /// Whether somebody idle sleeps, and nobody searches.
    #[inline]
    pub(crate) fn only_idle(self) -> bool {
        self.idle() > 0 && self.searching() == 0
    }
    /// Whether somebody may sleep, for one who has not fenced.
    pub(crate) fn perhaps_some(self) -> bool {
        self.0 & SYMMETRIC != 0 || !self.none()
    }
    /// For one who wants to know whether they are still the same; never 0 where there is something to do.
    #[inline]
    pub(crate) fn as_number(self) -> u64 {
        self.0
    }
    pub(crate) fn idle(self) -> u32 {
        (self.0 & COUNT) as u32
    }
    pub(crate) fn strict(self) -> u32 {
        ((self.0 / ONE_STRICT) & COUNT) as u32
    }
    pub(crate) fn searching(self) -> u32 {
        ((self.0 / ONE_SEARCHING) & COUNT) as u32
    }
    /// Whether a push that has read this after a compiler's fence may leave what it published to those who search.
    pub(crate) fn may_rely_on_a_search(self) -> bool {
        self.is_unfenced() && self.searching() > 0
    }
    pub(crate) fn is_unfenced(self) -> bool {
        self.0 & UNFENCED != 0
    }
}

impl Sleepers {
    pub(crate) fn new() -> Self {
        let counts = if has_asymmetric_fences() { 0 } else { SYMMETRIC };
        Self { counts: AtomicU64::new(counts) }
    }

    /// P3. Ordering: Relaxed, ordered after the publication by the caller's light fence.
    #[inline]
    pub(crate) fn counts(&self) -> Counts {
        Counts(self.counts.load(Ordering::Relaxed))
    }

    /// Ordering: this counter orders itself (proof, 2); all else is ordered by fences.
    fn change(&self, plus: u64, minus: u64) -> Counts {
        Counts(self.counts.fetch_add(plus.wrapping_sub(minus), Ordering::AcqRel))
    }

    pub(crate) fn start_searching(&self) {
        self.change(ONE_SEARCHING, 0);
    }

    /// F2; whether this was the last one, and somebody sleeps who may have been left to it: then it has the fence of F3 behind it.
    pub(crate) fn stop_searching(&self) -> bool {
        let before = self.change(0, ONE_SEARCHING);
        if before.searching() != 1 {
            return false;
        }
        let asleep = !before.none();
        if before.is_unfenced() {
            if asleep {
                heavy_fence();
                edge("F3, fenced for both sides");
            }
            self.have_a_fence_again();
        } else if asleep {
            // Ordering: with P4. A push that read `searching` before we stopped is seen by the looks that follow (a read-modify-write
            // is no fence: without this one its store may lag behind them).
            fence(Ordering::SeqCst);
        }
        asleep
    }

    /// Pushes may rely on those who search without a fence from now on, if the counts are as they were. For one who has seen
    /// them search for long.
    #[cold]
    pub(crate) fn do_without_a_fence(&self, now: Counts) {
        if now.0 & (SYMMETRIC | UNFENCED) == 0 && now.searching() > 0 {
            // Failing is fine: another push will try. Ordering: nothing but the counts need be seen.
            let _ = self.counts.compare_exchange(now.0, now.0 | UNFENCED, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// By one who was the last to search. Where somebody searches again, pushes may rely on him, who finds it set.
    #[cold]
    fn have_a_fence_again(&self) {
        let mut now = self.counts();
        while now.searching() == 0 && now.is_unfenced() {
            let fenced = now.0 & !UNFENCED;
            // Ordering: AcqRel, as those of the counts.
            match self.counts.compare_exchange_weak(now.0, fenced, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return,
                Err(other) => now = Counts(other),
            }
        }
    }
}

/// One thread's bed.
pub(crate) struct Sleeper {
    state: AtomicU32,
    /// With `STRICT`: the position whose descendants it may take, or `NOWHERE`.
    position: AtomicU32,
    /// With `STRICT`: the unit whose descendants it may take, or 0.
    unit: AtomicU64,
    parking: Parking,
}

/// `Sleeper::position` of one that doesn't wait for a slot.
pub(crate) const NOWHERE: u32 = u32::MAX;

impl Sleeper {
    pub(crate) fn new() -> Self {
        Self {
            state: AtomicU32::new(AWAKE),
            position: AtomicU32::new(NOWHERE),
            unit: AtomicU64::new(0),
            parking: Parking::new(),
        }
    }

    /// I1, I2: one who searches doesn't any more, and is about to sleep.
    pub(crate) fn announce_idle(&self, pool: &Sleepers) {
        // Counted first: who wakes it takes it out of the counts, which must not fall below the number of the others.
        let before = pool.change(ONE_IDLE, ONE_SEARCHING);
        edge("I1, no sleeper yet");
        self.state.store(IDLE, Ordering::Release);
        if before.searching() == 1 && before.is_unfenced() {
            // The fence for both sides is that of I3.
            pool.have_a_fence_again();
        }
    }

    /// S1.
    pub(crate) fn announce_strict(&self, pool: &Sleepers, position: u32, unit: usize) {
        self.position.store(position, Ordering::Relaxed);
        self.unit.store(unit as u64, Ordering::Relaxed);
        pool.change(ONE_STRICT, 0);
        edge("S1, no sleeper yet");
        self.state.store(STRICT, Ordering::Release);
    }

    /// Whether it sleeps strictly for descendants of this position of its own seat.
    pub(crate) fn sleeps_for_position(&self, position: u32) -> bool {
        self.is_strict() && self.position.load(Ordering::Relaxed) == position
    }

    pub(crate) fn sleeps_for_unit(&self, unit: usize) -> bool {
        self.is_strict() && self.unit.load(Ordering::Relaxed) == unit as u64
    }

    fn is_strict(&self) -> bool {
        // Ordering: Acquire pairs with `announce_strict`: what it waits for is seen.
        self.state.load(Ordering::Acquire) == STRICT
    }

    /// Whether it sleeps until some unit is over.
    pub(crate) fn sleeps_for_a_unit(&self) -> bool {
        self.state.load(Ordering::SeqCst) == STRICT && self.unit.load(Ordering::Relaxed) != 0
    }

    /// The sleeper itself thinks better of it. Afterwards it is awake, whether by itself or by somebody's wake.
    pub(crate) fn retract(&self, pool: &Sleepers, mode: Mode) {
        if !self.leave(pool, mode) {
            edge("not retracted");
            // A waker that has won may still be counting: see `leave`.
            self.block();
        }
    }

    /// Ends the sleep, if it (still) sleeps in this mode; whether it did.
    pub(crate) fn wake(&self, pool: &Sleepers, mode: Mode) -> bool {
        let woken = self.leave(pool, mode);
        if woken {
            edge("W3, not told");
            self.parking.unpark(&self.state);
        }
        woken
    }

    /// The one exchange that ends the sleep; whoever wins it takes the sleeper out of the counts (W1, W2).
    fn leave(&self, pool: &Sleepers, mode: Mode) -> bool {
        // An idle sleeper stays where it is until it is counted as searching. Were it free at once, it could look, find nothing
        // and stop searching before its waker counts it: the count would be below zero meanwhile, which a push reads as
        // "somebody searches", and relies on nobody.
        let (next, searching) = if mode == Mode::Idle { (WAKING, ONE_SEARCHING) } else { (AWAKE, 0) };
        // Ordering: Acquire pairs with the announcement, which has counted the sleeper. Release pairs with `block`.
        if self.state.compare_exchange(mode.state(), next, Ordering::AcqRel, Ordering::Relaxed).is_err() {
            return false;
        }
        edge("W1");
        pool.change(searching, mode.one());
        edge("W2");
        if mode == Mode::Idle {
            // Ordering: Release pairs with `block`: the sleeper goes on after it has been counted.
            self.state.store(AWAKE, Ordering::Release);
        }
        true
    }

    /// I5, S5: blocks until somebody won the exchange.
    pub(crate) fn block(&self) {
        trace::sleep();
        loop {
            // Ordering: Acquire pairs with the Release of whoever set it: all that he did before is seen.
            let state = self.state.load(Ordering::Acquire);
            if state == AWAKE {
                break;
            }
            if !wakes_for_nothing() {
                self.parking.park(&self.state, state);
            }
        }
        trace::wake();
    }
}

#[cfg(all(loom, test))]
mod loom_models;
