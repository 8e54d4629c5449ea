//! Models of a letter and its reader, who sleeps or goes.

use super::*;
use crate::current::with_pool;
use crate::loom_support::{Frame, Start, end, explore, shared, worker};
use std::ptr;
use std::sync::Arc;

// Goes red if the letter is posted without a wake or without the fence before it, if a worker sleeps with mail, or if the reader
// doesn't wake the sender.
#[test]
fn broadcast_reaches_a_worker_that_is_going_to_sleep() {
    explore(Some(2), || {
        let (pool, start) = (shared(1, 1), Start::new());
        let workers = vec![worker(&start, &pool, 0)];
        start.go();
        let cell = Frame::new(0);
        with_pool(&pool, |seat| broadcast_on(seat.unwrap(), &|_| cell.write(cell.read() + 1)));
        assert_eq!(cell.read(), 1);
        end(&pool, workers);
    });
}

// Goes red if a worker goes without closing its mailbox: the sender then waits for ever.
#[test]
fn broadcast_in_a_pool_that_closes_waits_for_nobody_who_has_gone() {
    explore(Some(2), || {
        let (pool, start) = (shared(1, 1), Start::new());
        let workers = vec![worker(&start, &pool, 0)];
        pool.close();
        crate::wake::everybody(&pool);
        start.go();
        with_pool(&pool, |seat| broadcast_on(seat.unwrap(), &|_| ()));
        end(&pool, workers);
    });
}

// Two letters for a worker that goes: each is refused, or read before it has gone. Goes red if `close` doesn't look for letters, or
// if `post` posts to one that has gone.
#[test]
fn broadcast_letters_are_read_or_refused() {
    explore(None, || {
        let (mailbox, start) = (Arc::new(Mailbox::new()), Start::new());
        let from = SlotId { seat: 0, position: 0, generation: 0 };
        let letter = Letter { from, tier: Tier::Foreground, data: ptr::null(), run: |_, _| () };
        let posters = [0, 1].map(|_| {
            let mailbox = mailbox.clone();
            start.spawn(move || mailbox.post(letter))
        });
        start.go();
        let mut read = 0;
        loop {
            while mailbox.take(|_| true).is_some() {
                read += 1;
            }
            if mailbox.close() {
                break;
            }
        }
        let posted: u32 = posters.into_iter().map(|poster| u32::from(poster.join().unwrap())).sum();
        assert_eq!(posted, read);
        assert_eq!(mailbox.count.load(Ordering::Relaxed), 0);
    });
}
