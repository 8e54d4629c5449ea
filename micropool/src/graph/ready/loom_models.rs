//! Models of what is ready, of the words behind a top in particular.

use super::*;
use crate::loom_support::{Frame, Start, explore};
use std::sync::Arc;

/// A set of many nodes, in whose first word are those of a model, and what each node's predecessors wrote.
struct Set {
    top: AtomicU64,
    words: [AtomicU64; 1],
    frames: [Frame; 3],
    announced: AtomicU64,
}

impl Set {
    fn new() -> Arc<Self> {
        let word = || AtomicU64::new(0);
        Arc::new(Self {
            top: word(),
            words: [word()],
            frames: [const { () }; 3].map(|()| Frame::new(0)),
            announced: word(),
        })
    }

    fn ready(&self) -> Ready<'_> {
        Ready::new(&self.top, &self.words)
    }

    fn insert(&self, k: usize) {
        self.frames[k].write(1);
        self.ready().insert(k);
    }

    fn announce(&self) {
        self.announced.fetch_add(1, Ordering::Relaxed);
    }

    fn run(&self, k: usize) {
        self.frames[k].write(self.frames[k].read() + 1);
    }

    /// Takes one, if there is one.
    fn take(&self) -> bool {
        let taken = self.ready().take(|| self.announce());
        taken.inspect(|&k| self.run(k)).is_some()
    }

    /// As whoever lets nodes lie takes one.
    fn remove_first(&self) -> bool {
        let announce = || self.announce();
        let removed = self.ready().first(announce).filter(|&k| self.ready().remove(k, announce));
        removed.inspect(|&k| self.run(k)).is_some()
    }

    /// Puts some in, as who goes on himself; whether he has taken one with that.
    fn exchange(&self, nodes: &[usize]) -> bool {
        let mut batch = self.ready().batch();
        for &k in nodes {
            self.frames[k].write(1);
            batch.add(k);
        }
        batch.insert_and_take().0.inspect(|&k| self.run(k)).is_some()
    }

    /// Takes all that are left when everybody else has gone: that makes so many in all.
    fn take_the_rest(&self, mut taken: usize, all: usize) {
        while self.take() {
            taken += 1;
        }
        assert_eq!(taken, all);
        assert!(self.frames[..all].iter().all(|frame| frame.read() == 2));
        assert!(self.ready().is_empty());
    }
}

// Goes red if `insert` or `take` is Relaxed, if T3 is left out, or if T2 is Relaxed.
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
        let taken = usize::from(set.take());
        makers.into_iter().for_each(|maker| maker.join().unwrap());
        set.take_the_rest(taken, 2);
    });
}

// Two threads take, one of them as the other fills. Goes red if `take` or `remove` is a load and a store, or Relaxed.
fn is_taken_once(by_one: fn(&Set) -> bool, by_other: fn(&Set) -> bool) {
    explore(Some(3), move || {
        let (set, start) = (Set::new(), Start::new());
        set.insert(0);
        let other = set.clone();
        let taker = start.spawn(move || usize::from(by_other(&other)));
        let other = set.clone();
        let maker = start.spawn(move || other.insert(1));
        start.go();
        let taken = usize::from(by_one(&set)) + taker.join().unwrap();
        maker.join().unwrap();
        set.take_the_rest(taken, 2);
    });
}

#[test]
fn ready_is_taken_once() {
    is_taken_once(Set::take, Set::take);
}

#[test]
fn ready_is_removed_once() {
    is_taken_once(Set::remove_first, Set::remove_first);
}

#[test]
fn ready_is_taken_or_removed() {
    is_taken_once(Set::take, Set::remove_first);
}

// Two go on with what they have made ready, and a third takes. Goes red if `exchange` is Relaxed on either side, or a load and a store.
#[test]
fn ready_is_exchanged() {
    explore(Some(3), || {
        let (set, start) = (Set::new(), Start::new());
        let makers = [&[0, 1][..], &[2]].map(|nodes| {
            let set = set.clone();
            start.spawn(move || usize::from(set.exchange(nodes)))
        });
        start.go();
        let taken = usize::from(set.take());
        let exchanged: usize = makers.into_iter().map(|maker| maker.join().unwrap()).sum();
        set.take_the_rest(taken + exchanged, 3);
    });
}

// One has put a node in; who exchanges takes that one, or his own, while a third takes. Goes red as the one before.
#[test]
fn ready_is_exchanged_for_what_was_there() {
    explore(Some(3), || {
        let (set, start) = (Set::new(), Start::new());
        let other = set.clone();
        let maker = start.spawn(move || other.insert(0));
        let other = set.clone();
        let exchanger = start.spawn(move || usize::from(other.exchange(&[1])));
        start.go();
        let taken = usize::from(set.take());
        maker.join().unwrap();
        set.take_the_rest(taken + exchanger.join().unwrap(), 2);
    });
}

// One makes two ready and goes on with one of them, another takes what is there; `before`: what lies there.
fn is_exchanged_for_one_of_two(before: &'static [usize]) {
    explore(None, move || {
        let (set, start) = (Set::new(), Start::new());
        before.iter().for_each(|&k| set.insert(k));
        let other = set.clone();
        let exchanger = start.spawn(move || usize::from(other.exchange(&[0, 1])));
        start.go();
        let taken = usize::from(set.take());
        set.take_the_rest(taken + exchanger.join().unwrap(), 2 + before.len());
    });
}

// Goes red if an exchange shows nothing.
#[test]
fn ready_is_exchanged_for_one_of_two() {
    is_exchanged_for_one_of_two(&[]);
}

// The other takes the last node of the word, and hides it. Goes red as `ready_nothing_stays_hidden`.
#[test]
fn ready_what_is_exchanged_is_not_hidden() {
    is_exchanged_for_one_of_two(&[2]);
}

// Who comes in because the top shows something finds all of it. Goes red if the top is written Relaxed, or before the words.
#[test]
fn ready_is_filled_at_once() {
    explore(None, || {
        let (set, start) = (Set::new(), Start::new());
        let other = set.clone();
        let maker = start.spawn(move || {
            (0..2).for_each(|k| other.frames[k].write(1));
            assert_eq!(other.ready().fill([0b11].into_iter()), 2);
        });
        start.go();
        let mut taken = 0;
        if !set.ready().is_empty() {
            assert!(set.take() && set.take());
            taken = 2;
        }
        maker.join().unwrap();
        set.take_the_rest(taken, 2);
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
