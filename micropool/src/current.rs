//! Which pool, and which seat of it, the calling thread is in.
//!
//! `CURRENT` is one pointer: the seat of the innermost `install`, of the worker's pool, or of the global pool once this
//! thread has used it. It is null only on a thread that has none yet, and in thread-local destructors after ours:
//! there everything runs on the calling thread.

use crate::global;
use crate::seat::Seat;
use crate::shared::Shared;
use crate::sync::{MODEL, local, local_cells};
use std::cell::{Cell, RefCell};
use std::ptr;
use std::sync::Arc;

local_cells! {
    CURRENT: *const Seat = ptr::null();
    /// The innermost call that has changed `CURRENT`: with those around it, all that this thread is inside of.
    INSIDE: *const Outer = ptr::null();
    DRAINING: bool = false;
}
local! {
    static SEATS: Seats = Seats(RefCell::new(Vec::new()));
}

/// The seats that this thread holds as an outsider, one a pool; given back when it ends.
struct Seats(RefCell<Vec<HeldSeat>>);

struct HeldSeat {
    pool: Arc<Shared>,
    seat: *const Seat,
    /// Calls of this thread that are inside the pool now: such a seat must stay.
    uses: Cell<usize>,
}

impl Drop for Seats {
    fn drop(&mut self) {
        if MODEL && std::thread::panicking() {
            // A model has failed, and its objects are gone with it.
            std::mem::forget(std::mem::take(self.0.get_mut()));
            return;
        }
        // From here on `CURRENT` is null and `SEATS` is gone: see `with_seat`.
        CURRENT.set(ptr::null());
        for held in self.0.get_mut().drain(..) {
            held.give_back();
        }
    }
}

impl HeldSeat {
    #[allow(unsafe_code)]
    fn give_back(self) {
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
    SEATS
        .try_with(|seats| {
            let mut seats = seats.0.borrow_mut();
            if let Some(held) = seats.iter().find(|held| Arc::ptr_eq(&held.pool, pool)) {
                return held.seat;
            }
            // Seats in pools that are gone would keep their memory.
            while let Some(gone) = seats.iter().position(|held| held.pool.is_closing() && held.uses.get() == 0) {
                seats.swap_remove(gone).give_back();
            }
            let seat: *const Seat = pool.take_seat();
            seats.push(HeldSeat { pool: pool.clone(), seat, uses: Cell::new(0) });
            seat
        })
        .ok()
}

/// A pool has been dropped by this thread: its seat need not be kept until the next pool is used.
pub(crate) fn forget_pool(pool: &Arc<Shared>) {
    let _ = SEATS.try_with(|seats| {
        let mut seats = seats.0.borrow_mut();
        if let Some(k) = seats.iter().position(|held| Arc::ptr_eq(&held.pool, pool) && held.uses.get() == 0) {
            seats.swap_remove(k).give_back();
        }
    });
}

fn count_use(pool: &Arc<Shared>, change: impl Fn(usize) -> usize) {
    let _ = SEATS.try_with(|seats| {
        if let Some(held) = seats.0.borrow().iter().find(|held| Arc::ptr_eq(&held.pool, pool)) {
            held.uses.set(change(held.uses.get()));
        }
    });
}

/// Makes `pool` the current one while `f` runs, and gives it this thread's seat there (`None` in late destructors).
pub(crate) fn with_pool<R>(pool: &Arc<Shared>, f: impl FnOnce(Option<&Seat>) -> R) -> R {
    let current = CURRENT.get();
    // SAFETY: as in `seat`.
    #[allow(unsafe_code)]
    if let Some(seat) = unsafe { current.as_ref() }
        && ptr::eq(seat.pool, Arc::as_ptr(pool))
    {
        return f(Some(seat));
    }
    let Some(seat) = held_seat(pool) else {
        return f(None);
    };
    count_use(pool, |uses| uses + 1);
    let _counted = Counted(pool);
    let outer = Outer::here();
    let _back = outer.enter(seat);
    // SAFETY: `pool` is borrowed for the call, and counted in `uses`, so the seat stays.
    #[allow(unsafe_code)]
    f(Some(unsafe { &*seat }))
}

struct Counted<'a>(&'a Arc<Shared>);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        count_use(self.0, |uses| uses - 1);
    }
}

/// What was current before a call that changes it, in that call's frame.
struct Outer {
    seat: *const Seat,
    outer: *const Outer,
}

impl Outer {
    fn here() -> Self {
        Self { seat: CURRENT.get(), outer: INSIDE.get() }
    }

    /// Makes a seat the current one until the guard is dropped, on unwinding too.
    fn enter(&self, seat: *const Seat) -> Back<'_> {
        CURRENT.set(seat);
        INSIDE.set(self);
        Back(self)
    }
}

struct Back<'a>(&'a Outer);

impl Drop for Back<'_> {
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
    // SAFETY: as in `seat`.
    let current = unsafe { CURRENT.get().as_ref() };
    if current.is_some_and(&mut f) {
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

/// Runs `f` unless this thread is in the middle of such an `f`, whose loop then sees to it.
pub(crate) fn draining(f: impl FnOnce()) {
    if DRAINING.replace(true) {
        return;
    }
    struct Done;
    impl Drop for Done {
        fn drop(&mut self) {
            DRAINING.set(false);
        }
    }
    let _done = Done;
    f();
}
