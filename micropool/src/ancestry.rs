//! What runs on a thread descends from what: up the origins of segments, from seat to seat.
//!
//! Asked by a thread about its own work only: what that descends from waits for it, so nothing on the way can change.

use crate::seat::Seat;
use crate::segment::Origin;

/// The origins of what this thread does on this seat now, innermost first.
fn origins(me: &Seat) -> impl Iterator<Item = Origin> {
    let pool = me.pool();
    let mut next = Some((me, me.top()));
    std::iter::from_fn(move || {
        let (seat, position) = next?;
        let origin = seat.origin_at(position)?;
        next = origin.slot.map(|slot| (pool.seat(slot.seat), slot.position));
        Some(origin)
    })
}

/// Whether it descends from such a job, or stands on top of one on this seat: work that was asked for with `yield_to_foreground` or
/// `help_background` descends from nothing below it, and yet nothing below goes on before it ends.
pub(crate) fn stands_on(me: &Seat, f: impl Fn(&Origin) -> bool) -> bool {
    origins(me).any(|origin| f(&origin))
        || (0..me.segments()).any(|depth| me.segment(depth).is_some_and(|record| f(&record.origin())))
}

/// The task that it descends from.
#[inline]
pub(crate) fn task(me: &Seat) -> Option<usize> {
    // Seldom, for an outside thread: and so without a look at the segments, whose line thieves read.
    if me.is_in_a_segment() { task_above(me) } else { None }
}

/// A task has no slot above it, unlike an item of a scope, so it comes last.
#[inline(never)]
fn task_above(me: &Seat) -> Option<usize> {
    let last = origins(me).last()?;
    last.is_task().then_some(last.unit)
}
