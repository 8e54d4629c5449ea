//! Which nodes of a board are ready: a bit each, in order of urgency, so that the lowest one goes first.
//!
//! Up to 63 nodes have their bits in one word, the `top`, which is the `available` of the board's entry: outsiders look there. More
//! have theirs in words of 64, and the top has a bit for each of those with something in it (the last bit for all further ones).
//!
//! * F *fill* writes the words, and then the top, at once: nobody comes in before that, or finds half of it.
//! * R1 *insert* sets the bit in its word, those of several nodes at once: whoever looks chooses among all of them, and the line changes
//!   hands once. R2 sets the word's bit in the top if the word was 0 or the top doesn't show it.
//! * T1 *take* and *remove* clear the bit; if the word is 0 then, T2 clears the word's bit in the top, and T3 looks at the word again. If
//!   there is something, T4 shows it again and announces it: who looked between T2 and T4 saw nothing, and may sleep.
//! * E1 *exchange* is R1 and T1 in one step, for a thread that goes on itself: it puts in the nodes of one word and takes the most urgent
//!   one of that word, if the top shows no word before it (and not in words that share a bit of the top); R2 follows for R1's reasons. If the
//!   most urgent is the only one to be put in, nothing is written: nobody else has ever heard of it.
//!
//! *Nothing stays hidden.* F shows what it fills before anybody is there. Say that a word has been filled later (its last change from 0, by
//! some R1 or E1) and the top doesn't show it when all steps are over. That step found 0, so its R2 followed, and a T2 came after that R2 in
//! the order of the top's changes. Both are read-modify-writes, so T2 has acquired what R2 released: T3 came after the filling, and saw it.
//! E1 needs no T2, for it empties no word: it takes one bit, and what it puts in wasn't there before. (Without the second reason for R2
//! nothing would be lost, but a node could be hidden for as long as another thread stops between its R1 and R2.)

use crate::sync::{AtomicU64, Ordering, edge};

/// How many nodes one word holds.
pub(super) const WORD: usize = 64;

/// The highest bit of the top says that nobody should come in (`slot::HIDDEN`).
const TOP: usize = 63;

/// How many words a board of so many nodes needs besides the top.
#[must_use]
pub const fn words(nodes: usize) -> usize {
    if nodes <= TOP { 0 } else { nodes.div_ceil(WORD) }
}

#[derive(Clone, Copy)]
pub(super) struct Ready<'a> {
    top: &'a AtomicU64,
    /// None if the top has all.
    words: &'a [AtomicU64],
}

impl<'a> Ready<'a> {
    pub(super) fn new(top: &'a AtomicU64, words: &'a [AtomicU64]) -> Self {
        Self { top, words }
    }

    pub(super) fn is_empty(self) -> bool {
        self.top.load(Ordering::Acquire) == 0
    }

    /// Whether there are two at least.
    fn has_several(self) -> bool {
        let top = self.top.load(Ordering::Relaxed);
        let several_in = |words: &[AtomicU64]| {
            let mut nodes = 0;
            words.iter().any(|word| {
                nodes += word.load(Ordering::Relaxed).count_ones();
                nodes > 1
            })
        };
        several(top) || top != 0 && several_in(self.group(top.trailing_zeros()))
    }

    /// Whether a node is ready still.
    pub(super) fn has(self, k: usize) -> bool {
        let (word, bit) = self.place(k);
        word.load(Ordering::Relaxed) & bit != 0
    }

    /// The word that a node's bit is in, and the bit.
    #[inline]
    fn place(self, k: usize) -> (&'a AtomicU64, u64) {
        (self.words.get(k / WORD).unwrap_or(self.top), 1 << (k % WORD))
    }

    pub(super) fn insert(self, k: usize) {
        self.insert_bits(k / WORD, 1 << (k % WORD));
    }

    /// Nodes to be put in together.
    pub(super) fn batch(self) -> Batch<'a> {
        Batch { ready: self, word: 0, bits: 0, of_several_words: false }
    }

    /// F, of a set with nothing in it, which nobody else can look into yet. How many nodes that is.
    pub(super) fn fill(self, words: impl Iterator<Item = u64>) -> u32 {
        let (mut shown, mut nodes) = (0, 0);
        for (at, bits) in words.enumerate().filter(|&(_, bits)| bits != 0) {
            nodes += bits.count_ones();
            match self.words.get(at) {
                None => shown = bits,
                Some(word) => {
                    word.store(bits, Ordering::Relaxed);
                    shown |= 1 << group_of(at);
                }
            }
        }
        edge("words filled, not shown");
        // Ordering: Release, with the Acquire of who comes in because of it: he sees the words, and what was written before.
        self.top.store(shown, Ordering::Release);
        nodes
    }

    /// R1 and R2, of nodes of one word.
    fn insert_bits(self, word: usize, bits: u64) {
        let Some(place) = self.words.get(word) else {
            // Ordering: Release with the Acquire of `take` and `remove`: the taker sees what the predecessors did.
            self.top.fetch_or(bits, Ordering::Release);
            return;
        };
        let before = place.fetch_or(bits, Ordering::Release);
        self.show(word, before);
    }

    /// R2, if there is a reason; of a word that something was put into, and what was there before.
    #[inline]
    fn show(self, word: usize, before: u64) {
        edge("R1 of a node");
        let shown = 1 << group_of(word);
        if before == 0 || self.top.load(Ordering::Relaxed) & shown == 0 {
            // Ordering: R2, see above.
            self.top.fetch_or(shown, Ordering::AcqRel);
        }
    }

    /// E1. `None`, and nothing done: there may be more urgent ones elsewhere.
    #[inline]
    fn exchange(self, word: usize, bits: u64) -> Option<usize> {
        let place = match self.words.get(word) {
            None => self.top,
            Some(place) => {
                let earlier = (1 << group_of(word)) - 1;
                // The last group has several words.
                if self.top.load(Ordering::Relaxed) & earlier != 0 || word + 1 >= TOP {
                    return None;
                }
                place
            }
        };
        let mut before = place.load(Ordering::Relaxed);
        loop {
            let all = before | bits;
            let (first, left) = (all.trailing_zeros() as usize, all & (all - 1));
            if left == before {
                return Some(word * WORD + first);
            }
            edge("chosen, not exchanged");
            // Ordering: Release as in R1, Acquire as in T1.
            match place.compare_exchange_weak(before, left, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => {
                    if !self.words.is_empty() {
                        self.show(word, before);
                    }
                    return Some(word * WORD + first);
                }
                Err(now) => before = now,
            }
        }
    }

    /// The most urgent one, which somebody else may take first. `announce`: see T4.
    pub(super) fn first(self, announce: impl Fn()) -> Option<usize> {
        self.first_word(&announce).map(|(at, _, bits)| at * WORD + bits.trailing_zeros() as usize)
    }

    /// Takes the most urgent one. `announce`: see T4.
    #[inline]
    pub(super) fn take(self, announce: impl Fn()) -> Option<usize> {
        loop {
            let (at, word, bits) = self.first_word(&announce)?;
            let left = bits & (bits - 1);
            edge("a node chosen, not taken");
            // Ordering: Acquire pairs with R1 and E1.
            if word.compare_exchange_weak(bits, left, Ordering::Acquire, Ordering::Relaxed).is_ok() {
                if left == 0 && !self.words.is_empty() {
                    self.hide(group_of(at), &announce);
                }
                return Some(at * WORD + bits.trailing_zeros() as usize);
            }
        }
    }

    /// The first word that has something, and what: its number, itself, its bits.
    #[inline]
    fn first_word(self, announce: &impl Fn()) -> Option<(usize, &'a AtomicU64, u64)> {
        let top = self.top.load(Ordering::Relaxed);
        if top == 0 {
            return None;
        }
        let lowest = top.trailing_zeros() as usize;
        let Some(word) = self.words.get(lowest) else {
            return Some((0, self.top, top));
        };
        match word.load(Ordering::Relaxed) {
            0 => self.first_of_later_words(announce),
            bits => Some((lowest, word, bits)),
        }
    }

    /// The same where the first word that is shown has nothing: it stands for others too, or was shown late, by an R2 whose nodes are gone.
    #[cold]
    fn first_of_later_words(self, announce: &impl Fn()) -> Option<(usize, &'a AtomicU64, u64)> {
        loop {
            let top = self.top.load(Ordering::Relaxed);
            if top == 0 {
                return None;
            }
            let group = top.trailing_zeros();
            let words = self.group(group).iter().map(|word| (word, word.load(Ordering::Relaxed)));
            let mut filled = (group as usize..).zip(words).filter(|&(_, (_, bits))| bits != 0);
            if let Some((at, (word, bits))) = filled.next() {
                return Some((at, word, bits));
            }
            self.hide(group, announce);
        }
    }

    /// Whether it was there. `announce`: see T4.
    pub(super) fn remove(self, k: usize, announce: impl Fn()) -> bool {
        let (word, bit) = self.place(k);
        let before = word.fetch_and(!bit, Ordering::Acquire);
        if before == bit && !self.words.is_empty() {
            self.hide(group_of(k / WORD), announce);
        }
        before & bit != 0
    }

    /// T2 to T4.
    fn hide(self, group: u32, announce: impl Fn()) {
        edge("T1 of a node");
        self.top.fetch_and(!(1 << group), Ordering::AcqRel);
        edge("T2 of a node");
        if self.group(group).iter().any(|word| word.load(Ordering::Relaxed) != 0) {
            self.top.fetch_or(1 << group, Ordering::AcqRel);
            announce();
        }
    }

    /// The words that a bit of the top stands for.
    fn group(self, group: u32) -> &'a [AtomicU64] {
        let words = self.words.get(group as usize..).unwrap_or_default();
        if group as usize + 1 == TOP { words } else { words.get(..1).unwrap_or_default() }
    }
}

/// See [`Ready::batch`].
pub(super) struct Batch<'a> {
    ready: Ready<'a>,
    /// Of one word, the last one that something was added of.
    word: usize,
    bits: u64,
    /// Those of others have been put in already.
    of_several_words: bool,
}

impl Batch<'_> {
    #[inline]
    pub(super) fn add(&mut self, k: usize) {
        if k / WORD != self.word {
            if self.bits != 0 {
                self.ready.insert_bits(self.word, std::mem::take(&mut self.bits));
                self.of_several_words = true;
            }
            self.word = k / WORD;
        }
        self.bits |= 1 << (k % WORD);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bits == 0
    }

    /// Puts in what has been added; whether there is more now than one node, which this thread goes on with.
    pub(super) fn insert(self) -> bool {
        self.ready.insert_bits(self.word, self.bits);
        self.of_several_words || several(self.bits) || self.ready.has_several()
    }

    /// Puts in what has been added, and takes the most urgent node if it is found at once. And whether there is something for others: some of
    /// those added, or if none was taken more than the one that this thread goes on with.
    #[inline]
    pub(super) fn insert_and_take(self) -> (Option<usize>, bool) {
        let taken = if self.of_several_words { None } else { self.ready.exchange(self.word, self.bits) };
        match taken {
            Some(k) => (taken, self.bits & !(1 << (k % WORD)) != 0),
            None => (None, self.insert()),
        }
    }
}

fn several(bits: u64) -> bool {
    bits & bits.wrapping_sub(1) != 0
}

/// The bit of the top that stands for a word.
fn group_of(word: usize) -> u32 {
    word.min(TOP - 1) as u32
}

#[cfg(all(loom, test))]
mod loom_models;

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// The lowest of any set goes first, whatever is put in and taken out.
    #[test]
    fn the_lowest_goes_first() {
        for nodes in [1, 2, 63, 64, 65, 200, 62 * WORD, 63 * WORD + 1, 70 * WORD] {
            let words: Vec<_> = (0..words(nodes)).map(|_| AtomicU64::new(0)).collect();
            let top = AtomicU64::new(0);
            let ready = Ready::new(&top, &words);
            let mut oracle = std::collections::BTreeSet::new();
            let mut random = 1_u64;
            for _ in 0..2000 {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let k = (random >> 33) as usize % nodes;
                match oracle.insert(k) {
                    true => {
                        // With another one, mostly of another word.
                        let other = (random >> 13) as usize % nodes;
                        let mut batch = ready.batch();
                        batch.add(k);
                        let with_other = oracle.insert(other);
                        if with_other {
                            batch.add(other);
                        }
                        if random & 64 == 0 {
                            assert_eq!(batch.insert(), oracle.len() > 1);
                        } else if let (Some(taken), left) = batch.insert_and_take() {
                            // The others may have been there before.
                            let is_own = taken == k || with_other && taken == other;
                            assert_eq!(left, with_other || !is_own);
                            assert_eq!(oracle.pop_first(), Some(taken));
                        }
                    }
                    false => assert_eq!(ready.remove(k, || ()), oracle.remove(&k)),
                }
                assert_eq!(ready.first(|| ()), oracle.first().copied());
                assert_eq!(ready.is_empty(), oracle.is_empty());
                assert_eq!(ready.has_several(), oracle.len() > 1);
                assert_eq!(top.load(Ordering::Relaxed) >> TOP, 0);
            }
            while let Some(k) = ready.first(|| ()) {
                assert!(ready.remove(k, || ()) && !ready.remove(k, || ()) && oracle.remove(&k));
            }
            assert!(oracle.is_empty());
        }
    }

    /// One bit of the top stands for all of them.
    #[test]
    fn in_the_last_words_nothing_goes_before_the_lowest() {
        let (lowest, later) = (62 * WORD + 1, 64 * WORD);
        let words: Vec<_> = (0..words(70 * WORD)).map(|_| AtomicU64::new(0)).collect();
        let top = AtomicU64::new(0);
        let ready = Ready::new(&top, &words);
        ready.insert(lowest);
        let mut batch = ready.batch();
        batch.add(later);
        assert_eq!(batch.insert_and_take(), (None, true));
        assert_eq!([(); 3].map(|()| ready.take(|| ())), [Some(lowest), Some(later), None]);
    }
}
