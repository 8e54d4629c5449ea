//! Final operations that find one item: any or the first, the least or the greatest.

use super::*;

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
