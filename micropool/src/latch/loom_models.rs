//! Models of a latch beside what its owner goes on with. With two threads there is no bound on preemptions.

use crate::loom_support::{Frame, Start, explore};
use std::sync::Arc;

/// A thief that is in the middle of the job, and will tell its end; whether the owner must be woken.
fn thief(frame: &Arc<Frame>, start: &Start) -> loom::thread::JoinHandle<bool> {
    let frame = frame.clone();
    start.spawn(move || {
        frame.write(1);
        frame.latch.set()
    })
}

// Goes red if `set` stores instead of swapping, if it is Relaxed, or if `mark_waited` is a load and a store.
#[test]
fn latch_the_end_of_a_job_is_seen_or_wakes() {
    explore(None, || {
        let (frame, start) = (Arc::new(Frame::new(0)), Start::new());
        let thief = thief(&frame, &start);
        start.go();
        let sleeps = frame.latch.mark_waited();
        if !sleeps {
            assert_eq!(frame.read(), 1);
        }
        assert_eq!(thief.join().unwrap(), sleeps);
    });
}

// An owner that changes its mind: the end is told all the same. Goes red if `unmark_waited` is a load and a store (it undoes the end).
#[test]
fn latch_a_mark_taken_back_does_not_undo_the_end() {
    explore(None, || {
        let (frame, start) = (Arc::new(Frame::new(0)), Start::new());
        let thief = thief(&frame, &start);
        start.go();
        frame.latch.mark_waited();
        frame.latch.unmark_waited();
        frame.await_end();
        assert_eq!(frame.read(), 1);
        frame.write(7);
        let _ = thief.join().unwrap();
    });
}

// An owner that changes its mind and waits once more: the one mark that stands at the end is told. Goes red if `unmark_waited` does nothing
// (the second mark fails, and the owner takes that for the end).
#[test]
fn latch_an_owner_that_waits_twice_is_woken() {
    explore(None, || {
        let (frame, start) = (Arc::new(Frame::new(0)), Start::new());
        let thief = thief(&frame, &start);
        start.go();
        frame.latch.mark_waited();
        frame.latch.unmark_waited();
        let sleeps = frame.latch.mark_waited();
        if !sleeps {
            assert_eq!(frame.read(), 1);
        }
        let wakes = thief.join().unwrap();
        assert!(wakes || !sleeps);
    });
}
