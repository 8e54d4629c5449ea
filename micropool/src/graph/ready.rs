//! Which nodes of a board are ready: a bit each, in order of urgency, so that the lowest one goes first.
//!
//! Up to 63 nodes have their bits in one word, the `top`, which is the `available` of the board's entry: outsiders look there. More
//! have theirs in words of 64, and the top has a bit for each of those with something in it (the last bit for all further ones).
//!
//! * R1 *insert* sets the bit in its word, those of several nodes at once: whoever looks chooses among all of them, and the line changes
//!   hands once. R2 sets the word's bit in the top if the word was 0 or the top doesn't show it.
//! * T1 *remove* clears the bit; if the word is 0 then, T2 clears the word's bit in the top, and T3 looks at the word again. If there
//!   is something, T4 shows it again and announces it: who looked between T2 and T4 saw nothing, and may sleep.
//!
//! *Nothing stays hidden.* Say that a word has been filled (its last change from 0, by some R1) and the top doesn't show it when all
//! steps are over. That R1 found 0, so its R2 followed, and a T2 came after that R2 in the order of the top's changes. Both are
//! read-modify-writes, so T2 has acquired what R2 released: T3 came after the filling, and saw it. (Without the second reason for R2
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
    pub(super) fn has_several(self) -> bool {
        let several = |bits: u64| bits & bits.wrapping_sub(1) != 0;
        let top = self.top.load(Ordering::Relaxed);
        several(top)
            || top != 0 && self.group(top.trailing_zeros()).iter().any(|word| several(word.load(Ordering::Relaxed)))
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

    /// Nodes to be inserted together.
    pub(super) fn batch(self) -> Batch<'a> {
        Batch { ready: self, word: 0, bits: 0 }
    }

    fn insert_bits(self, word: usize, bits: u64) {
        if self.words.is_empty() {
            // Ordering: Release with the Acquire of `remove`: the taker sees what the predecessors did.
            self.top.fetch_or(bits, Ordering::Release);
            return;
        }
        let before = self.words[word].fetch_or(bits, Ordering::Release);
        edge("R1 of a node");
        let shown = 1 << group_of(word * WORD);
        if before == 0 || self.top.load(Ordering::Relaxed) & shown == 0 {
            // Ordering: R2, see above.
            self.top.fetch_or(shown, Ordering::AcqRel);
        }
    }

    /// The most urgent one, which somebody else may remove first. `announce`: see T4.
    pub(super) fn first(self, announce: impl Fn()) -> Option<usize> {
        let top = self.top.load(Ordering::Relaxed);
        if top == 0 {
            return None;
        }
        let lowest = top.trailing_zeros() as usize;
        let Some(word) = self.words.get(lowest) else {
            return Some(lowest);
        };
        match word.load(Ordering::Relaxed) {
            0 => self.first_of_later_words(announce),
            bits => Some(lowest * WORD + bits.trailing_zeros() as usize),
        }
    }

    /// The same where the first word that is shown has nothing: it stands for others too, or was shown late, by an R2 whose nodes are gone.
    #[cold]
    fn first_of_later_words(self, announce: impl Fn()) -> Option<usize> {
        loop {
            let top = self.top.load(Ordering::Relaxed);
            if top == 0 {
                return None;
            }
            let group = top.trailing_zeros();
            let words = self.group(group).iter().map(|word| word.load(Ordering::Relaxed));
            let mut filled = (group as usize..).zip(words).filter(|&(_, bits)| bits != 0);
            if let Some((at, bits)) = filled.next() {
                return Some(at * WORD + bits.trailing_zeros() as usize);
            }
            self.hide(group, &announce);
        }
    }

    /// Whether it was there. `announce`: see T4.
    pub(super) fn remove(self, k: usize, announce: impl Fn()) -> bool {
        let (word, bit) = self.place(k);
        let before = word.fetch_and(!bit, Ordering::Acquire);
        if before == bit && !self.words.is_empty() {
            self.hide(group_of(k), announce);
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
    /// Of one word.
    word: usize,
    bits: u64,
}

impl Batch<'_> {
    pub(super) fn add(&mut self, k: usize) {
        if k / WORD != self.word {
            self.insert();
            self.word = k / WORD;
        }
        self.bits |= 1 << (k % WORD);
    }

    /// Inserts what has been added.
    pub(super) fn insert(&mut self) {
        if self.bits != 0 {
            self.ready.insert_bits(self.word, std::mem::take(&mut self.bits));
        }
    }
}

fn group_of(k: usize) -> u32 {
    (k / WORD).min(TOP - 1) as u32
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
                        if oracle.insert(other) {
                            batch.add(other);
                        }
                        batch.insert();
                    }
                    false => assert_eq!(ready.remove(k, || ()), oracle.remove(&k)),
                }
                assert_eq!(ready.first(|| ()), oracle.first().copied());
                assert_eq!(ready.is_empty(), oracle.is_empty());
                assert!(ready.has_several() || oracle.len() < 2 || nodes > 62 * WORD);
                assert!(!ready.has_several() || oracle.len() > 1);
                assert_eq!(top.load(Ordering::Relaxed) >> TOP, 0);
            }
            while let Some(k) = ready.first(|| ()) {
                assert!(ready.remove(k, || ()) && !ready.remove(k, || ()) && oracle.remove(&k));
            }
            assert!(oracle.is_empty());
        }
    }
}
