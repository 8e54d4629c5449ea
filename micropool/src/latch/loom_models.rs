//! Models of a latch beside what its owner goes on with. With two threads there is no bound on preemptions.

use crate::loom_support::{Frame, Start, explore};
use std::sync::Arc;

/// What `owner` does while a thief is in the middle of its job and tells the end; then `holds` is asked, with whether the owner must be woken.
fn beside_a_thief<R: 'static>(owner: fn(&Frame) -> R, holds: fn(R, bool) -> bool) {
    explore(None, move || {
        let (frame, start) = (Arc::new(Frame::new(0)), Start::new());
        let other = frame.clone();
        let thief = start.spawn(move || {
            other.write(1);
            other.latch.set()
        });
        start.go();
        let result = owner(&frame);
        assert!(holds(result, thief.join().unwrap()));
    });
}

/// Whether the owner would sleep; if not, it sees what the thief has written.
fn sleeps(frame: &Frame) -> bool {
    frame.latch.mark_waited() || {
        assert_eq!(frame.read(), 1);
        false
    }
}

fn changes_its_mind(frame: &Frame) {
    frame.latch.mark_waited();
    frame.latch.unmark_waited();
}

// Goes red if `set` stores instead of swapping, if it is Relaxed, or if `mark_waited` is a load and a store.
#[test]
fn latch_the_end_of_a_job_is_seen_or_wakes() {
    beside_a_thief(sleeps, |sleeps, wakes| sleeps == wakes);
}

// The end is told all the same. Goes red if `unmark_waited` is a load and a store (it undoes the end).
#[test]
fn latch_a_mark_taken_back_does_not_undo_the_end() {
    let owner = |frame: &Frame| {
        changes_its_mind(frame);
        frame.await_end();
        assert_eq!(frame.read(), 1);
        frame.write(7);
    };
    beside_a_thief(owner, |(), _| true);
}

// The one mark that stands at the end is told. Goes red if `unmark_waited` does nothing (the second mark fails, and the owner takes that for
// the end).
#[test]
fn latch_an_owner_that_waits_twice_is_woken() {
    let owner = |frame: &Frame| {
        changes_its_mind(frame);
        sleeps(frame)
    };
    beside_a_thief(owner, |sleeps, wakes| wakes || !sleeps);
}
