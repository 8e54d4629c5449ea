//! Who may take what. An idle worker takes anything of a tier; a thread that waits takes descendants only.
//!
//! The search for descendants goes from what is waited for downwards: the thief of a slot is written beside it, its
//! segment of that origin holds the slots that descend directly, and a slot that was taken from there leads on to the
//! next thief. Before a claim all seats on that way are looked at once more: an unchanged *version* on each says that the
//! slot's word was read while all those segments were open, so what it names descends; and the claim succeeds only on
//! that very word, generation included. Check and take are one.

use crate::seat::Seat;
use crate::segment::{Origin, SlotId, Target};
use crate::shared::Shared;
use crate::sleep::Mode;
use crate::slot::{Ended, HIDDEN, Slot, Work};
use crate::sync::{Ordering, count, edge, fence, model_yield, yield_now};
use crate::word::{Kind, Tier, Word};
use crate::worth::IN_ONE_LOOK;
use std::cell::Cell;

/// Work that this thread has claimed or entered and must now run.
#[must_use]
pub(crate) struct Claimed<'a> {
    victim: &'a Seat,
    slot: &'a Slot,
    position: u32,
    word: Word,
    work: Work,
}

impl Claimed<'_> {
    /// Its owner had not offered it.
    fn was_asked_for(&self) -> bool {
        self.word.kind() == Kind::Private
    }

    /// Runs it in a segment of its own, and tells its owner.
    #[allow(unsafe_code)]
    pub(crate) fn run(self, me: &Seat) {
        let Claimed { victim, slot, position, word, work } = self;
        let from = SlotId { seat: victim.index, position, generation: word.generation() };
        edge("claimed, no segment");
        let segment = me.open_segment(Origin { slot: Some(from), unit: 0 }, Tier::of(word));
        if word.is_background() {
            // Ordering: with the waiter's "promote; fence; look at the records": it finds our record, or we its promotion.
            fence(Ordering::SeqCst);
            edge("a segment, nothing inherited");
            segment.inherit(victim.tier_at(position));
        }
        // SAFETY: claimed or entered by `take`, and called once. The frame stays until a job's end is told (in the call), or until `leave`.
        let ended = unsafe { work.call(me) };
        debug_assert_eq!(
            word.kind() == Kind::Open,
            matches!(ended, Ended::Inside),
            "an entry is left, and a job is told"
        );
        let waited = match ended {
            Ended::Told { owner_sleeps } => owner_sleeps,
            Ended::Inside => {
                edge("run, not left");
                slot.leave()
            }
        };
        edge("D1");
        // Only now, for who waits has looked at its lines, and would wait until they are back. Meanwhile it names a use of a slot that is
        // over, by a generation that doesn't come back, and nothing is pushed in it.
        drop(segment);
        // The frame may be gone; `victim` is a seat and stays.
        if waited {
            victim.sleeper.wake(&me.pool().sleepers, Mode::Strict);
        }
        if word.kind() == Kind::Open {
            // It may have been entered for something that another has just taken and not yet counted off.
            model_yield();
        }
    }
}

/// What a search does about a job that its owner keeps cheap to take back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Private {
    /// Asks for it: a process-wide barrier, which costs the owner an interrupt too.
    Ask,
    /// Leaves it, for its owner may offer it, or take it back, sooner than one who asks would have it.
    Leave,
}

/// What a search came to.
#[must_use]
pub(crate) enum Look<'a> {
    Found(Claimed<'a>),
    Nothing,
    /// Something moved while we looked: there may be work; look again before sleeping.
    Changed,
}

/// How far a search follows thieves of thieves. What lies further is run by those who are there.
const MAX_HOPS: u32 = 64;

/// `holds`: whether what was read to find the slot still belongs together.
fn take<'a>(
    me: &Seat,
    victim: &'a Seat,
    (position, slot, word): Filled<'a>,
    holds: impl Fn() -> bool,
) -> Option<Claimed<'a>> {
    edge("found, not claimed");
    let work = match word.kind() {
        Kind::Private | Kind::Ready => {
            let work = slot.claim(word, me.index, || victim.is_above(slot), holds)?;
            edge("claimed, the next one quiet");
            // The next one is the oldest from now on.
            if let Some(next) = victim.slot(position + 1) {
                next.make_loud();
            }
            work
        }
        Kind::Open => slot.enter(word)?,
        _ => return None,
    };
    Some(Claimed { victim, slot, position, word, work })
}

/// Whether somebody could take from this slot now.
fn takeable(slot: &Slot, word: Word) -> bool {
    match word.kind() {
        Kind::Private | Kind::Ready => true,
        Kind::Open => (1..HIDDEN).contains(&slot.available.load(Ordering::Acquire)) && word.entered().is_some(),
        _ => false,
    }
}

/// A slot with something in it: its position, and its word as it was read.
type Filled<'a> = (u32, &'a Slot, Word);

/// The filled slots of a seat between two positions, oldest first; only as far as the first Private one if those are left.
fn slots(seat: &Seat, from: u32, to: u32, private: Private) -> impl Iterator<Item = Filled<'_>> {
    (from..to)
        .map_while(move |position| {
            let slot = seat.slot(position)?;
            Some((position, slot, slot.load()))
        })
        // Below the top nothing is Empty; at the top and above it something may be Private, of which nobody should make anything. The
        // top is the owner's busiest line, so it is looked at for such a word only.
        .take_while(move |(_, slot, word)| match word.kind() {
            Kind::Empty => false,
            Kind::Private => private == Private::Ask && seat.is_above(slot),
            _ => true,
        })
}

/// Of the pending branches of a graph that lie on one stack, the most urgent instead of the oldest: even if it must be asked for.
fn most_urgent<'a>(seat: &'a Seat, oldest: Filled<'a>, to: u32) -> Filled<'a> {
    let mut best = oldest;
    for (position, slot, word) in slots(seat, oldest.0 + 1, to, Private::Ask) {
        if word.is_ranked()
            && matches!(word.kind(), Kind::Private | Kind::Ready)
            && Tier::of(word) == Tier::of(oldest.2)
            && slot.rank() > best.1.rank()
        {
            best = (position, slot, word);
        }
    }
    best
}

/// Anything of this tier, for a worker with nothing to do.
pub(crate) fn take_any<'a>(me: &'a Seat, tier: Tier, private: Private) -> Option<Claimed<'a>> {
    take_any_that(me, tier, private, Some)
}

/// The same of the foreground, but that a worker that doubts whether jobs are worth it takes only what its owner still leaves after a moment.
/// `may_leave`: it has nothing else to do than to look for such jobs.
pub(crate) fn take_what_is_worth_it(
    me: &Seat,
    private: Private,
    may_leave: impl FnOnce() -> bool,
) -> Option<Claimed<'_>> {
    let worth = &me.worth;
    if !worth.is_doubtful() || !may_leave() {
        let claimed = take_any(me, Tier::Foreground, private)?;
        worth.took(claimed.was_asked_for());
        return Some(claimed);
    }
    let private = if worth.asks() { Private::Ask } else { private };
    let more = Cell::new(IN_ONE_LOOK);
    let claimed = take_any_that(me, Tier::Foreground, private, |found| {
        let (position, slot, word) = found;
        // What is Private had its time before it was asked for; and one that is pushed quietly has the word of the one before.
        if word.kind() == Kind::Private || more.get() == 0 || !worth.is_doubtful() {
            return Some(found);
        }
        more.set(more.get() - 1);
        let mut now = word;
        let is_left = worth.has_lain(|| {
            now = slot.load();
            // Another thief may have it, or be inside.
            now.generation() == word.generation() && !matches!(now.kind(), Kind::Empty | Kind::Closed)
        });
        (is_left && takeable(slot, now)).then_some((position, slot, now))
    })?;
    worth.note(claimed.was_asked_for());
    Some(claimed)
}

/// Anything of this tier that `is_wanted`, by its word as that was read last.
#[inline]
fn take_any_that<'a>(
    me: &'a Seat,
    tier: Tier,
    private: Private,
    is_wanted: impl Fn(Filled<'a>) -> Option<Filled<'a>>,
) -> Option<Claimed<'a>> {
    count("a look for anything");
    others(me).find_map(|victim| {
        count("a look at a seat");
        for found in slots(victim, 0, u32::MAX, private) {
            if Tier::of(found.2) != tier || !takeable(found.1, found.2) {
                continue;
            }
            let Some(found) = is_wanted(found) else { continue };
            let found = if found.2.is_ranked() { most_urgent(victim, found, u32::MAX) } else { found };
            if let Some(claimed) = take(me, victim, found, || true) {
                return Some(claimed);
            }
        }
        None
    })
}

/// Where there is something to take for a worker, without taking it.
pub(crate) fn peek(me: &Seat, tier: Tier) -> Option<(&Seat, u32)> {
    others(me).find_map(|victim| {
        slots(victim, 0, u32::MAX, Private::Ask)
            .find(|(_, slot, word)| Tier::of(*word) == tier && takeable(slot, *word))
            .map(|(position, ..)| (victim, position))
    })
}

/// Whether there is anything to take, of either tier.
pub(crate) fn is_anything_offered(me: &Seat) -> bool {
    others(me).any(|victim| slots(victim, 0, u32::MAX, Private::Ask).any(|(_, slot, word)| takeable(slot, word)))
}

/// All other seats, beginning after our own, so that not everybody asks the same one first.
fn others<'a>(me: &'a Seat) -> impl Iterator<Item = &'a Seat> {
    let pool: &'a Shared = me.pool();
    let count = pool.seat_count();
    (1..count).map(move |k| pool.seat((me.index + k) % count))
}

/// Something that descends from what this thread waits for.
pub(crate) fn take_descendant<'a>(me: &'a Seat, target: Target, private: Private) -> Look<'a> {
    count("a look for descendants");
    let hint = match target {
        // Once the thief has written itself down there is but one seat to look at.
        Target::Slot(id) => match me.slot(id.position) {
            Some(slot) if slot.load().kind() == Kind::Taken => match slot.thief_of(id.generation) {
                Some(thief) => Some(thief),
                None => return Look::Changed,
            },
            _ => None,
        },
        Target::Unit(_) => None,
    };
    descend(me, target, hint, None, Some(private))
}

/// All that descends from what this thread, which is in the foreground, waits for is foreground from now on. Only what changes hands
/// again and again while it looks may be left for a later look.
pub(crate) fn promote_descendants(me: &Seat, target: Target) {
    const LOOKS: usize = 64;
    for _ in 0..LOOKS {
        if let Look::Nothing = descend(me, target, None, None, None) {
            return;
        }
        // Whoever is in the middle of changing something should get to run.
        yield_now();
    }
}

/// One seat of the way from what is waited for to the slot in question.
struct Way<'a> {
    seat: &'a Seat,
    version: u64,
    from: Option<&'a Way<'a>>,
    hops: u32,
}

impl Way<'_> {
    /// Whether all that was read along the way belongs together.
    fn holds(&self) -> bool {
        let mut link = Some(self);
        while let Some(at) = link {
            if !at.seat.unchanged(at.version) {
                return false;
            }
            link = at.from;
        }
        true
    }
}

/// Looks in all segments whose origin is `target`: for what can be taken, or (`takes` is `None`) only in passing.
fn descend<'a>(
    me: &'a Seat,
    target: Target,
    hint: Option<u32>,
    from: Option<&Way<'_>>,
    takes: Option<Private>,
) -> Look<'a> {
    let hops = from.map_or(0, |way| way.hops + 1);
    if hops > MAX_HOPS {
        return Look::Nothing;
    }
    let pool: &'a Shared = me.pool();
    let range = hint.map_or(0..pool.seat_count(), |seat| seat..seat + 1);
    let mut changed = false;
    for seat in range.map(|index| pool.seat(index)) {
        let Some(version) = seat.version() else {
            changed = true;
            continue;
        };
        let way = Way { seat, version, from, hops };
        edge("a version, no records");
        let count = seat.segments();
        for depth in 0..count {
            let Some(record) = seat.segment(depth) else {
                break;
            };
            if !record.origin().is(target) {
                continue;
            }
            let end =
                if depth + 1 < count { seat.segment(depth + 1).map_or(u32::MAX, |next| next.base()) } else { u32::MAX };
            let base = record.base();
            let tier_word = record.tier_word();
            if Tier::of_stamped(tier_word) == Tier::Background && me.tier() == Tier::Foreground {
                if !way.holds() {
                    changed = true;
                    break;
                }
                edge("the way holds, not promoted");
                seat.promote_segment(record, tier_word);
                // Its thread may be asleep until a task of its own is over, which is foreground too from now on.
                // Ordering: with the fence of S3. Below we look at the slots: with the fence of `look_again`.
                fence(Ordering::SeqCst);
                seat.sleeper.wake(&pool.sleepers, Mode::Strict);
            }
            match scan(me, base, end, &way, takes) {
                Look::Nothing => {}
                Look::Changed => changed = true,
                found => return found,
            }
        }
    }
    if changed { Look::Changed } else { Look::Nothing }
}

/// Looks through one segment's slots, and through those who took from it.
fn scan<'a>(me: &'a Seat, base: u32, end: u32, way: &Way<'_>, takes: Option<Private>) -> Look<'a> {
    let private = takes.unwrap_or(Private::Ask);
    let seat: &'a Seat = me.pool().seat(way.seat.index);
    let mut changed = false;
    for found in slots(seat, base, end, private) {
        let (position, slot, word) = found;
        if me.tier() == Tier::Foreground && word.is_background() && way.holds() {
            slot.promote(word);
        }
        let word = if word.is_background() { slot.load() } else { word };
        // Something moved under the promotion: who looks once must look again.
        changed |= me.tier() == Tier::Foreground && word.can_be_promoted();
        if takes.is_some() && takeable(slot, word) {
            let found = (position, slot, word);
            let found = if word.is_ranked() { most_urgent(seat, found, end) } else { found };
            if !way.holds() {
                return Look::Changed;
            }
            match take(me, seat, found, || way.holds()) {
                Some(claimed) => return Look::Found(claimed),
                None => changed = true,
            }
        }
        let hint = match word.kind() {
            Kind::Taken => match slot.thief_of(word.generation()) {
                Some(thief) => Some(thief),
                None => {
                    changed = true;
                    continue;
                }
            },
            // Another thief asks for it: it gets it, or the owner does.
            Kind::Claiming => {
                changed = true;
                continue;
            }
            Kind::Open | Kind::Closed if word.inside() > 0 => None,
            _ => continue,
        };
        let id = SlotId { seat: seat.index, position, generation: word.generation() };
        match descend(me, Target::Slot(id), hint, Some(way), takes) {
            Look::Nothing => {}
            Look::Changed => changed = true,
            found => return found,
        }
    }
    if changed { Look::Changed } else { Look::Nothing }
}

#[cfg(all(loom, test))]
mod loom_models;

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use crate::ThreadPoolBuilder;
    use crate::join::join_on;

    /// A job lies for a moment, and is taken if it lies there still; the next ones at once.
    #[test]
    fn who_doubts_takes_what_has_lain() {
        let pool = ThreadPoolBuilder::new().num_threads(0).build().expect("a pool");
        let (owner, thief) = (pool.shared.take_seat(), pool.shared.take_seat());
        let takes_one = |may_leave| {
            let take = || take_what_is_worth_it(thief, Private::Leave, || may_leave);
            join_on(owner, || take().expect("it is Ready").run(thief), || ());
        };
        let taken = (0..1000).take_while(|_| !thief.worth.is_doubtful()).map(|_| takes_one(true)).count();
        assert!((1..1000).contains(&taken));
        takes_one(false);
        assert!(thief.worth.is_doubtful(), "there was something else to do, so it did not lie");
        takes_one(true);
        assert!(!thief.worth.is_doubtful(), "it lay there");
        pool.shared.give_back(thief);
        pool.shared.give_back(owner);
    }
}
