//! Models of `join` and of the wait for a stolen half, with the real sleep.

use super::*;
use crate::loom_support::{Frame, Signal, Start, explore, increments, make_quiet, shared};
use crate::seat::Pushed;
use crate::segment::Origin;
use crate::sleep::Mode;
use crate::steal::{Private, take_any};
use crate::word::{Kind, Tier};
use std::sync::Arc;

// The whole way of a half: offered, perhaps taken, ended, its owner perhaps asleep. The stage is a cell of the model, so that a
// thief that touches the frame after the end, or an owner that reads before it, is found out.
// Goes red if `Latch::set` is Relaxed or doesn't report the mark, if `claim` is Relaxed, if `mark_waited` comes after the last look,
// or if `Sleeper::wake` doesn't notify.
#[test]
fn latch_a_stolen_half_ends_and_its_owner_goes_on() {
    explore(Some(3), || {
        let (pool, start) = (shared(2, 1), Start::new());
        let other = pool.clone();
        let thief = start.spawn(move || match take_any(other.seat(1), Tier::Foreground, Private::Ask) {
            Some(claimed) => {
                claimed.run(other.seat(1));
                true
            }
            None => false,
        });
        start.go();
        let (left, right) = (Frame::new(0), Frame::new(0));
        let results = join_on(
            pool.seat(0),
            || {
                left.write(1);
                1
            },
            || {
                right.write(2);
                2
            },
        );
        assert_eq!(results, (1, 2));
        assert_eq!((left.read(), right.read()), (1, 2));
        assert_eq!(pool.seat(0).top(), 0);
        thief.join().unwrap();
        assert!(pool.sleepers.counts().none());
    });
}

// Branches of a graph that are offered together, in slots of which the lower one was left by a quiet job. Each runs once, and what its
// owner has written before is seen by whoever runs it.
// Goes red if `reserve` leaves the quiet job's word, if `expose` is Relaxed, or if it leaves one of the branches reserved.
#[test]
fn branches_are_offered_together_and_run_once() {
    explore(Some(2), || {
        let (pool, start) = (shared(2, 1), Start::new());
        let other = pool.clone();
        let me = pool.seat(0);
        make_quiet(me);
        let thief = start.spawn(move || {
            let seat = other.seat(1);
            if let Some(claimed) = take_any(seat, Tier::Foreground, Private::Ask) {
                claimed.run(seat);
            }
        });
        start.go();
        let frames = [Frame::new(0), Frame::new(0)];
        let add = |frame: &Frame| frame.write(frame.read() + 1);
        frames.iter().for_each(add);
        let inner = || join_ranked::<true, _, _, _, _>(me, 2, || (), || add(&frames[1]));
        join_ranked::<false, _, _, _, _>(me, 1, inner, || add(&frames[0]));
        assert_eq!(frames.each_ref().map(Frame::read), [2, 2]);
        assert_eq!(me.top(), 1);
        thief.join().unwrap();
    });
}

// One thread after another: nobody finds a branch that is kept back, and then the more urgent one is found first, though it lies above.
#[test]
fn branches_that_are_kept_back_are_seen_with_the_next() {
    explore(None, || {
        let pool = shared(2, 1);
        let (me, thief) = (pool.seat(0), pool.seat(1));
        make_quiet(me);
        let frames = [Frame::new(0), Frame::new(0)];
        me.reserve(increments(&frames[0]), 1);
        assert!(take_any(thief, Tier::Foreground, Private::Ask).is_none());
        let topmost = me.reserve(increments(&frames[1]), 2);
        assert!(take_any(thief, Tier::Foreground, Private::Ask).is_none());
        assert_eq!(me.expose(topmost).pending().count(), 2);
        for expected in [[0, 1], [1, 1]] {
            take_any(thief, Tier::Foreground, Private::Leave).expect("it is offered").run(thief);
            assert_eq!(frames.each_ref().map(Frame::read), expected);
        }
    });
}

// The thief's own half can only be run by the one who waits for the thief. It sleeps, perhaps: the push must wake it.
// Goes red if P6 is skipped (`wake_ancestor`), if a fence of P2 or S3 is dropped, if the waiter's last look is skipped, if
// `announce_strict` comes after the look, or if `origin_at` reads the wrong record.
#[test]
fn wake_a_strict_waiter_for_a_descendant() {
    explore(Some(2), || {
        let (pool, start) = (shared(2, 1), Start::new());
        let me = pool.seat(0);
        let taken = Arc::new(Signal::new());
        let job = {
            let (pool, taken) = (pool.clone(), taken.clone());
            move || join_on(pool.seat(1), || taken.wait(), || taken.give())
        };
        let half = Half::new(job);
        let pushed = me.push(half.work(), Kind::Ready);
        let other = pool.clone();
        let thief = start.spawn(move || {
            let seat = other.seat(1);
            take_any(seat, Tier::Foreground, Private::Ask).expect("nobody else takes it").run(seat);
        });
        start.go();
        while pushed.slot.load().kind() == Kind::Ready {
            crate::sync::yield_now();
        }
        wait(me, &stolen(me, &pushed, &half.latch));
        pushed.slot.empty(pushed.word);
        me.popped(pushed.slot);
        // SAFETY: its end is told, once.
        assert!(unsafe { half.result() }.is_ok());
        thief.join().unwrap();
    });
}

// As above over one more thief, which itself does nothing: the one who sleeps is woken through two segments.
// Goes red if `wake_ancestor` looks at the nearest origin only.
#[test]
fn wake_a_strict_waiter_over_two_thieves() {
    explore(Some(2), || {
        let (pool, start) = (shared(3, 1), Start::new());
        let (me, first) = (pool.seat(0), pool.seat(1));
        let frames = Arc::new([Frame::new(0), Frame::new(0)]);
        let job = me.push(increments(&frames[0]), Kind::Ready);
        job.slot.claim(job.word, 1, || true, || true).unwrap();
        let outer = first.open_segment(origin(me, &job), Tier::Foreground);
        let child = first.push(increments(&frames[1]), Kind::Ready);
        child.slot.claim(child.word, 2, || true, || true).unwrap();
        let child_origin = origin(first, &child);
        mem::forget(outer);
        let (other, ended, taken) = (pool.clone(), frames.clone(), Signal::new());
        let second = start.spawn(move || {
            let seat = other.seat(2);
            let segment = seat.open_segment(child_origin, Tier::Foreground);
            join_on(seat, || taken.wait(), || taken.give());
            let _ = ended[1].latch.set();
            drop(segment);
            if ended[0].latch.set() {
                other.seat(0).sleeper.wake(&other.sleepers, Mode::Strict);
            }
        });
        start.go();
        wait(me, &stolen(me, &job, &frames[0].latch));
        second.join().unwrap();
    });
}

fn origin(seat: &Seat, pushed: &Pushed<'_>) -> Origin {
    let slot = SlotId { seat: seat.index, position: pushed.position(), generation: pushed.word.generation() };
    Origin { slot: Some(slot), unit: 0 }
}

fn stolen<'a>(me: &'a Seat, pushed: &Pushed<'a>, latch: &'a Latch) -> Stolen<'a> {
    Stolen { me, slot: pushed.slot, generation: pushed.word.generation(), latch }
}
