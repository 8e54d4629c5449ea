//! Loops over `0..len`, cut into chunks: one entry that many take from.
//!
//! A loop's chunks lie in *pieces*: runs of neighbouring chunks, each worked through from its low end by one thread. The
//! caller begins with all chunks in one piece; a thread that joins in takes the far half of what is left in the largest
//! piece, as a piece of its own. So every piece is a contiguous run, its results come in the order of the source, and the
//! pieces are few: no more than [`MAX_PIECES`], whatever the length.
//!
//! A piece's remaining run is one word (low and high chunk); its owner takes from the low end, others halve it at the high end,
//! both by exchanging the word, so each chunk is taken once.

use crate::opened::{Entry, Opened};
use crate::panic::{Payload, catch, drop_quietly};
use crate::seat::Seat;
use crate::slot::Work;
use crate::sync::{AtomicU32, AtomicU64, AtomicUsize, Mutex, Ordering, UnsafeCell};
use std::mem::MaybeUninit;
use std::ops::Range;
use std::panic::resume_unwind;
use std::ptr;

/// How a length is cut: the finest division that threads may make of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    len: usize,
    chunks: usize,
}

/// Chunks are counted in half a word; a finer division than this is not made.
const MAX_CHUNKS: usize = 1 << 31;

impl Cut {
    /// `count` chunks that differ by one item at most.
    pub(crate) fn into(len: usize, count: usize) -> Self {
        Self {
            len,
            chunks: count.clamp(1, MAX_CHUNKS).min(len.max(1)),
        }
    }

    /// Chunks of `size` items, the last ones possibly smaller.
    pub(crate) fn per(len: usize, size: usize) -> Self {
        Self::into(len, len.div_ceil(size.max(1)))
    }

    /// The items of chunks `from..to`.
    fn items(&self, chunks: Range<usize>) -> Range<usize> {
        self.start(chunks.start)..self.start(chunks.end)
    }

    /// Where a chunk begins: `len × k / chunks` without overflow.
    fn start(&self, chunk: usize) -> usize {
        let (whole, rest) = (self.len / self.chunks, self.len % self.chunks);
        whole * chunk + (rest as u128 * chunk as u128 / self.chunks as u128) as usize
    }
}

/// How many runs a loop can come to. Each has a result in the caller's frame.
const MAX_PIECES: usize = 64;

/// How many pieces a thread that takes part may make of a loop.
const PIECES_EACH: usize = 8;

#[repr(align(64))]
struct Piece<T> {
    /// Chunks that nobody has taken yet: low in the upper half, high in the lower.
    rest: AtomicU64,
    /// The first chunk the piece began with: its place in the order.
    first: AtomicU32,
    result: UnsafeCell<Option<T>>,
}

impl<T> Piece<T> {
    /// Only by the caller of the loop, when everybody has left.
    fn has_result(&mut self) -> bool {
        // SAFETY: `&mut self`: nobody else has the piece.
        self.result.with(|result| unsafe { (*result).is_some() })
    }
}

fn pack(low: u32, high: u32) -> u64 {
    u64::from(low) << 32 | u64::from(high)
}

fn unpack(rest: u64) -> (u32, u32) {
    ((rest >> 32) as u32, rest as u32)
}

struct Loop<'a, T, F> {
    cut: Cut,
    body: &'a F,
    pieces: &'a [Piece<T>],
    used: AtomicUsize,
    /// Somebody panicked: the rest is dropped, not run.
    stopped: AtomicU32,
    payload: Mutex<Option<Payload>>,
    entry: std::sync::OnceLock<Entry<'a>>,
}

// SAFETY: results are written by the thread that runs the piece and read by the caller when all have left; `T: Send` is asked
// by `run`, and `F: Sync` too.
unsafe impl<T: Send, F: Sync> Sync for Loop<'_, T, F> {}

/// The runs of items that one thread works through: neighbouring, ascending.
pub(crate) struct Runs<'a> {
    rest: &'a AtomicU64,
    stopped: &'a AtomicU32,
    cut: Cut,
    /// Taken when the piece was made.
    first: Option<Range<usize>>,
}

impl Runs<'_> {
    /// The next run, or `None` when the piece is used up.
    #[inline]
    pub(crate) fn next_run(&mut self) -> Option<Range<usize>> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        if self.stopped.load(Ordering::Relaxed) != 0 {
            return None;
        }
        let mut rest = self.rest.load(Ordering::Relaxed);
        loop {
            let (low, high) = unpack(rest);
            if low == high {
                return None;
            }
            // Ordering: Relaxed: the word itself is all that is shared; inputs were published with the entry.
            match self.rest.compare_exchange_weak(
                rest,
                pack(low + 1, high),
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return Some(self.cut.items(low as usize..low as usize + 1)),
                Err(now) => rest = now,
            }
        }
    }

    /// All that is left of the piece, so that nobody else takes it: to be cleaned up, not run.
    pub(crate) fn take_rest(&mut self) -> [Range<usize>; 2] {
        let first = self.first.take().unwrap_or(0..0);
        let (low, high) = unpack(self.rest.swap(0, Ordering::Relaxed));
        [first, self.cut.items(low as usize..high as usize)]
    }
}

/// Runs `body` on runs that cover `0..len` once, on this thread and those that help, and hands the results to `reduce`
/// in the order of their runs: at least one, for an empty loop too.
///
/// A `body` that returns before its runs are used up must have taken the rest with [`Runs::take_rest`].
pub(crate) fn run<T: Send, F, R>(
    me: &Seat,
    cut: Cut,
    body: &F,
    reduce: impl FnOnce(&mut dyn ExactSizeIterator<Item = T>) -> R,
) -> R
where
    F: Fn(&mut Runs<'_>) -> T + Sync,
{
    let threads = me.pool().config.num_threads + 1;
    let wanted = cut
        .chunks
        .min(threads.saturating_mul(PIECES_EACH))
        .min(MAX_PIECES);
    let mut pieces = Pieces::new(wanted);
    let state = Loop {
        cut,
        body,
        pieces: pieces.slice(),
        used: AtomicUsize::new(1),
        stopped: AtomicU32::new(0),
        payload: Mutex::new(None),
        entry: std::sync::OnceLock::new(),
    };
    state.pieces[0].first.store(0, Ordering::Relaxed);
    state.pieces[0]
        .rest
        .store(pack(1, cut.chunks as u32), Ordering::Relaxed);
    let first = cut.items(0..1);
    if wanted > 1 {
        // SAFETY: the entry is closed before `state` goes, below and on a panic.
        let work = unsafe { Work::new(ptr::from_ref(&state).cast(), help_with_loop::<T, F>) };
        let opened = Opened::new(me, work);
        // SAFETY: only the lifetime grows; used by those inside and by this call, all before the close.
        let entry = unsafe { std::mem::transmute::<Entry<'_>, Entry<'_>>(opened.entry()) };
        let set = state.entry.set(entry).is_ok();
        debug_assert!(set);
        entry.available().store(1, Ordering::Release);
        entry.announce();
        state.run_piece(0, first);
        while state.join_in() {}
        entry.available().store(0, Ordering::Relaxed);
        // What others have taken is done when they have left.
        opened.close();
    } else {
        state.run_piece(0, first);
    }
    let payload = state.payload.lock().take();
    drop(state);
    if let Some(payload) = payload {
        drop_quietly(pieces);
        resume_unwind(payload);
    }
    let pieces = pieces.slice_mut();
    pieces.sort_unstable_by_key(|piece| piece.first.load(Ordering::Relaxed));
    let count = pieces
        .iter_mut()
        .map(|piece| usize::from(piece.has_result()))
        .sum();
    let mut results = Results {
        pieces: pieces.iter_mut(),
        count,
    };
    reduce(&mut results)
}

/// The results there are, in order.
struct Results<'a, T> {
    pieces: std::slice::IterMut<'a, Piece<T>>,
    count: usize,
}

impl<T> Iterator for Results<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let result = self.pieces.find_map(|piece| {
            std::mem::replace(&mut piece.result, UnsafeCell::new(None)).into_inner()
        })?;
        self.count -= 1;
        Some(result)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.count, Some(self.count))
    }
}

impl<T> ExactSizeIterator for Results<'_, T> {}

/// The places for a loop's results, in the caller's frame; only those that are wanted are touched.
struct Pieces<T> {
    storage: [MaybeUninit<Piece<T>>; MAX_PIECES],
    len: usize,
}
impl<T> Pieces<T> {
    fn new(len: usize) -> Self {
        let mut storage = [const { MaybeUninit::uninit() }; MAX_PIECES];
        for place in &mut storage[..len] {
            place.write(Piece {
                rest: AtomicU64::new(0),
                first: AtomicU32::new(u32::MAX),
                result: UnsafeCell::new(None),
            });
        }
        Self { storage, len }
    }

    fn slice(&self) -> &[Piece<T>] {
        // SAFETY: the first `len` were written by `new`.
        unsafe { &*(ptr::from_ref(&self.storage[..self.len]) as *const [Piece<T>]) }
    }

    fn slice_mut(&mut self) -> &mut [Piece<T>] {
        // SAFETY: as above.
        unsafe { &mut *(ptr::from_mut(&mut self.storage[..self.len]) as *mut [Piece<T>]) }
    }
}
impl<T> Drop for Pieces<T> {
    fn drop(&mut self) {
        // SAFETY: the first `len` were written by `new`, and are not used again.
        unsafe { ptr::drop_in_place(self.slice_mut()) };
    }
}

/// What a thread does that has entered a loop.
unsafe fn help_with_loop<T: Send, F>(data: *const (), _me: &Seat)
where
    F: Fn(&mut Runs<'_>) -> T + Sync,
{
    // SAFETY: entered: the loop stays until this thread has left.
    let state = unsafe { &*data.cast::<Loop<'_, T, F>>() };
    while state.join_in() {}
}

impl<T: Send, F> Loop<'_, T, F>
where
    F: Fn(&mut Runs<'_>) -> T + Sync,
{
    /// Takes the far half of the largest rest as a piece of its own, and runs it. `false`: there is nothing to take.
    fn join_in(&self) -> bool {
        // A place for the result first: without one nothing may be taken. One that comes to nothing stays empty.
        let place = self.used.fetch_add(1, Ordering::AcqRel);
        if place >= self.pieces.len() || self.stopped.load(Ordering::Relaxed) != 0 {
            // Those who have a place finish by themselves. (The count can't wrap: each that fails here leaves the entry.)
            self.nothing_left();
            return false;
        }
        loop {
            let largest = self
                .pieces
                .iter()
                .map(|piece| (piece, unpack(piece.rest.load(Ordering::Acquire))))
                .max_by_key(|(_, (low, high))| high - low);
            let Some((victim, (low, high))) = largest.filter(|(_, (low, high))| low < high) else {
                self.nothing_left();
                return false;
            };
            let middle = low + (high - low) / 2;
            // Ordering: Relaxed, as in `next_run`.
            if victim
                .rest
                .compare_exchange(
                    pack(low, high),
                    pack(low, middle),
                    Ordering::Relaxed,
                    Ordering::Relaxed,
                )
                .is_ok()
            {
                let piece = &self.pieces[place];
                piece.first.store(middle, Ordering::Relaxed);
                piece.rest.store(pack(middle + 1, high), Ordering::Release);
                self.run_piece(place, self.cut.items(middle as usize..middle as usize + 1));
                return true;
            }
        }
    }

    /// Nobody who looks at the entry from outside should come in.
    fn nothing_left(&self) {
        if let Some(entry) = self.entry.get() {
            entry.available().store(0, Ordering::Relaxed);
        }
    }

    /// Runs the body on a piece, and keeps its result or its panic.
    fn run_piece(&self, place: usize, first: Range<usize>) {
        let piece = &self.pieces[place];
        let mut runs = Runs {
            rest: &piece.rest,
            stopped: &self.stopped,
            cut: self.cut,
            first: Some(first),
        };
        match catch(|| (self.body)(&mut runs)) {
            // SAFETY: a place belongs to the thread that took it, until all have left.
            Ok(result) => piece
                .result
                .with_mut(|place| unsafe { *place = Some(result) }),
            Err(payload) => {
                self.stopped.store(1, Ordering::Relaxed);
                let mut kept = self.payload.lock();
                if kept.is_none() {
                    *kept = Some(payload);
                } else {
                    drop(kept);
                    drop_quietly(payload);
                }
            }
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn chunks_cover_every_length_without_overflow() {
        for len in [0, 1, 2, 3, 7, 64, 1000, usize::MAX - 1, usize::MAX] {
            for count in [0, 1, 2, 3, 64, 1000, usize::MAX] {
                for cut in [Cut::into(len, count), Cut::per(len, count)] {
                    assert_eq!(cut.start(0), 0);
                    assert_eq!(cut.start(cut.chunks), len, "{cut:?}");
                    let middle = cut.chunks / 2;
                    assert!(cut.start(middle) <= cut.start(cut.chunks.min(middle + 1)));
                }
            }
        }
    }
}

#[cfg(all(loom, test))]
mod loom_models;
