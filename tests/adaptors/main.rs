//! Every source, adaptor and final operation in paralight's documentation, on our pool: what the standard library's
//! iterators give, under every split, with 0, 1, 2 and 8 workers.
//!
//! A line is a test: its name, what it does in parallel, and the same done sequentially.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::fmt::Debug;
use std::ops::{ControlFlow, Range};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use micropool::Split;
use micropool::iter::*;
use support::{under_every_split, within};

/// None; one; around the small numbers of chunks; a few for each thread; more chunks than there are pieces.
const LENGTHS: [usize; 7] = [0, 1, 2, 3, 10, 100, 700];

/// Numbers below 97, in no order, many of them several times.
fn numbers(len: usize) -> Vec<u64> {
    (0..len as u64).map(|k| k * k * 31 % 97).collect()
}

fn check<R: PartialEq + Debug>(parallel: impl Fn(&[u64], Split<'_>) -> R, sequential: impl Fn(&[u64]) -> R) {
    for len in LENGTHS {
        let data = numbers(len);
        let expected = sequential(&data);
        under_every_split(|split| assert_eq!(parallel(&data, split), expected, "{len} items"));
    }
}

macro_rules! same_as_sequential {
    ($($name:ident($data:ident, $split:ident): $parallel:expr => $sequential:expr;)*) => {$(
        #[test]
        fn $name() {
            within(Duration::from_secs(120), || {
                check(|$data: &[u64], $split: Split<'_>| $parallel, |$data: &[u64]| $sequential);
            });
        }
    )*};
}

// Behind the macro, which they are made of.
mod adapted;
mod collected;
mod compared;
mod found;
mod sources;

/// The other half of a comparison: the same numbers up to one that is greater.
fn altered(data: &[u64]) -> Vec<u64> {
    let mut other = data.to_vec();
    if let Some(last) = other.iter_mut().rev().nth(data.len() / 4) {
        *last += 1;
    }
    other
}

fn text(data: &[u64]) -> Vec<String> {
    data.iter().map(u64::to_string).collect()
}

/// A source of our own that isn't exact, as the table of a hash set: places with something in them or nothing.
struct Places(Vec<Option<u64>>);

/// Every number in a place, and nothing in every third place.
fn places(data: &[u64]) -> Places {
    Places(data.chunks(2).flat_map(|two| two.iter().copied().map(Some).chain([None])).collect())
}

impl<'data> IntoParallelRefSource<'data> for Places {
    type Item = &'data u64;
    type Source = PlacesSource<'data>;
    fn par_iter(&'data self) -> PlacesSource<'data> {
        PlacesSource(&self.0)
    }
}

struct PlacesSource<'data>(&'data [Option<u64>]);

impl<'data> ParallelSource for PlacesSource<'data> {
    type Item = &'data u64;
    fn descriptor(self) -> impl SourceDescriptor<Item = &'data u64> + Sync {
        PlacesDescriptor(self.0)
    }
}

struct PlacesDescriptor<'data>(&'data [Option<u64>]);

impl SourceCleanup for PlacesDescriptor<'_> {
    const NEEDS_CLEANUP: bool = false;
    fn len(&self) -> usize {
        self.0.len()
    }
    unsafe fn cleanup_item_range(&self, _: Range<usize>) {}
}

impl<'data> SimpleSourceDescriptor for PlacesDescriptor<'data> {
    type Item = &'data u64;
    unsafe fn simple_fetch_item(&self, index: usize) -> Option<&'data u64> {
        self.0[index].as_ref()
    }
}
