//! How long a thread has found worth spinning for, before it sleeps.
//!
//! A sleep that ends soon was a mistake: spinning for as long would have cost less than the wake-up, which whoever had the work paid for,
//! and waited for. So after such a sleep a thread spins for longer, up to a bound; and after several in a row that were beyond
//! that bound it spins for the shortest time again. KVM's *halt polling* does the same for a processor that its guest leaves idle.
//!
//! A game's frame has both: gaps of some hundred microseconds while one thread works alone, and one of milliseconds until the next frame.
//! A long gap alone changes nothing, for after it the short ones come again.

// One thread's own, whatever checks the protocols: std's and not `sync.rs`'s.
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// So many gaps beyond the bound in a row, and a thread expects no short one any more.
const LONG_GAPS: u32 = 4;

/// Of a seat; its owner's alone.
pub(crate) struct Habit {
    /// Nanoseconds to spin for, if that is more than the least.
    spin: AtomicU32,
    /// Gaps beyond the bound since one that was worth spinning for.
    long_gaps: AtomicU32,
}

/// For how long a pool's threads spin, by their habits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SpinTime {
    pub(crate) least: Duration,
    /// At most four seconds, where it is more than the least.
    pub(crate) most: Duration,
}

impl Habit {
    pub(crate) const fn new() -> Self {
        Self { spin: AtomicU32::new(0), long_gaps: AtomicU32::new(0) }
    }

    pub(crate) fn spin(&self, time: SpinTime) -> Duration {
        Duration::from_nanos(self.spin.load(Ordering::Relaxed).into()).max(time.least)
    }

    /// Work came while the thread was spinning for longer than the least time.
    pub(crate) fn was_worth_it(&self) {
        self.long_gaps.store(0, Ordering::Relaxed);
    }

    /// The thread slept, and had been without work for so long when it was woken.
    pub(crate) fn slept(&self, gap: Duration, time: SpinTime) {
        if gap <= time.most {
            // A quarter more, for no two are alike.
            let spin = (gap + gap / 4).min(time.most).max(self.spin(time));
            self.spin.store(u32::try_from(spin.as_nanos()).unwrap_or(u32::MAX), Ordering::Relaxed);
            self.long_gaps.store(0, Ordering::Relaxed);
            return;
        }
        let long_gaps = self.long_gaps.load(Ordering::Relaxed) + 1;
        self.long_gaps.store(long_gaps, Ordering::Relaxed);
        if long_gaps >= LONG_GAPS {
            self.spin.store(0, Ordering::Relaxed);
            self.long_gaps.store(0, Ordering::Relaxed);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    const TIME: SpinTime = SpinTime { least: Duration::from_micros(50), most: Duration::from_micros(500) };

    fn micros(time: u64) -> Duration {
        Duration::from_micros(time)
    }

    #[test]
    fn a_thread_learns_the_gaps_of_a_frame() {
        let habit = Habit::new();
        assert_eq!(habit.spin(TIME), micros(50));
        habit.slept(micros(200), TIME);
        assert_eq!(habit.spin(TIME), micros(250));
        // No longer than the bound, and never back by a shorter gap.
        habit.slept(micros(450), TIME);
        habit.slept(micros(60), TIME);
        assert_eq!(habit.spin(TIME), micros(500));
    }

    #[test]
    fn long_gaps_between_short_ones_change_nothing() {
        let habit = Habit::new();
        habit.slept(micros(200), TIME);
        for _ in 0..3 * LONG_GAPS {
            habit.slept(micros(16_000), TIME);
            assert_eq!(habit.spin(TIME), micros(250));
            habit.was_worth_it();
        }
    }

    #[test]
    fn where_all_gaps_are_long_a_thread_sleeps_soon() {
        let habit = Habit::new();
        habit.slept(micros(200), TIME);
        for _ in 1..LONG_GAPS {
            habit.slept(micros(16_000), TIME);
            assert_eq!(habit.spin(TIME), micros(250));
        }
        habit.slept(micros(16_000), TIME);
        assert_eq!(habit.spin(TIME), micros(50));
    }

    #[test]
    fn a_time_that_was_asked_for_is_kept() {
        let time = SpinTime { least: micros(50), most: micros(50) };
        let habit = Habit::new();
        habit.slept(micros(51), time);
        habit.slept(micros(20), time);
        assert_eq!(habit.spin(time), micros(50));
    }
}
