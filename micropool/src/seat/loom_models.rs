//! Models of a seat's records, where others read them, and of promotions. `private.rs` has those of its jobs.

use super::*;
use crate::loom_support::{Frame, Signal, Start, explore, increments, shared, unqueued};
use crate::run_unit::{Belongs, run_claimed};
use crate::segment::{SlotId, Target};
use crate::slot::Ended;
use crate::steal::{Look, Private, promote_descendants, take_any, take_descendant};
use crate::unit::Unit;
use std::sync::Arc;

mod private;

fn unit(unit: usize) -> Origin {
    Origin { slot: None, unit }
}

// A thief of position 0 asks for the segment that it lies in, while its victim opens others above.
// Goes red if `open_segment` stores `segments` Relaxed: then the new record is counted with what an older segment left in it.
#[test]
fn segment_of_a_position_whose_owner_opens_others_above() {
    explore(None, || {
        let (pool, start) = (shared(1, 1), Start::new());
        let frame = Frame::new(0);
        let seat = pool.seat(0);
        let lowest = seat.open_segment(unit(64), Tier::Foreground);
        // Leaves a record behind that says "from position 0 on".
        drop(seat.open_segment(unit(128), Tier::Background));
        let pushed = seat.push(increments(&frame), Kind::Ready);
        pushed.slot.claim(pushed.word, 1, || true, || true).unwrap();
        let other = pool.clone();
        let thief = start.spawn(move || {
            let seat = other.seat(0);
            assert_eq!(seat.origin_at(0), Some(unit(64)));
            assert_eq!(seat.tier_at(0), Tier::Foreground);
        });
        start.go();
        drop(seat.open_segment(unit(192), Tier::Background));
        thief.join().unwrap();
        seat.popped(pushed.slot);
        drop(lowest);
    });
}

// A reader that finds the version unchanged has read one record, not a piece of this one and a piece of the next. Goes red if `change`
// has no Release fence, or if `unchanged` has no Acquire fence.
#[test]
fn records_that_are_read_under_one_version_belong_together() {
    explore(None, || {
        let (pool, start) = (shared(1, 1), Start::new());
        let seat = pool.seat(0);
        drop(seat.open_segment(unit(64), Tier::Foreground));
        let frame = Frame::new(0);
        seat.push(increments(&frame), Kind::Open);
        let other = pool.clone();
        let reader = start.spawn(move || {
            let seat = other.seat(0);
            let Some(version) = seat.version() else { return };
            let record = seat.segment(0).unwrap();
            let (origin, base) = (record.origin(), record.base());
            if seat.unchanged(version) {
                assert_eq!(
                    (origin == unit(64), origin == unit(128)),
                    (base == 0, base == 1),
                    "{origin:?} from {base} on"
                );
            }
        });
        start.go();
        drop(seat.open_segment(unit(128), Tier::Foreground));
        reader.join().unwrap();
    });
}

fn descends_from(slot: SlotId) -> Origin {
    Origin { slot: Some(slot), unit: 0 }
}

/// Seat 0 waits for a job that seat 1 has in a background segment.
fn waits_for_background(pool: &Shared, frame: &Frame) -> SlotId {
    let me = pool.seat(0);
    let job = me.push(increments(frame), Kind::Ready);
    job.slot.claim(job.word, 1, || true, || true).unwrap();
    SlotId { seat: 0, position: job.position(), generation: job.word.generation() }
}

// Goes red if `Segment::promote` or `promote_segment` stores: then an unrelated background job that the thief starts next
// is taken for foreground.
#[test]
fn promote_comes_too_late_for_another_segment() {
    explore(Some(3), || {
        let (pool, start) = (shared(2, 1), Start::new());
        let frame = Arc::new(Frame::new(0));
        let target = waits_for_background(&pool, &frame);
        let other = pool.clone();
        let thief = start.spawn(move || {
            let seat = other.seat(1);
            drop(seat.open_segment(descends_from(target), Tier::Background));
            let next = seat.open_segment(unit(64), Tier::Background);
            std::mem::forget(next);
        });
        start.go();
        assert!(!matches!(take_descendant(pool.seat(0), Target::Slot(target), Private::Ask), Look::Found(_)));
        thief.join().unwrap();
        assert_eq!(pool.seat(1).tier(), Tier::Background);
        assert_eq!(pool.seat(1).segment(0).unwrap().tier(), Tier::Background);
    });
}

// Goes red if `OpenSegment::drop` doesn't look at the record a second time, or without one of the two fences.
#[test]
fn promote_is_not_lost_on_a_segment_that_becomes_the_topmost() {
    explore(Some(3), || {
        let (pool, start) = (shared(2, 1), Start::new());
        let frame = Arc::new(Frame::new(0));
        let target = waits_for_background(&pool, &frame);
        let other = pool.clone();
        let thief = start.spawn(move || {
            let seat = other.seat(1);
            std::mem::forget(seat.open_segment(descends_from(target), Tier::Background));
            drop(seat.open_segment(unit(64), Tier::Background));
        });
        start.go();
        let _ = take_descendant(pool.seat(0), Target::Slot(target), Private::Ask);
        thief.join().unwrap();
        let seat = pool.seat(1);
        assert_eq!(seat.segment(0).unwrap().tier(), seat.tier(), "the owner pushes in the tier of its segment");
    });
}

struct Job {
    begun: Signal,
    looked: Signal,
    tier: Frame,
}

impl Job {
    fn new() -> Arc<Self> {
        Arc::new(Self { begun: Signal::new(), looked: Signal::new(), tier: Frame::new(99) })
    }
}

unsafe fn note_tier(data: *const (), me: &Seat) -> Ended {
    // SAFETY: the model's, alive until its threads have been joined.
    let job = unsafe { &*data.cast::<Job>() };
    job.begun.give();
    job.looked.wait();
    job.tier.write(me.tier() as u32);
    Ended::Told { owner_sleeps: job.tier.latch.set() }
}

/// The job must outlive the threads that may run this.
fn notes(job: &Arc<Job>) -> Work {
    // SAFETY: as said.
    unsafe { Work::new(Arc::as_ptr(job).cast(), note_tier) }
}

// Seat 1 descends from what seat 0 waits for, seat 2 takes from seat 1 just while seat 0 promotes.
// Goes red without the fence in `Claimed::run`, or without the one in `promote_segment`.
#[test]
fn promote_reaches_a_thief_that_is_just_starting() {
    explore(Some(2), || {
        let (pool, start) = (shared(3, 1), Start::new());
        let frame = Arc::new(Frame::new(0));
        let target = waits_for_background(&pool, &frame);
        let job = Job::new();
        let seat = pool.seat(1);
        std::mem::forget(seat.open_segment(descends_from(target), Tier::Background));
        let pushed = seat.push(notes(&job), Kind::Ready);
        let claimed = Arc::new(Signal::new());
        let (other, told) = (pool.clone(), claimed.clone());
        let thief = start.spawn(move || {
            let found = take_any(other.seat(2), Tier::Background, Private::Ask).expect("nobody else takes it");
            told.give();
            found.run(other.seat(2));
        });
        start.go();
        claimed.wait();
        assert_eq!(pushed.slot.load().kind(), Kind::Taken);
        loop {
            match take_descendant(pool.seat(0), Target::Slot(target), Private::Ask) {
                Look::Nothing => break,
                Look::Changed => crate::sync::yield_now(),
                Look::Found(_) => unreachable!("it is taken"),
            }
        }
        job.looked.give();
        thief.join().unwrap();
        assert_eq!(job.tier.read(), Tier::Foreground as u32);
    });
}

/// Seat 1 descends from what seat 0 waits for, and pushes just while seat 0 promotes: what lies in its lowest `COUNT` slots then.
fn pushed_while_promoted<const COUNT: usize>(push: fn(&Seat, Work)) -> [Word; COUNT] {
    let (pool, start) = (shared(2, 1), Start::new());
    let frame = Arc::new(Frame::new(0));
    let target = waits_for_background(&pool, &frame);
    std::mem::forget(pool.seat(1).open_segment(descends_from(target), Tier::Background));
    let (other, help) = (pool.clone(), frame.clone());
    let owner = start.spawn(move || push(other.seat(1), increments(&help)));
    start.go();
    promote_descendants(pool.seat(0), Target::Slot(target));
    owner.join().unwrap();
    std::array::from_fn(|position| pool.seat(1).slot(position as u32).unwrap().load())
}

// Goes red if `push` doesn't look again, or looks without the fence, or if `descend` looks at the slots without one.
#[test]
fn promote_reaches_an_entry_that_is_just_opened() {
    explore(None, || {
        let words = pushed_while_promoted::<1>(|seat, work| {
            seat.push(work, Kind::Open);
        });
        assert_eq!(words.map(Tier::of), [Tier::Foreground]);
    });
}

/// Seat 1 has an entry that descends from what seat 0 waits for, and changes something just while seat 0 promotes: the entry's tier then.
fn tier_of_an_entry_while(changes: impl FnOnce(&Seat, &Slot) + Send + 'static) -> Tier {
    let (pool, start) = (shared(2, 1), Start::new());
    let frame = Arc::new(Frame::new(0));
    let target = waits_for_background(&pool, &frame);
    let owner = pool.seat(1);
    std::mem::forget(owner.open_segment(descends_from(target), Tier::Background));
    let entry = owner.push(increments(&frame), Kind::Open).position();
    let other = pool.clone();
    let thread = start.spawn(move || {
        let seat = other.seat(1);
        changes(seat, seat.slot(entry).unwrap());
    });
    start.go();
    promote_descendants(pool.seat(0), Target::Slot(target));
    thread.join().unwrap();
    Tier::of(owner.slot(entry).unwrap().load())
}

// The owner takes something else meanwhile. Goes red if `scan` doesn't report that it has left something in the background.
#[test]
fn promote_reaches_what_lies_below_a_new_segment() {
    explore(Some(3), || {
        let takes = |seat: &Seat, _: &Slot| drop(seat.open_segment(unit(64), Tier::Foreground));
        assert_eq!(tier_of_an_entry_while(takes), Tier::Foreground);
    });
}

// Somebody enters it meanwhile, and leaves. Goes red as the last one.
#[test]
fn promote_reaches_an_entry_that_others_enter() {
    explore(None, || {
        let enters = |_: &Seat, slot: &Slot| {
            if slot.enter(slot.load()).is_some() {
                let _ = slot.leave();
            }
        };
        assert_eq!(tier_of_an_entry_while(enters), Tier::Foreground);
    });
}

// The same with two branches of a graph, which are offered together. Goes red if `expose` looks again only at each, before all can be
// seen.
#[test]
fn promote_reaches_branches_that_are_just_offered() {
    explore(None, || {
        let words = pushed_while_promoted::<2>(|seat, work| {
            seat.reserve(work, 1);
            seat.expose(seat.reserve(work, 2));
        });
        assert_eq!(words.map(|word| (word.kind(), Tier::of(word))), [(Kind::Ready, Tier::Foreground); 2]);
    });
}

// Seat 1 takes back the job that seat 2 is just looking at, and offers two branches in its place; seat 0 promotes once seat 2 has
// something. Goes red if `expose` begins above: then seat 2, whose look is past the lower slot, takes the upper branch, while the lower
// one hides it from seat 0.
#[test]
fn promote_reaches_a_thief_whose_look_began_before_the_branches() {
    explore(Some(2), || {
        let (pool, start) = (shared(3, 1), Start::new());
        let frame = Arc::new(Frame::new(0));
        let target = waits_for_background(&pool, &frame);
        let job = Job::new();
        let owner = pool.seat(1);
        std::mem::forget(owner.open_segment(descends_from(target), Tier::Background));
        let before = owner.push(notes(&job), Kind::Ready).position();
        let thief = {
            let (pool, job) = (pool.clone(), job.clone());
            start.spawn(move || {
                let seat = pool.seat(2);
                let found = take_any(seat, Tier::Background, Private::Leave);
                let any = found.is_some();
                match found {
                    Some(claimed) => claimed.run(seat),
                    None => job.begun.give(),
                }
                any
            })
        };
        let offers = {
            let (pool, job) = (pool.clone(), job.clone());
            start.spawn(move || {
                let seat = pool.seat(1);
                if seat.reclaim(seat.slot(before).unwrap()) {
                    seat.reserve(notes(&job), 1);
                    seat.expose(seat.reserve(notes(&job), 2));
                }
            })
        };
        start.go();
        job.begun.wait();
        promote_descendants(pool.seat(0), Target::Slot(target));
        job.looked.give();
        offers.join().unwrap();
        if thief.join().unwrap() {
            assert_eq!(job.tier.read(), Tier::Foreground as u32);
        }
    });
}

/// A claimed unit that waits for `looked` and then notes the tier of the seat that runs it.
fn notes_its_tier(pool: &Arc<Shared>, seat: u32, looked: &Arc<Signal>, tier: &Arc<Frame>) -> Arc<dyn Unit> {
    let (shared, looked, tier) = (pool.clone(), looked.clone(), tier.clone());
    let unit = unqueued(pool, move || {
        looked.wait();
        tier.write(shared.seat(seat).tier() as u32);
    });
    assert!(unit.header().claim());
    unit
}

// Seat 1 has a scope that descends from what seat 0 waits for, seat 2 is inside of it and just starts an item.
// Goes red without the fence in `run_claimed`, or if that doesn't look at the scope's tier again.
#[test]
fn promote_reaches_an_item_that_is_just_starting() {
    explore(Some(2), || {
        let (pool, start) = (shared(3, 1), Start::new());
        let frame = Arc::new(Frame::new(0));
        let target = waits_for_background(&pool, &frame);
        let owner = pool.seat(1);
        std::mem::forget(owner.open_segment(descends_from(target), Tier::Background));
        let entry = owner.push(increments(&frame), Kind::Open);
        entry.slot.enter(entry.word).unwrap();
        let scope = SlotId { seat: 1, position: entry.position(), generation: entry.word.generation() };
        std::mem::forget(pool.seat(2).open_segment(descends_from(scope), Tier::Background));
        let (looked, tier) = (Arc::new(Signal::new()), Arc::new(Frame::new(99)));
        let item = notes_its_tier(&pool, 2, &looked, &tier);
        let other = pool.clone();
        let runner = start.spawn(move || {
            run_claimed(other.seat(2), &item, Tier::Background, Belongs::Scope(scope));
        });
        start.go();
        while let Look::Changed = take_descendant(pool.seat(0), Target::Slot(target), Private::Ask) {
            crate::sync::yield_now();
        }
        looked.give();
        runner.join().unwrap();
        assert_eq!(tier.read(), Tier::Foreground as u32);
    });
}

// Two who wait in the foreground promote the segment at once, while it closes and the next opens. Goes red if `promote_segment`
// changes the seat's tier by a store.
#[test]
fn promote_by_two_at_once_while_the_segment_closes() {
    explore(Some(2), || {
        let (pool, start) = (shared(1, 1), Start::new());
        let seat = pool.seat(0);
        let first = seat.open_segment(unit(64), Tier::Background);
        let word = seat.segment(0).unwrap().tier_word();
        let promoters = [0, 1].map(|_| {
            let pool = pool.clone();
            start.spawn(move || {
                let seat = pool.seat(0);
                seat.promote_segment(seat.segment(0).unwrap(), word);
            })
        });
        start.go();
        drop(first);
        let second = seat.open_segment(unit(128), Tier::Background);
        for promoter in promoters {
            promoter.join().unwrap();
        }
        assert_eq!(seat.tier(), Tier::Background);
        assert_eq!(seat.segment(0).unwrap().tier(), Tier::Background);
        drop(second);
        assert_eq!(seat.tier(), Tier::Foreground);
    });
}
