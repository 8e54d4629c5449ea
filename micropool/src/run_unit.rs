//! Running units to their end: claim, segment, closure, and what comes after.

use crate::ancestry;
use crate::background::{self, Background};
use crate::current;
use crate::panic::{catch, drop_quietly};
use crate::seat::Seat;
use crate::segment::{Origin, Segment, SlotId, Target};
use crate::shared::Shared;
use crate::steal;
use crate::sync::{Ordering, edge, fence};
use crate::unit::{Header, Unit};
use crate::wait::{Awaited, wait};
use crate::wake;
use crate::word::Tier;
use std::sync::Arc;
use std::task::Waker;

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
    // R1 to R4 of the protocol in `task_end.rs`.
    let promoted = || header.is_promoted() || slot.is_none() && me.pool().background.awaits(header.made());
    let tier = if promoted() { Tier::Foreground } else { tier };
    edge("R1");
    let segment = me.open_segment(Origin { slot, unit: header.address() }, tier);
    if tier == Tier::Background {
        // Ordering: with M2, and for an item with the fence of who promotes its scope: he finds our segment, or we what he has said.
        fence(Ordering::SeqCst);
        let scope = slot.map_or(tier, |slot| me.pool().seat(slot.seat).tier_at(slot.position));
        edge("R3");
        segment.inherit(if promoted() { Tier::Foreground } else { scope });
    }
    let inside = current::in_task();
    // SAFETY: the caller has claimed it, and runs it here only.
    let panicked = unsafe { unit.run() };
    drop(inside);
    drop(segment);
    edge("a task run, not ended");
    let left = settle(unit, true, belongs);
    if panicked && matches!(belongs, Belongs::Pool) {
        crate::task::report_unseen(unit);
    }
    run_left(left);
    panicked
}

/// Drops a cancelled unit's closure and settles what comes after it.
#[allow(unsafe_code)]
pub(crate) fn discard_cancelled(unit: &Arc<dyn Unit>, belongs: Belongs) {
    // SAFETY: the caller's `cancel` won, and it discards here only.
    unsafe { unit.discard() };
    run_left(settle(unit, false, belongs));
}

/// What can start now, and nobody but this thread will run.
enum Left {
    Task(Arc<dyn Unit>),
    /// The workers have gone.
    Queue(Arc<Shared>),
}

/// Runs it: it is the user's code, and may wait for anything that the end of a unit sets free, so it comes after all that.
fn run_left(left: impl IntoIterator<Item = Left>) {
    for left in left {
        match left {
            Left::Task(task) => run_in_turn(task),
            Left::Queue(pool) => drain_here(&pool),
        }
    }
}

/// A unit is over: wakes who waits, queues or cancels what comes after. Without recursion, however long the chain. What is the user's code
/// comes last: wakers, the closures of what was cancelled, and what the caller runs.
#[allow(unsafe_code)]
#[must_use]
fn settle(unit: &Arc<dyn Unit>, ran: bool, belongs: Belongs) -> Vec<Left> {
    let mut after = After::default();
    after.settle(unit, ran, belongs);
    let mut next = 0;
    while let Some(cancelled) = after.cancelled.get(next).cloned() {
        after.settle(&cancelled, false, belongs);
        next += 1;
    }
    for waker in after.wakers {
        // An executor's code.
        if let Err(payload) = catch(move || waker.wake()) {
            drop_quietly(payload);
        }
    }
    for cancelled in after.cancelled {
        // SAFETY: the `cancel` of `After::settle` won.
        unsafe { cancelled.discard() };
    }
    after.left
}

/// What is to be done when all that others wait for is.
#[derive(Default)]
struct After {
    cancelled: Vec<Arc<dyn Unit>>,
    wakers: Vec<Waker>,
    left: Vec<Left>,
}

impl After {
    fn settle(&mut self, unit: &Arc<dyn Unit>, ran: bool, belongs: Belongs) {
        let header = unit.header();
        let pool = &*header.pool;
        let mut ended = header.end(ran);
        edge("D0 of a task");
        wake::unit_changed(pool, header.address());
        if let Belongs::Pool = belongs
            && pool.background.task_ended(header.epoch(), pool.is_closing())
        {
            wake::unit_changed(pool, pool.background.idle_unit());
            if pool.is_closing() {
                wake::everybody(pool);
            }
        }
        // Who waits for one of those for the sake of this one has no more reason to.
        for predecessor in ended.predecessors {
            wake::unit_changed(&predecessor.header().pool, predecessor.header().address());
        }
        for successor in ended.successors {
            if header.is_cancelled() {
                // Dependants of a cancelled task are cancelled.
                if successor.header().cancel() {
                    self.cancelled.push(successor);
                }
            } else if successor.header().predecessor_over() {
                tell_those_who_wait(successor.header());
                let pool = successor.header().pool.clone();
                self.left.extend(enqueue(&pool, successor));
            }
        }
        self.wakers.append(&mut ended.wakers);
    }
}

/// Whoever waits for a task that can start now can start it, and need not wait for a free worker.
fn tell_those_who_wait(task: &Header) {
    if !task.is_awaited() {
        return wake::unit_changed(&task.pool, task.address());
    }
    // One that waits for what comes after it sleeps for something else.
    wake::unit_waiters(&task.pool);
    for pool in task.take_waiting_pools() {
        wake::unit_waiters(&pool);
    }
}

/// A task that can start now goes to its pool's queue, or, where nobody empties queues, runs here.
pub(crate) fn queue(pool: &Arc<Shared>, task: Arc<dyn Unit>) {
    run_left(enqueue(pool, task));
}

/// As [`queue`], but for what runs here.
#[must_use]
fn enqueue(pool: &Arc<Shared>, task: Arc<dyn Unit>) -> Option<Left> {
    if task.header().is_promoted() {
        queue_promoted(&task);
    }
    if !pool.config.has_background() || pool.is_deserted() {
        return Some(Left::Task(task));
    }
    let made = task.header().made();
    let awaited = pool.background.awaits(made);
    if awaited {
        // Q1 of the protocol in `background.rs`.
        pool.background.push_so_far(task.clone());
        so_far_queued(pool);
    }
    // Q2, Q3: the fence is in `task_queued`.
    pool.background.push(task);
    wake::task_queued(pool);
    if !awaited && pool.background.awaits(made) {
        sort_out_so_far(pool);
    }
    // The workers may have left between the look and the push.
    pool.is_deserted().then(|| Left::Queue(pool.clone()))
}

fn run_in_turn(task: Arc<dyn Unit>) {
    current::run_in_turn(task, |task| {
        start_here(task);
    });
}

/// A task that can start now, and is foreground, may run on any worker (Q in `task_end.rs`).
pub(crate) fn queue_promoted(task: &Arc<dyn Unit>) {
    let pool = &*task.header().pool;
    if pool.config.num_threads == 0 {
        return;
    }
    pool.background.push_promoted(task.clone());
    wake::task_promoted(pool);
    // Shells that nobody picks up would keep their pool, and it them. The workers may have left before or after the push.
    if pool.is_deserted() {
        pool.background.forget_promoted();
    }
}

/// Tasks that a `wait_idle` waits for can be started: it may do that itself, and so may any worker.
fn so_far_queued(pool: &Shared) {
    wake::task_promoted(pool);
    wake::unit_changed(pool, pool.background.idle_unit());
}

/// Q3 of the protocol in `background.rs`.
fn sort_out_so_far(pool: &Shared) {
    if pool.background.sort_out_so_far() {
        so_far_queued(pool);
        // Somebody may have looked while a task was out of the queue.
        wake::task_queued(pool);
    }
}

/// Waits until every task so far is over. In the foreground all of those are foreground from now on.
pub(crate) fn wait_for_all(me: &Seat) {
    let background = &me.pool().background;
    let since = background.since();
    let over = || background.all_over(since);
    let name = background.idle_unit();
    if me.tier() == Tier::Background {
        let idle = UnitName { over, name, help: help_one, can_help: || can_help_one(me) };
        return background.waiting(|| wait(me, &idle));
    }
    let tell = |me: &Seat| {
        if background.has_awaited() {
            so_far_queued(me.pool());
        }
    };
    let help = |me: &Seat| {
        if background.await_more() {
            tell(me);
        }
        let task = next_awaited(me.pool());
        if let Some(task) = &task {
            run_claimed(me, task, Tier::Foreground, Belongs::Pool);
        }
        task.is_some()
    };
    let idle = UnitName { over, name, help, can_help: || background.has_awaited() || background.must_await_more() };
    let begun = || {
        promote_running(me);
        tell(me);
    };
    background.waiting_in_foreground(begun, || wait(me, &idle));
    // What is left are tasks that were started from the other queue, unless somebody else waits for later ones.
    while let Some(task) = background.pop_so_far() {
        if task.header().is_queued() {
            background.push_so_far(task);
            so_far_queued(me.pool());
            break;
        }
    }
}

/// I3: what all tasks that run now make is foreground. (So is what a task of another pool makes here: it can't be told from them.)
fn promote_running(me: &Seat) {
    for seat in me.pool().seats() {
        let records = (0..seat.segments()).filter_map(|depth| seat.segment(depth));
        for origin in records.map(Segment::origin).filter(Origin::is_task) {
            steal::promote_descendants(me, Target::Unit(origin.unit));
        }
    }
    wake::promoted(me);
}

/// Runs what is queued on this thread, one after another.
pub(crate) fn drain_here(pool: &Shared) {
    while let Some(task) = pool.background.pop() {
        run_in_turn(task);
    }
    pool.background.forget_promoted();
}

/// Runs a queued task on this thread, if nobody has started it; whether it did.
pub(crate) fn start_here(task: &Arc<dyn Unit>) -> bool {
    if !task.header().claim() {
        return false;
    }
    let pool = task.header().pool.clone();
    current::with_seat_in(&pool, |me| {
        run_claimed(me, task, me.tier(), Belongs::Pool);
    });
    true
}

/// The next task of the queue that nobody has started, claimed.
pub(crate) fn next_queued(background: &Background) -> Option<Arc<dyn Unit>> {
    // A task that was joined or cancelled meanwhile is only its shell.
    std::iter::from_fn(|| background.pop()).find(|task| task.header().claim())
}

/// The next task that a foreground thread waits for, claimed.
pub(crate) fn next_promoted(pool: &Shared) -> Option<Arc<dyn Unit>> {
    let promoted = std::iter::from_fn(|| pool.background.pop_promoted()).find(|task| task.header().claim());
    promoted.or_else(|| next_awaited(pool))
}

/// The next task that a `wait_idle` in the foreground waits for, claimed.
pub(crate) fn next_awaited(pool: &Shared) -> Option<Arc<dyn Unit>> {
    loop {
        match pool.background.pop_awaited()? {
            background::Awaited::Task(task) if task.header().claim() => return Some(task),
            background::Awaited::Task(_) => {}
            background::Awaited::Later { task, look } => {
                pool.background.end_look(task, look);
                // Somebody may have looked while the task was out of the queue.
                wake::task_queued(pool);
                return None;
            }
        }
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

/// Something that has a name to sleep for, an end, and work that brings the end nearer.
pub(crate) struct UnitName<D, H, C> {
    pub(crate) over: D,
    pub(crate) name: usize,
    pub(crate) help: H,
    pub(crate) can_help: C,
}

impl<D: Fn() -> bool, H: Fn(&Seat) -> bool, C: Fn() -> bool> Awaited for UnitName<D, H, C> {
    fn done(&self) -> bool {
        (self.over)()
    }
    fn target(&self) -> Target {
        Target::Unit(self.name)
    }
    fn help(&self, me: &Seat) -> bool {
        (self.help)(me)
    }
    fn can_help(&self) -> bool {
        (self.can_help)()
    }
}

/// Whether [`help_one`] would find one, and may run it.
pub(crate) fn can_help_one(me: &Seat) -> bool {
    let background = &me.pool().background;
    !background.is_empty() && (!me.is_worker() || background.holds_place() || background.has_room())
}

/// Runs one queued task on top of what this thread does, in the background tier; whether it did. The cap holds for workers that
/// help as for those that find the task by themselves.
pub(crate) fn help_one(me: &Seat) -> bool {
    let background = &me.pool().background;
    let own_place = if me.is_worker() && !background.holds_place() {
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
        // Ordering: with P4. A push that saw no room is seen by the looks that follow.
        fence(Ordering::SeqCst);
        wake::pass_on(me, true);
    }
    task.is_some()
}

/// Panics if the unit can't end before what this thread is in the middle of does: waiting for it would never end.
pub(crate) fn refuse_own_end(header: &Header, what: &str) {
    let address = header.address();
    if current::any_seat(|seat| ancestry::stands_on(seat, |origin| origin.unit == address)) {
        panic!(
            "micropool: {what} was joined from inside itself (or from work it made, or that runs on top of it), so it could never end; join it from outside, or let the inner work finish first"
        );
    }
}
