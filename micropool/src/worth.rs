//! Whether it is worth it to take jobs from others.
//!
//! To hand a job over costs both threads some hundred nanoseconds, on some machines thousands: the lines that it lies in change
//! processors, and change back. Where its owner would have taken it back sooner than that, both had better left it. So now and then a
//! worker lets a job lie for a moment, to see. If it is gone then, the next one is let lie too, and so on. If it still lies there its owner
//! has more to do than the handing over takes: then the worker takes all that it finds again, and is longer in trying the next time.
//!
//! No harm is done by a job that is long, if only it was taken back so soon: whoever had taken it would have left its owner waiting.

// The worker's own, whatever checks the protocols: std's and not `sync.rs`'s.
use crate::segment::SlotId;
use crate::sync::{MODEL, spin_loop};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// For so long a job lies: from one look to the next. In between nobody looks, for each look is one that its owner waits for.
const LIES: Duration = Duration::from_nanos(400);

/// After so many looks that found nothing the next job isn't expected at once.
const STILL: u32 = 4;

/// After so many jobs one is let lie, at first.
const OFTEN: u32 = 8;

/// And after so many at last, where it was never gone.
const RARELY: u32 = 512;

/// So many that were gone in a row make a habit: among jobs that lie there, one is taken back just then every so often.
const HABIT: u32 = 4;

/// How many jobs a look lets lie. Where there are more it takes one.
const SEEN: usize = 8;

/// The jobs that a look has let lie.
struct Seen {
    names: [AtomicU64; SEEN],
    count: AtomicU32,
}

impl Seen {
    const fn new() -> Self {
        Self { names: [const { AtomicU64::new(0) }; SEEN], count: AtomicU32::new(0) }
    }

    fn names(&self) -> &[AtomicU64] {
        &self.names[..load(&self.count) as usize]
    }

    fn has(&self, name: u64) -> bool {
        self.names().iter().any(|seen| seen.load(Ordering::Relaxed) == name)
    }

    /// Whether there is room for it.
    fn add(&self, name: u64) -> bool {
        let count = load(&self.count);
        let Some(place) = self.names.get(count as usize) else { return false };
        place.store(name, Ordering::Relaxed);
        store(&self.count, count + 1);
        true
    }

    fn is_empty(&self) -> bool {
        load(&self.count) == 0
    }

    fn clear(&self) {
        store(&self.count, 0);
    }
}

/// Of a seat; its owner's alone.
pub(crate) struct Worth {
    /// How many more are taken before one is let lie.
    more: AtomicU32,
    /// After how many the next time.
    every: AtomicU32,
    /// What this look and the one before have let lie, by turns.
    seen: [Seen; 2],
    turn: AtomicU32,
    /// How many times in a row all was gone, up to [`HABIT`].
    gone: AtomicU32,
    /// Looks in a row that found nothing.
    empty: AtomicU32,
}

impl Worth {
    pub(crate) const fn new() -> Self {
        Self {
            more: AtomicU32::new(OFTEN),
            every: AtomicU32::new(OFTEN),
            seen: [const { Seen::new() }; 2],
            turn: AtomicU32::new(0),
            gone: AtomicU32::new(0),
            empty: AtomicU32::new(0),
        }
    }

    /// Whether jobs should be let lie.
    #[inline]
    pub(crate) fn is_doubtful(&self) -> bool {
        !MODEL && load(&self.more) == 0
    }

    /// One was taken without doubt.
    #[inline]
    pub(crate) fn took(&self) {
        store(&self.more, load(&self.more).saturating_sub(1));
    }

    /// What the look before has let lie, and what this one does.
    fn looks(&self) -> (&Seen, &Seen) {
        let [one, other] = &self.seen;
        if load(&self.turn) == 0 { (one, other) } else { (other, one) }
    }

    /// Whether a job that was found lay there at the last look: it should be taken, and those that follow it.
    pub(crate) fn has_lain(&self, job: SlotId) -> bool {
        let SlotId { seat, position, generation } = job;
        // Two of one name would be taken for one another, and the worker for one that was wrong to doubt.
        let name = u64::from(seat) << 48 ^ u64::from(position) << 32 ^ generation;
        let (before, now) = self.looks();
        if !before.has(name) && now.add(name) {
            return false;
        }
        before.clear();
        now.clear();
        store(&self.gone, 0);
        let every = (load(&self.every) * 2).min(RARELY);
        store(&self.every, every);
        store(&self.more, every);
        true
    }

    /// After a look in vain: lets the time pass that a job is let lie. Whether there was one, or several.
    pub(crate) fn let_lie(&self) -> bool {
        if !self.is_doubtful() {
            return false;
        }
        let (before, now) = self.looks();
        if !before.is_empty() {
            // What lay there is gone, for else it had been taken.
            match load(&self.gone) + 1 {
                HABIT => store(&self.every, OFTEN),
                gone => store(&self.gone, gone),
            }
        }
        before.clear();
        store(&self.turn, 1 - load(&self.turn));
        let left = !now.is_empty();
        if left {
            store(&self.empty, 0);
        } else if load(&self.empty) < STILL {
            store(&self.empty, load(&self.empty) + 1);
        } else {
            return false;
        }
        let began = Instant::now();
        while began.elapsed() < LIES {
            spin_loop();
        }
        left
    }
}

#[inline]
fn load(word: &AtomicU32) -> u32 {
    word.load(Ordering::Relaxed)
}

#[inline]
fn store(word: &AtomicU32, value: u32) {
    word.store(value, Ordering::Relaxed);
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    const JOB: SlotId = SlotId { seat: 1, position: 2, generation: 3 };

    /// How many are taken until one is let lie.
    fn take_until_in_doubt(worth: &Worth) -> u32 {
        for taken in 0..=RARELY {
            if worth.is_doubtful() {
                return taken;
            }
            worth.took();
        }
        panic!("no doubt");
    }

    #[test]
    fn as_long_as_they_are_gone_jobs_are_let_lie() {
        let worth = Worth::new();
        assert!(!worth.let_lie());
        assert_eq!(take_until_in_doubt(&worth), OFTEN);
        for generation in 0..10 {
            assert!(!worth.has_lain(SlotId { generation, ..JOB }) && worth.let_lie() && worth.is_doubtful());
        }
    }

    /// Lets one lie, which is gone at the next look.
    fn one_is_gone(worth: &Worth, generation: u64) {
        assert!(!worth.has_lain(SlotId { generation, ..JOB }) && worth.let_lie() && !worth.let_lie());
    }

    /// Lets one lie, which is there still.
    fn one_lies_there(worth: &Worth) {
        assert!(!worth.has_lain(LAIN) && worth.let_lie() && worth.has_lain(LAIN) && !worth.is_doubtful());
    }

    const LAIN: SlotId = SlotId { seat: 2, position: 0, generation: 0 };

    #[test]
    fn one_that_still_lies_there_is_taken_and_the_next_ones_too() {
        let worth = Worth::new();
        for every in [OFTEN, 2 * OFTEN, 4 * OFTEN] {
            assert_eq!(take_until_in_doubt(&worth), every);
            one_lies_there(&worth);
        }
        for _ in 0..10 {
            take_until_in_doubt(&worth);
            one_lies_there(&worth);
        }
        assert_eq!(take_until_in_doubt(&worth), RARELY);
    }

    #[test]
    fn one_that_is_gone_is_an_accident_and_some_in_a_row_are_not() {
        for (gone, every) in [(HABIT - 1, 4 * OFTEN), (HABIT, 2 * OFTEN)] {
            let worth = Worth::new();
            take_until_in_doubt(&worth);
            one_lies_there(&worth);
            take_until_in_doubt(&worth);
            (0..gone).for_each(|generation| one_is_gone(&worth, generation.into()));
            one_lies_there(&worth);
            assert_eq!(take_until_in_doubt(&worth), every);
        }
    }

    /// Whatever their seats, and however many.
    #[test]
    fn many_may_lie_at_once() {
        for count in [2, SEEN as u32] {
            let worth = Worth::new();
            take_until_in_doubt(&worth);
            let jobs: Vec<_> = (0..count).map(|k| SlotId { seat: k * SEEN as u32, ..JOB }).collect();
            assert!(!jobs.iter().any(|job| worth.has_lain(*job)) && worth.let_lie());
            assert!(worth.has_lain(jobs[count as usize / 2]));
        }
        let worth = Worth::new();
        take_until_in_doubt(&worth);
        let one_more = (0..=SEEN as u32).map(|seat| SlotId { seat, ..JOB });
        assert_eq!(one_more.map(|job| worth.has_lain(job)).position(|taken| taken), Some(SEEN));
    }

    #[test]
    fn where_nothing_comes_nobody_lets_time_pass() {
        let worth = Worth::new();
        take_until_in_doubt(&worth);
        for _ in 0..=STILL {
            assert!(!worth.let_lie());
        }
        let began = Instant::now();
        for _ in 0..10_000 {
            worth.let_lie();
        }
        assert!(began.elapsed() < 10_000 * LIES, "{:?}", began.elapsed());
    }
}
