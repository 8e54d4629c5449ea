//! Jobs that their owner keeps cheap to take back: who has nothing to do still gets them, though nobody offers them.

use micropool::ThreadPoolBuilder;
use std::time::Duration;
use support::{Gate, eventually, within};

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
