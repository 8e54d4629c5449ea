//! Final operations that compare.

use super::*;

fn as_floats(data: &[u64]) -> Vec<f64> {
    // Some that compare with nothing.
    data.iter().map(|n| if *n == 96 { f64::NAN } else { *n as f64 }).collect()
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
