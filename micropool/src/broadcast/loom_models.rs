//! Models of a letter and its reader, who sleeps or goes.

use super::*;
use crate::current::with_pool;
use crate::loom_support::{Frame, Start, end, explore, shared, worker};

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
