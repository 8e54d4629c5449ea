//! Jobs that their owner keeps cheap to take back: who has nothing to do still gets them, though nobody offers them.

use micropool::ThreadPoolBuilder;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use support::{Gate, eventually, soon, within};

const LIMIT: Duration = Duration::from_secs(20);

// Both workers are busy while two halves are pushed, so nobody searches and the newer one is not offered; its owner pushes nothing more.
// One worker takes the older half, and stays in it until the other has asked for the newer one.
#[test]
fn a_half_that_nobody_offers_is_asked_for() {
    for keep_awake in [false, true] {
        within(LIMIT, move || {
            let pool = ThreadPoolBuilder::new().num_threads(2).background_threads(2).build().expect("a pool");
            let _awake = keep_awake.then(|| pool.keep_awake());
            let (busy, newer, older) = (Gate::default(), Gate::default(), Gate::default());
            for _ in 0..2 {
                let busy = busy.clone();
                pool.spawn(move || busy.pass()).detach();
            }
            assert!(eventually(LIMIT, || busy.arrived() == 2));
            let owner_does_nothing = || {
                busy.open();
                newer.pass();
                older.pass();
            };
            pool.join(
                || pool.join(owner_does_nothing, || newer.open()),
                || {
                    newer.pass();
                    older.open();
                },
            );
        });
    }
}

/// A half below the oldest is private for as long as nobody asks, and a worker that has just found something doesn't ask at once. It
/// takes no background task meanwhile.
#[test]
fn promise_4_a_private_half_comes_before_the_background() {
    within(LIMIT, || {
        let pool = ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
        for _ in 0..50 {
            // The worker stands in a background task, and one is queued behind that.
            let gate = Gate::default();
            let held = gate.hold(&pool);
            let begun = Arc::new(AtomicBool::new(false));
            let note = begun.clone();
            let task = pool.spawn(move || note.store(true, Ordering::SeqCst));
            let ran = AtomicBool::new(false);
            let private = || {
                let task_begun = begun.load(Ordering::SeqCst);
                ran.store(true, Ordering::SeqCst);
                assert!(!task_begun, "the queued task came first");
            };
            let long = || {
                gate.open();
                soon("the worker takes the private half", || ran.load(Ordering::SeqCst));
            };
            pool.join(|| micropool::join(long, private), || ());
            task.join();
            held.join();
        }
    });
}
