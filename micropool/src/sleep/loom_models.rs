//! Models of one sleeper and those who end its sleep. Two wakers and the sleeper itself: there is no bound on preemptions.

use super::*;
use crate::loom_support::{Frame, Start, explore};
use std::sync::Arc;

struct Bed {
    pool: Sleepers,
    sleeper: Sleeper,
    /// Stands for what the waker has done before it woke.
    work: Frame,
}

fn bed() -> Arc<Bed> {
    Arc::new(Bed { pool: Sleepers::new(), sleeper: Sleeper::new(), work: Frame::new(0) })
}

// Goes red if `leave` is a load and a store (it is counted out twice), or if `wake` doesn't notify, or without the lock.
#[test]
fn sleeper_is_woken_and_counted_out_once() {
    explore(None, || {
        let (bed, start) = (bed(), Start::new());
        bed.sleeper.announce_strict(&bed.pool, 3, 0);
        let wakers = [bed.clone(), bed.clone()].map(|bed| {
            start.spawn(move || bed.sleeper.sleeps_for_position(3) && bed.sleeper.wake(&bed.pool, Mode::Strict))
        });
        start.go();
        bed.sleeper.block();
        let woke: u32 = wakers.into_iter().map(|waker| u32::from(waker.join().unwrap())).sum();
        assert_eq!(woke, 1);
        assert!(bed.pool.counts().none());
    });
}

// It thinks better of it while somebody wakes it. Goes red if `retract` goes on while a waker is still counting, or if `leave` is
// a load and a store.
#[test]
fn sleeper_that_retracts_is_counted_as_searching_once() {
    explore(None, || {
        let (bed, start) = (bed(), Start::new());
        let wakers = [bed.clone(), bed.clone()].map(|bed| start.spawn(move || bed.sleeper.wake(&bed.pool, Mode::Idle)));
        bed.pool.start_searching();
        start.go();
        bed.sleeper.announce_idle(&bed.pool);
        bed.sleeper.retract(&bed.pool, Mode::Idle);
        assert_eq!(bed.pool.counts().searching(), 1, "counted before it goes on");
        for waker in wakers {
            waker.join().unwrap();
        }
        assert_eq!((bed.pool.counts().idle(), bed.pool.counts().searching()), (0, 1));
    });
}

// Twice in a row, with a waker that may come late from the first time. Goes red if a wake doesn't order what was done before it.
#[test]
fn sleeper_sees_what_its_waker_did() {
    explore(None, || {
        let (bed, start) = (bed(), Start::new());
        bed.sleeper.announce_strict(&bed.pool, 1, 0);
        let other = bed.clone();
        let waker = start.spawn(move || {
            other.work.write(1);
            assert!(other.sleeper.wake(&other.pool, Mode::Strict));
            // Too late for anything but the next sleep, which it may end for nothing.
            other.sleeper.wake(&other.pool, Mode::Strict)
        });
        start.go();
        bed.sleeper.block();
        assert_eq!(bed.work.read(), 1);
        bed.sleeper.announce_strict(&bed.pool, 2, 0);
        bed.sleeper.retract(&bed.pool, Mode::Strict);
        waker.join().unwrap();
        assert!(bed.pool.counts().none());
    });
}

// Pushers and a worker that stops searching: P3 to P5 against I1 to I3, without slots. Of the two at least one sees the other.
// Goes red without either fence.
#[test]
fn sleeper_and_pusher_see_one_another() {
    explore(None, || {
        let (bed, start) = (bed(), Start::new());
        bed.pool.start_searching();
        let published = Arc::new(AtomicU32::new(0));
        let (other, work) = (bed.clone(), published.clone());
        let pusher = start.spawn(move || {
            work.store(1, Ordering::Release);
            crate::sync::light_fence();
            if other.pool.counts().none() {
                return false;
            }
            fence(Ordering::SeqCst);
            other.pool.counts().searching() == 0 && other.sleeper.wake(&other.pool, Mode::Idle)
        });
        start.go();
        bed.sleeper.announce_idle(&bed.pool);
        heavy_fence();
        let found = published.load(Ordering::Acquire) == 1;
        let woken = pusher.join().unwrap();
        assert!(found || woken, "both rely on the other");
    });
}

/// One lies down and looks once more; another publishes, reads who sleeps after `light`, and wakes whom it sees. All of P3 to P5 and I1
/// to I5, but for what a push does about those who search.
fn lies_down_while_another_pushes(light: impl Fn() + Copy + Send + Sync + 'static) {
    explore(None, move || {
        let (bed, start) = (bed(), Start::new());
        bed.pool.start_searching();
        let published = Arc::new(AtomicU32::new(0));
        let (other, work) = (bed.clone(), published.clone());
        let pusher = start.spawn(move || {
            work.store(1, Ordering::Release);
            light();
            if !other.pool.counts().none() {
                other.sleeper.wake(&other.pool, Mode::Idle);
            }
        });
        start.go();
        bed.sleeper.announce_idle(&bed.pool);
        heavy_fence();
        if published.load(Ordering::Acquire) == 1 {
            bed.sleeper.retract(&bed.pool, Mode::Idle);
        } else {
            bed.sleeper.block();
            assert_eq!(published.load(Ordering::Acquire), 1, "woken for nothing");
        }
        pusher.join().unwrap();
        assert_eq!((bed.pool.counts().idle(), bed.pool.counts().searching()), (0, 1));
    });
}

// The twin of the canary below, so that it is the fence that makes the difference.
#[test]
fn sleeper_that_lies_down_hears_of_a_push() {
    lies_down_while_another_pushes(crate::sync::light_fence);
}

// Proves that the models see a lost wake-up, and stores that are late: without the fence the pusher may see nobody, and the sleeper
// nothing.
#[test]
#[should_panic(expected = "deadlock")]
fn canary_a_push_without_a_fence_loses_a_wake_up() {
    lies_down_while_another_pushes(|| ());
}

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

// One is the last to stop, while another begins to search, and a push may rely on that one without a fence: it finds so, unless nobody could
// rely on it. When all are done, pushes are as cheap as before. Goes red if the bit is cleared whoever searches, or never.
#[test]
fn whoever_is_relied_on_without_a_fence_is_told_so() {
    explore(None, || {
        let (start, pool) = (Start::new(), Arc::new(Sleepers::new()));
        pool.start_searching();
        pool.do_without_a_fence(pool.counts());
        assert!(pool.counts().may_rely_on_a_search());
        let next = {
            let pool = pool.clone();
            start.spawn(move || {
                pool.start_searching();
                let relied_on = pool.counts().may_rely_on_a_search();
                assert!(!relied_on || pool.counts().may_rely_on_a_search());
                pool.stop_searching();
            })
        };
        start.go();
        pool.stop_searching();
        next.join().unwrap();
        assert!(pool.counts().nothing_to_do());
    });
}
