//! The pieces of a loop: what is left of each, and the places of their results.

use crate::panic::drop_quietly;
use crate::sync::{AtomicU32, AtomicU64, MODEL, Ordering, UnsafeCell};
use std::mem::MaybeUninit;
use std::ptr;

/// Places for large results take no more than this together, as long as there are a few for each thread.
const BYTES: usize = 1 << 20;

/// How many places a loop of many chunks gets for its pieces: all that it needs, if they are not very large.
///
/// Who has no place takes nothing, and what is left then is left to those who have it. So no constant limits the places: a
/// thread may always take a few pieces, however many threads there are.
pub(crate) fn places_for<T>(threads: usize, chunks: usize) -> usize {
    let most = (BYTES / size_of::<Piece<T>>()).max(8 * threads).max(64);
    pieces_needed(threads, chunks).min(most)
}

/// How many pieces a loop of many chunks comes to, if each of the threads takes one whenever it has nothing to do.
///
/// A piece is the far half of the largest rest, and there are no more rests than threads: as many new pieces as there are threads
/// halve the largest rest. Fewer places than these would leave a busy thread alone with the last of its chunks. With few chunks it is
/// those that count; and each thread may hold a place that it doesn't come to use.
fn pieces_needed(threads: usize, chunks: usize) -> usize {
    threads + chunks.min(1 + threads * (chunks.ilog2() as usize + 1))
}

/// A line of its own: the owner changes `rest` with every chunk.
#[repr(align(64))]
pub(crate) struct Piece<T> {
    /// Chunks that nobody has taken yet: low in the upper half, high in the lower.
    pub(crate) rest: AtomicU64,
    /// The first chunk the piece began with: its place in the order.
    pub(crate) first: AtomicU32,
    pub(crate) result: UnsafeCell<Option<T>>,
}

impl<T> Piece<T> {
    fn new() -> Self {
        Self { rest: AtomicU64::new(0), first: AtomicU32::new(u32::MAX), result: UnsafeCell::new(None) }
    }

    /// Only by the caller of the loop, when everybody has left.
    fn has_result(&mut self) -> bool {
        // SAFETY: `&mut self`: nobody else has the piece. `loop_chunks_run_once_and_in_order` (loom) would see one who has.
        self.result.with(|result| unsafe { (*result).is_some() })
    }

    fn take_result(&mut self) -> Option<T> {
        std::mem::replace(&mut self.result, UnsafeCell::new(None)).into_inner()
    }
}

pub(crate) fn pack(low: u32, high: u32) -> u64 {
    u64::from(low) << 32 | u64::from(high)
}

pub(crate) fn unpack(rest: u64) -> (u32, u32) {
    ((rest >> 32) as u32, rest as u32)
}

/// The pieces of a loop, and their results until somebody wants them.
pub(crate) struct Pieces<'a, T>(pub(crate) &'a mut [Piece<T>]);

impl<'a, T> Pieces<'a, T> {
    pub(crate) fn new(places: &'a mut [MaybeUninit<Piece<T>>]) -> Self {
        for place in &mut *places {
            place.write(Piece::new());
        }
        // SAFETY: all of them have just been written.
        Self(unsafe { &mut *(ptr::from_mut(places) as *mut [Piece<T>]) })
    }

    /// The results there are, in the order of the source.
    pub(crate) fn results(&mut self) -> Results<'_, T> {
        // Places without a piece have the highest number, and no result.
        if !self.0.is_sorted_by_key(|piece| piece.first.load(Ordering::Relaxed)) {
            self.0.sort_unstable_by_key(|piece| piece.first.load(Ordering::Relaxed));
        }
        let count = self.0.iter_mut().map(|piece| usize::from(piece.has_result())).sum();
        Results { pieces: self.0.iter_mut(), count }
    }
}

impl<T> Drop for Pieces<'_, T> {
    fn drop(&mut self) {
        if std::mem::needs_drop::<T>() || MODEL {
            for piece in &mut *self.0 {
                // Nobody wants it any more (the loop or its `reduce` panicked, or `reduce` had enough).
                drop_quietly(piece.take_result());
                // SAFETY: written by `new`, and the places are not looked at again.
                unsafe { ptr::drop_in_place(piece) };
            }
        }
    }
}

pub(crate) struct Results<'a, T> {
    pieces: std::slice::IterMut<'a, Piece<T>>,
    count: usize,
}

impl<T> Iterator for Results<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let result = self.pieces.find_map(Piece::take_result)?;
        self.count -= 1;
        Some(result)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.count, Some(self.count))
    }
}

impl<T> ExactSizeIterator for Results<'_, T> {}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn each_thread_has_places_however_many_there_are() {
        fn check<T>() {
            for threads in [1, 2, 9, 65, 130, 1000, 20_000] {
                for chunks in [threads + 1, 2 * threads, 100 * threads, 1 << 31] {
                    let places = places_for::<T>(threads, chunks);
                    assert!(
                        places >= 8 * threads || places >= threads + chunks,
                        "{threads} threads, {chunks} chunks: {places}"
                    );
                    let bytes = places * size_of::<Piece<T>>();
                    assert!(
                        bytes <= BYTES || places <= 64.max(8 * threads),
                        "{threads} threads, {chunks} chunks: {bytes} bytes"
                    );
                }
            }
        }
        check::<()>();
        check::<[u64; 64]>();
        check::<[u64; 1 << 20]>();
    }

    #[test]
    fn what_is_needed_is_there_where_results_are_not_very_large() {
        for threads in [2, 9, 65, 130] {
            assert_eq!(places_for::<()>(threads, 1 << 17), pieces_needed(threads, 1 << 17));
        }
        assert_eq!(places_for::<[u64; 64]>(65, 1 << 14), pieces_needed(65, 1 << 14));
    }
}
