//! Memory for the length of a call: in the caller's frame, or, where that would be too much for a frame, in a buffer that its thread
//! keeps. So nothing is allocated once buffers have their size.

use crate::panic::drop_quietly;
use crate::sync::local;
use std::cell::RefCell;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr::NonNull;

/// What a frame may hold.
const FRAME: usize = 1 << 15;

/// Lends `count` places, which are uninitialised. The frame of a loop of few pieces is small: a program may nest many of those.
///
/// A frame has room for 2, 8, 64, 192 or 512 places, the least of these that will do; if so many are more than [`FRAME`], or if
/// none will do, they lie in a buffer, without a rounding.
pub(crate) fn lend<T, R>(count: usize, f: impl FnOnce(&mut [MaybeUninit<T>]) -> R) -> R {
    // One body of `f` for all sizes.
    let mut f = Some(f);
    let mut result = None;
    let once = &mut |places: &mut [MaybeUninit<T>]| result = f.take().map(|f| f(places));
    let fits = |most: usize| count <= most && most * size_of::<T>() <= FRAME;
    if fits(2) {
        in_frame::<T, 2>(count, once);
    } else if fits(8) {
        in_frame::<T, 8>(count, once);
    } else if fits(64) {
        in_frame::<T, 64>(count, once);
    } else if fits(192) {
        in_frame::<T, 192>(count, once);
    } else if fits(512) {
        in_frame::<T, 512>(count, once);
    } else {
        in_buffer(count, once);
    }
    result.expect("called above")
}

#[inline(never)]
fn in_frame<T, const N: usize>(count: usize, f: &mut dyn FnMut(&mut [MaybeUninit<T>])) {
    f(&mut [const { MaybeUninit::uninit() }; N][..count])
}

/// A line of memory.
#[repr(align(64))]
struct Line {
    _bytes: [u8; LINE],
}

const LINE: usize = 64;

/// Never with anything in it: only its memory counts.
type Buffer = Vec<Line>;

local! {
    // Those that no call uses now. Calls nest, and so the last to be given back is the first to be taken again.
    static BUFFERS: RefCell<Vec<Buffer>> = RefCell::new(Vec::new());
}

/// A buffer in use, given back when dropped. In destructors of thread-locals there may be nobody to give it back to.
struct Taken(Buffer);

impl Drop for Taken {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.0);
        let _ = BUFFERS.try_with(|buffers| buffers.borrow_mut().push(buffer));
    }
}

#[inline(never)]
fn in_buffer<T>(count: usize, f: &mut dyn FnMut(&mut [MaybeUninit<T>])) {
    let kept = BUFFERS.try_with(|buffers| buffers.borrow_mut().pop());
    let mut taken = Taken(kept.ok().flatten().unwrap_or_default());
    let bytes = count.checked_mul(size_of::<T>()).and_then(|bytes| bytes.checked_add(align_of::<T>()));
    let lines = bytes.expect("memory for the results of a loop").div_ceil(LINE);
    if taken.0.capacity() < lines {
        taken.0 = Vec::with_capacity(lines);
    }
    let first = taken.0.as_mut_ptr().cast::<u8>();
    // SAFETY: the offset is less than the alignment, which the lines have room for besides the places.
    let first = unsafe { first.add(first.addr().wrapping_neg() % align_of::<T>()) };
    // SAFETY: aligned, and inside the buffer's memory, which nobody else uses while it is taken. What is uninitialised may be that.
    f(unsafe { std::slice::from_raw_parts_mut(first.cast(), count) });
}

/// Places that several threads fill, each its own part.
pub(crate) struct Shelf<'a, T> {
    places: NonNull<[MaybeUninit<T>]>,
    lent: PhantomData<&'a mut [MaybeUninit<T>]>,
}

// SAFETY: a part is used by one thread at a time (`part`), and its values may change threads.
unsafe impl<T: Send> Sync for Shelf<'_, T> {}

impl<'a, T> Shelf<'a, T> {
    pub(crate) fn new(places: &'a mut [MaybeUninit<T>]) -> Self {
        Self { places: NonNull::from(places), lent: PhantomData }
    }

    /// An empty list that grows from a place on.
    ///
    /// # Safety
    /// No two lists come to the same place.
    pub(crate) unsafe fn part(&self, from: usize) -> Part<'_, T> {
        Part { places: self.places, from, to: from, lent: PhantomData }
    }
}

/// A list of values on a [`Shelf`], which come out in their order. Those that nobody takes are dropped quietly.
pub(crate) struct Part<'a, T> {
    places: NonNull<[MaybeUninit<T>]>,
    from: usize,
    to: usize,
    lent: PhantomData<&'a T>,
}

// SAFETY: it owns its values.
unsafe impl<T: Send> Send for Part<'_, T> {}

impl<T> Part<'_, T> {
    fn place(&self, number: usize) -> *mut T {
        self.places.cast::<T>().as_ptr().wrapping_add(number)
    }

    pub(crate) fn push(&mut self, value: T) {
        assert!(self.to < self.places.len(), "a place for each chunk");
        // SAFETY: inside the shelf, and this list's own. Whatever lay there was taken.
        unsafe { self.place(self.to).write(value) };
        self.to += 1;
    }
}

impl<T> Iterator for Part<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        if self.from == self.to {
            return None;
        }
        self.from += 1;
        // SAFETY: written by `push`, and passed over from now on.
        Some(unsafe { self.place(self.from - 1).read() })
    }
}

impl<T> Drop for Part<'_, T> {
    fn drop(&mut self) {
        if std::mem::needs_drop::<T>() {
            self.for_each(drop_quietly);
        }
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use std::hint::black_box;

    #[repr(align(256))]
    struct Wide;

    #[test]
    fn places_are_apart_and_aligned_in_frames_and_in_buffers() {
        fn check<T>(count: usize) {
            lend::<T, _>(count, |outer| {
                lend::<T, _>(count, |inner| {
                    for places in [&*outer, inner] {
                        assert_eq!(places.len(), count);
                        // Of a slice's pointer the compiler takes it for granted, and asks nothing.
                        assert!(black_box(places.as_ptr()).addr().is_multiple_of(align_of::<T>()));
                    }
                    let (outer, inner) = (outer.as_ptr_range(), inner.as_ptr_range());
                    assert!(size_of::<T>() == 0 || outer.end <= inner.start || inner.end <= outer.start);
                });
            });
        }
        for count in [1, 2, 3, 9, 65, 200, 600, 5000] {
            check::<()>(count);
            check::<u8>(count);
            check::<[u64; 5]>(count);
            check::<[Wide; 1]>(count);
            check::<(Wide, u8)>(count);
        }
    }

    #[test]
    fn a_buffer_is_used_again() {
        let address = || lend::<[u64; 8], _>(1000, |places| places.as_ptr().addr());
        let (first, second) = lend::<[u64; 8], _>(1000, |_| (address(), address()));
        assert_eq!(first, second);
    }

    #[test]
    fn what_nobody_takes_of_a_part_is_dropped_once() {
        let value = std::rc::Rc::new(());
        lend(10, |places| {
            let shelf = Shelf::new(places);
            // SAFETY: it takes three places.
            let mut one = unsafe { shelf.part(0) };
            // SAFETY: it comes after those.
            let mut other = unsafe { shelf.part(3) };
            (0..3).for_each(|_| one.push(value.clone()));
            (0..7).for_each(|_| other.push(value.clone()));
            assert_eq!(one.by_ref().take(2).count(), 2);
        });
        assert_eq!(std::rc::Rc::strong_count(&value), 1);
    }
}
