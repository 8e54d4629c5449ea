//! Which pool, and which seat of it, the calling thread is in.
//!
//! `CURRENT` is one pointer: the seat of the innermost `install`, of the worker's pool, or of the global pool once this
//! thread has used it. It is null only on a thread that has none yet, and in thread-local destructors after ours:
//! there everything runs on the calling thread.
//!
//! A thread has one seat in a pool, however its calls nest across pools. What descends from a task descends from it in other
//! pools too: a call into another pool opens a segment there that says so.

use crate::ancestry;
use crate::global;
use crate::seat::{OpenSegment, Seat};
use crate::segment::Origin;
use crate::shared::Shared;
use crate::sync::{MODEL, local, local_cells};
use crate::unit::Unit;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::ptr;
use std::sync::Arc;

local_cells! {
    CURRENT: *const Seat = ptr::null();
    /// The innermost call that has changed `CURRENT`: with those around it, all that this thread is inside of.
    INSIDE: *const Outer = ptr::null();
    /// The seat of `SEATS` that was asked for last: found without a look at those. Null again before it is given back.
    LAST: *const Seat = ptr::null();
    /// The loop of [`run_in_turn`] that this thread is in, between two of its tasks.
    TURNS: *const Turns = ptr::null();
}
local! {
    static SEATS: Seats = Seats(RefCell::new(Vec::new()));
}

/// The seats that this thread holds as an outsider, one a pool; given back when it ends.
struct Seats(RefCell<Vec<HeldSeat>>);

struct HeldSeat {
    pool: Arc<Shared>,
    seat: *const Seat,
}

impl Drop for Seats {
    fn drop(&mut self) {
        if MODEL && std::thread::panicking() {
            // A model has failed, and its objects are gone with it.
            std::mem::forget(std::mem::take(self.0.get_mut()));
            return;
        }
        // From here on `CURRENT` is null and `SEATS` is gone: see `with_seat_in`.
        CURRENT.set(ptr::null());
        for held in self.0.get_mut().drain(..) {
            held.give_back();
        }
    }
}

impl Seats {
    fn seat_in(&self, pool: &Arc<Shared>) -> Option<*const Seat> {
        self.0.borrow().iter().find(|held| Arc::ptr_eq(&held.pool, pool)).map(|held| held.seat)
    }
}

impl HeldSeat {
    /// Whether no call of this thread is inside the pool now: else the seat must stay.
    fn is_unused(&self) -> bool {
        !any_seat(|seat| ptr::eq(seat, self.seat))
    }

    #[allow(unsafe_code)]
    fn give_back(self) {
        // It may be the one that was asked for last.
        LAST.set(ptr::null());
        // SAFETY: `pool` owns the seat and is alive.
        let seat = unsafe { &*self.seat };
        self.pool.give_back(seat);
    }
}

/// The current seat, or `None` where there is no pool to be had (thread-local destructors at a thread's end).
///
/// The lifetime is the caller's to keep within its call: nothing frees a current seat while a call runs, because
/// a worker keeps its pool, `install` counts its use, and the global pool stays.
#[inline]
#[allow(unsafe_code)]
pub(crate) fn seat<'a>() -> Option<&'a Seat> {
    let seat = CURRENT.get();
    if seat.is_null() {
        return first_seat();
    }
    // SAFETY: see above; `CURRENT` is reset before a seat is given back.
    Some(unsafe { &*seat })
}

#[cold]
#[inline(never)]
#[allow(unsafe_code)]
fn first_seat<'a>() -> Option<&'a Seat> {
    let pool = global::shared();
    let seat = held_seat(pool)?;
    CURRENT.set(seat);
    // SAFETY: the global pool and so its seats stay for as long as the process.
    Some(unsafe { &*seat })
}

/// This thread's seat in a pool, taken if it has none. `None` once the thread's own destructors have run.
fn held_seat(pool: &Arc<Shared>) -> Option<*const Seat> {
    let seat = SEATS.try_with(|seats| seats.seat_in(pool)).ok()?.or_else(|| hold_seat(pool))?;
    LAST.set(seat);
    Some(seat)
}

/// This thread's seat in a pool, if that is the one that was asked for last.
#[inline]
#[allow(unsafe_code)]
fn last_seat<'a>(pool: &'a Arc<Shared>) -> Option<&'a Seat> {
    // SAFETY: this thread holds it, and so its pool: `HeldSeat::give_back`.
    let seat: &'a Seat = unsafe { LAST.get().as_ref() }?;
    ptr::eq(seat.pool, Arc::as_ptr(pool)).then_some(seat)
}

/// This thread's first seat in a pool.
#[cold]
#[inline(never)]
fn hold_seat(pool: &Arc<Shared>) -> Option<*const Seat> {
    // Seats in pools that are gone would keep their memory.
    let gone = SEATS.try_with(|seats| {
        let mut seats = seats.0.borrow_mut();
        let mut gone = Vec::new();
        while let Some(k) = seats.iter().position(|held| held.pool.is_closing() && held.is_unused()) {
            gone.push(seats.swap_remove(k));
        }
        gone
    });
    // Not under the borrow: with the last of a pool its handlers go, and what those own is the user's. And first of all: none of his code
    // may give back the seat that is taken now, or take another one in this pool afterwards.
    gone.ok()?.into_iter().for_each(HeldSeat::give_back);
    let hold = |seats: &Seats| {
        seats.seat_in(pool).unwrap_or_else(|| {
            let seat: *const Seat = pool.take_seat();
            seats.0.borrow_mut().push(HeldSeat { pool: pool.clone(), seat });
            seat
        })
    };
    SEATS.try_with(hold).ok()
}

/// A pool has been dropped by this thread: its seat need not be kept until the next pool is used.
pub(crate) fn forget_pool(pool: &Arc<Shared>) {
    let _ = SEATS.try_with(|seats| {
        let mut seats = seats.0.borrow_mut();
        if let Some(k) = seats.iter().position(|held| Arc::ptr_eq(&held.pool, pool) && held.is_unused()) {
            seats.swap_remove(k).give_back();
        }
    });
}

/// Makes `pool` the current one while `f` runs, and gives it this thread's seat there (`None` in late destructors).
pub(crate) fn with_pool<R>(pool: &Arc<Shared>, f: impl FnOnce(Option<&Seat>) -> R) -> R {
    if let Some(seat) = here()
        && ptr::eq(seat.pool, Arc::as_ptr(pool))
    {
        return f(Some(seat));
    }
    let outer = Outer::here();
    match outer.enter_pool(pool) {
        Some(inside) => f(Some(inside.seat)),
        None => f(None),
    }
}

/// The seat that a call around this one has in the pool: a worker's own, if it is back from another pool.
fn seat_around(pool: &Arc<Shared>) -> Option<*const Seat> {
    let mut found = None;
    any_seat(|seat| {
        found = ptr::eq(seat.pool, Arc::as_ptr(pool)).then_some(ptr::from_ref(seat));
        found.is_some()
    });
    found
}

/// What is pushed on `to` from now on descends from the task that the current seat's work descends from, if it doesn't anyway.
fn crossing(to: &Seat) -> Option<OpenSegment<'_>> {
    let task = here().and_then(ancestry::task);
    (task != ancestry::task(to)).then(|| to.open_segment(Origin { slot: None, unit: task.unwrap_or(0) }, to.tier()))
}

/// The current seat, if there is one already.
#[inline]
#[allow(unsafe_code)]
pub(crate) fn here<'a>() -> Option<&'a Seat> {
    // SAFETY: as in `seat`.
    unsafe { CURRENT.get().as_ref() }
}

/// What was current before a call that changes it, in that call's frame.
struct Outer {
    seat: *const Seat,
    outer: *const Outer,
}

impl Outer {
    #[inline]
    fn here() -> Self {
        Self { seat: CURRENT.get(), outer: INSIDE.get() }
    }

    /// Makes this thread's seat in another pool the current one until what it returns is dropped.
    #[inline]
    fn enter_pool<'a>(&'a self, pool: &'a Arc<Shared>) -> Option<Inside<'a>> {
        // Nothing to look for, mostly: this thread is inside of no pool, and comes back to the one where it was last.
        let is_outside = self.outer.is_null() && here().is_none_or(|seat| !seat.is_in_a_segment());
        match last_seat(pool).filter(|_| is_outside) {
            Some(seat) => {
                debug_assert!(!seat.is_in_a_segment());
                Some(Inside { _back: self.enter(seat), _segment: None, seat })
            }
            None => self.enter_any_pool(pool),
        }
    }

    /// One function for what is left of the calls from outside: what it does is less than what a call of each part would cost.
    #[inline(never)]
    fn enter_any_pool<'a>(&'a self, pool: &'a Arc<Shared>) -> Option<Inside<'a>> {
        let seat = seat_around(pool).or_else(|| held_seat(pool))?;
        // SAFETY: `pool` is borrowed for the call, and this thread is inside (`HeldSeat::is_unused`), so the seat stays.
        #[allow(unsafe_code)]
        let seat = unsafe { &*seat };
        let segment = crossing(seat);
        Some(Inside { _back: self.enter(seat), _segment: segment, seat })
    }

    /// Makes a seat the current one until the guard is dropped, on unwinding too.
    #[inline]
    fn enter(&self, seat: *const Seat) -> Back<'_> {
        CURRENT.set(seat);
        INSIDE.set(self);
        Back(self)
    }
}

/// A call into another pool. Dropped in this order.
struct Inside<'a> {
    _back: Back<'a>,
    _segment: Option<OpenSegment<'a>>,
    seat: &'a Seat,
}

struct Back<'a>(&'a Outer);

impl Drop for Back<'_> {
    #[inline]
    fn drop(&mut self) {
        CURRENT.set(self.0.seat);
        INSIDE.set(self.0.outer);
    }
}

/// Runs `f` on this thread's seat in `pool`; in a late destructor, on a seat taken for the call.
pub(crate) fn with_seat_in<R>(pool: &Arc<Shared>, f: impl FnOnce(&Seat) -> R) -> R {
    with_pool(pool, |seat| match seat {
        Some(seat) => f(seat),
        None => {
            let seat = pool.take_seat();
            let _lent = Lent { pool, seat };
            let outer = Outer::here();
            let _back = outer.enter(seat);
            f(seat)
        }
    })
}

struct Lent<'a> {
    pool: &'a Shared,
    seat: &'a Seat,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.pool.give_back(self.seat);
    }
}

/// Runs `f`, which may make another seat the current one; afterwards all is as before.
pub(crate) fn unchanged_by<R>(f: impl FnOnce() -> R) -> R {
    let outer = Outer::here();
    // This thread is inside of it all the while, whatever `f` makes current.
    let _back = outer.enter(outer.seat);
    f()
}

/// A worker begins: this is its seat from now on.
pub(crate) fn become_worker(seat: &Seat) {
    CURRENT.set(seat);
}

/// A worker's thread is done with its pool, which may be gone before the thread's own destructors run.
pub(crate) fn end_worker(seat: &Seat) {
    if ptr::eq(CURRENT.get(), seat) {
        CURRENT.set(ptr::null());
    }
}

/// All seats that this thread is inside of now, whatever their pools: the current one, and those it installed from (a
/// worker's own among them).
#[allow(unsafe_code)]
pub(crate) fn any_seat(mut f: impl FnMut(&Seat) -> bool) -> bool {
    if here().is_some_and(&mut f) {
        return true;
    }
    let mut inside = INSIDE.get();
    // SAFETY: in the frame of a call that this thread is inside of: its guard takes it out of the chain.
    while let Some(outer) = unsafe { inside.as_ref() } {
        // SAFETY: as in `seat`: it was current, and is again when that call ends.
        let seat = unsafe { outer.seat.as_ref() };
        if seat.is_some_and(&mut f) {
            return true;
        }
        inside = outer.outer;
    }
    false
}

/// A loop that runs tasks on this thread, in its frame: see [`run_in_turn`].
#[derive(Default)]
struct Turns {
    next: RefCell<VecDeque<Arc<dyn Unit>>>,
}

/// Runs a task on this thread by `run`: now, or, if this thread is between two such tasks, when its turn comes. One that makes
/// another ready must not run it on top, however long the chain and whatever their pools.
#[allow(unsafe_code)]
pub(crate) fn run_in_turn(task: Arc<dyn Unit>, run: impl Fn(&Arc<dyn Unit>)) {
    // SAFETY: in the frame of a `run_in_turn` that this thread is inside of: its guard resets it.
    if let Some(around) = unsafe { TURNS.get().as_ref() } {
        around.next.borrow_mut().push_back(task);
        return;
    }
    let turns = Turns::default();
    let _done = TurnsBefore(TURNS.replace(&raw const turns));
    let mut next = Some(task);
    while let Some(task) = next {
        run(&task);
        next = turns.next.borrow_mut().pop_front();
    }
}

/// A task's own code begins: what it makes ready may be run inside of it, until the guard is dropped.
pub(crate) fn in_task() -> TurnsBefore {
    TurnsBefore(TURNS.replace(ptr::null()))
}

/// The loop that this thread was in, and is again when this is dropped.
pub(crate) struct TurnsBefore(*const Turns);

impl Drop for TurnsBefore {
    fn drop(&mut self) {
        TURNS.set(self.0);
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use crate::word::Tier;

    #[test]
    fn the_seat_that_was_asked_for_last_is_found_again_and_forgotten_before_it_is_given_back() {
        let pools = [(); 2].map(|()| crate::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool"));
        let seat_in = |k: usize| with_seat_in(&pools[k].shared, ptr::from_ref);
        let seats = [seat_in(0), seat_in(1)];
        assert_eq!(last_seat(&pools[1].shared).map(ptr::from_ref), Some(seats[1]));
        assert!(last_seat(&pools[0].shared).is_none());
        for k in [1, 0, 0, 1] {
            assert_eq!(seat_in(k), seats[k], "a thread has one seat in a pool");
        }
        drop(pools);
        assert_eq!(LAST.get(), ptr::null());
    }

    /// A thread that is none of a pool's runs a task on its first seat, the global pool's.
    #[test]
    fn what_a_task_does_in_the_pool_where_its_thread_was_last_descends_from_it() {
        let [home, there] = [(); 2].map(|()| crate::shared::without_threads(0, false));
        let task_there = || with_seat_in(&there, ancestry::task);
        assert_eq!(task_there(), None);
        let seat = home.take_seat();
        become_worker(seat);
        assert_eq!(task_there(), None);
        let segment = seat.open_segment(Origin { slot: None, unit: 64 }, Tier::Foreground);
        assert_eq!(task_there(), Some(64));
        drop(segment);
        assert_eq!(task_there(), None);
        end_worker(seat);
        home.give_back(seat);
    }

    /// It has called the pool from outside before, and is one of its workers now (`WorkerThread::run` in a handler, or in a task).
    #[test]
    fn whoever_is_inside_of_a_call_finds_the_seat_of_the_nearest() {
        let [home, there] = [(); 2].map(|()| crate::shared::without_threads(1, false));
        let own = home.seat(0);
        with_pool(&there, |_| {
            with_pool(&home, |outside| assert!(!ptr::eq(outside.expect("a seat"), own)));
            unchanged_by(|| {
                become_worker(own);
                with_pool(&there, |_| with_pool(&home, |seat| assert!(ptr::eq(seat.expect("a seat"), own))));
            });
        });
    }

    #[test]
    fn a_seat_without_segments_says_so() {
        let pool = crate::shared::without_threads(0, false);
        let seat = pool.take_seat();
        assert!(!seat.is_in_a_segment());
        for tier in [Tier::Foreground, Tier::Background] {
            let outer = seat.open_segment(Origin { slot: None, unit: 0 }, tier);
            let inner = seat.open_segment(Origin { slot: None, unit: 0 }, tier);
            outer.inherit(Tier::Foreground);
            inner.inherit(Tier::Foreground);
            assert!(seat.is_in_a_segment());
            drop(inner);
            assert!(seat.is_in_a_segment());
            drop(outer);
            assert!(!seat.is_in_a_segment());
        }
    }
}
