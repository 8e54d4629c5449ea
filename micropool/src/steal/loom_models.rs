//! Models of the search for descendants: whatever the thieves do meanwhile, a thread that waits gets what descends from its
//! own job, or nothing. Seat 0 waits; each thief, when it is through, starts an unrelated job at the same position of its
//! stack, which nobody may take.

use super::*;
use crate::loom_support::{Frame, Signal, Start, explore, increments, make_quiet, push_private, shared};
use crate::seat::Pushed;
use crate::sync::{heavy_fence, light_fence};
use std::sync::Arc;

struct Frames {
    job: Frame,
    child: Frame,
    grandchild: Frame,
    /// What the thieves do afterwards, each its own.
    foreign: [Frame; 2],
}

fn frames() -> Arc<Frames> {
    Arc::new(Frames {
        job: Frame::new(0),
        child: Frame::new(0),
        grandchild: Frame::new(0),
        foreign: [Frame::new(0), Frame::new(0)],
    })
}

fn id(seat: &Seat, pushed: &Pushed<'_>) -> SlotId {
    SlotId { seat: seat.index, position: pushed.position(), generation: pushed.word.generation() }
}

const UNRELATED: Origin = Origin { slot: None, unit: 64 };

fn descends_from(slot: SlotId) -> Origin {
    Origin { slot: Some(slot), unit: 0 }
}

/// Takes a job back, or waits until its thief has ended; whether a thief had it.
fn settle(seat: &Seat, pushed: &Pushed<'_>, frame: &Frame) -> bool {
    let stolen = !seat.reclaim(pushed.slot);
    if stolen {
        frame.await_end();
        pushed.slot.empty(pushed.word);
        seat.popped(pushed.slot);
    }
    stolen
}

/// An unrelated job, offered for a moment: the waiter must not get it.
fn be_foreign(seat: &Seat, frame: &Frame) {
    let segment = seat.open_segment(UNRELATED, Tier::Foreground);
    let pushed = seat.push(increments(frame), Kind::Ready);
    assert!(!settle(seat, &pushed, frame), "the waiter took what doesn't descend from its job");
    drop(segment);
}

// Goes red if `unchanged` is always true, if `scan` claims without asking `holds`, or if `change` counts by one.
#[test]
fn descendants_of_a_job_that_ends_meanwhile() {
    explore(Some(3), || {
        let (pool, frames, start) = (shared(2, 1), frames(), Start::new());
        let me = pool.seat(0);
        let job = me.push(increments(&frames.job), Kind::Ready);
        let target = id(me, &job);
        job.slot.claim(job.word, 1, || true, || true).unwrap();
        let thief = {
            let (pool, frames) = (pool.clone(), frames.clone());
            start.spawn(move || {
                let seat = pool.seat(1);
                let segment = seat.open_segment(descends_from(target), Tier::Foreground);
                let child = seat.push(increments(&frames.child), Kind::Ready);
                let stolen = settle(seat, &child, &frames.child);
                let _ = frames.job.latch.set();
                drop(segment);
                be_foreign(seat, &frames.foreign[0]);
                stolen
            })
        };
        start.go();
        let mut took = false;
        if let Look::Found(claimed) = take_descendant(me, Target::Slot(target), Private::Ask) {
            claimed.run(me);
            took = true;
        }
        assert_eq!(thief.join().unwrap(), took);
        assert_eq!(frames.child.read(), u32::from(took));
        assert_eq!(frames.foreign[0].read(), 0);
    });
}

// The way leads over two thieves, and both go on to something else, the later one first. Goes red if `holds` is always true, or
// if it looks at the first seat only.
#[test]
fn descendants_over_two_thieves_that_both_end_meanwhile() {
    explore(Some(2), || {
        let (pool, frames, start) = (shared(3, 1), frames(), Start::new());
        let me = pool.seat(0);
        let job = me.push(increments(&frames.job), Kind::Ready);
        let target = id(me, &job);
        job.slot.claim(job.word, 1, || true, || true).unwrap();
        // One thread of the model stands for both thieves: it acts on either seat as its owner would.
        let thieves = {
            let (pool, frames) = (pool.clone(), frames.clone());
            start.spawn(move || {
                let (first, second) = (pool.seat(1), pool.seat(2));
                let segment = first.open_segment(descends_from(target), Tier::Foreground);
                let child = first.push(increments(&frames.child), Kind::Ready);
                let child_id = id(first, &child);
                if child.slot.claim(child.word, 2, || true, || true).is_some() {
                    let inner = second.open_segment(descends_from(child_id), Tier::Foreground);
                    let grandchild = second.push(increments(&frames.grandchild), Kind::Ready);
                    settle(second, &grandchild, &frames.grandchild);
                    let _ = frames.child.latch.set();
                    drop(inner);
                    be_foreign(second, &frames.foreign[1]);
                }
                settle(first, &child, &frames.child);
                let _ = frames.job.latch.set();
                drop(segment);
                be_foreign(first, &frames.foreign[0]);
            })
        };
        start.go();
        let mut took = 0;
        if let Look::Found(claimed) = take_descendant(me, Target::Slot(target), Private::Ask) {
            claimed.run(me);
            took = 1;
        }
        thieves.join().unwrap();
        assert_eq!(frames.child.read() + frames.grandchild.read(), took);
    });
}

// The thief has an unrelated job under way below, which a third thread has taken: what that one makes is not for the waiter, however
// old the pieces are that it reads. (Strict waits don't come to this; `yield_to_foreground` does.)
// Goes red if `holds` looks at the last seat only.
#[test]
fn descendants_are_not_those_of_a_job_below() {
    explore(Some(2), || {
        let (pool, frames, start) = (shared(3, 1), frames(), Start::new());
        let me = pool.seat(0);
        let job = me.push(increments(&frames.job), Kind::Ready);
        let target = id(me, &job);
        job.slot.claim(job.word, 1, || true, || true).unwrap();
        let thieves = {
            let (pool, frames) = (pool.clone(), frames.clone());
            start.spawn(move || {
                let (first, second) = (pool.seat(1), pool.seat(2));
                let lowest = first.open_segment(UNRELATED, Tier::Foreground);
                // Leaves a record behind that says "from position 0 on".
                drop(first.open_segment(UNRELATED, Tier::Foreground));
                let below = first.push(increments(&frames.foreign[0]), Kind::Ready);
                below.slot.claim(below.word, 2, || true, || true).unwrap();
                let inner = second.open_segment(descends_from(id(first, &below)), Tier::Foreground);
                let foreign = second.push(increments(&frames.foreign[1]), Kind::Ready);
                let above = first.open_segment(descends_from(target), Tier::Foreground);
                assert!(
                    !settle(second, &foreign, &frames.foreign[1]),
                    "the waiter took what doesn't descend from its job"
                );
                drop((above, inner));
                let _ = frames.foreign[0].latch.set();
                settle(first, &below, &frames.foreign[0]);
                drop(lowest);
            })
        };
        start.go();
        assert!(!matches!(take_descendant(me, Target::Slot(target), Private::Ask), Look::Found(_)));
        thieves.join().unwrap();
    });
}

// The thief of the waiter's job makes quiet ones, and then, in the same slot and under the same word, one that descends from something
// else; it may be offered too. Goes red if `claim` doesn't ask `holds` after its fence.
fn a_foreign_job_lies_there_later(offered: bool) {
    explore(Some(3), move || {
        let (pool, frames, start) = (shared(2, 1), frames(), Start::new());
        let me = pool.seat(0);
        let job = me.push(increments(&frames.job), Kind::Ready);
        let target = id(me, &job);
        job.slot.claim(job.word, 1, || true, || true).unwrap();
        let thief = {
            let (pool, frames) = (pool.clone(), frames.clone());
            start.spawn(move || {
                let seat = pool.seat(1);
                make_quiet(seat);
                let segment = seat.open_segment(descends_from(target), Tier::Foreground);
                let child = push_private(seat, increments(&frames.child));
                let stolen = settle(seat, &child, &frames.child);
                drop(segment);
                let segment = seat.open_segment(UNRELATED, Tier::Foreground);
                let foreign = push_private(seat, increments(&frames.foreign[0]));
                if offered {
                    foreign.slot.offer(foreign.word);
                }
                assert!(
                    !settle(seat, &foreign, &frames.foreign[0]),
                    "the waiter took what doesn't descend from its job"
                );
                drop(segment);
                stolen
            })
        };
        start.go();
        let mut took = false;
        if let Look::Found(claimed) = take_descendant(me, Target::Slot(target), Private::Ask) {
            claimed.run(me);
            took = true;
        }
        assert_eq!(thief.join().unwrap(), took);
    });
}

#[test]
fn descendants_are_not_what_lies_in_their_slot_later() {
    a_foreign_job_lies_there_later(false);
}

#[test]
fn descendants_are_not_what_is_offered_in_their_slot_later() {
    a_foreign_job_lies_there_later(true);
}

// Somebody is inside an entry of the waiter's, and leaves it for something else. Goes red as the first.
#[test]
fn descendants_of_an_entry_that_a_helper_leaves_meanwhile() {
    explore(Some(3), || {
        let (pool, frames, start) = (shared(2, 1), frames(), Start::new());
        let me = pool.seat(0);
        let entry = me.push(increments(&frames.job), Kind::Open);
        let target = id(me, &entry);
        entry.slot.enter(entry.word).unwrap();
        let helper = {
            let (pool, frames) = (pool.clone(), frames.clone());
            start.spawn(move || {
                let seat = pool.seat(1);
                let segment = seat.open_segment(descends_from(target), Tier::Foreground);
                let child = seat.push(increments(&frames.child), Kind::Ready);
                let stolen = settle(seat, &child, &frames.child);
                let _ = pool.seat(0).slot(target.position).unwrap().leave();
                drop(segment);
                be_foreign(seat, &frames.foreign[0]);
                stolen
            })
        };
        start.go();
        let mut took = false;
        if let Look::Found(claimed) = take_descendant(me, Target::Slot(target), Private::Ask) {
            claimed.run(me);
            took = true;
        }
        assert_eq!(helper.join().unwrap(), took);
        assert_eq!(frames.child.read(), u32::from(took));
    });
}

// A task has no slot: its descendants are found by its name. Goes red as the first.
#[test]
fn descendants_of_a_unit_that_ends_meanwhile() {
    explore(Some(3), || {
        let (pool, frames, start) = (shared(2, 1), frames(), Start::new());
        let me = pool.seat(0);
        let thief = {
            let (pool, frames) = (pool.clone(), frames.clone());
            start.spawn(move || {
                let seat = pool.seat(1);
                let segment = seat.open_segment(Origin { slot: None, unit: 128 }, Tier::Foreground);
                let child = seat.push(increments(&frames.child), Kind::Ready);
                let stolen = settle(seat, &child, &frames.child);
                drop(segment);
                be_foreign(seat, &frames.foreign[0]);
                stolen
            })
        };
        start.go();
        let mut took = false;
        if let Look::Found(claimed) = take_descendant(me, Target::Unit(128), Private::Ask) {
            claimed.run(me);
            took = true;
        }
        assert_eq!(thief.join().unwrap(), took);
        assert_eq!(frames.child.read(), u32::from(took));
    });
}

// The last look of a waiter finds what was pushed before its fence, or the pusher sees its announcement; what the thief opens
// above meanwhile hides nothing. Goes red without either fence (S3, P2), or if the look begins before the announcement.
#[test]
fn descendants_a_last_look_misses_nothing() {
    explore(Some(3), || {
        let (pool, frames, start) = (shared(2, 1), frames(), Start::new());
        let looked = Arc::new(Signal::new());
        let me = pool.seat(0);
        let job = me.push(increments(&frames.job), Kind::Ready);
        let target = id(me, &job);
        job.slot.claim(job.word, 1, || true, || true).unwrap();
        let thief = {
            let (pool, frames, looked) = (pool.clone(), frames.clone(), looked.clone());
            start.spawn(move || {
                let seat = pool.seat(1);
                let segment = seat.open_segment(descends_from(target), Tier::Foreground);
                let child = seat.push(increments(&frames.child), Kind::Ready);
                light_fence();
                let told = pool.sleepers.counts().strict() > 0;
                drop(seat.open_segment(UNRELATED, Tier::Foreground));
                looked.wait();
                settle(seat, &child, &frames.child);
                drop(segment);
                told
            })
        };
        start.go();
        me.sleeper.announce_strict(&pool.sleepers, target.position, 0);
        heavy_fence();
        let look = take_descendant(me, Target::Slot(target), Private::Ask);
        looked.give();
        let sleeps = matches!(look, Look::Nothing);
        if let Look::Found(claimed) = look {
            claimed.run(me);
        }
        assert!(thief.join().unwrap() || !sleeps, "a wake-up lost");
    });
}

// One thread after another: what its owner has yet to settle is over, and hides nothing that lies above, whoever had it.
#[test]
fn descendants_lie_above_jobs_that_are_over() {
    for thief in [0, 2] {
        explore(None, move || {
            let (pool, frames) = (shared(3, 1), frames());
            let (me, owner) = (pool.seat(0), pool.seat(1));
            let job = me.push(increments(&frames.job), Kind::Ready);
            let target = id(me, &job);
            job.slot.claim(job.word, owner.index, || true, || true).unwrap();
            let segment = owner.open_segment(descends_from(target), Tier::Foreground);
            let child = owner.push(increments(&frames.child), Kind::Ready);
            let seat = pool.seat(thief);
            take(seat, owner, (child.position(), child.slot, child.word), || true)
                .expect("nobody else takes it")
                .run(seat);
            owner.push(increments(&frames.grandchild), Kind::Ready);
            let Look::Found(claimed) = take_descendant(me, Target::Slot(target), Private::Ask) else {
                panic!("it lies there");
            };
            claimed.run(me);
            assert_eq!((frames.child.read(), frames.grandchild.read()), (1, 1));
            assert!(matches!(take_descendant(me, Target::Slot(target), Private::Ask), Look::Nothing));
            drop(segment);
        });
    }
}
