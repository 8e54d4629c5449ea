//! The loops that the nodes of a frame are written with, and the three ways to run them: on micropool, on rayon, and as
//! plain loops on one thread. Nodes are generic over [`ParallelFor`], so that all executors run the very same code.

use std::ops::Range;

/// How a node's inner loops run.
///
/// Chunks have a fixed length whatever the number of threads, and results come in the order of the chunks. Nothing a
/// node computes can therefore depend on the executor, not even the last bit of a float.
pub trait ParallelFor: Copy + Sync {
    /// Calls `f` on every item with its index; `per` items are the least a thread takes at a time.
    fn for_each<T: Send>(self, items: &mut [T], per: usize, f: impl Fn(usize, &mut T) + Sync);

    /// Maps ranges of `per` indices (the last may be shorter) that cover `0..len`; results in order.
    fn map_ranges<R: Send>(self, len: usize, per: usize, f: impl Fn(Range<usize>) -> R + Sync + Send) -> Vec<R>;

    /// Called now and then in long background work, so that the frame may have the thread for a moment.
    fn make_way();
}

/// The `chunk`th range of `per` indices in `0..len`.
fn range_of(chunk: usize, per: usize, len: usize) -> Range<usize> {
    chunk * per..len.min((chunk + 1) * per)
}

/// Plain loops on the calling thread: what parallel execution has to beat.
#[derive(Clone, Copy)]
pub struct OneThread;

impl ParallelFor for OneThread {
    fn for_each<T: Send>(self, items: &mut [T], _per: usize, f: impl Fn(usize, &mut T) + Sync) {
        for (index, item) in items.iter_mut().enumerate() {
            f(index, item);
        }
    }

    fn map_ranges<R: Send>(self, len: usize, per: usize, f: impl Fn(Range<usize>) -> R + Sync + Send) -> Vec<R> {
        (0..len.div_ceil(per)).map(|chunk| f(range_of(chunk, per, len))).collect()
    }

    fn make_way() {}
}

/// Micropool's parallel iterators, in the current pool.
#[derive(Clone, Copy)]
pub struct Micropool;

impl ParallelFor for Micropool {
    fn for_each<T: Send>(self, items: &mut [T], per: usize, f: impl Fn(usize, &mut T) + Sync) {
        use micropool::iter::*;
        items
            .par_iter_mut()
            .enumerate()
            .with_thread_pool(micropool::split_per(per))
            .for_each(|(index, item)| f(index, item));
    }

    fn map_ranges<R: Send>(self, len: usize, per: usize, f: impl Fn(Range<usize>) -> R + Sync + Send) -> Vec<R> {
        use micropool::iter::*;
        // An item here is a chunk of the caller's.
        (0..len.div_ceil(per))
            .into_par_iter()
            .map(|chunk| f(range_of(chunk, per, len)))
            .with_thread_pool(micropool::split_per_item())
            .collect()
    }

    fn make_way() {
        micropool::yield_to_foreground();
    }
}

/// Rayon's parallel iterators, in the current rayon pool.
#[derive(Clone, Copy)]
pub struct Rayon;

impl ParallelFor for Rayon {
    fn for_each<T: Send>(self, items: &mut [T], per: usize, f: impl Fn(usize, &mut T) + Sync) {
        use rayon::prelude::*;
        items.par_chunks_mut(per).enumerate().for_each(|(chunk, items)| {
            for (offset, item) in items.iter_mut().enumerate() {
                f(chunk * per + offset, item);
            }
        });
    }

    fn map_ranges<R: Send>(self, len: usize, per: usize, f: impl Fn(Range<usize>) -> R + Sync + Send) -> Vec<R> {
        use rayon::prelude::*;
        (0..len.div_ceil(per)).into_par_iter().map(|chunk| f(range_of(chunk, per, len))).collect()
    }

    fn make_way() {
        rayon::yield_now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers_everything_in_order(pool: impl ParallelFor) {
        let mut items = vec![0; 1000];
        pool.for_each(&mut items, 7, |index, item| *item += index);
        assert!(items.iter().enumerate().all(|(index, item)| index == *item));
        let ranges = pool.map_ranges(1000, 64, |range| range);
        assert_eq!(ranges.len(), 16);
        assert_eq!(ranges.last(), Some(&(960..1000)));
        assert_eq!(ranges.iter().map(ExactSizeIterator::len).sum::<usize>(), 1000);
    }

    #[test]
    fn executors_agree_on_what_a_loop_is() {
        covers_everything_in_order(OneThread);
        covers_everything_in_order(Micropool);
        covers_everything_in_order(Rayon);
    }
}
