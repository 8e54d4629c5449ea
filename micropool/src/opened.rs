//! An entry that many may enter and help with: a loop, a graph's board, a scope. It lies on its owner's stack, and those
//! inside are counted in the seat, so that nobody looks at the frame before he is counted or after he has left.

use crate::panic::AbortOnUnwind;
use crate::seat::{Pushed, Seat};
use crate::segment::{SlotId, Target};
use crate::slot::Work;
use crate::sync::{AtomicU64, Ordering, UnsafeCell, edge};
use crate::wait::{Awaited, wait};
use crate::wake;
use crate::word::{Kind, Tier, Word};

/// Where an entry stands. `Copy`, for those inside to announce more; only the owner's [`Opened`] closes it.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'a> {
    owner: &'a Seat,
    pushed: Pushed<'a>,
}

impl<'a> Entry<'a> {
    pub(crate) fn id(&self) -> SlotId {
        SlotId { seat: self.owner.index, position: self.pushed.position(), generation: self.pushed.word.generation() }
    }

    /// How much there is to take: see [`crate::slot::Slot::available`].
    pub(crate) fn available(&self) -> &'a AtomicU64 {
        &self.pushed.slot.available
    }

    pub(crate) fn owner(&self) -> &'a Seat {
        self.owner
    }

    /// The tier now: an entry is promoted while it is open.
    fn tier(&self) -> Tier {
        Tier::of(self.pushed.slot.load())
    }

    /// More has become available: somebody who sleeps may take it.
    pub(crate) fn announce(&self) {
        wake::published_in(self.owner, self.pushed.position(), self.tier());
    }

    /// How many are inside.
    pub(crate) fn helpers(&self) -> u64 {
        self.word().inside()
    }

    /// Whether its owner waits for those inside to leave.
    pub(crate) fn is_closed(&self) -> bool {
        self.word().kind() != Kind::Open
    }

    fn word(&self) -> Word {
        self.pushed.slot.load()
    }
}

/// Where an entry is written down for those inside of it: once, by its owner, before anything is available there.
pub(crate) struct Noted<'a>(UnsafeCell<Option<Entry<'a>>>);

// SAFETY: an entry is shared by all who are inside of it, and it is written before any of them is, as `note` asks.
#[allow(unsafe_code)]
unsafe impl Sync for Noted<'_> {}

impl<'a> Noted<'a> {
    pub(crate) fn new() -> Self {
        Self(UnsafeCell::new(None))
    }

    /// # Safety
    /// The caller is the owner, and nothing has been available in the entry yet: so nobody else reads. Who calls `get` later is the owner,
    /// or came in because he saw that something is available.
    #[allow(unsafe_code)]
    pub(crate) unsafe fn note(&self, entry: Entry<'a>) {
        // SAFETY: by this function's contract nobody else is here. `loop_chunks_run_once_and_in_order`, `board_a_diamond_in_order` and
        // `scope_items_end_before_it_returns` (loom) would see one who is.
        self.0.with_mut(|place| unsafe { *place = Some(entry) });
    }

    #[allow(unsafe_code)]
    pub(crate) fn get(&self) -> Entry<'a> {
        // SAFETY: written before it was shared, as `note` asks, and never again.
        self.0.with(|place| unsafe { *place }).expect("noted before anything is available")
    }
}

/// An open entry. Its owner must [`close`](Opened::close) it; a panic that passes closes it too.
pub(crate) struct Opened<'a> {
    entry: Entry<'a>,
}

impl<'a> Opened<'a> {
    /// Opens an entry with nothing available yet.
    pub(crate) fn new(me: &'a Seat, work: Work) -> Self {
        let pushed = me.push(work, Kind::Open);
        debug_assert_eq!(pushed.slot.available.load(Ordering::Relaxed), 0, "as `drop` left it");
        Self { entry: Entry { owner: me, pushed } }
    }

    pub(crate) fn entry(&self) -> Entry<'a> {
        self.entry
    }

    /// Lets nobody in any more, and returns when everybody has left.
    pub(crate) fn close(self) {
        drop(self);
    }
}

impl Drop for Opened<'_> {
    fn drop(&mut self) {
        let guard = AbortOnUnwind;
        let Entry { owner, pushed } = self.entry;
        pushed.slot.close();
        edge("closed");
        if self.entry.word().inside() > 0 {
            wait(owner, &Left(self.entry));
        }
        edge("all have left");
        pushed.slot.available.store(0, Ordering::Relaxed);
        pushed.slot.empty(pushed.word);
        owner.popped(pushed.slot);
        std::mem::forget(guard);
    }
}

/// Everybody has left a closed entry.
struct Left<'a>(Entry<'a>);

impl Awaited for Left<'_> {
    fn done(&self) -> bool {
        self.0.word().inside() == 0
    }
    fn target(&self) -> Target {
        Target::Slot(self.0.id())
    }
    fn mark(&self) -> bool {
        self.0.pushed.slot.mark_waited();
        true
    }
    fn unmark(&self) {
        self.0.pushed.slot.unmark_waited();
    }
}

/// Something about an entry that is awaited by its owner while it is open: `done` and `help` are the caller's, the rest
/// is alike for all.
pub(crate) struct Progress<'a, D, H, C> {
    pub(crate) entry: Entry<'a>,
    pub(crate) done: D,
    pub(crate) help: H,
    pub(crate) can_help: C,
}

impl<D, H, C> Awaited for Progress<'_, D, H, C>
where
    D: Fn() -> bool,
    H: Fn(&Seat) -> bool,
    C: Fn() -> bool,
{
    fn done(&self) -> bool {
        (self.done)()
    }
    fn target(&self) -> Target {
        Target::Slot(self.entry.id())
    }
    fn help(&self, me: &Seat) -> bool {
        (self.help)(me)
    }
    fn can_help(&self) -> bool {
        (self.can_help)()
    }
    fn mark(&self) -> bool {
        self.entry.pushed.slot.mark_waited();
        !self.done()
    }
    fn unmark(&self) {
        self.entry.pushed.slot.unmark_waited();
    }
}
