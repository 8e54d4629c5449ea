//! Waiting: help with what is waited for, then spin, then sleep. Steps S of the protocol in `sleep/README.md`.

use crate::broadcast;
use crate::seat::Seat;
use crate::segment::Target;
use crate::sleep::{Mode, NOWHERE};
use crate::steal::{self, Look, Private};
use crate::sync::{MODEL, edge, heavy_fence, spin_loop, yield_now};
use std::time::{Duration, Instant};

/// What a thread can wait for.
pub(crate) trait Awaited {
    fn done(&self) -> bool;

    /// What may be taken meanwhile.
    fn target(&self) -> Target;

    /// Runs a piece of it on this thread, if there is one that this thread may start directly.
    fn help(&self, _me: &Seat) -> bool {
        false
    }

    /// Whether `help` would find something: the last look before sleeping.
    fn can_help(&self) -> bool {
        false
    }

    /// S2: whoever ends it must wake us. `false`: it has ended.
    fn mark(&self) -> bool {
        !self.done()
    }

    /// We don't sleep after all.
    fn unmark(&self) {}
}

/// Returns when it is done.
pub(crate) fn wait(me: &Seat, what: &impl Awaited) {
    let mut spin = Spin::new(me);
    loop {
        if what.done() {
            return;
        }
        if what.help(me) {
            spin = Spin::new(me);
            continue;
        }
        if let Look::Found(claimed) = steal::take_descendant(me, what.target(), spin.private()) {
            claimed.run(me);
            spin = Spin::new(me);
            continue;
        }
        if broadcast::read_mail(me, Some(what.target())) {
            spin = Spin::new(me);
            continue;
        }
        if !spin.once() {
            sleep(me, what);
            spin = Spin::new(me);
        }
    }
}

#[cold]
fn sleep(me: &Seat, what: &impl Awaited) {
    let sleepers = &me.pool().sleepers;
    let (position, unit) = match what.target() {
        Target::Slot(slot) => (slot.position, 0),
        Target::Unit(unit) => (NOWHERE, unit),
    };
    me.sleeper.announce_strict(sleepers, position, unit);
    edge("S1");
    let marked = what.mark();
    edge("S2");
    heavy_fence();
    edge("S3");
    let found = if !marked || what.done() || what.can_help() || broadcast::read_mail(me, Some(what.target())) {
        Look::Changed
    } else {
        steal::take_descendant(me, what.target(), Private::Ask)
    };
    match found {
        Look::Nothing => {
            edge("S4");
            me.sleeper.block();
        }
        Look::Changed => {
            me.sleeper.retract(sleepers, Mode::Strict);
            // Whoever is in the middle of changing something should get to run.
            yield_now();
        }
        Look::Found(claimed) => {
            me.sleeper.retract(sleepers, Mode::Strict);
            what.unmark();
            claimed.run(me);
            return;
        }
    }
    what.unmark();
}

/// Spinning by time: a pause takes 5 ns on one machine and 25 on another.
pub(crate) struct Spin {
    limit: Duration,
    crowded: bool,
    rounds: u32,
    began: Option<Instant>,
}

/// Rounds between two looks at the clock, a power of two.
const ROUNDS: u32 = 32;

/// For so many rounds nobody is asked for what he may offer by himself: about as long as the asking takes. Before the clock is looked at,
/// so that there is a round with an ask before any sleep.
const PATIENCE: u32 = ROUNDS;

impl Spin {
    pub(crate) fn new(me: &Seat) -> Self {
        let config = &me.pool().config;
        Self { limit: config.spin, crowded: config.crowded, rounds: 0, began: None }
    }

    /// Whether it is time to ask for what nobody offers.
    pub(crate) fn private(&self) -> Private {
        if MODEL || self.limit.is_zero() || self.rounds >= PATIENCE { Private::Ask } else { Private::Leave }
    }

    /// A moment's pause. `false`: the time is over.
    pub(crate) fn once(&mut self) -> bool {
        if MODEL || self.limit.is_zero() {
            return false;
        }
        spin_loop();
        self.rounds = self.rounds.wrapping_add(1);
        if !self.rounds.is_multiple_of(ROUNDS) {
            return true;
        }
        let now = Instant::now();
        let began = *self.began.get_or_insert(now);
        if self.crowded {
            yield_now();
        }
        // A clock that stood still or jumped back counts as no time; one that jumped forward ends the spin early.
        now.saturating_duration_since(began) < self.limit
    }
}
