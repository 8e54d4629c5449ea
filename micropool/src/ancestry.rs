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

/// The units that it descends from, by their addresses, innermost first.
pub(crate) fn units(me: &Seat) -> impl Iterator<Item = usize> {
    origins(me).map(|origin| origin.unit).filter(|&unit| unit != 0)
}

/// The task that it descends from: a task has no slot above it, unlike an item of a scope, so it comes last.
pub(crate) fn task(me: &Seat) -> Option<usize> {
    let last = origins(me).last()?;
    (last.slot.is_none() && last.unit != 0).then_some(last.unit)
}
