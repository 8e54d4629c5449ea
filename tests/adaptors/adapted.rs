//! What is put between a source and its end.

use super::*;

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
