//! Whether it is worth it to take jobs from others.
//!
//! To hand a job over costs both threads some hundred nanoseconds, on some machines thousands: the lines that it lies in change
//! processors, and change back. Where its owner would have taken it back sooner than that, both had better left it. So now and then a
//! worker lets a job lie for a moment, to see. If it is gone then, the next one is let lie too, and so on. If it still lies there its owner
//! has more to do than the handing over takes: then the worker takes all that it finds again, and is longer in trying the next time. So does
//! a helper in a board with the nodes that are ready.
//!
//! No harm is done by a job that is long, if only it was taken back so soon: whoever had taken it would have left its owner waiting.

use crate::sync::{MODEL, spin_loop};
// The worker's own, whatever checks the protocols: std's and not `sync.rs`'s.
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// For so long a job lies. In between nobody looks at it, for each look is one that its owner waits for.
const LIES: Duration = Duration::from_nanos(400);

/// And no longer than so many pauses take, by a clock of longer steps.
const PAUSES: u32 = 64;

/// After so many jobs one is let lie, at first. A schedule of shuttle's has few: there each worker doubts after its first.
const OFTEN: u32 = if cfg!(shuttle) { 1 } else { 8 };

/// And after so many at last, where it was never gone.
const RARELY: u32 = 512;

/// So many that were gone in a row make a habit: among jobs that lie there, one is taken back just then every so often.
const HABIT: u32 = 4;

/// For so many such moments at most a helper rests.
const LONGEST_REST: u32 = 8;

/// So many jobs are let lie in one look: whoever is behind them waits no longer.
pub(crate) const IN_ONE_LOOK: u32 = 2;

/// In one of so many looks in doubt, what is [`Private`](crate::steal::Private) is asked for at once.
const ASKS: u32 = 64;

/// After one of so many jobs that had to be asked for the next one is given the time to be offered: else who asks once would ask for ever, at a
/// barrier a job.
const PATIENT_EACH: u32 = 8;

/// Of a seat; its owner's alone.
pub(crate) struct Worth {
    /// How many more are taken before one is let lie.
    more: AtomicU32,
    /// After how many the next time.
    every: AtomicU32,
    /// How many were gone in a row.
    gone: AtomicU32,
    /// Of those, how many at the last look in vain.
    known: AtomicU32,
    /// Looks in doubt.
    looks: AtomicU32,
    /// How many of the last ones taken had to be asked for, one after another.
    asked: AtomicU32,
}

impl Worth {
    pub(crate) const fn new() -> Self {
        Self {
            more: AtomicU32::new(OFTEN),
            every: AtomicU32::new(OFTEN),
            gone: AtomicU32::new(0),
            known: AtomicU32::new(0),
            looks: AtomicU32::new(0),
            asked: AtomicU32::new(0),
        }
    }

    /// Whether jobs should be let lie.
    #[inline]
    pub(crate) fn is_doubtful(&self) -> bool {
        load(&self.more) == 0
    }

    /// As after many that were taken.
    #[cfg(all(loom, test))]
    pub(crate) fn doubt(&self) {
        store(&self.more, 0);
    }

    /// One was taken while there was no doubt; `asked`: its owner had not offered it.
    #[inline]
    pub(crate) fn took(&self, asked: bool) {
        store(&self.more, load(&self.more).saturating_sub(1));
        self.note(asked);
    }

    /// One was taken, in doubt or not.
    #[inline]
    pub(crate) fn note(&self, asked: bool) {
        store(&self.asked, if asked { load(&self.asked).wrapping_add(1) } else { 0 });
    }

    /// Whether nothing was offered the last time: then its owner is busy with something else, and will not offer the next one either. But
    /// every so often there is time for an offer after all.
    pub(crate) fn had_to_ask(&self) -> bool {
        !load(&self.asked).is_multiple_of(PATIENT_EACH)
    }

    /// Lets a job lie. `lies`: whether its owner has left it afterwards.
    pub(crate) fn has_lain(&self, lies: impl FnOnce() -> bool) -> bool {
        pause();
        let lies = lies();
        if lies {
            let every = (load(&self.every) * 2).min(RARELY);
            store(&self.every, every);
            store(&self.more, every);
            store(&self.gone, 0);
            store(&self.known, 0);
        } else {
            let gone = load(&self.gone).wrapping_add(1);
            store(&self.gone, gone);
            store(&self.asked, 0);
            if gone == HABIT {
                store(&self.every, OFTEN);
            }
        }
        lies
    }

    /// After a look in vain: whether a job was spared since the last of those. The next one lies for a while before anybody looks at it.
    pub(crate) fn has_spared(&self) -> bool {
        let gone = load(&self.gone);
        let spared = gone != load(&self.known);
        if spared {
            store(&self.known, gone);
            pause();
        }
        spared
    }

    /// Counts a look in doubt. Whether it is time to ask for what nobody offers: after each job that was spared patience begins anew.
    pub(crate) fn asks(&self) -> bool {
        let looks = load(&self.looks).wrapping_add(1);
        store(&self.looks, looks);
        looks.is_multiple_of(ASKS)
    }
}

/// After the `gone`th in a row that was gone: the more there were, the longer nobody looks, unless it is `over`.
pub(crate) fn rest(gone: u32, over: impl Fn() -> bool) {
    for _ in 0..gone.min(LONGEST_REST) {
        if over() {
            return;
        }
        pause();
    }
}

/// A checker lets others run as long as it likes between two looks.
fn pause() {
    if MODEL {
        return;
    }
    let began = Instant::now();
    for _ in 0..PAUSES {
        if began.elapsed() >= LIES {
            break;
        }
        spin_loop();
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

    /// How many are taken until one is let lie.
    fn take_until_in_doubt(worth: &Worth) -> u32 {
        for taken in 0..=RARELY {
            if worth.is_doubtful() {
                return taken;
            }
            worth.took(false);
        }
        panic!("no doubt");
    }

    fn one_is_gone(worth: &Worth) {
        assert!(!worth.has_lain(|| false) && worth.has_spared() && !worth.has_spared() && worth.is_doubtful());
    }

    fn one_lies_there(worth: &Worth) {
        assert!(worth.has_lain(|| true) && !worth.has_spared() && !worth.is_doubtful());
    }

    #[test]
    fn as_long_as_they_are_gone_jobs_are_let_lie() {
        let worth = Worth::new();
        assert_eq!(take_until_in_doubt(&worth), OFTEN);
        (0..10).for_each(|_| one_is_gone(&worth));
        one_lies_there(&worth);
    }

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
            (0..gone).for_each(|_| one_is_gone(&worth));
            one_lies_there(&worth);
            assert_eq!(take_until_in_doubt(&worth), every);
        }
    }

    #[test]
    fn who_had_to_ask_asks_again_until_one_is_offered_or_spared() {
        let worth = Worth::new();
        assert!(!worth.had_to_ask());
        for took in [Worth::took, Worth::note] {
            let sooner = (0..2 * PATIENT_EACH).filter(|_| {
                took(&worth, true);
                worth.had_to_ask()
            });
            assert_eq!(sooner.count(), 2 * PATIENT_EACH as usize - 2);
            took(&worth, true);
            took(&worth, false);
            assert!(!worth.had_to_ask());
        }
        worth.took(true);
        assert!(worth.had_to_ask());
        worth.has_lain(|| false);
        assert!(!worth.had_to_ask());
    }

    #[test]
    fn whoever_spares_jobs_asks_for_others_now_and_then() {
        let worth = Worth::new();
        take_until_in_doubt(&worth);
        let asks = (0..3 * ASKS).filter(|_| {
            let asks = worth.asks();
            one_is_gone(&worth);
            asks
        });
        assert_eq!(asks.count(), 3);
    }

    #[test]
    fn a_helper_rests_for_longer_each_time_until_it_is_over() {
        for gone in 0..2 * LONGEST_REST {
            for over in 1..2 * LONGEST_REST {
                let looks = std::cell::Cell::new(0);
                rest(gone, || looks.replace(looks.get() + 1) + 1 == over);
                assert_eq!(looks.get(), gone.min(LONGEST_REST).min(over));
            }
        }
    }

    #[test]
    fn a_job_lies_for_a_moment() {
        let worth = Worth::new();
        let began = Instant::now();
        (0..1000).for_each(|_| assert!(worth.has_lain(|| true)));
        // A clock of longer steps may count less.
        assert!(began.elapsed() >= 100 * LIES);
    }
}
