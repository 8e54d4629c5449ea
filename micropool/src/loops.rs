//! Loops over `0..len`, cut into chunks: one entry that many take from.
//!
//! A thread works through *pieces*: runs of neighbouring chunks, from the low end, with one call of the body and so one
//! result. Every piece is a contiguous run, so results come in the order of the source, and pieces are few
//! ([`places_for`]). Where a piece's chunks come from depends on how many there are.
//!
//! **Few chunks** (no more than threads: [`Source::Row`]) lie in a row, and a count of those that are left says which is next. Whoever
//! joins in begins a piece with the next chunk, and goes on with the one after it as long as nobody else has begun that; or
//! ([`Division::Apart`]) each chunk is a piece, which the body may then run as a plain range.
//! The count is the entry's own `available`: a thread that comes to help touches no other line to take a chunk, and when the
//! last is taken nobody comes in any more.
//!
//! **Many chunks** ([`Source::Piece`]): the caller begins with all of them in one piece; a thread that joins in takes the far half of what is
//! left in the largest piece, as a piece of its own. A piece's remaining run is one word (low and high chunk); its owner takes from
//! the low end, others halve it at the high end, both by exchanging the word, so each chunk is taken once, and an owner's
//! exchange meets another's only when its piece is halved. A word only ever shrinks, and a piece is used for one run only, so no
//! word comes back and an exchange can't mistake a later run for the one it looked at.
//!
//! | word `rest`     | meaning                                  | left by                                                              |
//! |-----------------|------------------------------------------|----------------------------------------------------------------------|
//! | low = high      | nothing left, or a place not used yet    | the store of whoever has taken the place and a run                   |
//! | low < high      | chunks `low..high` have no thread yet    | `take_run` (low + 1), `halve` (high = the middle), `take_rest` (0)   |
//!
//! Nobody waits for anybody inside a loop: who finds nothing left goes. The caller then closes the entry and waits for those
//! who are still inside. Each of them runs a chunk that it has begun, or has just come in and looks for one in vain, for a helper is counted
//! before it takes anything. A thread that was woken but isn't inside yet isn't waited for, because the caller has taken back all
//! that nobody began.
//!
//! When the last chunk of many has been begun, `available` says for a moment still that there are more: nobody knows it was the last
//! but one who looks at all pieces in vain. So the first who comes in for nothing, or is done with its piece, puts it to 0; to look with
//! every chunk would cost each small loop more.

use crate::cut::Cut;
use crate::join::join_in;
use crate::opened::{Noted, Opened};
use crate::panic::{Held, Payload, catch, drop_quietly};
use crate::pieces::{Piece, Pieces, pack, places_for, unpack};
use crate::places;
use crate::runs::{Runs, Source, hide_row};
use crate::seat::Seat;
use crate::slot::{Ended, HIDDEN, Work};
use crate::sync::{AtomicU32, AtomicU64, AtomicUsize, Mutex, Ordering, edge};
use std::panic::resume_unwind;
use std::ptr;

/// How chunks become pieces.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Division {
    /// Many chunks: a piece is halved for whoever joins in.
    Pieces,
    /// Few chunks lie in a row, each with a place of its own for the piece that begins with it.
    Row,
    /// As in a row, and a piece is one chunk.
    Apart,
}

struct Loop<'a, T, F> {
    body: &'a F,
    pieces: &'a [Piece<T>],
    cut: Cut,
    division: Division,
    /// Of many chunks: places that were taken, and perhaps those of a few who came too late for one.
    used: AtomicUsize,
    /// Somebody panicked: the rest is dropped, not run.
    stopped: AtomicU32,
    payload: Mutex<Option<Payload>>,
    entry: Noted<'a>,
}

// SAFETY: results are written by the thread that runs the piece and read by the caller when all have left; `T: Send` is asked
// by `run`, and `F: Sync` too. `loop_chunks_run_once_and_in_order` (loom) would see an access out of turn.
unsafe impl<T: Send, F: Sync> Sync for Loop<'_, T, F> {}

/// Runs `body` on runs that cover `0..len` once, on this thread and those that help, and hands the results to `reduce`
/// in the order of their runs: at least one, for an empty loop too.
///
/// A `body` that returns before its runs are used up must have taken the rest with [`Runs::take_rest`]. `apart`: of few chunks each
/// is a piece of its own, and those that a panic keeps from being begun are passed to nobody.
pub(crate) fn run<T: Send, F, R>(
    me: &Seat,
    cut: Cut,
    apart: bool,
    body: F,
    reduce: impl FnOnce(&mut dyn ExactSizeIterator<Item = T>) -> R,
) -> R
where
    F: Fn(&mut Runs<'_>) -> T + Sync,
{
    if cut.chunks == 1 {
        return hand_over([run_alone(cut, &body)], reduce);
    }
    if cut.chunks == 2 {
        return run_in_halves(me, cut, body, reduce);
    }
    run_in_pieces(me, cut, apart, &body, reduce)
}

/// Results that lie in this frame. Those that `reduce` leaves are dropped as those in pieces are: quietly if it panics.
#[inline]
fn hand_over<T, R, const N: usize>(
    results: [T; N],
    reduce: impl FnOnce(&mut dyn ExactSizeIterator<Item = T>) -> R,
) -> R {
    if std::mem::needs_drop::<T>() {
        reduce(&mut results.map(Held::new).into_iter().map(Held::release))
    } else {
        reduce(&mut results.into_iter())
    }
}

/// One chunk: a plain call. Its panic is the caller's own.
#[inline]
fn run_alone<T, F: Fn(&mut Runs<'_>) -> T>(cut: Cut, body: &F) -> T {
    let stopped = AtomicU32::new(0);
    let mut runs =
        Runs { chunk: 0, first: cut.items(0..1), source: Source::Nowhere, cut, stopped: &stopped, late: None };
    let result = body(&mut runs);
    if let Some(payload) = runs.late {
        drop_quietly(result);
        resume_unwind(payload.release());
    }
    result
}

/// Two chunks: a join, which is the least to start.
#[inline]
fn run_in_halves<T: Send, F, R>(
    me: &Seat,
    cut: Cut,
    body: F,
    reduce: impl FnOnce(&mut dyn ExactSizeIterator<Item = T>) -> R,
) -> R
where
    F: Fn(&mut Runs<'_>) -> T + Sync,
{
    debug_assert!((0..2).all(|k| Cut::into(cut.len(), 2).items(k..k + 1) == cut.items(k..k + 1)), "{cut:?}");
    let mut lines = Lines { both: Both { body, len: cut.len(), stopped: AtomicU32::new(0) }, far: None };
    let both = &lines.both;
    let (near, far) = join_in(me, &mut lines.far, || both.run(0), || both.run(1));
    hand_over([near, far], reduce)
}

/// A loop of two chunks. Whoever takes the far half fetches its lines from the other processor, one after another: so what it needs to begin
/// comes first, in one line unless the body is large, and a large result last.
#[repr(C, align(64))]
struct Lines<F, H> {
    both: Both<F>,
    far: Option<H>,
}

#[repr(C)]
struct Both<F> {
    body: F,
    /// All of the cut that is needed.
    len: usize,
    /// The other half has panicked.
    stopped: AtomicU32,
}

impl<F> Both<F> {
    #[inline]
    fn run<T>(&self, chunk: usize) -> T
    where
        F: Fn(&mut Runs<'_>) -> T,
    {
        // A half that begins after the other has panicked is a rest: to be cleaned up, not run.
        let rest = AtomicU64::new(pack(chunk as u32, chunk as u32 + 1));
        let cut = Cut::into(self.len, 2);
        let (first, source) = if self.stopped.load(Ordering::Relaxed) != 0 {
            (0..0, Source::Piece(&rest))
        } else {
            (cut.items(chunk..chunk + 1), Source::Nowhere)
        };
        let mut runs = Runs { chunk, first, source, cut, stopped: &self.stopped, late: None };
        let stop = Stop(&self.stopped);
        let result = (self.body)(&mut runs);
        if let Some(payload) = runs.late {
            drop_quietly(result);
            resume_unwind(payload.release());
        }
        std::mem::forget(stop);
        result
    }
}

/// Stops a loop when it is dropped: a panic passes.
struct Stop<'a>(&'a AtomicU32);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(1, Ordering::Relaxed);
    }
}

fn run_in_pieces<T: Send, F, R>(
    me: &Seat,
    cut: Cut,
    apart: bool,
    body: &F,
    reduce: impl FnOnce(&mut dyn ExactSizeIterator<Item = T>) -> R,
) -> R
where
    F: Fn(&mut Runs<'_>) -> T + Sync,
{
    let threads = me.pool().config.num_threads + 1;
    let division = if cut.chunks > threads {
        Division::Pieces
    } else if apart {
        Division::Apart
    } else {
        Division::Row
    };
    let wanted = match division {
        Division::Pieces => places_for::<T>(threads, cut.chunks),
        Division::Row | Division::Apart => cut.chunks,
    };
    places::lend(wanted, |places| {
        let mut pieces = Pieces::new(places);
        share(me, cut, division, body, pieces.0);
        reduce(&mut pieces.results())
    })
}

/// Runs the loop; its results lie in the pieces when this returns. Its panic is re-raised.
fn share<T: Send, F>(me: &Seat, cut: Cut, division: Division, body: &F, pieces: &[Piece<T>])
where
    F: Fn(&mut Runs<'_>) -> T + Sync,
{
    let state = Loop {
        body,
        pieces,
        cut,
        division,
        used: AtomicUsize::new(1),
        stopped: AtomicU32::new(0),
        payload: Mutex::new(None),
        entry: Noted::new(),
    };
    pieces[0].first.store(0, Ordering::Relaxed);
    if division == Division::Pieces {
        pieces[0].rest.store(pack(1, cut.chunks as u32), Ordering::Relaxed);
    }
    // SAFETY: the entry is closed before `state` goes, below and on a panic; those who have entered are in `state` only until
    // they have left, which the close waits for.
    let work = unsafe { Work::new(ptr::from_ref(&state).cast(), help_with_loop::<T, F>) };
    let opened = Opened::new(me, work);
    let entry = opened.entry();
    // SAFETY: nothing is available yet.
    unsafe { state.entry.note(entry) };
    // Ordering: Release pairs with the Acquire of those who look whether there is something to take: they see `state`.
    let available = if division == Division::Pieces { 1 } else { cut.chunks as u64 - 1 };
    entry.available().store(available, Ordering::Release);
    entry.announce();
    state.run_piece(0, 0);
    while state.join_in() {}
    // What others have taken is done, or cleaned up, when they have left. If the loop has stopped that is all there is: chunks that
    // nobody has begun are the rest of the piece below them.
    opened.close();
    // It may have stopped without a payload: an accumulator of the user's has caught what passed its iterator, and so stopped the others
    // (`Indices::drop`). Each chunk is run or cleaned up in this case too, but the results lack those that nobody had begun; `iter.rs` says so.
    // To stop from `run_piece` only would let the others go on while the panicking thread cleans up, which may take long.
    // Ordering: Relaxed: who has left was seen by the close.
    if state.stopped.load(Ordering::Relaxed) != 0
        && let Some(payload) = state.payload.lock().take()
    {
        resume_unwind(payload);
    }
}

/// What a thread does that has entered a loop.
unsafe fn help_with_loop<T: Send, F>(data: *const (), _me: &Seat) -> Ended
where
    F: Fn(&mut Runs<'_>) -> T + Sync,
{
    // SAFETY: entered: the loop stays until this thread has left.
    let state = unsafe { &*data.cast::<Loop<'_, T, F>>() };
    while state.join_in() {}
    Ended::Inside
}

impl<T: Send, F> Loop<'_, T, F>
where
    F: Fn(&mut Runs<'_>) -> T + Sync,
{
    /// Takes something as a piece of its own, and runs it. `false`: there is nothing to take.
    fn join_in(&self) -> bool {
        let begun = match self.division {
            Division::Pieces => self.halve(),
            Division::Row | Division::Apart => self.next_in_row().map(|chunk| (chunk, chunk)),
        };
        begun.inspect(|(place, first)| self.run_piece(*place, *first)).is_some()
    }

    /// Takes the next chunk of the row.
    fn next_in_row(&self) -> Option<usize> {
        let available = self.entry.get().available();
        let mut left = available.load(Ordering::Relaxed);
        while (1..HIDDEN).contains(&left) && self.stopped.load(Ordering::Relaxed) == 0 {
            match available.compare_exchange_weak(left, left - 1, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Some(self.cut.chunks - left as usize),
                Err(now) => left = now,
            }
        }
        None
    }

    /// Takes the far half of the largest rest: a place, and the chunk that its piece begins with.
    fn halve(&self) -> Option<(usize, usize)> {
        let mut mine = None;
        loop {
            let Some((victim, low, high)) = self.largest_rest(mine.is_some()) else {
                if self.nothing_left(mine.is_some()) {
                    if let Some(place) = mine {
                        // Taken for nothing. If somebody has taken the next one meanwhile, it stays empty.
                        let _ = self.used.compare_exchange(place + 1, place, Ordering::Relaxed, Ordering::Relaxed);
                    }
                    return None;
                }
                continue;
            };
            // A place for the result first: without one nothing may be taken.
            let place = match mine {
                Some(place) => place,
                None => {
                    let place = self.used.fetch_add(1, Ordering::Relaxed);
                    if place >= self.pieces.len() {
                        continue;
                    }
                    *mine.insert(place)
                }
            };
            edge("a rest, a place");
            let middle = low + (high - low) / 2;
            if victim
                .rest
                .compare_exchange(pack(low, high), pack(low, middle), Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
            {
                let piece = &self.pieces[place];
                piece.first.store(middle, Ordering::Relaxed);
                piece.rest.store(pack(middle + 1, high), Ordering::Relaxed);
                if middle + 1 < high {
                    self.something_left();
                }
                return Some((place, middle as usize));
            }
        }
    }

    /// The piece with most left, and what that is; `None` too when this thread, with a place or without, may not take from it.
    fn largest_rest(&self, has_place: bool) -> Option<(&Piece<T>, u32, u32)> {
        let used = self.used.load(Ordering::Relaxed);
        // Without places those who have a rest finish it by themselves: of very large results only, of which there are a few for each
        // thread. (And so their count ends not far above their number.)
        if used >= self.pieces.len() && !has_place || self.stopped.load(Ordering::Relaxed) != 0 {
            return None;
        }
        let (piece, (low, high)) = self.pieces[..used.min(self.pieces.len())]
            .iter()
            .map(|piece| (piece, unpack(piece.rest.load(Ordering::Relaxed))))
            .max_by_key(|(_, (low, high))| high - low)?;
        (low < high).then_some((piece, low, high))
    }

    /// Nobody who looks at the entry from outside should come in. `false`: there is something to take after all.
    ///
    /// Between two steps of one who halves a piece his half can't be seen, and who finds nothing then is mistaken. So both
    /// exchange `available`. If his exchange (in `something_left`) comes first, ours has read it or one after it (perhaps that of
    /// another who found nothing), and the second look sees his half; if ours comes first, his makes the half known.
    fn nothing_left(&self, has_place: bool) -> bool {
        let available = self.entry.get().available();
        // Ordering: Acquire pairs with the Release in `something_left`, through any exchange between.
        available.swap(0, Ordering::AcqRel);
        let left = self.largest_rest(has_place).is_some();
        if left {
            // Who has looked between the two exchanges may have gone to sleep over it.
            self.something_left();
        }
        !left
    }

    /// There is more to take, and others may have been told that there isn't.
    fn something_left(&self) {
        let entry = self.entry.get();
        // Ordering: Release pairs with the Acquire in `nothing_left`, and with that of those who look from outside.
        if entry.available().swap(1, Ordering::AcqRel) == 0 {
            entry.announce();
        }
    }

    /// Runs the body on a piece, and keeps its result or its panic.
    fn run_piece(&self, place: usize, first: usize) {
        let piece = &self.pieces[place];
        let source = match self.division {
            Division::Pieces => Source::Piece(&piece.rest),
            Division::Row => Source::Row { left: self.entry.get().available(), next: first + 1 },
            Division::Apart => Source::Nowhere,
        };
        if self.division != Division::Pieces {
            piece.first.store(first as u32, Ordering::Relaxed);
        }
        let (chunk, first) = (first, self.cut.items(first..first + 1));
        let mut runs = Runs { chunk, first, source, cut: self.cut, stopped: &self.stopped, late: None };
        match catch(|| (self.body)(&mut runs)) {
            Ok(result) => {
                // SAFETY: a place belongs to the thread that took it, until all have left.
                piece.result.with_mut(|place| unsafe { *place = Some(result) });
                if let Some(payload) = runs.late {
                    self.stop(payload.release());
                }
            }
            Err(payload) => {
                // A body that panics has no use for its rest, and nobody else should begin it.
                runs.take_rest();
                self.stop(payload);
            }
        }
    }

    #[cold]
    fn stop(&self, payload: Payload) {
        let mut kept = self.payload.lock();
        self.stopped.store(1, Ordering::Relaxed);
        if self.division != Division::Pieces {
            hide_row(self.entry.get().available());
        }
        if kept.is_none() {
            *kept = Some(payload);
        } else {
            drop(kept);
            drop_quietly(payload);
        }
    }
}

#[cfg(all(loom, test))]
mod loom_models;
