//! A model of the epochs: `wait_idle` waits for every task so far.

use super::*;
use crate::loom_support::{Frame, Start, config, explore};
use std::sync::Arc;

fn background() -> Arc<Background> {
    Arc::new(Background::new(&config(1, 1)))
}

// Another makes and ends a task of its own meanwhile, and a third waits too, so that epochs end at any time.
// Goes red if two epochs are enough for `all_over`, or if `task_ended` is Relaxed.
#[test]
fn idle_is_seen_after_the_end_of_every_task_so_far() {
    explore(Some(3), || {
        let (background, start) = (background(), Start::new());
        let written = Arc::new(Frame::new(0));
        let other = background.clone();
        let waiter = start.spawn(move || {
            let since = other.since();
            for _ in 0..2 {
                let _ = other.all_over(since);
            }
        });
        let (other, result) = (background.clone(), written.clone());
        // The task is made here, perhaps in an epoch that is over; it ends on another thread.
        start.go();
        let (made, _) = background.task_made();
        let since = background.since();
        let ender = loom::thread::spawn(move || {
            result.write(1);
            other.task_ended(made, false);
        });
        if background.all_over(since) {
            assert_eq!(written.read(), 1);
        }
        ender.join().unwrap();
        assert!(background.all_over(since));
        waiter.join().unwrap();
    });
}

// Places are taken and given back by two workers, of whom one at a time may hold one.
// Goes red if `take_place` is a load and a store, or compares with `<=`.
#[test]
fn cap_is_never_exceeded() {
    explore(None, || {
        let (background, start) = (background(), Start::new());
        let inside = Arc::new(Frame::new(0));
        let workers = [0, 1].map(|_| {
            let (background, inside) = (background.clone(), inside.clone());
            start.spawn(move || {
                let mut got = 0;
                for _ in 0..2 {
                    if let Some(place) = background.take_place() {
                        // A race, were there two.
                        inside.write(inside.read() + 1);
                        got += 1;
                        drop(place);
                    }
                }
                got
            })
        });
        start.go();
        let got: u32 = workers.into_iter().map(|worker| worker.join().unwrap()).sum();
        assert_eq!(inside.read(), got);
        assert!(background.has_room());
    });
}
