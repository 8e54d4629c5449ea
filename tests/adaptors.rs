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

/// The other half of a comparison: the same numbers up to one that is greater.
fn altered(data: &[u64]) -> Vec<u64> {
    let mut other = data.to_vec();
    if let Some(last) = other.iter_mut().rev().nth(data.len() / 4) {
        *last += 1;
    }
    other
}

fn as_floats(data: &[u64]) -> Vec<f64> {
    // Some that compare with nothing.
    data.iter().map(|n| if *n == 96 { f64::NAN } else { *n as f64 }).collect()
}

fn text(data: &[u64]) -> Vec<String> {
    data.iter().map(u64::to_string).collect()
}

/// A ring buffer whose numbers lie in two runs.
fn ring(data: &[u64]) -> VecDeque<u64> {
    let mut ring: VecDeque<u64> = data[data.len() / 3..].iter().copied().collect();
    data[..data.len() / 3].iter().rev().for_each(|n| ring.push_front(*n));
    ring
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

// ---- sources ---------------------------------------------------------------------------------------------------

same_as_sequential! {
    a_slice(data, split): data.par_iter().copied().with_thread_pool(split).collect::<Vec<_>>() => data.to_vec();
    a_slice_lent_mutably(data, split): {
        let mut data = data.to_vec();
        data.par_iter_mut().with_thread_pool(split).for_each(|n| *n = *n * 3 + 1);
        data
    } => data.iter().map(|n| n * 3 + 1).collect();
    a_vec(data, split): text(data).into_par_iter().with_thread_pool(split).collect::<Vec<_>>() => text(data);
    a_boxed_slice(data, split): {
        let boxed = text(data).into_boxed_slice();
        boxed.into_par_iter().with_thread_pool(split).collect::<Vec<_>>()
    } => text(data);
    // Arrays by value are paralight's on nightly toolchains only: here they are lent.
    an_array(data, split): {
        let some: [u64; 5] = std::array::from_fn(|k| data.get(k).copied().unwrap_or_default());
        some.par_iter().copied().with_thread_pool(split).collect::<Vec<_>>()
    } => (0..5).map(|k| data.get(k).copied().unwrap_or_default()).collect();
    a_ring(data, split): ring(data).par_iter().copied().with_thread_pool(split).collect::<Vec<_>>() => data.to_vec();
    a_ring_lent_mutably(data, split): {
        let mut ring = ring(data);
        ring.par_iter_mut().with_thread_pool(split).for_each(|n| *n += 5);
        ring
    } => data.iter().map(|n| n + 5).collect();
    a_range(data, split): {
        let range = 3..data.len() + 3;
        range.into_par_iter().with_thread_pool(split).collect::<Vec<_>>()
    } => (3..data.len() + 3).collect();
    a_range_with_its_end(data, split): {
        let range = 0..=data.len();
        range.into_par_iter().with_thread_pool(split).collect::<Vec<_>>()
    } => (0..=data.len()).collect();
    places_with_nothing_in_some(data, split): {
        places(data).par_iter().copied().with_thread_pool(split).collect_per_thread::<Vec<_>>().concat()
    } => data.to_vec();
}

// ---- sources made of others ------------------------------------------------------------------------------------

same_as_sequential! {
    zip_eq(data, split): {
        let mut sums = vec![0; data.len()];
        let other = altered(data);
        (sums.par_iter_mut(), data.par_iter(), other.par_iter())
            .zip_eq()
            .with_thread_pool(split)
            .for_each(|(sum, a, b)| *sum = a + b);
        sums
    } => data.iter().zip(altered(data)).map(|(a, b)| a + b).collect();
    zip_eq_of_an_array(data, split): {
        [data.par_iter(), data.par_iter(), data.par_iter(), data.par_iter()]
            .zip_eq()
            .map(|four| four.into_iter().sum::<u64>())
            .with_thread_pool(split)
            .collect::<Vec<_>>()
    } => data.iter().map(|n| 4 * n).collect();
    zip_min(data, split): {
        (text(data).into_par_iter(), data[data.len() / 3..].par_iter().copied())
            .zip_min()
            .with_thread_pool(split)
            .collect::<Vec<_>>()
    } => text(data).into_iter().zip(data[data.len() / 3..].iter().copied()).collect();
    zip_min_of_an_array(data, split): {
        [text(data).into_par_iter(), text(&data[data.len() / 2..]).into_par_iter()]
            .zip_min()
            .with_thread_pool(split)
            .collect::<Vec<_>>()
    } => text(data).into_iter().zip(text(&data[data.len() / 2..])).map(|(a, b)| [a, b]).collect();
    zip_max(data, split): {
        (text(data).into_par_iter(), data[data.len() / 3..].par_iter().copied())
            .zip_max()
            .with_thread_pool(split)
            .collect::<Vec<_>>()
    } => (0..data.len()).map(|k| (Some(data[k].to_string()), data[data.len() / 3..].get(k).copied())).collect();
    zip_max_of_an_array(data, split): {
        [data.par_iter().copied(), data[data.len() / 3..].par_iter().copied()]
            .zip_max()
            .with_thread_pool(split)
            .collect::<Vec<_>>()
    } => (0..data.len()).map(|k| [Some(data[k]), data[data.len() / 3..].get(k).copied()]).collect();
    chain(data, split): {
        text(data).into_par_iter().chain(text(&data[data.len() / 2..]).into_par_iter())
            .with_thread_pool(split)
            .collect::<Vec<_>>()
    } => text(data).into_iter().chain(text(&data[data.len() / 2..])).collect();
    chain_of_inexact(data, split): {
        places(data).par_iter().chain(places(data).par_iter().filter(|n| **n > 50))
            .copied()
            .with_thread_pool(split)
            .collect_per_thread::<Vec<_>>()
            .concat()
    } => data.iter().chain(data.iter().filter(|n| **n > 50)).copied().collect();
}

// ---- adaptors of exact sources ---------------------------------------------------------------------------------

same_as_sequential! {
    array_windows(data, split): {
        data.par_iter().array_windows::<3>().map(|three| three.into_iter().sum::<u64>())
            .with_thread_pool(split)
            .collect::<Vec<_>>()
    } => data.windows(3).map(|three| three.iter().sum()).collect();
    cloned(data, split): text(data).par_iter().cloned().with_thread_pool(split).collect::<Vec<_>>() => text(data);
    copied(data, split): data.par_iter().copied().with_thread_pool(split).collect::<Vec<_>>() => data.to_vec();
    downgrade(data, split): {
        data.par_iter().downgrade().chain(places(data).par_iter())
            .with_thread_pool(split)
            .map(|n| n + 1)
            .sum::<u64>()
    } => 2 * data.iter().map(|n| n + 1).sum::<u64>();
    enumerate(data, split): {
        data.par_iter().copied().enumerate().with_thread_pool(split).collect::<Vec<_>>()
    } => data.iter().copied().enumerate().collect();
    filter(data, split): {
        text(data).into_par_iter().filter(|n| n.len() == 2)
            .with_thread_pool(split)
            .collect_per_thread::<Vec<_>>()
            .concat()
    } => text(data).into_iter().filter(|n| n.len() == 2).collect();
    filter_map(data, split): {
        text(data).into_par_iter().filter_map(|n| n.strip_prefix('1').map(str::to_owned))
            .with_thread_pool(split)
            .collect_per_thread::<Vec<_>>()
            .concat()
    } => text(data).iter().filter_map(|n| n.strip_prefix('1').map(str::to_owned)).collect();
    inspect(data, split): {
        let seen = AtomicU64::new(0);
        let look = |n: &&u64| {
            seen.fetch_add(**n, Relaxed);
        };
        let sum = data.par_iter().inspect(look).with_thread_pool(split).sum::<u64>();
        (sum, seen.into_inner())
    } => (data.iter().sum(), data.iter().sum());
    map_of_a_source(data, split): {
        data.par_iter().map(u64::to_string).with_thread_pool(split).collect::<Vec<_>>()
    } => text(data);
    map_init(data, split): {
        // The state is a thread's own: a buffer, here.
        data.par_iter()
            .map_init(String::new, |buffer, n| {
                buffer.clear();
                buffer.push_str(&n.to_string());
                buffer.len()
            })
            .with_thread_pool(split)
            .collect::<Vec<_>>()
    } => data.iter().map(|n| n.to_string().len()).collect();
    rev(data, split): text(data).into_par_iter().rev().with_thread_pool(split).collect::<Vec<_>>() => {
        text(data).into_iter().rev().collect()
    };
    skip(data, split): {
        text(data).into_par_iter().skip(5).with_thread_pool(split).collect::<Vec<_>>()
    } => text(data).into_iter().skip(5).collect();
    skip_exact(data, split): {
        text(data).into_par_iter().skip_exact(data.len() / 3).with_thread_pool(split).collect::<Vec<_>>()
    } => text(data).into_iter().skip(data.len() / 3).collect();
    step_by(data, split): {
        text(data).into_par_iter().step_by(7).with_thread_pool(split).collect::<Vec<_>>()
    } => text(data).into_iter().step_by(7).collect();
    take(data, split): {
        text(data).into_par_iter().take(50).with_thread_pool(split).collect::<Vec<_>>()
    } => text(data).into_iter().take(50).collect();
    take_exact(data, split): {
        text(data).into_par_iter().take_exact(data.len() / 3).with_thread_pool(split).collect::<Vec<_>>()
    } => text(data).into_iter().take(data.len() / 3).collect();
    update(data, split): {
        text(data).into_par_iter().update(|n| n.push('!')).with_thread_pool(split).collect::<Vec<_>>()
    } => text(data).into_iter().map(|n| n + "!").collect();
    one_after_another(data, split): {
        text(data).into_par_iter().skip(2).rev().step_by(3).enumerate().take(40)
            .with_thread_pool(split)
            .collect::<Vec<_>>()
    } => {
        let rest: Vec<_> = text(data).into_iter().skip(2).collect();
        rest.into_iter().rev().step_by(3).enumerate().take(40).collect()
    };
}

// ---- adaptors of sources that aren't exact ----------------------------------------------------------------------

same_as_sequential! {
    inexact_cloned(data, split): {
        places(data).par_iter().cloned().with_thread_pool(split).collect_per_thread::<Vec<_>>().concat()
    } => data.to_vec();
    inexact_filter(data, split): {
        places(data).par_iter().filter(|n| **n % 2 == 0).with_thread_pool(split).sum::<u64>()
    } => data.iter().filter(|n| **n % 2 == 0).sum();
    inexact_filter_map(data, split): {
        places(data).par_iter().filter_map(|n| n.checked_sub(50)).with_thread_pool(split).sum::<u64>()
    } => data.iter().filter_map(|n| n.checked_sub(50)).sum();
    inexact_inspect(data, split): {
        let seen = AtomicU64::new(0);
        let look = |n: &&u64| {
            seen.fetch_add(**n, Relaxed);
        };
        places(data).par_iter().inspect(look).with_thread_pool(split).for_each(drop);
        seen.into_inner()
    } => data.iter().sum();
    inexact_map(data, split): {
        let strings = places(data).par_iter().map(u64::to_string).with_thread_pool(split).collect_per_thread::<Vec<_>>();
        strings.concat()
    } => text(data);
    inexact_map_init(data, split): {
        places(data).par_iter().map_init(|| 1, |one, n| n + *one).with_thread_pool(split).sum::<u64>()
    } => data.iter().map(|n| n + 1).sum();
    inexact_rev(data, split): {
        places(data).par_iter().rev().copied().with_thread_pool(split).collect_per_thread::<Vec<_>>().concat()
    } => data.iter().rev().copied().collect();
    inexact_update(data, split): {
        places(data).par_iter().copied().update(|n| *n += 3).with_thread_pool(split).sum::<u64>()
    } => data.iter().map(|n| n + 3).sum();
}

// ---- final operations: the whole in order -----------------------------------------------------------------------

same_as_sequential! {
    collect_into_a_boxed_slice(data, split): {
        text(data).into_par_iter().with_thread_pool(split).collect::<Box<[_]>>()
    } => text(data).into_boxed_slice();
    collect_into_a_ring(data, split): {
        text(data).into_par_iter().with_thread_pool(split).collect::<VecDeque<_>>()
    } => text(data).into();
    collect_nothing_of_something(data, split): {
        data.par_iter().map(|_| ()).with_thread_pool(split).collect::<Vec<()>>()
    } => vec![(); data.len()];
    try_collect(data, split): {
        [90, 200].map(|limit| {
            data.par_iter()
                .map(|n| if *n < limit { Ok(n.to_string()) } else { Err("too large") })
                .with_thread_pool(split)
                .try_collect::<String, &str, Vec<_>>()
        })
    } => [90, 200].map(|limit| {
        data.iter().map(|n| if *n < limit { Ok(n.to_string()) } else { Err("too large") }).collect()
    });
    // paralight promises no order among the parts; here they come in the order of the source.
    collect_per_thread(data, split): {
        data.par_iter().map(u64::to_string).with_thread_pool(split).collect_per_thread::<String>().concat()
    } => text(data).concat();
    try_collect_per_thread(data, split): {
        [90, 200].map(|limit| {
            data.par_iter()
                .with_thread_pool(split)
                .map(|n| if *n < limit { Ok(*n) } else { Err("too large") })
                .try_collect_per_thread::<u64, &str, Vec<_>>()
                .map(|parts| parts.concat())
        })
    } => [90, 200].map(|limit| data.iter().map(|n| if *n < limit { Ok(*n) } else { Err("too large") }).collect());
    map_of_an_iterator(data, split): {
        data.par_iter().with_thread_pool(split).map(|n| n * 2).map(|n| n + 1).collect_per_thread::<Vec<_>>().concat()
    } => data.iter().map(|n| n * 2 + 1).collect();
    // Joining strings is associative and doesn't commute: the order shows.
    reduce(data, split): {
        text(data).into_par_iter().with_thread_pool(split).reduce(String::new, |a, b| a + &b)
    } => text(data).concat();
    try_reduce(data, split): {
        [90, 2000].map(|limit| {
            let add = |a: String, b: String| if a.len() + b.len() < limit { Ok(a + &b) } else { Err("too long") };
            text(data).into_par_iter().with_thread_pool(split).try_reduce(String::new, add)
        })
    } => [90, 2000].map(|limit| {
        text(data).into_iter().try_fold(String::new(), |a, b| {
            if a.len() + b.len() < limit { Ok(a + &b) } else { Err("too long") }
        })
    });
    fold_per_thread(data, split): {
        data.par_iter().with_thread_pool(split).fold_per_thread(
            || (0, String::new()),
            |(count, text), n| (count + 1, text + &n.to_string()),
            |threads| {
                assert!(threads >= 1);
                (0, String::new())
            },
            |(count, text), (more, next)| (count + more, text + &next),
        )
    } => (data.len(), text(data).concat());
    try_fold_per_thread(data, split): {
        [90, 200].map(|limit| {
            data.par_iter().with_thread_pool(split).try_fold_per_thread(
                String::new,
                |text, n| if *n < limit { Ok(text + &n.to_string()) } else { Err("too large") },
                |_| String::new(),
                |text, next| Ok(text + &next?),
            )
        })
    } => [90, 200].map(|limit| {
        if data.iter().all(|n| *n < limit) { Ok(text(data).concat()) } else { Err("too large") }
    });
    sum(data, split): data.par_iter().with_thread_pool(split).sum::<u64>() => data.iter().sum::<u64>();
    product(data, split): {
        let odd = data.par_iter().map(|n| std::num::Wrapping(n | 1));
        odd.with_thread_pool(split).product::<std::num::Wrapping<u64>>()
    } => data.iter().map(|n| std::num::Wrapping(n | 1)).product();
}

// ---- final operations: calls for effect -------------------------------------------------------------------------

same_as_sequential! {
    for_each(data, split): {
        let seen: Vec<AtomicU64> = data.iter().map(|_| AtomicU64::new(0)).collect();
        data.par_iter().enumerate().with_thread_pool(split).for_each(|(k, n)| {
            seen[k].fetch_add(n + 1, Relaxed);
        });
        seen.into_iter().map(AtomicU64::into_inner).collect::<Vec<_>>()
    } => data.iter().map(|n| n + 1).collect();
    for_each_init(data, split): {
        // Each accumulator counts its own items: the counts come to all of them.
        let counts = Mutex::new(Vec::new());
        struct Count<'a>(u64, &'a Mutex<Vec<u64>>);
        impl Drop for Count<'_> {
            fn drop(&mut self) {
                self.1.lock().unwrap().push(self.0);
            }
        }
        let init = || Count(0, &counts);
        data.par_iter().with_thread_pool(split).for_each_init(init, |count, _| count.0 += 1);
        counts.into_inner().unwrap().iter().sum::<u64>()
    } => data.len() as u64;
    try_for_each(data, split): {
        [90, 200].map(|limit| {
            data.par_iter().with_thread_pool(split).try_for_each(|n| if *n < limit { Ok(()) } else { Err("too large") })
        })
    } => [90, 200].map(|limit| if data.iter().all(|n| *n < limit) { Ok(()) } else { Err("too large") });
    try_for_each_init(data, split): {
        [90, 200].map(|limit| {
            data.par_iter().with_thread_pool(split).try_for_each_init(
                || limit,
                |limit, n| if n < limit { Ok(()) } else { Err("too large") },
            )
        })
    } => [90, 200].map(|limit| if data.iter().all(|n| *n < limit) { Ok(()) } else { Err("too large") });
    panic_fuse(data, split): data.par_iter().with_thread_pool(split).panic_fuse().sum::<u64>() => data.iter().sum::<u64>();
}

// ---- final operations: finding ----------------------------------------------------------------------------------

same_as_sequential! {
    all(data, split): {
        [30, 96, 200].map(|limit| data.par_iter().with_thread_pool(split).all(|n| *n < limit))
    } => [30, 96, 200].map(|limit| data.iter().all(|n| *n < limit));
    any(data, split): {
        [30, 95, 200].map(|limit| data.par_iter().with_thread_pool(split).any(|n| *n > limit))
    } => [30, 95, 200].map(|limit| data.iter().any(|n| *n > limit));
    // Which of several it is, is open: only the last of these has one at most.
    find_any(data, split): {
        let found = data.par_iter().copied().enumerate().with_thread_pool(split).find_any(|(_, n)| *n > 60);
        assert!(found.is_none_or(|(k, n)| data[k] == n && n > 60));
        let one = data.par_iter().enumerate().with_thread_pool(split).find_any(|(k, _)| k + 1 == data.len());
        (found.is_some(), one.map(|(k, _)| k))
    } => (data.iter().any(|n| *n > 60), data.len().checked_sub(1));
    find_first(data, split): {
        [0, 60, 95, 200].map(|limit| {
            data.par_iter().copied().enumerate().with_thread_pool(split).find_first(|(_, n)| *n > limit)
        })
    } => [0, 60, 95, 200].map(|limit| data.iter().copied().enumerate().find(|(_, n)| *n > limit));
    find_map_any(data, split): {
        let found = data.par_iter().with_thread_pool(split).find_map_any(|n| n.checked_sub(60));
        assert!(found.is_none_or(|n| data.contains(&(n + 60))));
        found.is_some()
    } => data.iter().any(|n| *n >= 60);
    find_map_first(data, split): {
        [0, 60, 96, 200].map(|limit| data.par_iter().with_thread_pool(split).find_map_first(|n| n.checked_sub(limit)))
    } => [0, 60, 96, 200].map(|limit| data.iter().find_map(|n| n.checked_sub(limit)));
    inexact_find_first(data, split): {
        places(data).par_iter().with_thread_pool(split).find_first(|n| **n > 60).copied()
    } => data.iter().copied().find(|n| *n > 60);
}

// ---- final operations: least and greatest; of equal ones std takes the first least and the last greatest ---------

/// Equal in the key, and told apart by the place.
fn placed(data: &[u64]) -> Vec<(u64, usize)> {
    data.iter().map(|n| n / 10).zip(0..).collect()
}

same_as_sequential! {
    max(data, split): data.par_iter().copied().with_thread_pool(split).max() => data.iter().copied().max();
    max_by(data, split): {
        placed(data).into_par_iter().with_thread_pool(split).max_by(|a, b| a.0.cmp(&b.0))
    } => placed(data).into_iter().max_by(|a, b| a.0.cmp(&b.0));
    max_by_key(data, split): {
        placed(data).into_par_iter().with_thread_pool(split).max_by_key(|a| a.0)
    } => placed(data).into_iter().max_by_key(|a| a.0);
    min(data, split): data.par_iter().copied().with_thread_pool(split).min() => data.iter().copied().min();
    min_by(data, split): {
        placed(data).into_par_iter().with_thread_pool(split).min_by(|a, b| a.0.cmp(&b.0))
    } => placed(data).into_iter().min_by(|a, b| a.0.cmp(&b.0));
    min_by_key(data, split): {
        placed(data).into_par_iter().with_thread_pool(split).min_by_key(|a| a.0)
    } => placed(data).into_iter().min_by_key(|a| a.0);
    minmax(data, split): data.par_iter().copied().with_thread_pool(split).minmax() => {
        both_ends(data.iter().copied().min(), data.iter().copied().max(), data.len())
    };
    minmax_by(data, split): {
        placed(data).into_par_iter().with_thread_pool(split).minmax_by(|a, b| a.0.cmp(&b.0))
    } => {
        let by = |a: &(u64, usize), b: &(u64, usize)| a.0.cmp(&b.0);
        both_ends(placed(data).into_iter().min_by(by), placed(data).into_iter().max_by(by), data.len())
    };
    minmax_by_key(data, split): {
        placed(data).into_par_iter().with_thread_pool(split).minmax_by_key(|a| a.0)
    } => {
        let key = |a: &(u64, usize)| a.0;
        both_ends(placed(data).into_iter().min_by_key(key), placed(data).into_iter().max_by_key(key), data.len())
    };
}

fn both_ends<T>(min: Option<T>, max: Option<T>, len: usize) -> MinMaxResult<T> {
    match (min, max) {
        (Some(min), Some(_)) if len == 1 => MinMaxResult::OneElement(min),
        (Some(min), Some(max)) => MinMaxResult::MinMax { min, max },
        _ => MinMaxResult::NoElements,
    }
}

// ---- final operations: comparing --------------------------------------------------------------------------------

/// A parallel iterator over pairs of the data and what it is compared with: itself, and something greater.
macro_rules! pairs {
    ($data:expr, $other:expr, $split:expr) => {
        ($data.par_iter(), $other.par_iter()).zip_eq().with_thread_pool($split)
    };
}

fn others(data: &[u64]) -> [Vec<u64>; 2] {
    [data.to_vec(), altered(data)]
}

same_as_sequential! {
    cmp(data, split): others(data).map(|other| pairs!(data, other, split).cmp()) => {
        others(data).map(|other| data.iter().cmp(&other))
    };
    cmp_by(data, split): others(data).map(|other| pairs!(data, other, split).cmp_by(|a, b| b.cmp(a))) => {
        others(data).map(|other| other.iter().cmp(data))
    };
    cmp_by_key(data, split): others(data).map(|other| pairs!(data, other, split).cmp_by_key(|n| n % 7)) => {
        others(data).map(|other| data.iter().map(|n| n % 7).cmp(other.iter().map(|n| n % 7)))
    };
    cmp_by_keys(data, split): {
        others(data).map(|other| pairs!(data, other, split).cmp_by_keys(|a| a + 1, |b| *b))
    } => others(data).map(|other| data.iter().map(|a| a + 1).cmp(other));
    eq(data, split): others(data).map(|other| pairs!(data, other, split).eq()) => {
        others(data).map(|other| data.iter().eq(&other))
    };
    eq_by_key(data, split): others(data).map(|other| pairs!(data, other, split).eq_by_key(|n| n / 90)) => {
        others(data).map(|other| data.iter().map(|n| n / 90).eq(other.iter().map(|n| n / 90)))
    };
    eq_by_keys(data, split): {
        others(data).map(|other| pairs!(data, other, split).eq_by_keys(|a| a + 1, |b| b + 1))
    } => others(data).map(|other| data.iter().eq(&other));
    ne(data, split): others(data).map(|other| pairs!(data, other, split).ne()) => {
        others(data).map(|other| data.iter().ne(&other))
    };
    ne_by_key(data, split): others(data).map(|other| pairs!(data, other, split).ne_by_key(|n| n / 90)) => {
        others(data).map(|other| data.iter().map(|n| n / 90).ne(other.iter().map(|n| n / 90)))
    };
    ne_by_keys(data, split): {
        others(data).map(|other| pairs!(data, other, split).ne_by_keys(|a| a + 1, |b| b + 1))
    } => others(data).map(|other| data.iter().ne(&other));
    partial_cmp(data, split): {
        let floats = as_floats(data);
        others(data).map(|other| {
            let other: Vec<f64> = other.into_iter().map(|n| n as f64).collect();
            pairs!(floats, other, split).partial_cmp()
        })
    } => others(data).map(|other| as_floats(data).into_iter().partial_cmp(other.into_iter().map(|n| n as f64)));
    partial_cmp_by(data, split): {
        others(data).map(|other| pairs!(data, other, split).partial_cmp_by(some_order))
    } => others(data).map(|other| {
        data.iter().zip(&other).map(|(a, b)| some_order(a, b)).find(|order| *order != Some(Ordering::Equal))
            .unwrap_or(Some(Ordering::Equal))
    });
    partial_cmp_by_key(data, split): {
        others(data).map(|other| pairs!(data, other, split).partial_cmp_by_key(|n| *n as f64))
    } => others(data).map(|other| data.iter().partial_cmp(&other));
    partial_cmp_by_keys(data, split): {
        others(data).map(|other| pairs!(data, other, split).partial_cmp_by_keys(|a| *a as f64, |b| *b as f64 + 0.5))
    } => others(data).map(|other| {
        data.iter().map(|a| *a as f64).partial_cmp(other.iter().map(|b| *b as f64 + 0.5))
    });
    all_equal(data, split): {
        [data.to_vec(), vec![7; data.len()]].map(|data| data.par_iter().with_thread_pool(split).all_equal())
    } => [data.windows(2).all(|two| two[0] == two[1]), true];
    is_sorted(data, split): {
        sorted_and_not(data).map(|data| data.par_iter().with_thread_pool(split).is_sorted())
    } => sorted_and_not(data).map(|data| data.is_sorted());
    is_sorted_by(data, split): {
        sorted_and_not(data).map(|data| data.par_iter().with_thread_pool(split).is_sorted_by(|a, b| a >= b))
    } => sorted_and_not(data).map(|data| data.is_sorted_by(|a, b| a >= b));
    is_sorted_by_key(data, split): {
        sorted_and_not(data).map(|data| data.par_iter().with_thread_pool(split).is_sorted_by_key(|n| *n / 90))
    } => sorted_and_not(data).map(|data| data.is_sorted_by_key(|n| *n / 90));
}

fn some_order(a: &u64, b: &u64) -> Option<Ordering> {
    if *a == 80 { None } else { Some(a.cmp(b)) }
}

fn sorted_and_not(data: &[u64]) -> [Vec<u64>; 4] {
    let mut up = data.to_vec();
    up.sort();
    let down = up.iter().rev().copied().collect();
    let mut late = up.clone();
    late.push(0);
    [data.to_vec(), up, down, late]
}

// ---- final operations: comparing with what compares with nothing ------------------------------------------------

/// NaN at either end or in the middle.
fn with_nan(floats: &[f64]) -> Vec<Vec<f64>> {
    let at = |place: usize| {
        let mut floats = floats.to_vec();
        floats[place] = f64::NAN;
        floats
    };
    if floats.is_empty() { Vec::new() } else { [0, floats.len() / 2, floats.len() - 1].map(at).into() }
}

/// The data and something greater, with NaN before the difference or after it, on either side or on both.
fn pairs_with_nan(data: &[u64]) -> Vec<[Vec<f64>; 2]> {
    let floats = |data: &[u64]| -> Vec<f64> { data.iter().map(|n| *n as f64).collect() };
    let (less, greater) = (floats(data), floats(&altered(data)));
    let some = with_nan(&less).into_iter().zip(with_nan(&greater));
    some.flat_map(|(a, b)| {
        [[a.clone(), greater.clone()], [less.clone(), b.clone()], [greater.clone(), a.clone()], [a, b]]
    })
    .collect()
}

/// In order but for NaN, which is in no order.
fn sorted_with_nan(data: &[u64]) -> Vec<Vec<f64>> {
    let mut floats: Vec<f64> = data.iter().map(|n| *n as f64).collect();
    floats.sort_by(f64::total_cmp);
    with_nan(&floats)
}

fn each_of<T, R>(of: Vec<T>, f: impl Fn(T) -> R) -> Vec<R> {
    of.into_iter().map(f).collect()
}

same_as_sequential! {
    partial_cmp_with_nan(data, split): {
        each_of(pairs_with_nan(data), |[a, b]| pairs!(a, b, split).partial_cmp())
    } => each_of(pairs_with_nan(data), |[a, b]| a.partial_cmp(&b));
    partial_cmp_by_key_with_nan(data, split): {
        each_of(pairs_with_nan(data), |[a, b]| pairs!(a, b, split).partial_cmp_by_key(|n| -*n))
    } => each_of(pairs_with_nan(data), |[a, b]| a.into_iter().map(|n| -n).partial_cmp(b.into_iter().map(|n| -n)));
    partial_cmp_by_keys_with_nan(data, split): {
        each_of(pairs_with_nan(data), |[a, b]| pairs!(a, b, split).partial_cmp_by_keys(|a| *a + 1.0, |b| *b))
    } => each_of(pairs_with_nan(data), |[a, b]| a.into_iter().map(|n| n + 1.0).partial_cmp(b));
    eq_with_nan(data, split): {
        each_of(pairs_with_nan(data), |[a, b]| (pairs!(a, b, split).eq(), pairs!(a, a, split).eq(), pairs!(a, b, split).ne()))
    } => each_of(pairs_with_nan(data), |[a, b]| (a == b, !a.iter().any(|n| n.is_nan()), a != b));
    is_sorted_with_nan(data, split): {
        each_of(sorted_with_nan(data), |floats| floats.par_iter().with_thread_pool(split).is_sorted())
    } => each_of(sorted_with_nan(data), |floats| floats.is_sorted());
    is_sorted_by_key_with_nan(data, split): {
        each_of(sorted_with_nan(data), |floats| floats.par_iter().with_thread_pool(split).is_sorted_by_key(|n| n / 2.0))
    } => each_of(sorted_with_nan(data), |floats| floats.is_sorted_by_key(|n| n / 2.0));
}

// ---- the pipelines that the others are made of ------------------------------------------------------------------

same_as_sequential! {
    pipeline(data, split): {
        data.par_iter().with_thread_pool(split).pipeline(Vec::new, pushed, Vec::into_boxed_slice, |a, b| [a, b].concat().into())
    } => data.into();
    pipeline_of_inexact(data, split): {
        let places = places(data);
        let some = places.par_iter().filter(|n| **n % 3 > 0).with_thread_pool(split);
        some.pipeline(|| 1, |sum, n| sum + n, |sum| sum - 1, |a, b| a + b)
    } => data.iter().filter(|n| **n % 3 > 0).sum();
    pipeline_of_owned(data, split): {
        let texts = text(data).into_par_iter().with_thread_pool(split);
        texts.pipeline(String::new, |all, next| all + &next, |all| all, |a, b| a + &b)
    } => text(data).concat();
    short_circuiting_pipeline(data, split): {
        [1, 50, 96, 1000].map(|end| {
            data.par_iter().with_thread_pool(split).short_circuiting_pipeline(
                Vec::new,
                |seen, n| if *n == end { ControlFlow::Break(end) } else { ControlFlow::Continue(pushed(seen, n)) },
                |seen| match seen {
                    ControlFlow::Continue(seen) => Ok(seen),
                    ControlFlow::Break(end) => Err(end),
                },
                |a, b| Ok([a?, b?].concat()),
            )
        })
    } => [1, 50, 96, 1000].map(|end| if data.contains(&end) { Err(end) } else { Ok(data.to_vec()) });
    short_circuiting_pipeline_of_owned(data, split): {
        let texts = text(data).into_par_iter().with_thread_pool(split);
        texts.short_circuiting_pipeline(
            || (),
            |(), text| if text == "50" { ControlFlow::Break(text) } else { ControlFlow::Continue(()) },
            ControlFlow::break_value,
            Option::or,
        )
    } => text(data).into_iter().find(|text| text == "50");
}

fn pushed(mut seen: Vec<u64>, n: &u64) -> Vec<u64> {
    seen.push(*n);
    seen
}
