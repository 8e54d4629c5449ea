//! A table that grows while others read it, and whose entries never move: chunks of doubling size.

use crate::sync::{AtomicPtr, MODEL, Ordering};
use std::ptr;

/// Enough chunks for 2^26 times the first one's size. A model needs few, and pays for each.
const CHUNKS: usize = if MODEL { 3 } else { 27 };

/// Entries `0..` in chunks of `FIRST`, `2 × FIRST`, … entries, made when first asked for and kept until the table goes.
pub(crate) struct Table<T, const FIRST: usize> {
    chunks: [AtomicPtr<T>; CHUNKS],
}

/// Where an entry lies: chunk, place in the chunk, the chunk's first index and length.
pub(crate) struct Place {
    chunk: usize,
    pub(crate) first: usize,
    pub(crate) len: usize,
}

impl<T, const FIRST: usize> Table<T, FIRST> {
    pub(crate) fn new() -> Self {
        Self { chunks: std::array::from_fn(|_| AtomicPtr::new(ptr::null_mut())) }
    }

    pub(crate) fn place(index: usize) -> Place {
        let chunk = (index / FIRST + 1).ilog2() as usize;
        Place { chunk, first: ((1 << chunk) - 1) * FIRST, len: FIRST << chunk }
    }

    /// The entry, if its chunk has been made.
    #[inline]
    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        let place = Self::place(index);
        // Ordering: Acquire pairs with the Release in `grow`, so that the entries are seen as they were made.
        let chunk = self.chunks.get(place.chunk)?.load(Ordering::Acquire);
        if chunk.is_null() {
            return None;
        }
        // SAFETY: `place` lies within its chunk, which has `len` entries.
        let entry = unsafe { chunk.add(index - place.first) };
        // SAFETY: made by `grow`, never moved, and freed only with the table, which `self` borrows.
        Some(unsafe { &*entry })
    }

    /// The chunk that holds `index`, made if it wasn't there. Only one thread at a time may grow a table.
    #[cold]
    pub(crate) fn grow(&self, index: usize, mut make: impl FnMut(usize) -> T) -> (*const T, Place) {
        let place = Self::place(index);
        let there = self.chunks[place.chunk].load(Ordering::Acquire);
        if !there.is_null() {
            return (there, place);
        }
        let entries: Box<[T]> = (place.first..place.first + place.len).map(&mut make).collect();
        let entries = Box::into_raw(entries).cast::<T>();
        // Ordering: Release pairs with the Acquire in `get`.
        self.chunks[place.chunk].store(entries, Ordering::Release);
        (entries, place)
    }
}

impl<T, const FIRST: usize> Drop for Table<T, FIRST> {
    fn drop(&mut self) {
        for (k, chunk) in self.chunks.iter_mut().enumerate() {
            let entries = chunk.load(Ordering::Relaxed);
            if !entries.is_null() {
                let entries = ptr::slice_from_raw_parts_mut(entries, FIRST << k);
                // SAFETY: made by `Box::into_raw` of a boxed slice of this length in `grow`, and nobody else has it.
                drop(unsafe { Box::from_raw(entries) });
            }
        }
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn places_follow_one_another_without_gaps() {
        let mut expected = 0;
        while expected < 10_000 {
            let place = Table::<u8, 8>::place(expected);
            assert_eq!(place.first, expected);
            assert_eq!(Table::<u8, 8>::place(expected + place.len - 1).first, expected);
            expected += place.len;
        }
    }

    #[test]
    fn entries_stay_where_they_are() {
        let table = Table::<usize, 4>::new();
        assert!(table.get(0).is_none());
        table.grow(0, |i| i);
        let first: *const usize = table.get(3).unwrap();
        assert!(table.get(4).is_none());
        for i in 0..1000 {
            table.grow(i, |i| i);
        }
        assert!(ptr::eq(first, table.get(3).unwrap()));
        assert!((0..1000).all(|i| *table.get(i).unwrap() == i));
    }
}

#[cfg(all(loom, test))]
mod loom_models;
