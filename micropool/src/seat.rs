//! A seat: the place of a thread that computes in a pool, with its stack of work and its segments.
//!
//! Workers have theirs for good; an outside thread takes one on its first call and gives it back when it ends. A seat's
//! memory lives as long as the pool's shared state, so that late looks and late wakes touch nothing that is gone.

use crate::broadcast::Mailbox;
use crate::habit::Habit;
use crate::offers::{LeftAlone, Offers};
use crate::segment::{Origin, Segment};
use crate::shared::Shared;
use crate::sleep::{Counts, Sleeper};
use crate::slot::{Slot, Work};
use crate::sync::{
    AtomicPtr, AtomicU32, AtomicU64, MODEL, Ordering, asymmetric_light_fence, edge, fence, overwrite, start_of_counter,
};
use crate::table::Table;
use crate::word::{Kind, Tier, Word};
use crate::worth::Worth;

/// Slots that a seat has from the start; more are made when the program's own nesting needs them.
const FIRST_SLOTS: usize = if MODEL { 2 } else { 64 };
const FIRST_SEGMENTS: usize = if MODEL { 2 } else { 8 };

// In this order: what a push needs in one line, beside what a wake needs; what others read when they look for work in the next one; what is for pushes that
// others look for behind it.
#[repr(C, align(128))]
pub(crate) struct Seat {
    // The owner's: nobody else writes them, and only `tier` is written by another thread (a promotion).
    /// The slot at the top, which is Empty. Thieves look at it, on the rare way (`Slot::claim`).
    top: AtomicPtr<Slot>,
    /// The tier of what is pushed now: the stamped word of the topmost segment.
    tier: AtomicU64,
    /// The owner's: the pool's counts under which a quiet push has nothing to do. 0, unless it has been left alone for long:
    /// then it has nothing to do if nobody sleeps and nobody searches.
    settled: AtomicU64,
    pub(crate) pool: *const Shared,
    pub(crate) index: u32,
    /// The worker's index, or `OUTSIDE`.
    pub(crate) worker: u32,
    /// The owner's, and nobody else looks at it.
    pub(crate) habit: Habit,
    pub(crate) sleeper: Sleeper,

    // Others read these when they look for work.
    version: AtomicU64,
    segments: AtomicU32,

    // The owner's, and nobody else looks at them.
    pub(crate) worth: Worth,
    /// The same of the nodes of boards that it helps with.
    pub(crate) nodes_worth: Worth,
    offers: Offers,

    segment_table: Table<Segment, FIRST_SEGMENTS>,
    slots: Table<Slot, FIRST_SLOTS>,
    pub(crate) mailbox: Mailbox,
}

/// `Seat::worker` of a thread that is not one of the pool's numbered workers.
pub(crate) const OUTSIDE: u32 = u32::MAX;

// SAFETY: `pool` points to the shared state that owns this seat; everything else is atomic or guarded by the protocols.
unsafe impl Send for Seat {}
// SAFETY: as above.
unsafe impl Sync for Seat {}

/// A slot that its owner has filled, and the word it had then.
#[derive(Clone, Copy)]
pub(crate) struct Pushed<'a> {
    pub(crate) slot: &'a Slot,
    pub(crate) word: Word,
}

/// Branches of a graph that have been offered together.
pub(crate) struct Exposed<'a> {
    seat: &'a Seat,
    lowest: u32,
    topmost: u32,
    /// Whether one was offered in the background, wherever it is now.
    pub(crate) any_background: bool,
}

impl<'a> Exposed<'a> {
    #[inline]
    fn slots(&self) -> impl Iterator<Item = &'a Slot> + use<'a> {
        let seat = self.seat;
        (self.lowest..=self.topmost).filter_map(move |position| seat.slot(position))
    }

    /// Those that nobody has taken.
    #[inline]
    pub(crate) fn pending(&self) -> impl Iterator<Item = Pushed<'a>> + use<'a> {
        self.slots().map(|slot| Pushed { slot, word: slot.load() }).filter(|pushed| pushed.word.is_pending())
    }
}

impl Pushed<'_> {
    #[inline]
    pub(crate) fn position(&self) -> u32 {
        self.slot.position
    }
}

impl Seat {
    pub(crate) fn new(pool: *const Shared, index: u32, worker: u32) -> Self {
        let seat = Self {
            top: AtomicPtr::new(std::ptr::null_mut()),
            tier: AtomicU64::new(Tier::Foreground as u64),
            settled: AtomicU64::new(0),
            pool,
            index,
            habit: Habit::new(),
            worth: Worth::new(),
            nodes_worth: Worth::new(),
            offers: Offers::new(),
            worker,
            // Its stamp on tiers has fewer bits, and wraps first.
            version: AtomicU64::new(start_of_counter(64, 4)),
            segments: AtomicU32::new(0),
            segment_table: Table::new(),
            slots: Table::new(),
            sleeper: Sleeper::new(),
            mailbox: Mailbox::new(),
        };
        let lowest = seat.make_slots(0);
        seat.top.store(std::ptr::from_ref(lowest).cast_mut(), Ordering::Relaxed);
        seat.segment_table.grow(0, |_| Segment::new());
        seat
    }

    // ---- the owner's -------------------------------------------------------------------------------------------

    /// How many slots are filled.
    #[inline]
    pub(crate) fn top(&self) -> u32 {
        self.top_slot().position
    }

    #[inline]
    pub(crate) fn tier(&self) -> Tier {
        Tier::of_stamped(self.tier.load(Ordering::Relaxed))
    }

    /// Whether a segment is open. Of one's own seat: it is read from the line that the owner writes.
    #[inline]
    pub(crate) fn is_in_a_segment(&self) -> bool {
        Tier::is_stamped(self.tier.load(Ordering::Relaxed))
    }

    /// The slot at the top, which is Empty.
    #[inline]
    fn top_slot(&self) -> &Slot {
        let slot = self.top.load(Ordering::Relaxed);
        // SAFETY: set by `new`, and then to slots of this seat only, which live as long as it. A wild one would fail every test.
        unsafe { &*slot }
    }

    /// The slots of the chunk that begins at this position, each knowing the next; the first of them.
    fn make_slots(&self, first: u32) -> &Slot {
        let (chunk, place) = self.slots.grow(first as usize, |position| Slot::new(position as u32));
        debug_assert_eq!(place.first, first as usize);
        for position in place.first + 1..place.first + place.len {
            let (below, slot) = (self.slots.get(position - 1), self.slots.get(position));
            let (below, slot) = below.zip(slot).expect("just made");
            below.above.store(std::ptr::from_ref(slot).cast_mut(), Ordering::Relaxed);
        }
        // SAFETY: a chunk has slots, and they live as long as the seat.
        unsafe { &*chunk }
    }

    #[cold]
    #[inline(never)]
    fn more_slots(&self, last: &Slot) -> *mut Slot {
        let slot = std::ptr::from_ref(self.make_slots(last.position + 1)).cast_mut();
        last.above.store(slot, Ordering::Relaxed);
        slot
    }

    /// Puts a job for one thread on the stack: from now on it can be taken, though nobody has been woken for it. `None`: the slot
    /// is not as a quiet push needs it; then [`publish_job`](Self::publish_job) does it.
    #[inline]
    pub(crate) fn push_quietly(&self, work: Work) -> Option<Pushed<'_>> {
        let (slot, above) = self.top_and_above();
        if self.tier() != Tier::Foreground {
            return None;
        }
        let word = slot.put_quietly(work)?;
        self.raise_to(above);
        Some(Pushed { slot, word })
    }

    #[inline]
    pub(crate) fn publish_job(&self, work: Work) -> Pushed<'_> {
        self.push_with(|slot| slot.publish(work, self.job_kind(slot), self.tier()))
    }

    /// Puts a branch of a graph on the stack that is to be seen together with the next one: see [`expose`](Self::expose).
    #[inline]
    pub(crate) fn reserve(&self, work: Work, rank: u32) -> &Slot {
        let (slot, above) = self.top_and_above();
        slot.reserve(work, rank);
        self.raise_to(above);
        slot
    }

    /// Makes the topmost branch Ready, and all those reserved below it, from below to above: nothing that is filled ever lies above an
    /// `Empty` slot, which ends every look. (The other way round a look that is past the lower slot already could take an upper branch
    /// where nobody finds its thief.) So who looks sees the most urgent of them a moment after the first at the latest.
    ///
    /// Always Ready, for a node of a graph is worth an exchange, and one left Private would be asked for by the first thief that comes
    /// back from another.
    #[inline]
    pub(crate) fn expose<'a>(&'a self, topmost: &'a Slot) -> Exposed<'a> {
        let below = |slot: &Slot| slot.position.checked_sub(1).and_then(|position| self.slot(position));
        let mut lowest = topmost;
        while let Some(slot) = below(lowest).filter(|slot| slot.is_reserved()) {
            lowest = slot;
        }
        let mut exposed =
            Exposed { seat: self, lowest: lowest.position, topmost: topmost.position, any_background: false };
        for slot in exposed.slots() {
            exposed.any_background |= slot.expose(self.tier()).is_background();
            edge("exposed, the next one not");
        }
        if exposed.any_background {
            self.look_again_at(&exposed);
        }
        exposed
    }

    /// As [`look_again`](Self::look_again), when all are to be seen: who promoted before saw none of them.
    #[cold]
    fn look_again_at(&self, exposed: &Exposed<'_>) {
        edge("exposed in the background, not looked again");
        // Ordering: as there.
        fence(Ordering::SeqCst);
        if self.tier() == Tier::Foreground {
            for slot in exposed.slots() {
                slot.promote(slot.load());
            }
        }
    }

    /// The oldest job that nobody has taken is always cheap to take; those above it may be cheap to take back instead.
    #[inline]
    fn job_kind(&self, slot: &Slot) -> Kind {
        let below = slot.position.checked_sub(1).and_then(|position| self.slot(position));
        if below.is_some_and(Slot::is_pending) { slot.job_kind() } else { Kind::Ready }
    }

    /// Whether a quiet push has nothing more to do, with these counts of the pool.
    #[inline]
    pub(crate) fn is_settled(&self, counts: Counts) -> bool {
        self.settled.load(Ordering::Relaxed) == counts.as_number()
    }

    /// As long as these are the counts, and the owner doesn't come back to what it has offered, a quiet push has nothing to do. Of counts that
    /// seldom come back when a job is taken: where they do, nothing is offered until somebody asks.
    pub(crate) fn settle(&self, counts: Counts) {
        self.settled.store(counts.as_number(), Ordering::Relaxed);
    }

    /// From now on quiet pushes have something to do, unless nobody sleeps and nobody searches.
    #[inline]
    pub(crate) fn unsettle(&self) {
        self.settled.store(0, Ordering::Relaxed);
    }

    /// Whether a push has nothing to do for those who look: see [`Offers::are_as_before`].
    #[inline]
    pub(crate) fn is_attended(&self, counts: Counts, pushed: Pushed<'_>) -> bool {
        self.offers.are_as_before(counts.as_number(), pushed.position(), |position| self.is_ready(position))
    }

    /// See [`Offers::attended`].
    pub(crate) fn attended(&self, counts: Counts) -> bool {
        self.offers.attended(counts.as_number())
    }

    /// Whether so many who look for jobs of the owner's have been given all they want: after a push.
    #[inline]
    pub(crate) fn has_offered(&self, wanted: u32, pushed: Pushed<'_>) -> bool {
        if pushed.position() == 0 {
            // It was the first here, and is Ready, as are branches above it that were offered with it. No look at it: the thief who is
            // just taking it would have to fetch its line again.
            self.offers.remember_the_first(wanted);
            return true;
        }
        self.offers.are_enough(wanted, self.top() - 1, |position| self.is_ready(position))
    }

    /// Counts a push. For how long what was offered has been left by those who look.
    #[inline]
    pub(crate) fn left_alone(&self) -> LeftAlone {
        self.offers.one_more_push()
    }

    #[inline]
    fn is_ready(&self, position: u32) -> bool {
        self.slot(position).is_some_and(|slot| slot.load().kind() == Kind::Ready)
    }

    /// As many of the owner's jobs of the foreground as others look for become Ready, the oldest first. After a push: what was looked at
    /// for the last ones isn't again.
    pub(crate) fn offer(&self, wanted: u32) {
        let top = self.top();
        let mut search = self.offers.resume(wanted, top - 1, |position| self.is_ready(position));
        let mut next = search.from;
        while search.left > 0 && next < top {
            let Some(slot) = self.slot(next) else { break };
            let word = slot.load();
            match word.kind() {
                Kind::Ready => search.found(next),
                Kind::Private if !word.is_background() => {
                    edge("Private, not offered");
                    slot.offer(word);
                    search.found(next);
                }
                _ => {}
            }
            next += 1;
        }
        self.offers.remember(search, next);
    }

    /// As [`push_job`](Self::push_job), for work of any kind.
    #[inline]
    pub(crate) fn push(&self, work: Work, kind: Kind) -> Pushed<'_> {
        self.push_with(|slot| slot.publish(work, kind, self.tier()))
    }

    #[inline]
    fn push_with(&self, publish: impl FnOnce(&Slot) -> Word) -> Pushed<'_> {
        let (slot, above) = self.top_and_above();
        let mut word = publish(slot);
        self.raise_to(above);
        if word.is_background() {
            word = self.look_again(slot, word);
        }
        Pushed { slot, word }
    }

    /// The segment may have been promoted while this was pushed with the tier that it had before.
    #[cold]
    fn look_again(&self, slot: &Slot, word: Word) -> Word {
        edge("pushed in the background, not looked again");
        // Ordering: with the fence of whoever promotes (in `descend`, between the exchange of our tier and the look at our slots): he
        // sees the slot, or we what he has said.
        fence(Ordering::SeqCst);
        if self.tier() == Tier::Foreground {
            slot.promote(word);
            // Or who promoted the segment has done it.
            if !slot.load().is_background() {
                return word.foreground();
            }
        }
        word
    }

    /// The slot at the top, and the next one.
    #[inline]
    fn top_and_above(&self) -> (&Slot, *mut Slot) {
        let slot = self.top_slot();
        let mut above = slot.above.load(Ordering::Relaxed);
        if above.is_null() {
            above = self.more_slots(slot);
        }
        (slot, above)
    }

    #[inline]
    fn raise_to(&self, above: *mut Slot) {
        edge("published below the top");
        // Ordering: Release pairs with the Acquire in `is_above`: a thief that sees this top sees the work, the version, and no older
        // word.
        self.top.store(above, Ordering::Release);
    }

    /// The owner takes back the job that it pushed last. `false`: a thief has it, and the slot is still in use.
    #[inline]
    pub(crate) fn reclaim(&self, slot: &Slot) -> bool {
        self.popped(slot);
        edge("popped, not taken back");
        asymmetric_light_fence();
        slot.is_quiet() || self.reclaim_loudly(slot)
    }

    #[cold]
    #[inline(never)]
    fn reclaim_loudly(&self, slot: &Slot) -> bool {
        self.unsettle();
        // Reserved still, if nothing was offered on the way: then nobody else has seen it.
        let ours = slot.is_private() || slot.is_reserved() || slot.reclaim();
        edge("taken from us, the top not put back");
        if !ours {
            self.top.store(slot.above.load(Ordering::Relaxed), Ordering::Release);
        }
        ours
    }

    /// Nothing lies in the topmost slot any more, or will in a moment.
    #[inline]
    pub(crate) fn popped(&self, slot: &Slot) {
        debug_assert_eq!(self.top(), slot.position + 1, "a seat is a stack");
        self.top.store(std::ptr::from_ref(slot).cast_mut(), Ordering::Relaxed);
    }

    /// Opens a segment: all that is pushed until it is closed descends from `origin`.
    pub(crate) fn open_segment(&self, origin: Origin, tier: Tier) -> OpenSegment<'_> {
        let depth = self.segments.load(Ordering::Relaxed);
        if self.segment_table.get(depth as usize).is_none() {
            self.segment_table.grow(depth as usize, |_| Segment::new());
        }
        let record = self.segment_table.get(depth as usize).expect("made above");
        let before = self.tier.load(Ordering::Relaxed);
        let tier_word = tier.stamped(self.version.load(Ordering::Relaxed));
        edge("stamped, no segment");
        // Before the record can be seen: who promotes the record finds this word here, or one that came after it.
        overwrite(&self.tier, tier_word, Ordering::Relaxed);
        self.change(|| {
            record.write(self.top(), origin, tier_word);
            // Ordering: Release pairs with the Acquire in `segments`: whoever counts this record sees what it says. Without it a
            // walk up the chain (`origin_at`, which takes no version) could read what the record said of an older segment.
            self.segments.store(depth + 1, Ordering::Release);
        });
        OpenSegment { seat: self, depth, before, tier_word, base: self.top() }
    }

    /// The version is odd while `write` changes the records.
    fn change(&self, write: impl FnOnce()) {
        let version = self.version.load(Ordering::Relaxed);
        self.version.store(version.wrapping_add(1), Ordering::Relaxed);
        // Ordering: pairs with the Acquire fence in `unchanged`: a reader that sees any of the writes below sees the odd
        // version too. The Release store pairs with the Acquire load in `version`.
        fence(Ordering::Release);
        edge("the version is odd");
        write();
        self.version.store(version.wrapping_add(2), Ordering::Release);
    }

    // ---- anybody's ---------------------------------------------------------------------------------------------

    /// The version to read the records under; `None` while they change.
    pub(crate) fn version(&self) -> Option<u64> {
        let version = self.version.load(Ordering::Acquire);
        version.is_multiple_of(2).then_some(version)
    }

    /// Whether all that was read since `version` was read belongs together.
    pub(crate) fn unchanged(&self, version: u64) -> bool {
        fence(Ordering::Acquire);
        self.version.load(Ordering::Relaxed) == version
    }

    pub(crate) fn segments(&self) -> u32 {
        // Ordering: Acquire pairs with the Release in `open_segment`.
        self.segments.load(Ordering::Acquire)
    }

    pub(crate) fn segment(&self, depth: u32) -> Option<&Segment> {
        self.segment_table.get(depth as usize)
    }

    /// Whether the top lies above a slot: for a thief that has said Claiming and fenced it is so until the owner sees that, for
    /// everybody else it may be over at once.
    pub(crate) fn is_above(&self, slot: &Slot) -> bool {
        let top = self.top.load(Ordering::Acquire);
        // SAFETY: as in `top_slot`; the slot was made before the store that Acquire has seen.
        let top = unsafe { &*top };
        top.position > slot.position
    }

    pub(crate) fn slot(&self, position: u32) -> Option<&Slot> {
        self.slots.get(position as usize)
    }

    /// The origin of the segment that `position` lies in. Consistent only when asked by a thread whose own work
    /// descends from that position (then nothing below it can change), or by the owner.
    pub(crate) fn origin_at(&self, position: u32) -> Option<Origin> {
        let mut found = None;
        for depth in 0..self.segments() {
            let record = self.segment(depth)?;
            if record.base() > position {
                break;
            }
            found = Some(record.origin());
        }
        found
    }

    /// The tier of the segment that `position` lies in, under the conditions of `origin_at`.
    pub(crate) fn tier_at(&self, position: u32) -> Tier {
        let mut tier = Tier::Foreground;
        for depth in 0..self.segments() {
            match self.segment(depth) {
                Some(record) if record.base() <= position => tier = record.tier(),
                _ => break,
            }
        }
        tier
    }

    /// A foreground thread waits for what a segment of this seat descends from; `word` is what the segment's tier was when that
    /// was known.
    pub(crate) fn promote_segment(&self, segment: &Segment, word: u64) {
        segment.promote(word);
        // Ordering: three pairs. With the fence in `OpenSegment::drop`: this exchange meets the stamp, or the owner's second look
        // sees the promotion. With the fence in `Claimed::run`: a thief inherits the promotion, or we see its record next.
        fence(Ordering::SeqCst);
        edge("a segment promoted, its seat not");
        // If the segment is the topmost, what its owner pushes from now on is foreground. The stamp says whether it is.
        let _ = self.tier.compare_exchange(word, Tier::promoted(word), Ordering::Relaxed, Ordering::Relaxed);
    }
}

/// An open segment; closed when dropped.
pub(crate) struct OpenSegment<'a> {
    seat: &'a Seat,
    depth: u32,
    /// The seat's tier word before: of the segment below, if there is one.
    before: u64,
    tier_word: u64,
    base: u32,
}

impl OpenSegment<'_> {
    /// The job that this segment was opened for was promoted by somebody who waits for it.
    pub(crate) fn inherit(&self, tier: Tier) {
        if tier == Tier::Foreground
            && let Some(segment) = self.seat.segment(self.depth)
        {
            self.seat.promote_segment(segment, self.tier_word);
        }
    }
}

impl Drop for OpenSegment<'_> {
    fn drop(&mut self) {
        let seat = self.seat;
        debug_assert_eq!(seat.top(), self.base, "everything pushed in a segment is gone when it closes");
        debug_assert_eq!(seat.segments(), self.depth + 1);
        seat.change(|| seat.segments.store(self.depth, Ordering::Release));
        edge("closed, the tier of the one above");
        // The segment below may have been promoted meanwhile, or is just being.
        let below = self.depth.checked_sub(1).and_then(|depth| seat.segment(depth));
        let word = below.map_or(self.before, Segment::tier_word);
        overwrite(&seat.tier, word, Ordering::Relaxed);
        if let (Some(below), Tier::Background) = (below, Tier::of_stamped(word)) {
            // Ordering: with the fence in `promote_segment`.
            fence(Ordering::SeqCst);
            edge("closed, looking again");
            let again = below.tier_word();
            if again != word {
                overwrite(&seat.tier, again, Ordering::Relaxed);
            }
        }
    }
}

#[cfg(all(loom, test))]
mod loom_models;
