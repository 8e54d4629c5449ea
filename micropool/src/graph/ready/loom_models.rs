//! Models of what is ready, of the words behind a top in particular.

use super::*;
use crate::loom_support::{Frame, Start, explore};
use std::sync::Arc;

/// A set of many nodes, in whose first word are those of a model, and what each node's predecessors wrote.
struct Set {
    top: AtomicU64,
    words: [AtomicU64; 1],
    frames: [Frame; 2],
    announced: AtomicU64,
}

impl Set {
    fn new() -> Arc<Self> {
        let word = || AtomicU64::new(0);
        Arc::new(Self { top: word(), words: [word()], frames: [Frame::new(0), Frame::new(0)], announced: word() })
    }

    fn ready(&self) -> Ready<'_> {
        Ready::new(&self.top, &self.words)
    }

    fn insert(&self, k: usize) {
        self.frames[k].write(1);
        self.ready().insert(k);
    }

    /// Takes one, if there is one.
    fn take(&self) -> bool {
        let announce = || {
            self.announced.fetch_add(1, Ordering::Relaxed);
        };
        let Some(k) = self.ready().first(announce) else {
            return false;
        };
        let is_ours = self.ready().remove(k, announce);
        if is_ours {
            self.frames[k].write(self.frames[k].read() + 1);
        }
        is_ours
    }
}

// Goes red if `insert` or `remove` is Relaxed, if T3 is left out, or if T2 is Relaxed.
#[test]
fn ready_nothing_stays_hidden() {
    explore(Some(3), || {
        let (set, start) = (Set::new(), Start::new());
        let makers: Vec<_> = (0..2)
            .map(|k| {
                let set = set.clone();
                start.spawn(move || set.insert(k))
            })
            .collect();
        start.go();
        let mut taken = usize::from(set.take());
        makers.into_iter().for_each(|maker| maker.join().unwrap());
        while set.take() {
            taken += 1;
        }
        assert_eq!(taken, 2);
        assert!(set.frames.iter().all(|frame| frame.read() == 2));
        assert!(set.ready().is_empty());
    });
}

// Two threads take, one of them as the other fills. Goes red if `remove` is a load and a store.
#[test]
fn ready_is_taken_once() {
    explore(Some(3), || {
        let (set, start) = (Set::new(), Start::new());
        set.insert(0);
        let other = set.clone();
        let taker = start.spawn(move || usize::from(other.take()));
        let other = set.clone();
        let maker = start.spawn(move || other.insert(1));
        start.go();
        let mut taken = usize::from(set.take());
        taken += taker.join().unwrap();
        maker.join().unwrap();
        while set.take() {
            taken += 1;
        }
        assert_eq!(taken, 2);
        assert!(set.frames.iter().all(|frame| frame.read() == 2));
    });
}

// Who has put a node in finds something ready, whatever another who puts one in has left undone. Goes red if `insert` looks at its word only.
#[test]
fn ready_is_shown_by_each_who_puts_in() {
    explore(None, || {
        let (set, start) = (Set::new(), Start::new());
        let other = set.clone();
        let maker = start.spawn(move || other.insert(1));
        start.go();
        set.insert(0);
        assert_eq!(set.ready().first(|| ()), Some(0));
        maker.join().unwrap();
    });
}

// Who looked while a word was hidden is told when it is shown again. Goes red if T4 announces nothing.
#[test]
fn ready_what_is_shown_again_is_announced() {
    explore(None, || {
        let (set, start) = (Set::new(), Start::new());
        set.insert(0);
        let other = set.clone();
        let taker = start.spawn(move || other.take());
        let other = set.clone();
        let maker = start.spawn(move || other.insert(1));
        start.go();
        maker.join().unwrap();
        // Nothing to see, though the maker has left: it won't say so again.
        let hidden = set.words[0].load(Ordering::Acquire) & 2 != 0 && set.ready().is_empty();
        taker.join().unwrap();
        assert!(!hidden || set.announced.load(Ordering::Relaxed) > 0);
    });
}
