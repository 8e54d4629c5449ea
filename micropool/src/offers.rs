//! How far an owner has offered its jobs to those who search, so that a push looks at the slots that are new and not at all of them.
//!
//! With more threads than processors somebody often searches, and may not run for milliseconds; a look at every slot for every push was
//! most of what a join cost then.

// The owner's alone, whatever checks the protocols: std's and not `sync.rs`'s. A wrong memory costs time and no more: an owner that offers
// too little is asked, one that offers too much pays an exchange for each.
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

const NONE: u32 = u32::MAX;

/// No pool has these counts.
const NO_COUNTS: u64 = u64::MAX;

/// After so many pushes it is cheaper that who searches has a fence for both sides than that each push has one.
const A_WHILE: u32 = 256;

/// So many pushes take some ten microseconds at the least; who searches takes what is offered within one.
const LONG: u32 = 4 * A_WHILE;

/// Whether those who search take what is offered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LeftAlone {
    Not,
    /// For so many pushes, or a multiple, that it may be for many more.
    ForAWhile,
    /// For so many that they can't be looking.
    ForLong,
}

/// What an owner remembers of its last offers.
pub(crate) struct Offers {
    /// For how many they were.
    wanted: AtomicU32,
    /// How many of those have none yet.
    left: AtomicU32,
    /// The oldest that was offered, or `NONE`. Thieves begin there: as long as it lies there, so do the others.
    first: AtomicU32,
    /// All below has been looked at.
    next: AtomicU32,
    /// Pushes since the oldest was offered; where that was while nobody searched, since one before.
    pushes: AtomicU32,
    /// The pool's counts, as a number, with which nothing is left to do for a push above what is offered; or `NO_COUNTS`.
    counts: AtomicU64,
}

/// Where to go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Search {
    pub(crate) from: u32,
    pub(crate) left: u32,
    first: u32,
}

impl Offers {
    pub(crate) const fn new() -> Self {
        Self {
            wanted: AtomicU32::new(0),
            left: AtomicU32::new(0),
            first: AtomicU32::new(NONE),
            next: AtomicU32::new(0),
            pushes: AtomicU32::new(0),
            counts: AtomicU64::new(NO_COUNTS),
        }
    }

    /// Whether nothing is to be done about a push, because the counts are as they were when [`attended`](Self::attended) was called, and so is what
    /// was offered. Counts the push; one of 256 looks again.
    #[inline]
    pub(crate) fn are_as_before(&self, counts: u64, topmost: u32, is_ready: impl FnOnce(u32) -> bool) -> bool {
        let pushes = load(&self.pushes) + 1;
        let first = load(&self.first);
        let same = self.counts.load(Ordering::Relaxed) == counts
            && load(&self.next) <= topmost
            && !pushes.is_multiple_of(A_WHILE)
            && first <= topmost
            && is_ready(first);
        if same {
            self.pushes.store(pushes, Ordering::Relaxed);
        }
        same
    }

    /// With these counts nothing is left to do, if all have what they want: whether they have.
    pub(crate) fn attended(&self, counts: u64) -> bool {
        let complete = load(&self.left) == 0;
        self.counts.store(if complete { counts } else { NO_COUNTS }, Ordering::Relaxed);
        complete
    }

    /// Whether so many have all they want, with this position the topmost that is filled.
    #[inline]
    pub(crate) fn are_enough(&self, wanted: u32, topmost: u32, is_ready: impl FnOnce(u32) -> bool) -> bool {
        load(&self.left) == 0 && load(&self.next) <= topmost && self.hold(wanted, topmost, is_ready)
    }

    /// Whether what is remembered is of use.
    #[inline]
    fn hold(&self, wanted: u32, topmost: u32, is_ready: impl FnOnce(u32) -> bool) -> bool {
        let first = load(&self.first);
        load(&self.wanted) == wanted && first <= topmost && is_ready(first)
    }

    /// Where to go on for so many.
    pub(crate) fn resume(&self, wanted: u32, topmost: u32, is_ready: impl FnOnce(u32) -> bool) -> Search {
        if !self.hold(wanted, topmost, is_ready) {
            self.wanted.store(wanted, Ordering::Relaxed);
            self.pushes.store(0, Ordering::Relaxed);
            return Search { from: 0, left: wanted, first: NONE };
        }
        if topmost <= load(&self.first) {
            // The oldest was taken back, and this is another.
            self.pushes.store(0, Ordering::Relaxed);
        }
        let next = load(&self.next);
        // Those that have been taken back since were offered, for all we know.
        let back = next.saturating_sub(topmost);
        Search { from: next - back, left: (load(&self.left) + back).min(wanted), first: load(&self.first) }
    }

    /// Counts a push since anybody has taken anything. Each `LONG` begin anew.
    #[inline]
    pub(crate) fn one_more_push(&self) -> LeftAlone {
        let pushes = load(&self.pushes) + 1;
        self.pushes.store(if pushes == LONG { 0 } else { pushes }, Ordering::Relaxed);
        match pushes {
            LONG => LeftAlone::ForLong,
            _ if pushes.is_multiple_of(A_WHILE) => LeftAlone::ForAWhile,
            _ => LeftAlone::Not,
        }
    }

    /// The lowest position has been filled, and is offered.
    #[inline]
    pub(crate) fn remember_the_first(&self, wanted: u32) {
        self.wanted.store(wanted, Ordering::Relaxed);
        self.pushes.store(0, Ordering::Relaxed);
        self.remember(Search { from: 0, left: wanted - 1, first: 0 }, 1);
    }

    /// All below `next` has been looked at.
    pub(crate) fn remember(&self, Search { left, first, .. }: Search, next: u32) {
        self.counts.store(NO_COUNTS, Ordering::Relaxed);
        self.left.store(left, Ordering::Relaxed);
        self.first.store(first, Ordering::Relaxed);
        self.next.store(next, Ordering::Relaxed);
    }
}

#[inline]
fn load(word: &AtomicU32) -> u32 {
    word.load(Ordering::Relaxed)
}

impl Search {
    /// One lies at this position.
    pub(crate) fn found(&mut self, position: u32) {
        self.first = self.first.min(position);
        self.left -= 1;
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// A stack, as an owner looks at it: which positions are offered, up to the top.
    struct Stack {
        offers: Offers,
        ready: Vec<bool>,
        looks: usize,
    }

    impl Stack {
        fn new() -> Self {
            Self { offers: Offers::new(), ready: Vec::new(), looks: 0 }
        }

        fn push(&mut self, wanted: u32) {
            self.ready.push(false);
            let topmost = self.ready.len() as u32 - 1;
            let is_ready = |first| self.ready[first as usize];
            if self.offers.are_enough(wanted, topmost, is_ready) {
                return;
            }
            let mut search = self.offers.resume(wanted, topmost, is_ready);
            let mut next = search.from;
            while search.left > 0 && next <= topmost {
                self.looks += 1;
                self.ready[next as usize] = true;
                search.found(next);
                next += 1;
            }
            self.offers.remember(search, next);
        }

        fn offered(&self) -> Vec<usize> {
            (0..self.ready.len()).filter(|&k| self.ready[k]).collect()
        }
    }

    #[test]
    fn the_oldest_are_offered_and_each_is_looked_at_once() {
        let mut stack = Stack::new();
        (0..10).for_each(|_| stack.push(3));
        assert_eq!(stack.offered(), [0, 1, 2]);
        assert_eq!(stack.looks, 3);
    }

    #[test]
    fn one_that_was_taken_back_is_offered_again() {
        let mut stack = Stack::new();
        (0..2).for_each(|_| stack.push(3));
        for _ in 0..5 {
            stack.ready.pop();
            stack.push(3);
            assert_eq!(stack.offered(), [0, 1]);
        }
        stack.push(3);
        stack.push(3);
        assert_eq!(stack.offered(), [0, 1, 2]);
    }

    #[test]
    fn what_nobody_takes_is_noticed() {
        let offers = Offers::new();
        let pushes = |count| (0..count).map(|_| offers.one_more_push()).filter(|&left| left != LeftAlone::Not);
        let noticed = pushes(3 * LONG).collect::<Vec<_>>();
        let whiles = (LONG / A_WHILE - 1) as usize;
        assert_eq!(noticed, [vec![LeftAlone::ForAWhile; whiles], vec![LeftAlone::ForLong]].concat().repeat(3));
        assert_eq!(pushes(LONG - 1).count(), whiles);
        // Somebody took one: the next look begins anew.
        assert_eq!(offers.resume(1, 0, |_| false), Search { from: 0, left: 1, first: NONE });
        assert_eq!(pushes(A_WHILE - 1).count(), 0);
        assert_eq!(offers.one_more_push(), LeftAlone::ForAWhile);
    }

    #[test]
    fn an_offer_that_is_taken_back_and_made_again_is_not_left_alone() {
        let offers = Offers::new();
        // The oldest is Ready when it is pushed, as at the bottom of a stack.
        let push = |topmost| {
            let search = offers.resume(1, topmost, |_| true);
            offers.remember(Search { left: 0, first: 0, ..search }, 1);
            offers.one_more_push()
        };
        assert!((0..3 * LONG).all(|_| push(0) == LeftAlone::Not));
        // Below others it is.
        assert_eq!((0..LONG).filter(|_| push(1) == LeftAlone::ForLong).count(), 1);
    }

    #[test]
    fn the_first_is_offered_anew_with_each_push() {
        let offers = Offers::new();
        for wanted in [1, 3] {
            offers.remember_the_first(wanted);
            assert_eq!(offers.are_enough(wanted, 1, |first| first == 0), wanted == 1);
            assert_eq!(offers.resume(wanted, 1, |first| first == 0), Search { from: 1, left: wanted - 1, first: 0 });
        }
        // It is another one each time.
        assert!((0..3 * LONG).all(|_| {
            offers.remember_the_first(1);
            offers.one_more_push() == LeftAlone::Not
        }));
    }

    /// Two are offered, to as many as look for some by the counts 7.
    fn attended_with_7() -> Stack {
        let mut stack = Stack::new();
        (0..2).for_each(|_| stack.push(2));
        assert!(stack.offers.attended(7));
        stack
    }

    #[test]
    fn a_push_above_what_is_offered_has_nothing_to_do_while_the_counts_are_the_same() {
        let offers = attended_with_7().offers;
        let as_before = |counts, topmost| offers.are_as_before(counts, topmost, |first| first == 0);
        assert!(as_before(7, 2) && as_before(7, 9));
        assert!(!as_before(8, 2) && !as_before(0, 2), "others search");
        assert!(!as_before(7, 1) && !as_before(7, 0), "it lies where one was offered");
        assert!(as_before(7, 2));
        assert!(!offers.are_as_before(7, 2, |_| false), "the oldest was taken");
        // An offer that is made anew says nothing of those counts.
        offers.remember(Search { from: 0, left: 0, first: 0 }, 1);
        assert!(!as_before(7, 2));
    }

    #[test]
    fn where_some_have_nothing_each_push_has_something_to_do() {
        let mut stack = Stack::new();
        stack.push(2);
        assert!(!stack.offers.attended(7) && !stack.offers.are_as_before(7, 1, |_| true));
        assert!(!Offers::new().are_as_before(0, 0, |_| true));
    }

    #[test]
    fn every_so_often_a_push_looks_again_and_all_are_counted() {
        let offers = attended_with_7().offers;
        let mut alone = Vec::new();
        for push in 1..=LONG {
            if !offers.are_as_before(7, 2, |_| true) {
                assert!(push.is_multiple_of(A_WHILE), "{push}");
                alone.push(offers.one_more_push());
            }
        }
        assert_eq!(alone.len() as u32, LONG / A_WHILE);
        assert_eq!((alone[0], alone.pop()), (LeftAlone::ForAWhile, Some(LeftAlone::ForLong)));
    }

    #[test]
    fn who_takes_the_oldest_or_wants_more_begins_anew() {
        let mut stack = Stack::new();
        (0..4).for_each(|_| stack.push(2));
        assert_eq!(stack.offered(), [0, 1]);
        stack.push(3);
        assert_eq!(stack.offered(), [0, 1, 2]);
        // A thief has it.
        stack.ready[0] = false;
        let looks = stack.looks;
        stack.push(3);
        assert!(stack.looks > looks);
    }
}
