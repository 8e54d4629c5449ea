//! Whom a push wakes. Steps P and F of the protocol in `sleep/README.md`.

use crate::offers::LeftAlone;
use crate::seat::{Pushed, Seat};
use crate::shared::Shared;
use crate::sleep::{Counts, Mode, Sleeper};
use crate::slot::{Slot, Work};
use crate::steal;
use crate::sync::{Ordering, asymmetric_light_fence, edge, fence, light_fence};
use crate::word::Tier;

/// Pushes a job, and sees to those who may take it: with nobody asleep and nobody searching, that is two loads.
#[inline]
pub(crate) fn push_job(me: &Seat, work: Work) -> Pushed<'_> {
    let Some(pushed) = me.push_quietly(work) else { return publish_job(me, work) };
    edge("P1");
    // Enough where it is a fence; elsewhere the count is never "nothing to do", and `rouse` begins with a real one.
    asymmetric_light_fence();
    edge("P3, counts not read");
    if !me.is_settled(me.pool().sleepers.counts()) {
        attend_quietly(me, pushed);
    }
    pushed
}

/// A push that isn't quiet, such as the first of a stack. After a pause each line of code is a miss, and each page another: so a fork that wakes somebody
/// who is idle stays in here, and is as short as it can be.
#[cold]
#[inline(never)]
fn publish_job(me: &Seat, work: Work) -> Pushed<'_> {
    let pushed = me.publish_job(work);
    published(me, pushed);
    pushed
}

/// After a push of a job that isn't quiet: who searches is given one that is cheap to take, and somebody who sleeps and may take it is woken.
#[inline]
pub(crate) fn published(me: &Seat, pushed: Pushed<'_>) {
    edge("P1");
    asymmetric_light_fence();
    edge("P3, counts not read");
    let counts = me.pool().sleepers.counts();
    if counts.only_idle() && pushed.position() == 0 && !pushed.word.is_background() {
        // As `attend`, where nobody searches: it is the oldest, so there is nothing to offer. Nor to remember: what is left in `offers` of a
        // stack before is found out by looking whether its first still lies there.
        me.unsettle();
        rouse_for_foreground(me, pushed.position());
    } else if !counts.nothing_to_do() || pushed.word.is_background() {
        attend(me, pushed);
    }
}

/// After branches of a graph have been reserved, of which this is the topmost: they become Ready, and those who may take one are woken
/// for each.
#[inline]
pub(crate) fn branches_reserved(seat: &Seat, topmost: &Slot) {
    let exposed = seat.expose(topmost);
    edge("P1");
    asymmetric_light_fence();
    // Not by the seat's tier: who waits may have promoted it while one of them was put in the background, or is there still.
    if !seat.pool().sleepers.counts().nothing_to_do() || exposed.any_background {
        for pushed in exposed.pending() {
            attend(seat, pushed);
        }
    }
}

/// After a quiet push: with more threads than processors most of those that come by here have nothing new to see to.
#[cold]
#[inline(never)]
fn attend_quietly(seat: &Seat, pushed: Pushed<'_>) {
    if !seat.is_attended(seat.pool().sleepers.counts(), pushed) {
        attend(seat, pushed);
    }
}

#[cold]
#[inline(never)]
fn attend(seat: &Seat, pushed: Pushed<'_>) {
    seat.unsettle();
    let counts = seat.pool().sleepers.counts();
    let tier = Tier::of(pushed.word);
    let wanted = counts.searching().saturating_add(counts.idle().min(1));
    edge("counts read, nothing offered");
    if tier == Tier::Background {
        pushed.slot.offer(pushed.word);
        edge("offered, tier not read");
        if seat.tier() == Tier::Foreground {
            // It was promoted while a thief that asked stood in the way.
            pushed.slot.promote(pushed.slot.load());
        }
    } else if wanted > 0 {
        if !seat.has_offered(wanted, pushed) {
            seat.offer(wanted);
        }
        if counts.searching() > 0 {
            let left_alone = seat.left_alone();
            // Where those who search don't run because others have the processors. Elsewhere they are on their way, and need no barrier then.
            if left_alone != LeftAlone::Not && seat.pool().config.crowded {
                seat.pool().sleepers.do_without_a_fence(counts);
            }
            if left_alone == LeftAlone::ForLong && counts.idle() > 0 {
                wake_one_more(seat.pool(), counts);
            }
            let relies = counts.may_rely_on_a_search();
            if relies || !counts.perhaps_some() {
                let all_have_theirs = seat.attended(counts);
                if relies && all_have_theirs && left_alone == LeftAlone::ForLong {
                    seat.settle(counts);
                }
                return;
            }
        }
    }
    if counts.perhaps_some() || tier == Tier::Background {
        rouse(seat, pushed.position(), tier);
    }
}

/// Those who search don't run: they wait for a processor that others have, perhaps for milliseconds. If there is another processor, perhaps
/// somebody else would run at once.
#[cold]
fn wake_one_more(pool: &Shared, counts: Counts) {
    let asleep = counts.idle().saturating_add(counts.strict()) as usize;
    if pool.config.num_threads.saturating_sub(asleep) < pool.config.processors {
        wake_worker(pool);
    }
}

/// As [`published`], for work that appeared in a slot of another seat (more ready in a board, an item for a scope).
pub(crate) fn published_in(owner: &Seat, position: u32, tier: Tier) {
    edge("P1 of an entry");
    light_fence();
    if owner.pool().sleepers.counts().perhaps_some() || tier == Tier::Background {
        rouse(owner, position, tier);
    }
}

/// After a push of a background task to the queue.
pub(crate) fn task_queued(pool: &Shared) {
    edge("P1 of a task");
    light_fence();
    if pool.config.dedicated_background_threads > 0 {
        wake_dedicated(pool);
    } else if pool.sleepers.counts().idle() > 0 {
        // Ordering: P4.
        fence(Ordering::SeqCst);
        edge("P4 of a task");
        if pool.background.has_room() && pool.sleepers.counts().searching() == 0 {
            wake_worker(pool);
        }
    }
    if pool.background.anybody_waits() {
        // They may be the only ones who are free to run it.
        unit_changed(pool, pool.background.idle_unit());
    }
}

/// After a push to the queue of promoted tasks: any worker may run them, whatever the cap.
pub(crate) fn task_promoted(pool: &Shared) {
    edge("P1 of a promoted task");
    light_fence();
    if pool.sleepers.counts().idle() > 0 {
        // Ordering: P4.
        fence(Ordering::SeqCst);
        edge("P4 of a promoted task");
        if pool.sleepers.counts().searching() == 0 {
            wake_worker(pool);
        }
    }
}

/// What was pushed in the background is foreground now: somebody who may take it is woken, and passes the wake on.
pub(crate) fn promoted(me: &Seat) {
    edge("promoted, nobody woken");
    fence(Ordering::SeqCst);
    if !me.pool().sleepers.counts().none()
        && let Some((seat, position)) = steal::peek(me, Tier::Foreground)
    {
        rouse(seat, position, Tier::Foreground);
    }
}

#[cold]
#[inline(never)]
fn rouse(owner: &Seat, position: u32, tier: Tier) {
    if tier == Tier::Foreground {
        return rouse_for_foreground(owner, position);
    }
    let pool = owner.pool();
    let counts = counts_after_a_fence(pool);
    let comes = if pool.config.dedicated_background_threads > 0 {
        wake_dedicated(pool)
    } else {
        pool.background.has_room() && somebody_comes(pool, counts)
    };
    if !comes {
        rouse_a_relative(owner, position);
    }
}

#[inline]
fn rouse_for_foreground(owner: &Seat, position: u32) {
    let pool = owner.pool();
    if !somebody_comes(pool, counts_after_a_fence(pool)) {
        rouse_a_relative(owner, position);
    }
}

/// P4.
#[inline]
fn counts_after_a_fence(pool: &Shared) -> Counts {
    edge("P3");
    fence(Ordering::SeqCst);
    edge("P4");
    pool.sleepers.counts()
}

/// P5: whether somebody searches, or was idle and is awake now. With nobody idle no worker is looked at: while one thread waits strictly,
/// every push comes by here.
#[inline]
fn somebody_comes(pool: &Shared, counts: Counts) -> bool {
    counts.searching() > 0 || counts.idle() > 0 && wake_worker(pool)
}

/// P6.
#[inline]
fn rouse_a_relative(owner: &Seat, position: u32) {
    edge("P6");
    if owner.pool().sleepers.counts().strict() > 0 {
        wake_ancestor(owner, position);
    }
}

/// A worker that was the last to search has found work while somebody slept (F3), or one that helped has given its place under the cap
/// back: whatever else was left to it is passed on.
/// To be called after a fence (`Sleepers::stop_searching` has one).
pub(crate) fn pass_on(me: &Seat, may_background: bool) {
    let pool = me.pool();
    edge("F3");
    if !me.is_worker() {
        if !pool.background.is_empty() || steal::peek(me, Tier::Background).is_some() {
            wake_dedicated(pool);
        }
        return;
    }
    if pool.sleepers.counts().none() {
        return;
    }
    if let Some((seat, position)) = steal::peek(me, Tier::Foreground) {
        rouse(seat, position, Tier::Foreground);
    } else if pool.background.has_promoted() {
        wake_worker(pool);
    } else if may_background {
        if let Some((seat, position)) = steal::peek(me, Tier::Background) {
            rouse(seat, position, Tier::Background);
        } else if !pool.background.is_empty() && pool.background.has_room() {
            wake_worker(pool);
        }
    }
}

/// Of a pool that has workers.
#[inline]
fn wake_worker(pool: &Shared) -> bool {
    // The first one for itself: with few workers it is the one, and is found without a look at how many there are.
    pool.seat(0).sleeper.wake(&pool.sleepers, Mode::Idle) || wake_another_worker(pool)
}

#[inline(never)]
fn wake_another_worker(pool: &Shared) -> bool {
    let count = pool.config.num_threads as u32;
    (1..count).any(|index| pool.seat(index).sleeper.wake(&pool.sleepers, Mode::Idle))
}

/// The dedicated threads have counts of their own, lest a push of foreground work rely on one of them.
fn wake_dedicated(pool: &Shared) -> bool {
    let sleepers = &pool.dedicated_sleepers;
    if sleepers.counts().idle() == 0 {
        return false;
    }
    fence(Ordering::SeqCst);
    edge("P4 of the dedicated");
    if sleepers.counts().searching() > 0 {
        return true;
    }
    let first = pool.config.num_threads as u32;
    let count = pool.config.dedicated_background_threads as u32;
    (first..first + count).any(|index| pool.seat(index).sleeper.wake(sleepers, Mode::Idle))
}

/// Up to `count` workers at once, for a graph that will soon have that much to do.
pub(crate) fn warm_up(pool: &Shared, count: u32) {
    for _ in 0..count.min(pool.sleepers.counts().idle()) {
        if !wake_worker(pool) {
            return;
        }
    }
}

/// Everybody, because the pool closes or is kept awake from now on.
pub(crate) fn everybody(pool: &Shared) {
    fence(Ordering::SeqCst);
    let workers = pool.config.num_threads;
    for (index, seat) in pool.seats().enumerate().take(workers + pool.config.dedicated_background_threads) {
        let sleepers = if index < workers { &pool.sleepers } else { &pool.dedicated_sleepers };
        seat.sleeper.wake(sleepers, Mode::Idle);
    }
}

/// The nearest sleeping thread that waits for something this work descends from (P6). The chain of origins can't change
/// while the work is pending; if it isn't any more, a wrong answer costs one needless look.
#[cold]
#[inline(never)]
fn wake_ancestor(owner: &Seat, position: u32) {
    let pool = owner.pool();
    let (mut seat, mut position) = (owner, position);
    loop {
        edge("P6, one seat further");
        if seat.sleeper.sleeps_for_position(position) && seat.sleeper.wake(&pool.sleepers, Mode::Strict) {
            return;
        }
        let Some(origin) = seat.origin_at(position) else {
            return;
        };
        if origin.unit != 0 && wake_unit_waiter(pool, origin.unit) {
            return;
        }
        let Some(slot) = origin.slot else { return };
        (seat, position) = (pool.seat(slot.seat), slot.position);
    }
}

/// One of those that sleep until a task or item is done.
fn wake_unit_waiter(pool: &Shared, unit: usize) -> bool {
    pool.seats().any(|seat| seat.sleeper.sleeps_for_unit(unit) && seat.sleeper.wake(&pool.sleepers, Mode::Strict))
}

/// All that sleep until some task or item is done: one that they wait for, or that it comes after, can be started.
pub(crate) fn unit_waiters(pool: &Shared) {
    wake_for_units(pool, Sleeper::sleeps_for_a_unit);
}

/// All of those: it is done, or can be started.
pub(crate) fn unit_changed(pool: &Shared, unit: usize) {
    edge("D1 of a task");
    wake_for_units(pool, |sleeper| sleeper.sleeps_for_unit(unit));
}

fn wake_for_units(pool: &Shared, wanted: impl Fn(&Sleeper) -> bool) {
    light_fence();
    if pool.sleepers.counts().strict() > 0 {
        fence(Ordering::SeqCst);
        edge("D2 of a task");
        for seat in pool.seats() {
            if wanted(&seat.sleeper) {
                seat.sleeper.wake(&pool.sleepers, Mode::Strict);
            }
        }
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use crate::segment::{Origin, SlotId};
    use crate::shared::without_threads;
    use crate::sync::has_asymmetric_fences;
    use crate::word::Kind;

    /// A pool whose threads are the test's, with an owner's seat and one for somebody who sleeps. Nothing is tested where each push has a fence.
    fn with_a_pool(crowded: bool, test: impl FnOnce(&Shared, &Seat, &Seat)) {
        let shared = without_threads(0, crowded);
        if !has_asymmetric_fences() {
            return;
        }
        let (owner, sleeper) = (shared.take_seat(), shared.take_seat());
        test(&shared, owner, sleeper);
        assert!(shared.sleepers.counts().nothing_to_do());
        shared.give_back(sleeper);
        shared.give_back(owner);
    }

    /// Two thousand quiet pushes, and the counts afterwards.
    fn push_many(owner: &Seat) -> Counts {
        (0..2000).for_each(|_| assert!(owner.reclaim(push_job(owner, Work::NOTHING).slot)));
        owner.pool().sleepers.counts()
    }

    /// One searches and never comes, and `asleep` says whether another sleeps. What an owner pushes and takes back above what it has
    /// offered comes to cost nothing, until something happens.
    fn settles(asleep: bool) {
        with_a_pool(true, |shared, owner, sleeper| {
            let sleepers = &shared.sleepers;
            let push = || push_job(owner, Work::NOTHING);
            sleepers.start_searching();
            if asleep {
                sleepers.start_searching();
                sleeper.sleeper.announce_idle(sleepers);
            }
            let (lowest, next) = (push(), push());
            let counts = push_many(owner);
            assert!(owner.is_settled(counts) && counts.may_rely_on_a_search());

            // The owner comes back to one that was offered.
            assert!(owner.reclaim(next.slot) && owner.reclaim(lowest.slot));
            assert!(!owner.is_settled(counts));
            let (lowest, next) = (push(), push());
            assert!(!owner.is_settled(counts));
            assert!(owner.is_settled(push_many(owner)));

            // Another searches: one more is offered.
            sleepers.start_searching();
            assert!(!owner.is_settled(sleepers.counts()));
            let third = push();
            let ready = [lowest, next, third].map(|pushed| pushed.slot.load().kind() == Kind::Ready);
            assert_eq!(ready, [true, true, asleep]);
            assert!(owner.reclaim(third.slot));
            assert!(!sleepers.stop_searching());

            // The last one finds something else: from now on a push has a fence of its own, or nothing to do.
            assert_eq!(sleepers.stop_searching(), asleep);
            assert!(!sleepers.counts().is_unfenced());
            assert_eq!(sleepers.counts().nothing_to_do(), !asleep);
            assert!(owner.reclaim(push().slot));
            assert!(owner.is_settled(sleepers.counts()) != asleep);

            assert!(owner.reclaim(next.slot) && owner.reclaim(lowest.slot));
            if asleep {
                sleeper.sleeper.retract(sleepers, Mode::Idle);
                assert!(!sleepers.stop_searching());
            }
        });
    }

    #[test]
    fn what_is_left_alone_comes_to_cost_nothing() {
        settles(false);
    }

    #[test]
    fn what_is_left_alone_while_another_sleeps_comes_to_cost_nothing() {
        settles(true);
    }

    /// Where processors are free whoever searches comes soon, and has no barrier for it.
    #[test]
    fn where_processors_are_free_nobody_does_without_a_fence() {
        with_a_pool(false, |shared, owner, sleeper| {
            let sleepers = &shared.sleepers;
            (0..2).for_each(|_| sleepers.start_searching());
            sleeper.sleeper.announce_idle(sleepers);
            let push = || push_job(owner, Work::NOTHING);
            // As many as are looked for, and one above.
            let (lowest, next) = (push(), push());
            let counts = push_many(owner);
            assert!(!counts.is_unfenced() && !owner.is_settled(counts));
            let above = push();
            assert!(!owner.is_attended(counts, above), "it has a fence of its own");
            [above, next, lowest].into_iter().for_each(|pushed| assert!(owner.reclaim(pushed.slot)));
            sleeper.sleeper.retract(sleepers, Mode::Idle);
            (0..2).for_each(|_| _ = sleepers.stop_searching());
        });
    }

    /// Whoever searched has something by now, and searches again. In between the owner may have looked at nothing.
    #[test]
    fn one_who_searches_again_is_offered_the_next_one() {
        for (crowded, pushes) in [(false, 3), (false, 2000), (true, 3), (true, 2000)] {
            with_a_pool(crowded, |shared, owner, thief| {
                let sleepers = &shared.sleepers;
                let push = || push_job(owner, Work::NOTHING);
                sleepers.start_searching();
                let (lowest, next) = (push(), push());
                let word = lowest.slot.load();
                (0..pushes).for_each(|_| assert!(owner.reclaim(push().slot)));
                lowest.slot.claim(word, thief.index, || true, || true).expect("it is Ready");
                sleepers.stop_searching();
                sleepers.start_searching();
                let above = push();
                assert_eq!(next.slot.load().kind(), Kind::Ready, "nothing is offered: {crowded}, {pushes}");
                sleepers.stop_searching();
                assert!(owner.reclaim(above.slot) && owner.reclaim(next.slot));
                lowest.slot.empty(lowest.slot.load());
                owner.popped(lowest.slot);
            });
        }
    }

    /// By the first push of a stack, one after another.
    #[test]
    fn every_idle_worker_is_woken() {
        let shared = without_threads(3, false);
        let (owner, sleepers) = (shared.take_seat(), &shared.sleepers);
        for worker in 0..3 {
            sleepers.start_searching();
            shared.seat(worker).sleeper.announce_idle(sleepers);
        }
        for asleep in [2, 1, 0] {
            let pushed = push_job(owner, Work::NOTHING);
            let counts = sleepers.counts();
            assert_eq!((counts.idle(), counts.searching()), (asleep, 1));
            // It has found something else meanwhile.
            sleepers.stop_searching();
            assert!(owner.reclaim(pushed.slot));
        }
        shared.give_back(owner);
    }

    /// A worker that is counted as idle, and has not lain down yet.
    #[test]
    fn a_first_push_that_wakes_nobody_idle_wakes_a_relative() {
        let shared = without_threads(1, false);
        let [waiter, thief, other] = [(); 3].map(|()| shared.take_seat());
        let sleepers = &shared.sleepers;
        let stolen = waiter.push(Work::NOTHING, Kind::Ready);
        let id = SlotId { seat: waiter.index, position: 0, generation: stolen.word.generation() };
        waiter.sleeper.announce_strict(sleepers, stolen.position(), 0);
        sleepers.start_searching();
        other.sleeper.announce_idle(sleepers);

        let segment = thief.open_segment(Origin { slot: Some(id), unit: 0 }, Tier::Foreground);
        let pushed = push_job(thief, Work::NOTHING);
        assert_eq!((sleepers.counts().strict(), sleepers.counts().idle()), (0, 1));
        assert!(thief.reclaim(pushed.slot) && waiter.reclaim(stolen.slot));
        drop(segment);
        for seat in [waiter, thief, other] {
            shared.give_back(seat);
        }
    }

    /// It may come when the lowest was stolen, and so without a look at what was offered.
    #[test]
    fn a_first_push_that_wakes_begins_anew() {
        with_a_pool(true, |shared, owner, sleeper| {
            let sleepers = &shared.sleepers;
            sleepers.start_searching();
            sleepers.do_without_a_fence(sleepers.counts());
            let counts = sleepers.counts();
            owner.settle(counts);
            sleeper.sleeper.announce_idle(sleepers);
            assert!(sleepers.counts().only_idle());
            let pushed = push_job(owner, Work::NOTHING);
            assert!(!owner.is_settled(counts));
            assert!(owner.reclaim(pushed.slot));
            sleeper.sleeper.retract(sleepers, Mode::Idle);
            sleepers.stop_searching();
        });
    }

    #[test]
    fn whoever_lies_down_last_gives_pushes_their_fence_back() {
        with_a_pool(true, |shared, _, sleeper| {
            let sleepers = &shared.sleepers;
            for _ in 0..2 {
                sleepers.start_searching();
                sleepers.do_without_a_fence(sleepers.counts());
                assert!(sleepers.counts().may_rely_on_a_search());
                sleeper.sleeper.announce_idle(sleepers);
                assert!(!sleepers.counts().is_unfenced());
                sleeper.sleeper.retract(sleepers, Mode::Idle);
                sleepers.stop_searching();
            }
        });
    }
}
