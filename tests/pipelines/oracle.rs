//! The oracle of one pipeline: what was called with each index, what was dropped, and which of the armed panics went off.

use std::any::Any;
use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};

/// A place where user code is called, and may panic. Calls of `init`, `finalize` and `reduce` are numbered as they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Item(usize),
    Init(usize),
    Finalize(usize),
    Reduce(usize),
    Cleanup(usize),
}

pub struct Watch {
    /// Those that are to panic.
    armed: Vec<Place>,
    /// Those that have.
    fired: Mutex<Vec<Place>>,
    /// Every so many items the thread lets others run, so that loops are shared even on few cores.
    pace: usize,
    inits: AtomicUsize,
    finalizes: AtomicUsize,
    reduces: AtomicUsize,
    /// How often each index was handed out to be processed, and how often it was cleaned up or dropped.
    given: Vec<AtomicU32>,
    gone: Vec<AtomicU32>,
    /// Results of threads that are alive.
    tallies: AtomicUsize,
}

impl Watch {
    pub fn new(len: usize, armed: Vec<Place>, pace: usize) -> Self {
        let counts = || (0..len).map(|_| AtomicU32::new(0)).collect();
        Self {
            armed,
            fired: Mutex::new(Vec::new()),
            pace,
            inits: AtomicUsize::new(0),
            finalizes: AtomicUsize::new(0),
            reduces: AtomicUsize::new(0),
            given: counts(),
            gone: counts(),
            tallies: AtomicUsize::new(0),
        }
    }

    fn come_by(&self, place: Place) {
        if self.armed.contains(&place) {
            self.fired.lock().unwrap().push(place);
            resume_unwind(Box::new(place));
        }
    }

    pub fn item(&self, index: usize) {
        self.given[index].fetch_add(1, Relaxed);
        if index.is_multiple_of(self.pace) {
            std::thread::yield_now();
        }
        self.come_by(Place::Item(index));
    }

    pub fn init(&self) {
        self.come_by(Place::Init(self.inits.fetch_add(1, Relaxed)));
    }

    pub fn finalize(&self) {
        self.come_by(Place::Finalize(self.finalizes.fetch_add(1, Relaxed)));
    }

    pub fn reduce(&self) {
        self.come_by(Place::Reduce(self.reduces.fetch_add(1, Relaxed)));
    }

    /// A range is cleaned up: all of it, though one of its items may panic, as the items of a slice are dropped.
    pub fn cleanup(&self, range: Range<usize>) {
        range.clone().for_each(|index| self.count_gone(index));
        range.for_each(|index| self.come_by(Place::Cleanup(index)));
    }

    fn count_gone(&self, index: usize) {
        self.gone[index].fetch_add(1, Relaxed);
    }

    pub fn was_given(&self, index: usize) -> bool {
        self.given[index].load(Relaxed) > 0
    }

    /// Each index was processed or cleaned up, once; where there is no cleanup, at most once.
    pub fn check_indices(&self, cleaned: bool) {
        for (index, (given, gone)) in self.given.iter().zip(&self.gone).enumerate() {
            let (given, gone) = (given.load(Relaxed), gone.load(Relaxed));
            let right = if cleaned { given + gone == 1 } else { given <= 1 && gone == 0 };
            assert!(right, "index {index} of {}: given out {given} times, cleaned up {gone} times", self.given.len());
        }
    }

    /// Each item was dropped once, and given out at most once.
    pub fn check_items(&self) {
        for (index, (given, gone)) in self.given.iter().zip(&self.gone).enumerate() {
            let (given, gone) = (given.load(Relaxed), gone.load(Relaxed));
            assert!(
                given <= 1 && gone == 1,
                "item {index} of {}: given out {given} times, dropped {gone} times",
                self.given.len()
            );
        }
    }

    /// The results of threads are all gone.
    pub fn check_tallies(&self) {
        assert_eq!(self.tallies.load(Relaxed), 0, "results that were never dropped, or dropped twice");
    }

    /// What a pipeline came to: `None` if it panicked, which it does if, and only if, something armed went off.
    pub fn outcome<R>(&self, ended: Result<R, Box<dyn Any + Send>>) -> Option<R> {
        let fired = self.fired.lock().unwrap();
        match ended {
            Ok(result) => {
                assert!(fired.is_empty(), "a result, though {fired:?} panicked");
                Some(result)
            }
            Err(payload) => {
                let place = payload.downcast_ref::<Place>().expect("only what is armed panics");
                assert!(fired.contains(place), "the payload of {place:?}, though only {fired:?} panicked");
                None
            }
        }
    }
}

/// An item that knows when it is dropped.
pub struct Item<'a> {
    pub index: usize,
    watch: &'a Watch,
}

impl<'a> Item<'a> {
    pub fn all(len: usize, watch: &'a Watch) -> Vec<Self> {
        (0..len).map(|index| Item { index, watch }).collect()
    }
}

impl Drop for Item<'_> {
    fn drop(&mut self) {
        self.watch.count_gone(self.index);
        self.watch.come_by(Place::Cleanup(self.index));
    }
}

/// What one thread has seen, in its order: the result of a piece. A small one, or one that is too large for many in a frame.
pub struct Tally<'a, const PADDING: usize = 0> {
    pub seen: Vec<usize>,
    watch: &'a Watch,
    _padding: [u64; PADDING],
}

impl<'a, const PADDING: usize> Tally<'a, PADDING> {
    pub fn new(watch: &'a Watch) -> Self {
        watch.tallies.fetch_add(1, Relaxed);
        Self { seen: Vec::new(), watch, _padding: [0; PADDING] }
    }

    pub fn with(mut self, index: usize) -> Self {
        self.seen.push(index);
        self
    }

    pub fn and(mut self, other: Self) -> Self {
        self.seen.extend(&other.seen);
        self
    }
}

impl<const PADDING: usize> Drop for Tally<'_, PADDING> {
    fn drop(&mut self) {
        // Twice would be more than there are.
        self.watch.tallies.fetch_sub(1, Relaxed);
    }
}
