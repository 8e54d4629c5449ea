//! The loops that pools are compared by: one function each over a range, not inlined, so that where the code happens to lie is
//! the same for everybody.

use std::marker::PhantomData;
use std::ops::Range;

/// A slice of which every thread writes ranges of its own.
#[derive(Clone, Copy, Debug)]
pub struct Output<'a, T> {
    start: *mut T,
    len: usize,
    slice: PhantomData<&'a mut [T]>,
}

// SAFETY: it hands out disjoint ranges, as `split_at_mut` would.
unsafe impl<T: Send> Send for Output<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Output<'_, T> {}

impl<'a, T> Output<'a, T> {
    pub fn new(slice: &'a mut [T]) -> Self {
        Self { start: slice.as_mut_ptr(), len: slice.len(), slice: PhantomData }
    }

    /// # Safety
    /// No two ranges that are in use at once overlap.
    #[expect(clippy::mut_from_ref, reason = "disjoint ranges of what was borrowed mutably")]
    pub unsafe fn range(&self, range: Range<usize>) -> &mut [T] {
        assert!(range.start <= range.end && range.end <= self.len);
        // SAFETY: within the slice; alone by the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(range.start), range.len()) }
    }
}

/// Sixteen sums: of one the compiler makes four, and then each addition waits for the one before.
#[inline(never)]
pub fn sum(data: &[u64]) -> u64 {
    let (lines, rest) = data.as_chunks::<16>();
    let mut sums = [0_u64; 16];
    for line in lines {
        for (sum, item) in sums.iter_mut().zip(line) {
            *sum = sum.wrapping_add(*item);
        }
    }
    sums.iter().chain(rest).fold(0, |sum, item| sum.wrapping_add(*item))
}

#[inline(never)]
pub fn add(a: &[u64], b: &[u64], out: &mut [u64]) {
    for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
        *out = a.wrapping_add(*b);
    }
}

/// A dot product as eight sums, because one can't be vectorised: floating-point addition isn't associative.
#[inline(never)]
pub fn dots(a: &[f32], b: &[f32]) -> [f32; 8] {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0; 8];
    for (a, b) in a.iter().zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    for ((sum, a), b) in sums.iter_mut().zip(a_rest).zip(b_rest) {
        *sum += a * b;
    }
    sums
}

/// The sums of two parts of a dot product.
pub fn both(a: [f32; 8], b: [f32; 8]) -> [f32; 8] {
    std::array::from_fn(|lane| a[lane] + b[lane])
}

/// The mean of a place and its neighbours, for a range of places.
#[inline(never)]
pub fn stencil(data: &[f32], range: Range<usize>, out: &mut [f32]) {
    for (place, out) in range.zip(out) {
        *out = stencil_at(data, place);
    }
}

#[inline]
pub fn stencil_at(data: &[f32], place: usize) -> f32 {
    let before = data[place.saturating_sub(1)];
    let after = data[(place + 1).min(data.len() - 1)];
    (before + data[place] + after) * (1.0 / 3.0)
}

/// Items whose cost grows with the index, up to 64 steps.
#[inline(never)]
pub fn skewed(range: Range<usize>, len: usize) -> u64 {
    range.fold(0, |sum, index| sum.wrapping_add(skewed_at(index, len)))
}

#[inline]
pub fn skewed_at(index: usize, len: usize) -> u64 {
    let steps = 1 + 63 * index / len;
    (0..steps).fold(index as u64, |x, _| x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1))
}

/// A row of the Mandelbrot set: how many points of it are in.
#[inline(never)]
pub fn mandelbrot_row(row: usize, size: usize) -> u64 {
    const STEPS: u32 = 50;
    let scale = 3.0 / size as f32;
    let y = row as f32 * scale - 1.5;
    let inside = |column: &usize| {
        let x = *column as f32 * scale - 2.0;
        let (mut re, mut im) = (0.0_f32, 0.0_f32);
        for _ in 0..STEPS {
            (re, im) = (re * re - im * im + x, 2.0 * re * im + y);
            if re * re + im * im > 4.0 {
                return false;
            }
        }
        true
    };
    (0..size).filter(inside).count() as u64
}
