//! How a length is cut into chunks.

use std::ops::Range;

/// How a length is cut: the finest division that threads may make of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) chunks: usize,
    /// Items of each chunk; the first `longer` chunks have one more.
    each: usize,
    longer: usize,
}

/// Chunks are counted in half a word; a finer division than this is not made.
const MAX_CHUNKS: usize = 1 << 31;

impl Cut {
    /// `count` chunks that differ by one item at most.
    #[inline]
    pub(crate) fn into(len: usize, count: usize) -> Self {
        let chunks = count.clamp(1, MAX_CHUNKS).min(len.max(1));
        // Divisions are dear next to all else that starting a small loop costs.
        match chunks {
            1 => Self { chunks, each: len, longer: 0 },
            2 => Self { chunks, each: len / 2, longer: len % 2 },
            _ => Self { chunks, each: len / chunks, longer: len % chunks },
        }
    }

    /// Chunks of `size` items at most.
    pub(crate) fn per(len: usize, size: usize) -> Self {
        Self::into(len, if size <= 1 { len } else { len.div_ceil(size) })
    }

    /// The same chunks, no more than `most` at a time: the first item of each such group, and its cut, as if it began at 0.
    pub(crate) fn in_groups(self, most: usize) -> impl Iterator<Item = (usize, Self)> {
        (0..self.chunks).step_by(most).map(move |from| {
            let chunks = most.min(self.chunks - from);
            (self.start(from), Self { chunks, each: self.each, longer: self.longer.saturating_sub(from) })
        })
    }

    /// How many items there are.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.start(self.chunks)
    }

    /// The items of chunks `from..to`.
    #[inline]
    pub(crate) fn items(&self, chunks: Range<usize>) -> Range<usize> {
        self.start(chunks.start)..self.start(chunks.end)
    }

    /// Where a chunk begins. No more than `len`, so nothing overflows.
    #[inline]
    fn start(&self, chunk: usize) -> usize {
        self.each * chunk + chunk.min(self.longer)
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn chunks_cover_every_length_without_overflow() {
        for len in [0, 1, 2, 3, 7, 64, 1000, 1 << 31, usize::MAX - 1, usize::MAX] {
            for count in [0, 1, 2, 3, 64, 1000, 1 << 31, usize::MAX] {
                for cut in [Cut::into(len, count), Cut::per(len, count)] {
                    assert!(cut.chunks >= 1 && cut.chunks <= MAX_CHUNKS, "{cut:?}");
                    assert_eq!(cut.start(0), 0);
                    assert_eq!(cut.start(cut.chunks), len, "{cut:?}");
                    let middle = cut.chunks / 2;
                    let sizes = [0, middle, cut.chunks - 1].map(|k| cut.items(k..k + 1).len());
                    assert!(sizes.iter().all(|size| sizes[0] - size <= 1), "{cut:?}: {sizes:?}");
                    assert!(len == 0 || sizes.iter().all(|size| *size > 0), "{cut:?}: {sizes:?}");
                }
            }
        }
    }

    #[test]
    fn groups_are_the_same_chunks() {
        for (len, count) in [(1, 1), (100, 7), (103, 50), (usize::MAX, 1000), (64, 64)] {
            let cut = Cut::into(len, count);
            for most in [1, 2, 3, 7, 10, 1000] {
                for (_, group) in cut.in_groups(most).filter(|(_, group)| group.chunks == 2) {
                    let remade = Cut::into(group.len(), 2);
                    assert!((0..2).all(|k| remade.items(k..k + 1) == group.items(k..k + 1)), "{group:?}");
                }
                let groups = cut.in_groups(most);
                let grouped = groups.flat_map(|(first, group)| {
                    assert!(group.chunks <= most);
                    (0..group.chunks).map(move |k| {
                        let Range { start, end } = group.items(k..k + 1);
                        start + first..end + first
                    })
                });
                assert!(grouped.eq((0..cut.chunks).map(|k| cut.items(k..k + 1))), "{cut:?} by {most}");
            }
        }
    }

    #[test]
    fn chunks_are_no_larger_than_asked_for() {
        for len in 1..200 {
            for size in 1..20 {
                let cut = Cut::per(len, size);
                assert!((0..cut.chunks).all(|k| (1..=size).contains(&cut.items(k..k + 1).len())));
                assert_eq!(Cut::into(len, size).chunks, size.min(len));
            }
        }
    }
}
