//! `micropool::join`: two closures, perhaps at the same time. Here: merge sort.
//!
//! `cargo run --release --example join`

use std::time::Instant;

/// Below this length a fork costs more than it gains.
const ALONE: usize = 2048;

fn merge_sort(data: &mut [u64], buffer: &mut [u64]) {
    if data.len() <= ALONE {
        data.sort_unstable();
        return;
    }
    let middle = data.len() / 2;
    {
        let (left, right) = data.split_at_mut(middle);
        let (left_buffer, right_buffer) = buffer.split_at_mut(middle);
        // The borrow checker sees that the halves don't overlap; nothing else is needed.
        micropool::join(|| merge_sort(left, left_buffer), || merge_sort(right, right_buffer));
    }
    let (mut left, mut right) = data.split_at(middle);
    for place in buffer.iter_mut() {
        let from = match (left.first(), right.first()) {
            (Some(l), Some(r)) if l <= r => &mut left,
            (Some(_), None) => &mut left,
            _ => &mut right,
        };
        *place = from[0];
        *from = &from[1..];
    }
    data.copy_from_slice(buffer);
}

fn main() {
    // Any deterministic mess will do.
    let mut state = 1u64;
    let mut data: Vec<u64> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state >> 33
    })
    .take(2_000_000)
    .collect();
    let mut expected = data.clone();
    let mut buffer = vec![0; data.len()];

    let began = Instant::now();
    merge_sort(&mut data, &mut buffer);
    let took = began.elapsed();

    expected.sort_unstable();
    assert_eq!(data, expected);
    println!("sorted {} numbers on {} workers and this thread in {took:.1?}", data.len(), micropool::num_threads());
}
