//! Models of the counts that a push relies on.

use super::*;
use crate::loom_support::{Start, explore};
use std::sync::Arc;

// One sleeps; another lies down and is woken at once, as a late wake may do, or thinks better of it.
// Goes red if a sleeper announces itself before it is counted: its waker then takes the first one out of the counts, and a push
// sees nobody.
#[test]
fn counts_are_never_below_the_number_of_those_who_sleep() {
    explore(None, || {
        let (start, pool) = (Start::new(), Arc::new(Sleepers::new()));
        let first = Sleeper::new();
        first.announce_strict(&pool, 0, 0);
        let second = Arc::new(Sleeper::new());
        let sleeper = {
            let (pool, second) = (pool.clone(), second.clone());
            start.spawn(move || {
                second.announce_strict(&pool, 1, 0);
                second.retract(&pool, Mode::Strict);
            })
        };
        let waker = {
            let pool = pool.clone();
            start.spawn(move || {
                second.wake(&pool, Mode::Strict);
            })
        };
        start.go();
        assert!(pool.counts().strict() >= 1, "a push doesn't see the one who sleeps");
        sleeper.join().unwrap();
        waker.join().unwrap();
        assert_eq!(pool.counts().strict(), 1);
    });
}
