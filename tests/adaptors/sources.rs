//! Sources, and sources made of others.

use super::*;

/// A ring buffer whose numbers lie in two runs.
fn ring(data: &[u64]) -> VecDeque<u64> {
    let mut ring: VecDeque<u64> = data[data.len() / 3..].iter().copied().collect();
    data[..data.len() / 3].iter().rev().for_each(|n| ring.push_front(*n));
    ring
}

// ---- sources ---------------------------------------------------------------------------------------------------

same_as_sequential! {
    a_slice(data, split): data.par_iter().copied().with_thread_pool(split).collect::<Vec<_>>() => data.to_vec();
    a_slice_lent_mutably(data, split): {
        let mut data = data.to_vec();
        data.par_iter_mut().with_thread_pool(split).for_each(|n| *n = *n * 3 + 1);
        data
    } => data.iter().map(|n| n * 3 + 1).collect();
    a_slice_lent_in_chunks(data, split): {
        [1, 2, 3, 64, usize::MAX].map(|size| {
            let lent = data.par_chunks(size).with_thread_pool(split).collect::<Vec<_>>();
            lent.into_iter().map(<[u64]>::to_vec).collect::<Vec<_>>()
        })
    } => [1, 2, 3, 64, usize::MAX].map(|size| data.chunks(size).map(<[u64]>::to_vec).collect());
    a_slice_lent_in_chunks_mutably(data, split): {
        let mut data = data.to_vec();
        for size in [1, 3, 64, usize::MAX] {
            data.par_chunks_mut(size).enumerate().with_thread_pool(split).for_each(|(k, chunk)| {
                chunk.iter_mut().for_each(|n| *n = *n * 3 + k as u64);
            });
        }
        data
    } => {
        let mut data = data.to_vec();
        for size in [1, 3, 64, usize::MAX] {
            for (k, chunk) in data.chunks_mut(size).enumerate() {
                chunk.iter_mut().for_each(|n| *n = *n * 3 + k as u64);
            }
        }
        data
    };
    chunks_of_several_slices(data, split): {
        let (mut sums, other) = (vec![0; data.len()], altered(data));
        (sums.par_chunks_mut(7), data.par_chunks(7), other.par_chunks(7)).zip_eq().with_thread_pool(split).for_each(|(sums, a, b)| {
            sums.iter_mut().zip(a).zip(b).for_each(|((sum, a), b)| *sum = a + b);
        });
        sums
    } => data.iter().zip(altered(data)).map(|(a, b)| a + b).collect();
    chunks_of_a_skipped_and_turned_source(data, split): {
        let turned = data.par_chunks(5).rev().skip(1).map(|chunk| chunk.iter().sum::<u64>());
        turned.with_thread_pool(split).collect::<Vec<_>>()
    } => data.chunks(5).rev().skip(1).map(|chunk| chunk.iter().sum()).collect();
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

#[test]
fn chunks_of_nothing_and_of_all() {
    // As many items as there can be, of no size.
    let everything = [(); usize::MAX];
    under_every_split(|split| {
        let lengths =
            everything.par_chunks(usize::MAX / 2).map(<[()]>::len).with_thread_pool(split).collect::<Vec<_>>();
        assert_eq!(lengths, [usize::MAX / 2, usize::MAX / 2, 1]);
        let mut nothing: [u64; 0] = [];
        nothing.par_chunks_mut(1).with_thread_pool(split).for_each(|_| panic!("there is none"));
    });
}

#[test]
fn chunks_that_are_lent_mutably_lie_side_by_side() {
    check(
        |data, split| {
            let mut data = data.to_vec();
            let start = data.as_ptr() as usize / size_of::<u64>();
            let chunks = data.par_chunks_mut(3).with_thread_pool(split).collect::<Vec<_>>();
            // All of them at once.
            chunks.into_iter().map(|chunk| (chunk.as_ptr() as usize / size_of::<u64>() - start, chunk.len())).collect()
        },
        |data| (0..data.len()).step_by(3).map(|start| (start, 3.min(data.len() - start))).collect::<Vec<_>>(),
    );
}

#[test]
#[should_panic(expected = "its size must not be 0")]
fn chunks_of_no_items() {
    let _ = [1].par_chunks(0);
}

#[test]
#[should_panic(expected = "its size must not be 0")]
fn chunks_of_no_items_mutably() {
    let _ = [1].par_chunks_mut(0);
}
