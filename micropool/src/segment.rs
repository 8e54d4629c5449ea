//! Segments: what descends from what, at the cost of a few stores a steal and of nothing a join.
//!
//! When a thread starts a job that it did not make (stolen, entered, or a task) it opens a *segment* on its seat. All
//! that it pushes from then on, until the segment is closed, descends from that job: by induction, for a thread that
//! waits inside it takes only descendants of what it waits for. A segment remembers its *origin*: the seat, position
//! and generation of the slot that the job was taken from, and the *unit* (a task or a scope's item) if it is one.
//!
//! The owner alone opens and closes; others read the records under the seat's *version*, a sequence lock: odd while a
//! record changes. A reader that finds the version unchanged after it has read a slot's word knows that the slot was
//! pushed in the segment that the records name, because every push releases the version that was current.
//!
//! Tiers are the one thing that others write (they promote): a tier's word is stamped with the version that its segment was
//! opened at and is changed by an exchange, so that a late promotion can't hit the segment that was opened after.

use crate::sync::{AtomicU32, AtomicU64, Ordering, overwrite};
use crate::word::Tier;

/// No seat: the segment's job was not taken from a slot.
pub(crate) const NO_SEAT: u32 = u32::MAX;

/// Where a segment's job comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Origin {
    /// The slot that it was taken from, or the one that stands for the scope an item is of.
    pub(crate) slot: Option<SlotId>,
    /// The task or item that the job is, by the address of its header; 0 is none.
    pub(crate) unit: usize,
}

/// One use of one slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SlotId {
    pub(crate) seat: u32,
    pub(crate) position: u32,
    pub(crate) generation: u64,
}

/// What a thread waits for: everything that descends from it may be taken by that thread, and nothing else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    Slot(SlotId),
    Unit(usize),
}

impl Origin {
    pub(crate) fn is(&self, target: Target) -> bool {
        match target {
            Target::Slot(slot) => self.slot == Some(slot),
            Target::Unit(unit) => self.unit == unit,
        }
    }

    /// Whether the job is a background task: an item of a scope has a slot above it.
    pub(crate) fn is_task(&self) -> bool {
        self.slot.is_none() && self.unit != 0
    }
}

/// One record. Atomics because it is read while it may change; consistent by the seat's version.
pub(crate) struct Segment {
    base: AtomicU32,
    seat: AtomicU32,
    position: AtomicU32,
    generation: AtomicU64,
    unit: AtomicU64,
    tier: AtomicU64,
}

impl Segment {
    pub(crate) fn new() -> Self {
        Self {
            base: AtomicU32::new(0),
            seat: AtomicU32::new(NO_SEAT),
            position: AtomicU32::new(0),
            generation: AtomicU64::new(0),
            unit: AtomicU64::new(0),
            tier: AtomicU64::new(0),
        }
    }

    /// Only the owner, while the version is odd.
    pub(crate) fn write(&self, base: u32, origin: Origin, tier_word: u64) {
        let slot = origin.slot.unwrap_or(SlotId { seat: NO_SEAT, position: 0, generation: 0 });
        self.base.store(base, Ordering::Relaxed);
        self.seat.store(slot.seat, Ordering::Relaxed);
        self.position.store(slot.position, Ordering::Relaxed);
        self.generation.store(slot.generation, Ordering::Relaxed);
        self.unit.store(origin.unit as u64, Ordering::Relaxed);
        overwrite(&self.tier, tier_word, Ordering::Relaxed);
    }

    pub(crate) fn base(&self) -> u32 {
        self.base.load(Ordering::Relaxed)
    }

    pub(crate) fn origin(&self) -> Origin {
        let seat = self.seat.load(Ordering::Relaxed);
        let slot = (seat != NO_SEAT).then(|| SlotId {
            seat,
            position: self.position.load(Ordering::Relaxed),
            generation: self.generation.load(Ordering::Relaxed),
        });
        Origin { slot, unit: self.unit.load(Ordering::Relaxed) as usize }
    }

    pub(crate) fn tier(&self) -> Tier {
        Tier::of_stamped(self.tier_word())
    }

    pub(crate) fn tier_word(&self) -> u64 {
        // Ordering: Acquire pairs with `promote`.
        self.tier.load(Ordering::Acquire)
    }

    /// By any thread that waits in the foreground for what this segment descends from; `word` was read while it was open.
    pub(crate) fn promote(&self, word: u64) {
        // Failing is fine: somebody else promoted it, or it is over.
        // Ordering: AcqRel, pairs with `tier_word`.
        let _ = self.tier.compare_exchange(word, Tier::promoted(word), Ordering::AcqRel, Ordering::Relaxed);
    }
}
