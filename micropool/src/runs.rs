//! The runs of items that one thread works through, and how it takes the next.

use crate::cut::Cut;
use crate::panic::{Held, Payload, drop_quietly};
use crate::pieces::{pack, unpack};
use crate::slot::HIDDEN;
use crate::sync::{AtomicU32, AtomicU64, Ordering};
use std::ops::Range;

/// The runs of items that one thread works through: neighbouring, ascending, none of them empty.
pub(crate) struct Runs<'a> {
    /// The chunk that the piece began with.
    pub(crate) chunk: usize,
    /// Taken when the piece was made; empty once it is handed out.
    pub(crate) first: Range<usize>,
    pub(crate) source: Source<'a>,
    pub(crate) cut: Cut,
    pub(crate) stopped: &'a AtomicU32,
    /// A panic of what was run besides the body's own result. Held, for the body may be unwinding when it is thrown away.
    pub(crate) late: Option<Held<Payload>>,
}

/// Whether a loop has been stopped by a panic: what nobody has begun is dropped, not run.
#[derive(Clone, Copy)]
pub(crate) struct Stopped<'a>(&'a AtomicU32);

impl Stopped<'_> {
    #[inline]
    pub(crate) fn is_set(self) -> bool {
        // Ordering: Relaxed: too late a look costs some items' work, no more.
        self.0.load(Ordering::Relaxed) != 0
    }
}

/// Where the chunks after the first come from.
#[derive(Clone, Copy)]
pub(crate) enum Source<'a> {
    /// There are none: the first is the whole piece.
    Nowhere,
    /// The piece's own word.
    Piece(&'a AtomicU64),
    /// The count of the chunks that are left in the row, and the chunk after the ones that the piece has.
    Row { left: &'a AtomicU64, next: usize },
}

impl<'a> Runs<'a> {
    /// For the body to look at between two items.
    #[inline]
    pub(crate) fn stopped(&self) -> Stopped<'a> {
        Stopped(self.stopped)
    }

    /// The body is panicking, and will leave: nobody need begin anything more.
    pub(crate) fn stop(&self) {
        self.stopped.store(1, Ordering::Relaxed);
        if let Source::Row { left, .. } = self.source {
            hide_row(left);
        }
    }

    /// The run that is all of the piece, if it is known that no other will follow: the body then need not ask after it, and its loop
    /// is one over a plain range.
    #[inline]
    pub(crate) fn only_run(&mut self) -> Option<Range<usize>> {
        (matches!(self.source, Source::Nowhere) && !self.first.is_empty()).then(|| std::mem::take(&mut self.first))
    }

    /// The next run, or `None` when the piece is used up.
    #[inline]
    pub(crate) fn next_run(&mut self) -> Option<Range<usize>> {
        if !self.first.is_empty() {
            return Some(std::mem::take(&mut self.first));
        }
        self.take_run()
    }

    #[inline(never)]
    pub(crate) fn take_run(&mut self) -> Option<Range<usize>> {
        // Ordering: Relaxed, here and wherever chunks are taken: the word itself is all that is shared; inputs were published
        // with the entry.
        if self.stopped().is_set() {
            return None;
        }
        let chunk = match &mut self.source {
            Source::Nowhere => return None,
            Source::Piece(rest) => {
                let mut now = rest.load(Ordering::Relaxed);
                loop {
                    let (low, high) = unpack(now);
                    if low == high {
                        return None;
                    }
                    match rest.compare_exchange_weak(now, pack(low + 1, high), Ordering::Relaxed, Ordering::Relaxed) {
                        Ok(_) => break low as usize,
                        Err(other) => now = other,
                    }
                }
            }
            Source::Row { left, next } => {
                // As many are left if, and only if, nobody has begun the neighbour.
                let with_neighbour = (self.cut.chunks - *next) as u64;
                if with_neighbour == 0 || left.load(Ordering::Relaxed) != with_neighbour {
                    return None;
                }
                left.compare_exchange(with_neighbour, with_neighbour - 1, Ordering::Relaxed, Ordering::Relaxed).ok()?;
                *next += 1;
                *next - 1
            }
        };
        Some(self.cut.items(chunk..chunk + 1))
    }

    /// All that is left of the piece, so that nobody else takes it: to be cleaned up, not run.
    #[inline]
    pub(crate) fn take_rest(&mut self) -> [Range<usize>; 2] {
        let first = std::mem::take(&mut self.first);
        // What is used up stays so: most pieces end here, without an exchange.
        let chunks = match self.source {
            Source::Nowhere => return [first, 0..0],
            Source::Piece(rest) => {
                let (low, high) = unpack(rest.load(Ordering::Relaxed));
                if low == high {
                    return [first, 0..0];
                }
                let (low, high) = unpack(rest.swap(0, Ordering::Relaxed));
                low as usize..high as usize
            }
            Source::Row { left, next } => {
                let with_neighbour = (self.cut.chunks - next) as u64;
                // Hidden or not: the loop may be stopped between the look and the exchange.
                let taken = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| {
                    (now & !HIDDEN == with_neighbour && now != 0).then_some(0)
                });
                if taken.is_err() {
                    return [first, 0..0];
                }
                next..self.cut.chunks
            }
        };
        [first, self.cut.items(chunks)]
    }

    /// Reports a panic that the body has survived: the loop ends with it, unless the body panics too.
    pub(crate) fn panicked(&mut self, payload: Payload) {
        // The first in time is the one that travels.
        if self.late.is_none() {
            self.late = Some(Held::new(payload));
        } else {
            drop_quietly(payload);
        }
    }
}

/// What nobody has begun of a stopped loop's row is left to the piece below it. Until that is through, who has nothing to do would come
/// in and go again, over and over.
pub(crate) fn hide_row(left: &AtomicU64) {
    left.fetch_or(HIDDEN, Ordering::Relaxed);
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn a_panic_beside_the_result_gives_way_to_an_earlier_one() {
        let stopped = AtomicU32::new(0);
        let cut = Cut::into(0, 1);
        let mut runs = Runs { chunk: 0, first: 0..0, source: Source::Nowhere, cut, stopped: &stopped, late: None };
        runs.panicked(Box::new(1));
        runs.panicked(Box::new(2));
        assert_eq!(runs.late.unwrap().release().downcast_ref(), Some(&1));
    }
}
