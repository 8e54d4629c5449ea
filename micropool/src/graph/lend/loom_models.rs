//! Models of the cells' words: whoever is let in sees what those before have left, whatever orders them otherwise.

use super::*;
use crate::loom_support::{Frame, Start, explore};
use crate::sync::yield_now;
use std::sync::Arc;

/// A cell that the model's threads share.
struct Cell(Slot<Frame>);

// SAFETY: a frame may go anywhere: the model fails where two accesses race.
unsafe impl Sync for Cell {}
// SAFETY: as above.
unsafe impl Send for Cell {}

impl Cell {
    fn read(&self) -> Option<u32> {
        self.0.flag.try_shared().ok().map(|shared| self.0.lease_under(shared).read())
    }

    fn add(&self) -> Option<u32> {
        self.0.flag.try_exclusive().ok().map(|exclusive| {
            self.0.with_option_under(exclusive, |value| {
                let value = value.as_ref().expect("it is there");
                value.write(value.read() + 1);
                value.read()
            })
        })
    }
}

fn until_some<T>(mut f: impl FnMut() -> Option<T>) -> T {
    loop {
        match f() {
            Some(value) => return value,
            None => yield_now(),
        }
    }
}

// Goes red if `put` fills Relaxed, or if `try_shared` is Relaxed.
#[test]
fn lend_shows_a_reader_what_was_put_in() {
    explore(None, || {
        let (cell, start) = (Arc::new(Cell(Slot::empty())), Start::new());
        let other = cell.clone();
        let reader = start.spawn(move || until_some(|| other.read()));
        start.go();
        Fill(&cell.0).put(Frame::new(7));
        assert_eq!(reader.join().unwrap(), 7);
    });
}

// Goes red if `try_exclusive` is Relaxed, or if an `Exclusive` ends Relaxed.
#[test]
fn lend_lets_one_writer_in_at_a_time() {
    explore(None, || {
        let (cell, start) = (Arc::new(Cell(Slot::empty())), Start::new());
        let other = cell.clone();
        let writer = start.spawn(move || until_some(|| other.add()));
        start.go();
        Fill(&cell.0).put(Frame::new(7));
        let here = until_some(|| cell.add());
        let there = writer.join().unwrap();
        assert_eq!((here.min(there), here.max(there)), (8, 9));
    });
}

// Goes red if a `Shared` ends Relaxed: then a writer may write while it is still being read; or if more than one may be in.
#[test]
fn lend_lets_no_writer_in_beside_a_reader() {
    explore(Some(3), || {
        let (cell, start) = (Arc::new(Cell(Slot::filled(Frame::new(7)))), Start::new());
        let readers = [0, 1].map(|_| {
            let cell = cell.clone();
            start.spawn(move || cell.read())
        });
        start.go();
        let written = until_some(|| cell.add());
        assert_eq!(written, 8);
        for reader in readers {
            // Where it was let in at all.
            assert!(matches!(reader.join().unwrap(), None | Some(7 | 8)));
        }
    });
}
