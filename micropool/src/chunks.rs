//! Slices as sources of chunks: `par_chunks` and `par_chunks_mut`, named as rayon's.

use paralight::iter::{
    ExactParallelSource, ExactSourceDescriptor, RewindableSource, SimpleExactSourceDescriptor, SourceCleanup,
};
use std::marker::PhantomData;
use std::ops::Range;

/// [`par_chunks`](Self::par_chunks) for slices, and what is lent as one.
///
/// ```
/// use micropool::iter::*;
/// let samples: Vec<u64> = (0..10_000).collect();
/// let sum: u64 = samples
///     .par_chunks(1024)
///     .with_thread_pool(micropool::split_by_threads())
///     .map(|chunk| chunk.iter().sum::<u64>())
///     .sum();
/// assert_eq!(sum, 49_995_000);
/// ```
pub trait ParallelSlice<T: Sync> {
    /// A source of `size` items at a time, in their order; the last chunk may be shorter. What the compiler makes of a loop over a chunk
    /// is what it makes of any loop over a slice, so that it vectorises where it can.
    ///
    /// An item of the split is a chunk: [`split_per_item`](crate::split_per_item) has each taken by itself.
    ///
    /// # Panics
    /// If `size` is 0.
    #[track_caller]
    fn par_chunks(&self, size: usize) -> Chunks<'_, T>;
}

/// [`par_chunks_mut`](Self::par_chunks_mut) for slices, and what is lent as one.
///
/// ```
/// use micropool::iter::*;
/// let (a, b, mut sum) = ([1.5_f32; 5000], [0.5_f32; 5000], [0.0_f32; 5000]);
/// (sum.par_chunks_mut(1024), a.par_chunks(1024), b.par_chunks(1024))
///     .zip_eq()
///     .with_thread_pool(micropool::split_by_threads())
///     .for_each(|(sum, a, b)| {
///         for ((sum, a), b) in sum.iter_mut().zip(a).zip(b) {
///             *sum = a + b;
///         }
///     });
/// assert_eq!(sum, [2.0; 5000]);
/// ```
pub trait ParallelSliceMut<T: Send> {
    /// As [`par_chunks`](ParallelSlice::par_chunks), lent mutably: each chunk to one thread.
    ///
    /// # Panics
    /// If `size` is 0.
    #[track_caller]
    fn par_chunks_mut(&mut self, size: usize) -> ChunksMut<'_, T>;
}

impl<T: Sync> ParallelSlice<T> for [T] {
    fn par_chunks(&self, size: usize) -> Chunks<'_, T> {
        Chunks { slice: self, size: checked(size) }
    }
}

impl<T: Send> ParallelSliceMut<T> for [T] {
    fn par_chunks_mut(&mut self, size: usize) -> ChunksMut<'_, T> {
        ChunksMut { start: self.as_mut_ptr(), len: self.len(), size: checked(size), slice: PhantomData }
    }
}

#[track_caller]
fn checked(size: usize) -> usize {
    assert!(size > 0, "micropool: a chunk has at least one item: its size must not be 0");
    size
}

/// Where a chunk lies.
#[inline]
fn chunk(index: usize, size: usize, len: usize) -> Range<usize> {
    // Of those that there are; none begins beyond the end, so nothing overflows.
    let start = index * size;
    start..start + size.min(len - start)
}

/// What [`par_chunks`](ParallelSlice::par_chunks) gives.
#[derive(Debug)]
#[must_use = "nothing happens until it is given a thread pool, and used"]
pub struct Chunks<'a, T> {
    slice: &'a [T],
    size: usize,
}

impl<'a, T: Sync> ExactParallelSource for Chunks<'a, T> {
    type Item = &'a [T];

    fn exact_descriptor(self) -> impl ExactSourceDescriptor<Item = Self::Item> + Sync {
        self
    }
}

// SAFETY: a shared chunk may be lent any number of times, and there is nothing to clean up.
#[allow(unsafe_code)]
unsafe impl<T> RewindableSource for Chunks<'_, T> {}

impl<T> SourceCleanup for Chunks<'_, T> {
    const NEEDS_CLEANUP: bool = false;

    fn len(&self) -> usize {
        self.slice.len().div_ceil(self.size)
    }

    #[allow(unsafe_code)]
    unsafe fn cleanup_item_range(&self, _: Range<usize>) {}
}

impl<'a, T> SimpleExactSourceDescriptor for Chunks<'a, T> {
    type Item = &'a [T];

    #[inline]
    #[allow(unsafe_code)]
    unsafe fn simple_exact_fetch_item(&self, index: usize) -> &'a [T] {
        &self.slice[chunk(index, self.size, self.slice.len())]
    }
}

/// What [`par_chunks_mut`](ParallelSliceMut::par_chunks_mut) gives.
#[derive(Debug)]
#[must_use = "nothing happens until it is given a thread pool, and used"]
pub struct ChunksMut<'a, T> {
    start: *mut T,
    len: usize,
    size: usize,
    slice: PhantomData<&'a mut [T]>,
}

// SAFETY: it is a slice that was lent mutably, which goes to another thread if its items may.
#[allow(unsafe_code)]
unsafe impl<T: Send> Send for ChunksMut<'_, T> {}
// SAFETY: what is shared of it only gives out chunks, and each to one thread, by the promise of who asks for them.
#[allow(unsafe_code)]
unsafe impl<T: Send> Sync for ChunksMut<'_, T> {}

impl<'a, T: Send> ExactParallelSource for ChunksMut<'a, T> {
    type Item = &'a mut [T];

    fn exact_descriptor(self) -> impl ExactSourceDescriptor<Item = Self::Item> + Sync {
        self
    }
}

impl<T> SourceCleanup for ChunksMut<'_, T> {
    const NEEDS_CLEANUP: bool = false;

    fn len(&self) -> usize {
        self.len.div_ceil(self.size)
    }

    #[allow(unsafe_code)]
    unsafe fn cleanup_item_range(&self, _: Range<usize>) {}
}

impl<'a, T> SimpleExactSourceDescriptor for ChunksMut<'a, T> {
    type Item = &'a mut [T];

    #[inline]
    #[allow(unsafe_code)]
    unsafe fn simple_exact_fetch_item(&self, index: usize) -> &'a mut [T] {
        let Range { start, end } = chunk(index, self.size, self.len);
        // SAFETY: the index is below `len()`, by the caller's promise, so the chunk begins within the slice.
        let first = unsafe { self.start.add(start) };
        // SAFETY: it ends within the slice; chunks of different indices don't overlap, and the caller asks for each once, while the
        // slice is lent. `chunks_that_are_lent_mutably_lie_side_by_side` has all of them at once.
        unsafe { std::slice::from_raw_parts_mut(first, end - start) }
    }
}
