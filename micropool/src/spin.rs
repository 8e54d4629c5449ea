//! Spinning by time, for as long as its thread is in the habit of.

use crate::seat::Seat;
use crate::steal::Private;
use crate::sync::{MODEL, spin_loop};
use std::time::Instant;

/// One thread without work: since it looked for some, or waited, in vain for the first time. By time and not by rounds, for a pause takes
/// 5 ns on one machine and 25 on another.
pub(crate) struct Spin<'a> {
    me: &'a Seat,
    rounds: u32,
    began: Option<Instant>,
    /// Whether it has spun for longer than the least time.
    long: bool,
}

/// Rounds between two looks at the clock, a power of two.
const ROUNDS: u32 = 32;

/// For so many rounds nobody is asked for what he may offer by himself: about as long as the asking takes. Before the clock is looked at,
/// so that there is a round with an ask before any sleep.
const PATIENCE: u32 = ROUNDS;

/// And for so many where the last one had to be asked for: enough to see that the next isn't offered. With each
/// round goes a look at all that lies there, for each half of a deep nesting (`tests/counts.rs`).
const AFTER_AN_ASK: u32 = 4;

impl<'a> Spin<'a> {
    pub(crate) fn new(me: &'a Seat) -> Self {
        Self { me, rounds: 0, began: None, long: false }
    }

    /// There was work, or what was waited for is there: the next time without begins anew.
    #[inline]
    pub(crate) fn worked(&mut self) {
        if self.long {
            self.me.habit.was_worth_it();
        }
        self.again();
    }

    /// There is something to look for after all, or there was and its owner is done with it.
    pub(crate) fn again(&mut self) {
        *self = Self::new(self.me);
    }

    /// The thread slept after this, and has just been woken.
    pub(crate) fn slept(&mut self) {
        let time = self.me.pool().config.spin;
        if let (Some(began), true) = (self.began, time.least < time.most) {
            self.me.habit.slept(began.elapsed(), time);
        }
        self.again();
    }

    fn is_off(&self) -> bool {
        MODEL || self.me.pool().config.spin.least.is_zero()
    }

    /// Whether it is time to ask for what nobody offers.
    pub(crate) fn private(&self) -> Private {
        let patience = if self.me.worth.had_to_ask() { AFTER_AN_ASK } else { PATIENCE };
        if self.is_off() || self.rounds >= patience { Private::Ask } else { Private::Leave }
    }

    /// A moment's pause. `false`: the time is over. `give_way`: lets others have the processor.
    pub(crate) fn once(&mut self, give_way: impl FnOnce()) -> bool {
        if self.is_off() {
            return false;
        }
        spin_loop();
        self.rounds = self.rounds.wrapping_add(1);
        if !self.rounds.is_multiple_of(ROUNDS) {
            return true;
        }
        let config = &self.me.pool().config;
        let now = Instant::now();
        let began = *self.began.get_or_insert(now);
        // Beyond the least time a thread spins by guess, and gives way: if somebody wanted the processor, the time is over afterwards.
        if config.crowded || self.long {
            give_way();
        }
        // A clock that stood still or jumped back counts as no time; one that jumped forward ends the spin early.
        let time = now.saturating_duration_since(began);
        self.long = time >= config.spin.least;
        !self.long || time < self.me.habit.spin(config.spin)
    }
}
