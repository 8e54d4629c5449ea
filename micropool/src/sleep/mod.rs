//! Sleeping and waking. The protocol, with its proof, is in `README.md` beside this file; steps are named by its letters.

use crate::sync::{AtomicU32, AtomicU64, Condvar, Mutex, Ordering, edge, has_asymmetric_fences, wakes_for_nothing};
use crate::trace;

const AWAKE: u32 = 0;
const IDLE: u32 = 1;
const STRICT: u32 = 2;
/// Somebody is ending an idle sleep, and has not yet counted the sleeper as searching.
const WAKING: u32 = 3;

const ONE_IDLE: u64 = 1;
const ONE_STRICT: u64 = 1 << 32;
/// Set for good where a light fence is no fence: then no push may trust the count without one.
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

/// What the pool knows of its sleepers.
#[repr(align(128))]
pub(crate) struct Sleepers {
    counts: AtomicU64,
    searching: Apart,
}

/// On a line of its own: workers write it at every find, and pushes must not pay for that.
#[repr(align(128))]
struct Apart(AtomicU32);

/// A reading of `Sleepers`.
#[derive(Clone, Copy)]
pub(crate) struct Counts(u64);

impl Counts {
    /// Whether a push is done when it has read this after a compiler's fence.
    #[inline]
    pub(crate) fn nothing_to_do(self) -> bool {
        self.0 == 0
    }
    pub(crate) fn none(self) -> bool {
        self.0 & !SYMMETRIC == 0
    }
    pub(crate) fn idle(self) -> u32 {
        self.0 as u32
    }
    pub(crate) fn strict(self) -> u32 {
        ((self.0 & !SYMMETRIC) >> 32) as u32
    }
}

impl Sleepers {
    pub(crate) fn new() -> Self {
        let counts = if has_asymmetric_fences() { 0 } else { SYMMETRIC };
        Self { counts: AtomicU64::new(counts), searching: Apart(AtomicU32::new(0)) }
    }

    /// P3. Ordering: Relaxed, ordered after the publication by the caller's light fence.
    #[inline]
    pub(crate) fn counts(&self) -> Counts {
        Counts(self.counts.load(Ordering::Relaxed))
    }

    /// A hint, for how to push.
    #[inline]
    pub(crate) fn anybody_searches(&self) -> bool {
        self.searching.0.load(Ordering::Relaxed) != 0
    }

    pub(crate) fn searching(&self) -> u32 {
        self.searching.0.load(Ordering::SeqCst)
    }

    pub(crate) fn start_searching(&self) {
        self.searching.0.fetch_add(1, Ordering::SeqCst);
    }

    /// F2 and I3; whether this was the last one.
    pub(crate) fn stop_searching(&self) -> bool {
        self.searching.0.fetch_sub(1, Ordering::SeqCst) == 1
    }
}

/// One thread's bed.
pub(crate) struct Sleeper {
    state: AtomicU32,
    /// With `STRICT`: the position whose descendants it may take, or `NOWHERE`.
    position: AtomicU32,
    /// With `STRICT`: the unit whose descendants it may take, or 0.
    unit: AtomicU64,
    lock: Mutex<()>,
    woken: Condvar,
}

/// `Sleeper::position` of one that doesn't wait for a slot.
pub(crate) const NOWHERE: u32 = u32::MAX;

impl Sleeper {
    pub(crate) fn new() -> Self {
        Self {
            state: AtomicU32::new(AWAKE),
            position: AtomicU32::new(NOWHERE),
            unit: AtomicU64::new(0),
            lock: Mutex::new(()),
            woken: Condvar::new(),
        }
    }

    /// I1.
    pub(crate) fn announce_idle(&self, pool: &Sleepers) {
        self.state.store(IDLE, Ordering::SeqCst);
        edge("I1, not counted");
        pool.counts.fetch_add(ONE_IDLE, Ordering::SeqCst);
    }

    /// S1.
    pub(crate) fn announce_strict(&self, pool: &Sleepers, position: u32, unit: usize) {
        self.position.store(position, Ordering::Relaxed);
        self.unit.store(unit as u64, Ordering::Relaxed);
        self.state.store(STRICT, Ordering::SeqCst);
        edge("S1, not counted");
        pool.counts.fetch_add(ONE_STRICT, Ordering::SeqCst);
    }

    /// Whether it sleeps strictly for descendants of this position of its own seat.
    pub(crate) fn sleeps_for_position(&self, position: u32) -> bool {
        self.state.load(Ordering::SeqCst) == STRICT && self.position.load(Ordering::Relaxed) == position
    }

    pub(crate) fn sleeps_for_unit(&self, unit: usize) -> bool {
        self.state.load(Ordering::SeqCst) == STRICT && self.unit.load(Ordering::Relaxed) == unit as u64
    }

    /// The sleeper itself thinks better of it. Afterwards it is awake, whether by itself or by somebody's wake.
    pub(crate) fn retract(&self, pool: &Sleepers, mode: Mode) {
        if !self.leave(pool, mode) {
            // A waker that has won may still be counting: see `leave`.
            self.block();
        }
    }

    /// Ends the sleep, if it (still) sleeps in this mode; whether it did.
    pub(crate) fn wake(&self, pool: &Sleepers, mode: Mode) -> bool {
        if !self.leave(pool, mode) {
            return false;
        }
        edge("W3, not told");
        // The sleeper looks at its state under the lock before it blocks: having held the lock once, we know that it
        // has either seen AWAKE or is on the condition.
        drop(self.lock.lock());
        self.woken.notify_one();
        true
    }

    /// The one exchange that ends the sleep; whoever wins it takes the sleeper out of the counts (W1, W2).
    fn leave(&self, pool: &Sleepers, mode: Mode) -> bool {
        // An idle sleeper stays where it is until it is counted as searching. Were it free at once, it could look, find nothing
        // and stop searching before its waker counts it: the count would be below zero meanwhile, which a push reads as
        // "somebody searches", and relies on nobody.
        let next = if mode == Mode::Idle { WAKING } else { AWAKE };
        // Ordering: AcqRel at least; what the announcement and the counts order is ordered by fences.
        if self.state.compare_exchange(mode.state(), next, Ordering::SeqCst, Ordering::SeqCst).is_err() {
            return false;
        }
        edge("W1");
        if mode == Mode::Idle {
            pool.start_searching();
        }
        edge("W2, one is counted twice");
        pool.counts.fetch_sub(mode.one(), Ordering::SeqCst);
        edge("W2");
        if mode == Mode::Idle {
            // Ordering: pairs with the load in `block`: the sleeper goes on after it has been counted.
            self.state.store(AWAKE, Ordering::SeqCst);
        }
        true
    }

    /// I5, S5: blocks until somebody won the exchange.
    pub(crate) fn block(&self) {
        trace::sleep();
        let mut guard = self.lock.lock();
        while self.state.load(Ordering::SeqCst) != AWAKE {
            if wakes_for_nothing() {
                continue;
            }
            self.woken.wait(&mut guard);
        }
        drop(guard);
        trace::wake();
    }
}

#[cfg(all(loom, test))]
mod loom_models;
