//! Running units to their end: claim, segment, closure, and what comes after.

use crate::background::Background;
use crate::seat::Seat;
use crate::segment::{Origin, SlotId, Target};
use crate::shared::Shared;
use crate::sync::edge;
use crate::unit::{Header, Unit};
use crate::wait::Awaited;
use crate::wake;
use crate::word::Tier;
use std::sync::Arc;

/// What a unit is to the pool besides its own end.
#[derive(Clone, Copy)]
pub(crate) enum Belongs {
    /// A background task, counted by the pool.
    Pool,
    /// An item of the scope that this slot stands for.
    Scope(SlotId),
}

/// Runs a claimed unit on this thread; whether it panicked.
#[allow(unsafe_code)]
pub(crate) fn run_claimed(me: &Seat, unit: &Arc<dyn Unit>, tier: Tier, belongs: Belongs) -> bool {
    let header = unit.header();
    header.forget_predecessors();
    edge("a task claimed, no segment");
    let slot = match belongs {
        Belongs::Pool => None,
        Belongs::Scope(slot) => Some(slot),
    };
    let segment = me.open_segment(Origin { slot, unit: header.address() }, tier);
    // SAFETY: the caller has claimed it, and runs it here only.
    let panicked = unsafe { unit.run() };
    drop(segment);
    edge("a task run, not ended");
    settle(unit, true, belongs);
    if panicked && matches!(belongs, Belongs::Pool) {
        crate::task::report_unseen(unit);
    }
    panicked
}

/// Drops a cancelled unit's closure and settles what comes after it.
#[allow(unsafe_code)]
pub(crate) fn discard_cancelled(unit: &Arc<dyn Unit>, belongs: Belongs) {
    // SAFETY: the caller's `cancel` won, and it discards here only.
    unsafe { unit.discard() };
    settle(unit, false, belongs);
}

/// A unit is over: wakes who waits, queues or cancels what comes after. Without recursion, however long the chain.
#[allow(unsafe_code)]
fn settle(unit: &Arc<dyn Unit>, ran: bool, belongs: Belongs) {
    let mut over = vec_of(unit, ran);
    while let Some((unit, ran)) = over.next() {
        let header = unit.header();
        let pool = &*header.pool;
        for successor in header.end(ran) {
            if header.is_cancelled() {
                // Dependants of a cancelled task are cancelled.
                if successor.header().cancel() {
                    // SAFETY: our `cancel` won.
                    unsafe { successor.discard() };
                    over.push(successor, false);
                }
            } else if successor.header().predecessor_over() {
                // Whoever sleeps for it can start it now, and need not wait for a free worker.
                wake::unit_changed(&successor.header().pool, successor.header().address());
                queue(successor);
            }
        }
        wake::unit_changed(pool, header.address());
        if let Belongs::Pool = belongs
            && pool.background.task_ended(header.epoch())
        {
            wake::unit_changed(pool, idle_unit(pool));
            if pool.is_closing() {
                wake::everybody(pool);
            }
        }
    }
}

/// A work list that allocates only from its second entry on.
struct WorkList {
    first: Option<(Arc<dyn Unit>, bool)>,
    rest: Vec<(Arc<dyn Unit>, bool)>,
}

fn vec_of(unit: &Arc<dyn Unit>, ran: bool) -> WorkList {
    WorkList { first: Some((unit.clone(), ran)), rest: Vec::new() }
}

impl WorkList {
    fn next(&mut self) -> Option<(Arc<dyn Unit>, bool)> {
        self.first.take().or_else(|| self.rest.pop())
    }
    fn push(&mut self, unit: Arc<dyn Unit>, ran: bool) {
        self.rest.push((unit, ran));
    }
}

/// A task that can start now goes to its pool's queue, or, where nobody empties queues, runs here.
pub(crate) fn queue(task: Arc<dyn Unit>) {
    let pool = task.header().pool.clone();
    if pool.config.has_background() && !pool.is_deserted() {
        pool.background.push(task);
        wake::task_queued(&pool);
        // The workers may have left between the look and the push.
        if pool.is_deserted() {
            drain_here(&pool);
        }
    } else {
        pool.background.push(task);
        drain_here(&pool);
    }
}

/// Runs what is queued on this thread, one after another: a task that makes another ready must not run it on top.
pub(crate) fn drain_here(pool: &Arc<Shared>) {
    crate::current::draining(|| {
        while let Some(task) = pool.background.pop() {
            start_here(&task);
        }
    });
}

/// Runs a queued task on this thread, if nobody has started it; whether it did.
pub(crate) fn start_here(task: &Arc<dyn Unit>) -> bool {
    if !task.header().claim() {
        return false;
    }
    let pool = task.header().pool.clone();
    crate::current::with_seat_in(&pool, |me| {
        run_claimed(me, task, me.tier(), Belongs::Pool);
    });
    true
}

/// The next task of the queue that nobody has started, claimed.
pub(crate) fn next_queued(background: &Background) -> Option<Arc<dyn Unit>> {
    // A task that was joined or cancelled meanwhile is only its shell.
    std::iter::from_fn(|| background.pop()).find(|task| task.header().claim())
}

/// The unit that `wait_idle` sleeps for.
pub(crate) fn idle_unit(pool: &Shared) -> usize {
    std::ptr::from_ref(&pool.background).addr()
}

/// The end of a task, wherever it runs: here, if it becomes ready while this thread waits.
pub(crate) struct TaskEnd<'a>(pub(crate) &'a Arc<dyn Unit>);

impl Awaited for TaskEnd<'_> {
    fn done(&self) -> bool {
        self.0.header().is_over()
    }
    fn target(&self) -> Target {
        Target::Unit(self.0.header().address())
    }
    fn help(&self, me: &Seat) -> bool {
        let claimed = self.0.header().claim();
        if claimed {
            run_claimed(me, self.0, me.tier(), Belongs::Pool);
        }
        claimed
    }
    fn can_help(&self) -> bool {
        self.0.header().is_queued()
    }
}

/// A unit that runs elsewhere.
pub(crate) struct UnitEnd<'a>(pub(crate) &'a Header);

impl Awaited for UnitEnd<'_> {
    fn done(&self) -> bool {
        self.0.is_over()
    }
    fn target(&self) -> Target {
        Target::Unit(self.0.address())
    }
}

/// Whether a unit that this thread runs under is a task (and not an item of a scope): those have no slot above them.
pub(crate) fn is_task(seat: &Seat, unit: usize) -> bool {
    let pool = seat.pool();
    let (mut seat, mut position) = (seat, seat.top());
    while let Some(origin) = seat.origin_at(position) {
        if origin.unit == unit {
            return origin.slot.is_none();
        }
        let Some(slot) = origin.slot else { break };
        (seat, position) = (pool.seat(slot.seat), slot.position);
    }
    false
}

/// Something that has a name to sleep for, an end, and work that brings the end nearer.
pub(crate) struct UnitName<D, H> {
    pub(crate) over: D,
    pub(crate) name: usize,
    pub(crate) help: H,
}

impl<D: Fn() -> bool, H: Fn(&Seat) -> bool> Awaited for UnitName<D, H> {
    fn done(&self) -> bool {
        (self.over)()
    }
    fn target(&self) -> Target {
        Target::Unit(self.name)
    }
    fn help(&self, me: &Seat) -> bool {
        (self.help)(me)
    }
}

/// Runs one queued task on top of what this thread does, in the background tier; whether it did. The cap holds for workers that
/// help as for those that find the task by themselves.
pub(crate) fn help_one(me: &Seat) -> bool {
    let background = &me.pool().background;
    let own_place = if me.is_worker() && !Background::holds_place() {
        let Some(place) = background.take_place() else { return false };
        Some(place)
    } else {
        None
    };
    let task = next_queued(background);
    if let Some(task) = &task {
        run_claimed(me, task, Tier::Background, Belongs::Pool);
    }
    if let Some(place) = own_place {
        drop(place);
        // Meanwhile others may have gone to sleep because there was no room, and this thread goes on with something else.
        wake::pass_on(me, true);
    }
    task.is_some()
}

/// The units that what this position is part of descends from, innermost first; until `f` says stop.
pub(crate) fn any_ancestor_unit(me: &Seat, mut f: impl FnMut(usize) -> bool) -> bool {
    let pool = me.pool();
    let (mut seat, mut position) = (me, me.top());
    while let Some(origin) = seat.origin_at(position) {
        if origin.unit != 0 && f(origin.unit) {
            return true;
        }
        let Some(slot) = origin.slot else { break };
        (seat, position) = (pool.seat(slot.seat), slot.position);
    }
    false
}

/// Panics if this thread is running something that descends from the unit: waiting for it would never end.
pub(crate) fn refuse_own_end(header: &Header, what: &str) {
    let address = header.address();
    if crate::current::any_seat(|seat| any_ancestor_unit(seat, |unit| unit == address)) {
        panic!(
            "micropool: {what} was joined from inside itself (or from work it made), so it could never end; join it from outside, or let the inner work finish first"
        );
    }
}
