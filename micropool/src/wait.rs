//! Waiting: help with what is waited for, then spin, then sleep. Steps S of the protocol in `sleep/README.md`.

use crate::broadcast;
use crate::seat::Seat;
use crate::segment::Target;
use crate::sleep::{Mode, NOWHERE};
use crate::spin::Spin;
use crate::steal::{self, Look, Private};
use crate::sync::{edge, heavy_fence, yield_now};

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
            spin.worked();
            return;
        }
        if what.help(me) {
            spin.worked();
            continue;
        }
        if let Look::Found(claimed) = steal::take_descendant(me, what.target(), spin.private()) {
            claimed.run(me);
            spin.worked();
            continue;
        }
        if broadcast::read_mail(me, Some(what.target())) {
            spin.worked();
            continue;
        }
        if !spin.once(yield_now) {
            sleep(me, what, &mut spin);
        }
    }
}

#[cold]
fn sleep(me: &Seat, what: &impl Awaited, spin: &mut Spin<'_>) {
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
    // A look only: what a letter does may wait, and sleep, itself.
    let found = if !marked || what.done() || what.can_help() || broadcast::has_mail_below(me, what.target()) {
        Look::Changed
    } else {
        steal::take_descendant(me, what.target(), Private::Ask)
    };
    match found {
        Look::Nothing => {
            edge("S4");
            me.sleeper.block();
            spin.slept();
        }
        Look::Changed => {
            me.sleeper.retract(sleepers, Mode::Strict);
            spin.again();
            // Whoever is in the middle of changing something should get to run.
            yield_now();
        }
        Look::Found(claimed) => {
            me.sleeper.retract(sleepers, Mode::Strict);
            what.unmark();
            claimed.run(me);
            spin.worked();
            return;
        }
    }
    what.unmark();
}
