//! Models of one slot. With two threads there is no bound on preemptions.

use super::*;
use crate::loom_support::{Frame, Start, explore, increments};
use crate::sync::yield_now;
use crate::word::INSIDE_MAX;
use std::sync::Arc;

struct One {
    slot: Slot,
    frame: Frame,
    /// The job that lies in the slot later, in the models that have one.
    next: Frame,
}

fn one() -> Arc<One> {
    Arc::new(One { slot: Slot::new(0), frame: Frame::new(0), next: Frame::new(10) })
}

/// Claims the slot if a job is ready there, and does to `work`'s frame what the job would. Whether it did.
fn steal(one: &One, thief: u32) -> bool {
    let word = one.slot.load();
    if word.kind() != Kind::Ready {
        return false;
    }
    let Some(work) = one.slot.claim(word, thief, || true, || true) else { return false };
    run(work);
    true
}

/// As `Work::call`, for which a thief has a seat; whether the owner must be woken.
fn run(work: Work) -> bool {
    // SAFETY: a model's frame, alive until its threads have been joined.
    let frame = unsafe { &*work.data.cast::<Frame>() };
    frame.write(frame.read() + 1);
    frame.latch.set()
}

// Proves that the models see the crate's own atomics: a claim by "load, then store" must be found out.
#[test]
#[should_panic(expected = "Causality violation")]
fn canary_a_claim_that_is_no_exchange_is_found_out() {
    explore(None, || {
        let (one, start) = (one(), Start::new());
        let word = one.slot.publish(increments(&one.frame), Kind::Ready, Tier::Foreground);
        let other = one.clone();
        let thief = start.spawn(move || {
            if other.slot.load() == word {
                other.slot.state.store(word.become_kind(Kind::Taken).0, Ordering::Release);
                run(other.slot.work.with(|work| {
                    // SAFETY: the model is to find that this is not sound.
                    unsafe { *work }
                }));
            }
        });
        start.go();
        if one.slot.reclaim() {
            one.frame.write(1);
        }
        thief.join().unwrap();
    });
}

// Proves that the models see what an ordering is for: the same steps as in `publish` and `claim`, but for the Release.
#[test]
#[should_panic(expected = "Causality violation")]
fn canary_a_publication_without_release_is_found_out() {
    explore(None, || {
        let (one, start) = (one(), Start::new());
        let other = one.clone();
        let thief = start.spawn(move || steal(&other, 1));
        start.go();
        one.slot.put(increments(&one.frame));
        let word = one.slot.load().next(Kind::Ready, Tier::Foreground);
        overwrite(&one.slot.state, word.0, Ordering::Relaxed);
        thief.join().unwrap();
    });
}

// Goes red if `reclaim` is a load and a store, if `publish` stores without Release, or if `Latch::set` is Relaxed. (Not if `claim`
// succeeds Relaxed: the word that it compares was loaded with Acquire.)
#[test]
fn steal_takes_the_last_job_once() {
    explore(None, || {
        let (one, start) = (one(), Start::new());
        let thieves: Vec<_> = (1..3)
            .map(|index| {
                let one = one.clone();
                start.spawn(move || steal(&one, index))
            })
            .collect();
        start.go();
        one.frame.write(0);
        let word = one.slot.publish(increments(&one.frame), Kind::Ready, Tier::Foreground);
        let reclaimed = one.slot.reclaim();
        if reclaimed {
            one.frame.write(1);
        } else {
            one.frame.await_end();
            one.slot.empty(word);
        }
        // The frame is the owner's again, whatever the thieves do.
        assert_eq!(one.frame.read(), 1);
        one.frame.write(7);
        let mut runs = u32::from(reclaimed);
        for thief in thieves {
            runs += u32::from(thief.join().unwrap());
        }
        assert_eq!(runs, 1);
    });
}

// The same slot holds another job a moment later: a thief that looked before gets that very job or none.
// Goes red if `next` doesn't raise the generation, or if `claim` compares kinds only.
#[test]
fn steal_never_takes_a_later_job_for_an_earlier_one() {
    explore(None, || {
        let (one, start) = (one(), Start::new());
        let first = one.slot.publish(increments(&one.frame), Kind::Ready, Tier::Foreground);
        let other = one.clone();
        let thief = start.spawn(move || {
            let seen = other.slot.load();
            (seen == first).then(|| other.slot.claim(first, 1, || true, || true).map(run).is_some())
        });
        start.go();
        let reclaimed = one.slot.reclaim();
        if reclaimed {
            one.slot.publish(increments(&one.next), Kind::Ready, Tier::Foreground);
            assert!(one.slot.reclaim(), "nobody has looked at the second");
        }
        let stolen = thief.join().unwrap();
        assert_eq!(stolen == Some(true), !reclaimed);
        assert_eq!(one.next.read(), 10);
    });
}

fn help(one: &One) -> Option<bool> {
    let word = one.slot.load();
    if word.kind() != Kind::Open {
        return None;
    }
    one.slot.enter(word)?;
    assert_ne!(one.frame.read(), 99, "inside a frame that is gone");
    Some(one.slot.leave())
}

// Nobody is inside after the owner has seen the count at 0, and nobody enters a closed entry.
// Goes red if `close` does nothing, if `enter` adds without comparing, or if `leave` is Relaxed.
#[test]
fn entry_nobody_touches_the_frame_after_the_close() {
    explore(None, || {
        let (one, start) = (one(), Start::new());
        let helpers: Vec<_> = (0..2)
            .map(|_| {
                let one = one.clone();
                start.spawn(move || help(&one))
            })
            .collect();
        start.go();
        let word = one.slot.publish(increments(&one.frame), Kind::Open, Tier::Foreground);
        one.slot.close();
        while one.slot.load().inside() > 0 {
            yield_now();
        }
        one.frame.write(99);
        one.slot.empty(word);
        for helper in helpers {
            helper.join().unwrap();
        }
    });
}

// All places inside but one are taken, by threads that stay, and two come for the last one. Were they let in both, the count would run over
// into the generation: those inside would be counted as none, and the owner would leave them in a frame that is gone. One at least
// gets in, and who finds no place takes nothing. Goes red if `entered` counts one too many.
#[test]
fn entry_that_is_full_lets_nobody_in() {
    explore(None, || {
        let (one, start) = (one(), Start::new());
        let word = one.slot.publish(increments(&one.frame), Kind::Open, Tier::Foreground);
        let almost_full = (1..INSIDE_MAX).fold(word, |word, _| word.entered().expect("there is room"));
        overwrite(&one.slot.state, almost_full.0, Ordering::Release);
        let helpers = [one.clone(), one.clone()].map(|one| {
            start.spawn(move || {
                let word = one.slot.load();
                let entered = word.kind() == Kind::Open && one.slot.enter(word).is_some();
                let left = entered && one.slot.leave();
                assert!(!left, "nobody waits yet");
                entered
            })
        });
        start.go();
        let now = one.slot.load();
        assert_eq!(now.generation(), word.generation());
        assert!(now.inside() >= almost_full.inside(), "those who stay are inside");
        let entered = helpers.map(|helper| helper.join().unwrap());
        assert_ne!(entered, [false; 2], "there was room for one");
        assert!(one.slot.load() == almost_full, "as it was");
        one.slot.close();
        assert_eq!(one.slot.load().inside(), almost_full.inside());
    });
}

// Goes red if `leave` doesn't report the mark, or `mark_waited` is a load and a store.
#[test]
fn entry_the_last_to_leave_wakes_an_owner_that_waits() {
    explore(None, || {
        let (one, start) = (one(), Start::new());
        let word = one.slot.publish(increments(&one.frame), Kind::Open, Tier::Foreground);
        one.slot.enter(word).unwrap();
        let other = one.clone();
        let helper = start.spawn(move || other.slot.leave());
        start.go();
        one.slot.close();
        one.slot.mark_waited();
        let sleeps = one.slot.load().inside() > 0;
        let wakes = helper.join().unwrap();
        assert!(wakes || !sleeps);
    });
}

// A promotion is a third party's write to the word. Goes red if `reclaim` gives up at the first changed word (then nobody
// runs the job), or if `promote` is a store (then it may run twice).
#[test]
fn promote_neither_loses_nor_doubles_a_job() {
    explore(None, || {
        let (one, start) = (one(), Start::new());
        one.slot.publish(increments(&one.frame), Kind::Ready, Tier::Background);
        let (other, third) = (one.clone(), one.clone());
        let thief = start.spawn(move || steal(&other, 1));
        let promoter = start.spawn(move || third.slot.promote(third.slot.load()));
        start.go();
        let reclaimed = one.slot.reclaim();
        if reclaimed {
            one.frame.write(1);
        } else {
            one.frame.await_end();
        }
        assert_eq!(one.frame.read(), 1);
        promoter.join().unwrap();
        assert_eq!(thief.join().unwrap(), !reclaimed);
    });
}

// Who sees the thief's number sees that the job is taken: a search by that number isn't of before the claim.
// Goes red if `claim` stores `thief_generation` Relaxed.
#[test]
fn thief_is_written_down_after_the_claim() {
    explore(None, || {
        let (one, start) = (one(), Start::new());
        let word = one.slot.publish(increments(&one.frame), Kind::Ready, Tier::Foreground);
        let other = one.clone();
        let thief = start.spawn(move || steal(&other, 5));
        start.go();
        if let Some(index) = one.slot.thief_of(word.generation()) {
            assert_eq!(index, 5);
            assert_ne!(one.slot.load().kind(), Kind::Ready);
        }
        thief.join().unwrap();
    });
}

// Two helpers, and somebody who promotes the entry meanwhile. Goes red if `promote` is a store (it undoes the close or loses one who
// is inside).
#[test]
fn entry_is_promoted_while_others_come_and_go() {
    explore(None, || {
        let (one, start) = (one(), Start::new());
        let word = one.slot.publish(increments(&one.frame), Kind::Open, Tier::Background);
        let (other, third) = (one.clone(), one.clone());
        let helper = start.spawn(move || help(&other));
        let promoter = start.spawn(move || third.slot.promote(third.slot.load()));
        start.go();
        one.slot.close();
        while one.slot.load().inside() > 0 {
            yield_now();
        }
        one.frame.write(99);
        one.slot.empty(word);
        helper.join().unwrap();
        promoter.join().unwrap();
        assert_eq!(one.slot.load().kind(), Kind::Empty);
    });
}

// The owner waits while the job is taken and ends. Goes red if `Latch::set` doesn't report the mark, or if `mark_waited` doesn't see the
// end.
#[test]
fn latch_of_a_job_that_is_taken_and_ends_while_its_owner_waits() {
    explore(None, || {
        let (one, start) = (one(), Start::new());
        let word = one.slot.publish(increments(&one.frame), Kind::Ready, Tier::Foreground);
        let other = one.clone();
        let thief = start.spawn(move || {
            let seen = other.slot.load();
            if seen.kind() != Kind::Ready {
                return (false, false);
            }
            let Some(work) = other.slot.claim(seen, 1, || true, || true) else { return (false, false) };
            (true, run(work))
        });
        start.go();
        let mut sleeps = false;
        if !one.slot.reclaim() {
            sleeps = one.frame.latch.mark_waited();
            if !sleeps {
                assert_eq!(one.frame.read(), 1);
            }
        }
        let (took, wakes) = thief.join().unwrap();
        assert_eq!(sleeps, wakes);
        if took {
            assert_eq!(one.slot.load().kind(), Kind::Taken);
            one.slot.empty(word);
        }
    });
}
