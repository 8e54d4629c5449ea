//! The packed word of a slot: what lies there, how far it is, and which use of the slot it is.
//!
//! ```text
//!  63 ........ 16 | 15 ...... 6 | 5      | 4          | 3       | 2 1 0
//!  generation     | inside      | ranked | background | waited  | kind
//! ```
//!
//! | kind     | meaning                                     | left by                                                       |
//! |----------|---------------------------------------------|---------------------------------------------------------------|
//! | Empty    | nothing here, nor above, that can be had: yet, if the top is above | the owner's push or open                 |
//! | Private  | if the top is above: a job for one thread, cheap to push and to take back; else nothing. *Loud* (one inside): the next push here needs a new word | the owner's offer (→ Ready), its push of anything but another such job, or a thief's ask (→ Claiming) |
//! | Claiming | a thief asks whether its owner has it       | that thief (→ Taken or → Private), or the owner (→ Empty, or a push if nothing was there) |
//! | Ready    | a job for one thread, cheap to take         | the owner's reclaim (→ Empty) or a thief's claim (→ Taken)    |
//! | Taken    | one thief runs it, or has run it            | the owner (→ Empty), once the thief has told the end (`latch.rs`) |
//! | Open     | many may enter and help (`inside` count)    | the owner's close (→ Closed)                                  |
//! | Closed   | no more may enter                           | the owner (→ Empty), once `inside` is 0                       |
//!
//! Every push or open makes a new generation (48 bits: at 4 ns a push they last 13 days of nothing but pushes into
//! one slot while a thief stands still between two instructions), so that a claim can't mistake a later job for the
//! one it looked at. Only Private jobs of the foreground that follow one another in a slot share one: `Slot::claim` says why that
//! does no harm. A job that was Ready or taken is the last of its generation. `waited`, of an Open or Closed slot: the owner is about to sleep;
//! whoever leaves must wake it.

use crate::sync::start_of_counter;

/// A snapshot of a slot's state.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word(pub(crate) u64);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Kind {
    Empty = 0,
    Ready = 1,
    Taken = 2,
    Open = 3,
    Closed = 4,
    Private = 5,
    Claiming = 6,
}

const KIND: u64 = 7;
const WAITED: u64 = 1 << 3;
const BACKGROUND: u64 = 1 << 4;
const RANKED: u64 = 1 << 5;
const ONE_INSIDE: u64 = 1 << 6;
pub(crate) const INSIDE_MAX: u64 = (1 << 10) - 1;
const GENERATION_SHIFT: u32 = 16;
const BELOW_GENERATION: u64 = (1 << GENERATION_SHIFT) - 1;
const STAMP_SHIFT: u32 = 8;
const STAMPED: u64 = 1;

impl Word {
    /// How a new slot starts.
    pub(crate) const NEW: Word = Word(start_of_counter(64 - GENERATION_SHIFT, 3) << GENERATION_SHIFT);

    #[inline]
    pub(crate) fn kind(self) -> Kind {
        match self.0 & KIND {
            0 => Kind::Empty,
            1 => Kind::Ready,
            2 => Kind::Taken,
            3 => Kind::Open,
            4 => Kind::Closed,
            5 => Kind::Private,
            _ => Kind::Claiming,
        }
    }

    #[inline]
    pub(crate) fn generation(self) -> u64 {
        self.0 >> GENERATION_SHIFT
    }

    pub(crate) fn is_waited(self) -> bool {
        self.0 & WAITED != 0
    }

    pub(crate) fn is_background(self) -> bool {
        self.0 & BACKGROUND != 0
    }

    pub(crate) fn is_ranked(self) -> bool {
        self.0 & RANKED != 0
    }

    pub(crate) fn inside(self) -> u64 {
        (self.0 / ONE_INSIDE) & INSIDE_MAX
    }

    /// `Empty` after this use of the slot.
    #[inline]
    pub(crate) fn emptied(self) -> Word {
        Word(self.0 & !BELOW_GENERATION)
    }

    /// The word of the next use of a slot in which nothing lies: a job or `Open`, of this tier.
    #[inline]
    pub(crate) fn next(self, kind: Kind, tier: Tier) -> Word {
        debug_assert!(matches!(self.kind(), Kind::Empty | Kind::Private | Kind::Claiming), "{self:?}");
        Word(self.emptied().0.wrapping_add(1 << GENERATION_SHIFT) | tier as u64 | kind as u64)
    }

    /// Whether this is Private, of the foreground, and nothing else.
    #[inline]
    pub(crate) fn is_quiet(self) -> bool {
        self.0 & BELOW_GENERATION == Kind::Private as u64
    }

    /// Whether it is of the background, and can still become foreground where it lies.
    pub(crate) fn can_be_promoted(self) -> bool {
        self.is_background() && matches!(self.kind(), Kind::Private | Kind::Ready | Kind::Open)
    }

    /// Whether it is a job for one thread that nobody has taken.
    pub(crate) fn is_pending(self) -> bool {
        matches!(self.kind(), Kind::Private | Kind::Claiming | Kind::Ready)
    }

    /// A Private word that is not quiet: the owner's next push here is a new word. Of the bits that count who is inside of an Open slot.
    pub(crate) fn loud(self) -> Word {
        Word(self.0 | ONE_INSIDE)
    }

    pub(crate) fn ranked(self) -> Word {
        Word(self.0 | RANKED)
    }

    /// The same use of the slot in another kind; `waited` and the count are dropped.
    #[inline]
    pub(crate) fn become_kind(self, kind: Kind) -> Word {
        Word((self.0 >> GENERATION_SHIFT << GENERATION_SHIFT) | (self.0 & (BACKGROUND | RANKED)) | kind as u64)
    }

    pub(crate) fn waited(self) -> Word {
        Word(self.0 | WAITED)
    }

    pub(crate) fn not_waited(self) -> Word {
        Word(self.0 & !WAITED)
    }

    pub(crate) fn foreground(self) -> Word {
        Word(self.0 & !BACKGROUND)
    }

    /// `Open` with one more inside; `None` when as many are inside as can be counted (then nobody else helps, and
    /// nothing is lost by it).
    pub(crate) fn entered(self) -> Option<Word> {
        if self.inside() == INSIDE_MAX { None } else { Some(Word(self.0 + ONE_INSIDE)) }
    }

    /// `Open` made `Closed`, everything else as it was.
    pub(crate) fn closed(self) -> Word {
        Word(self.0 & !KIND | Kind::Closed as u64)
    }

    /// What one who leaves subtracts.
    pub(crate) const LEAVE: u64 = ONE_INSIDE;
}

/// Foreground is made by a blocking call, background by `spawn` and by blocking calls under it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u64)]
pub(crate) enum Tier {
    Foreground = 0,
    Background = BACKGROUND,
}

impl Tier {
    /// Of a seat's or a segment's stamped tier word: see `segment.rs`.
    #[inline]
    pub(crate) fn of_stamped(word: u64) -> Tier {
        if word & BACKGROUND == 0 { Tier::Foreground } else { Tier::Background }
    }

    /// The tier of a segment, with the version of the records that it was set under.
    pub(crate) fn stamped(self, version: u64) -> u64 {
        version << STAMP_SHIFT | STAMPED | self as u64
    }

    /// Whether it is a segment's, and not that of a seat without any.
    #[inline]
    pub(crate) fn is_stamped(word: u64) -> bool {
        word & STAMPED != 0
    }

    /// The same stamp in the foreground.
    pub(crate) fn promoted(word: u64) -> u64 {
        word & !BACKGROUND
    }

    pub(crate) fn of(word: Word) -> Tier {
        if word.is_background() { Tier::Background } else { Tier::Foreground }
    }
}

impl std::fmt::Debug for Word {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} #{} inside {}", self.kind(), self.generation(), self.inside())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations_wrap_and_keep_to_their_bits() {
        let mut word = Word::NEW;
        let mut seen = Vec::new();
        for _ in 0..6 {
            word = word.next(Kind::Ready, Tier::Background);
            assert_eq!(word.kind(), Kind::Ready);
            assert!(word.is_background() && !word.is_ranked() && !word.is_waited());
            assert_eq!(word.inside(), 0);
            seen.push(word.generation());
            word = word.emptied();
        }
        assert!(seen.contains(&0), "this configuration starts below the wrap: {seen:?}");
        seen.dedup();
        assert_eq!(seen.len(), 6);
    }

    #[test]
    fn the_count_of_those_inside_ends_below_the_generation() {
        let open = Word::NEW.next(Kind::Open, Tier::Foreground);
        let mut word = open;
        for _ in 0..INSIDE_MAX {
            word = word.entered().unwrap();
        }
        assert_eq!(word.entered(), None);
        assert_eq!(word.generation(), open.generation());
        assert_eq!(word.closed().inside(), INSIDE_MAX);
        assert_eq!(Word(word.0 - INSIDE_MAX * Word::LEAVE), open);
    }
}
