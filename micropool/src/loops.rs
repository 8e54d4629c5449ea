//! Loops over `0..len`, cut into chunks: one entry that many take from.
//!
//! A thread works through *pieces*: runs of neighbouring chunks, from the low end, with one call of the body and so one
//! result. Every piece is a contiguous run, so results come in the order of the source, and pieces are few
//! ([`pieces_needed`]). Where a piece's chunks come from depends on how many there are.
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
//! who are still inside, each of whom runs a chunk that it has begun: a thread that was woken but hasn't come yet isn't
//! waited for, because the caller has taken back all that nobody began.

use crate::join::join_on;
use crate::opened::{Entry, Opened};
use crate::panic::{Held, Payload, catch, drop_quietly};
use crate::seat::Seat;
use crate::slot::{HIDDEN, Work};
use crate::sync::{AtomicU32, AtomicU64, AtomicUsize, MODEL, Mutex, Ordering, UnsafeCell, edge};
use std::mem::MaybeUninit;
use std::ops::Range;
use std::panic::resume_unwind;
use std::ptr;

/// How a length is cut: the finest division that threads may make of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    chunks: usize,
    /// Items of each chunk; the first `longer` chunks have one more.
    each: usize,
    longer: usize,
}

/// Chunks are counted in half a word; a finer division than this is not made.
const MAX_CHUNKS: usize = 1 << 31;

impl Cut {
    /// `count` chunks that differ by one item at most.
    #[inline]
    pub(crate) fn into(len: usize, count: usize) -> Self {
        let chunks = count.clamp(1, MAX_CHUNKS).min(len.max(1));
        // Divisions are dear next to all else that starting a small loop costs.
        match chunks {
            1 => Self { chunks, each: len, longer: 0 },
            2 => Self { chunks, each: len / 2, longer: len % 2 },
            _ => Self { chunks, each: len / chunks, longer: len % chunks },
        }
    }

    /// Chunks of `size` items at most.
    pub(crate) fn per(len: usize, size: usize) -> Self {
        Self::into(len, if size <= 1 { len } else { len.div_ceil(size) })
    }

    /// The items of chunks `from..to`.
    fn items(&self, chunks: Range<usize>) -> Range<usize> {
        self.start(chunks.start)..self.start(chunks.end)
    }

    /// Where a chunk begins. No more than `len`, so nothing overflows.
    fn start(&self, chunk: usize) -> usize {
        self.each * chunk + chunk.min(self.longer)
    }
}

/// How many pieces a loop of many chunks comes to, if each of the threads takes one whenever it has nothing to do.
///
/// A piece is the far half of the largest rest, and there are no more rests than threads: as many new pieces as there are threads
/// halve the largest rest. Fewer places than these would leave a busy thread alone with the last of its chunks. With few chunks it is
/// those that count; and each thread may hold a place that it doesn't come to use.
fn pieces_needed(threads: usize, chunks: usize) -> usize {
    threads + chunks.min(1 + threads * (chunks.ilog2() as usize + 1))
}

/// Results above this size are kept on the heap: there is a place for each piece in the caller's frame.
const LARGE: usize = 192;

/// How many pieces a loop can come to at all. The places lie in the caller's frame.
const fn max_pieces<T>() -> usize {
    if size_of::<Piece<T>>() <= 64 { 512 } else { 64 }
}

/// A line of its own: the owner changes `rest` with every chunk.
#[repr(align(64))]
struct Piece<T> {
    /// Chunks that nobody has taken yet: low in the upper half, high in the lower.
    rest: AtomicU64,
    /// The first chunk the piece began with: its place in the order.
    first: AtomicU32,
    result: UnsafeCell<Option<T>>,
}

impl<T> Piece<T> {
    fn new() -> Self {
        Self { rest: AtomicU64::new(0), first: AtomicU32::new(u32::MAX), result: UnsafeCell::new(None) }
    }

    /// Only by the caller of the loop, when everybody has left.
    fn has_result(&mut self) -> bool {
        // SAFETY: `&mut self`: nobody else has the piece. `loop_chunks_run_once_and_in_order` (loom) would see one who has.
        self.result.with(|result| unsafe { (*result).is_some() })
    }

    fn take_result(&mut self) -> Option<T> {
        std::mem::replace(&mut self.result, UnsafeCell::new(None)).into_inner()
    }
}

fn pack(low: u32, high: u32) -> u64 {
    u64::from(low) << 32 | u64::from(high)
}

fn unpack(rest: u64) -> (u32, u32) {
    ((rest >> 32) as u32, rest as u32)
}

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
    /// Written by the caller before anything is available, read by those inside.
    entry: UnsafeCell<Option<Entry<'a>>>,
}

// SAFETY: results are written by the thread that runs the piece and read by the caller when all have left; `T: Send` is asked
// by `run`, and `F: Sync` too. The entry is written before the store of `available` that those who read it have seen.
// `loop_chunks_run_once_and_in_order` (loom) would see either access out of turn.
unsafe impl<T: Send, F: Sync> Sync for Loop<'_, T, F> {}

/// The runs of items that one thread works through: neighbouring, ascending, none of them empty.
pub(crate) struct Runs<'a> {
    /// Taken when the piece was made; empty once it is handed out.
    first: Range<usize>,
    source: Source<'a>,
    cut: Cut,
    stopped: &'a AtomicU32,
    /// A panic of what was run besides the body's own result. Held, for the body may be unwinding when it is thrown away.
    late: Option<Held<Payload>>,
}

/// Where the chunks after the first come from.
#[derive(Clone, Copy)]
enum Source<'a> {
    /// There are none: the first is the whole piece.
    Nowhere,
    /// The piece's own word.
    Piece(&'a AtomicU64),
    /// The count of the chunks that are left in the row, and the chunk after the ones that the piece has.
    Row { left: &'a AtomicU64, next: usize },
}

impl Runs<'_> {
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
    fn take_run(&mut self) -> Option<Range<usize>> {
        // Ordering: Relaxed, here and wherever chunks are taken: the word itself is all that is shared; inputs were published
        // with the entry.
        if self.stopped.load(Ordering::Relaxed) != 0 {
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

/// Runs `body` on runs that cover `0..len` once, on this thread and those that help, and hands the results to `reduce`
/// in the order of their runs: at least one, for an empty loop too.
///
/// A `body` that returns before its runs are used up must have taken the rest with [`Runs::take_rest`]. `apart`: of few chunks each
/// is a piece of its own, and those that a panic keeps from being begun are passed to nobody.
pub(crate) fn run<T: Send, F, R>(
    me: &Seat,
    cut: Cut,
    apart: bool,
    body: &F,
    reduce: impl FnOnce(&mut dyn ExactSizeIterator<Item = T>) -> R,
) -> R
where
    F: Fn(&mut Runs<'_>) -> T + Sync,
{
    if cut.chunks == 1 {
        return hand_over([run_alone(cut, body)], reduce);
    }
    if cut.chunks == 2 {
        return run_in_halves(me, cut, body, reduce);
    }
    if size_of::<T>() > LARGE {
        return run_in_pieces(me, cut, apart, &|runs: &mut Runs<'_>| Box::new(body(runs)), |results| {
            reduce(&mut results.map(|result| *result))
        });
    }
    run_in_pieces(me, cut, apart, body, reduce)
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
    let mut runs = Runs { first: cut.items(0..1), source: Source::Nowhere, cut, stopped: &stopped, late: None };
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
    body: &F,
    reduce: impl FnOnce(&mut dyn ExactSizeIterator<Item = T>) -> R,
) -> R
where
    F: Fn(&mut Runs<'_>) -> T + Sync,
{
    let stopped = AtomicU32::new(0);
    let half = |chunk: usize| {
        // A half that begins after the other has panicked is a rest: to be cleaned up, not run.
        let rest = AtomicU64::new(pack(chunk as u32, chunk as u32 + 1));
        let (first, source) = if stopped.load(Ordering::Relaxed) != 0 {
            (0..0, Source::Piece(&rest))
        } else {
            (cut.items(chunk..chunk + 1), Source::Nowhere)
        };
        let mut runs = Runs { first, source, cut, stopped: &stopped, late: None };
        let stop = Stop(&stopped);
        let result = body(&mut runs);
        if let Some(payload) = runs.late {
            drop_quietly(result);
            resume_unwind(payload.release());
        }
        std::mem::forget(stop);
        result
    };
    let (near, far) = join_on(me, || half(0), || half(1));
    hand_over([near, far], reduce)
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
    let threads = (me.pool().config.num_threads + 1).min(max_pieces::<T>());
    let division = if cut.chunks > threads {
        Division::Pieces
    } else if apart {
        Division::Apart
    } else {
        Division::Row
    };
    let wanted = match division {
        Division::Pieces => pieces_needed(threads, cut.chunks).min(max_pieces::<T>()),
        Division::Row | Division::Apart => cut.chunks,
    };
    let mut reduce = Some(reduce);
    let mut output = None;
    with_places(wanted, &mut |places| {
        let mut pieces = Pieces::new(places);
        share(me, cut, division, body, pieces.0);
        let reduce = reduce.take().expect("called once");
        output = Some(reduce(&mut pieces.results()));
    });
    output.expect("called above")
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
        entry: UnsafeCell::new(None),
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
    // SAFETY: nobody enters while nothing is available, so nobody else is in `state` yet.
    state.entry.with_mut(|place| unsafe { *place = Some(entry) });
    // Ordering: Release pairs with the Acquire of those who look whether there is something to take: they see `state`.
    let available = if division == Division::Pieces { 1 } else { cut.chunks as u64 - 1 };
    entry.available().store(available, Ordering::Release);
    entry.announce();
    state.run_piece(0, 0);
    while state.join_in() {}
    // What others have taken is done, or cleaned up, when they have left. If the loop has stopped that is all there is: chunks that
    // nobody has begun are the rest of the piece below them.
    opened.close();
    // Ordering: Relaxed: who has left was seen by the close.
    if state.stopped.load(Ordering::Relaxed) != 0
        && let Some(payload) = state.payload.lock().take()
    {
        resume_unwind(payload);
    }
}

/// The pieces of a loop, and their results until somebody wants them.
struct Pieces<'a, T>(&'a mut [Piece<T>]);

impl<'a, T> Pieces<'a, T> {
    fn new(places: &'a mut [MaybeUninit<Piece<T>>]) -> Self {
        for place in &mut *places {
            place.write(Piece::new());
        }
        // SAFETY: all of them have just been written.
        Self(unsafe { &mut *(ptr::from_mut(places) as *mut [Piece<T>]) })
    }

    /// The results there are, in the order of the source.
    fn results(&mut self) -> Results<'_, T> {
        // Places without a piece have the highest number, and no result.
        if !self.0.is_sorted_by_key(|piece| piece.first.load(Ordering::Relaxed)) {
            self.0.sort_unstable_by_key(|piece| piece.first.load(Ordering::Relaxed));
        }
        let count = self.0.iter_mut().map(|piece| usize::from(piece.has_result())).sum();
        Results { pieces: self.0.iter_mut(), count }
    }
}

impl<T> Drop for Pieces<'_, T> {
    fn drop(&mut self) {
        if std::mem::needs_drop::<T>() || MODEL {
            for piece in &mut *self.0 {
                // Nobody wants it any more (the loop or its `reduce` panicked, or `reduce` had enough).
                drop_quietly(piece.take_result());
                // SAFETY: written by `new`, and the places are not looked at again.
                unsafe { ptr::drop_in_place(piece) };
            }
        }
    }
}

struct Results<'a, T> {
    pieces: std::slice::IterMut<'a, Piece<T>>,
    count: usize,
}

impl<T> Iterator for Results<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let result = self.pieces.find_map(Piece::take_result)?;
        self.count -= 1;
        Some(result)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.count, Some(self.count))
    }
}

impl<T> ExactSizeIterator for Results<'_, T> {}

/// Lends `count` places, which are uninitialised. They lie in this call's frame, and the frame of a loop of few pieces is small:
/// a program may nest many of those.
fn with_places<T>(count: usize, f: &mut dyn FnMut(&mut [MaybeUninit<T>])) {
    match count {
        0..=2 => in_frame::<T, 2>(count, f),
        3..=8 => in_frame::<T, 8>(count, f),
        9..=64 => in_frame::<T, 64>(count, f),
        65..=192 => in_frame::<T, 192>(count, f),
        _ => in_frame::<T, 512>(count, f),
    }
}

#[inline(never)]
fn in_frame<T, const N: usize>(count: usize, f: &mut dyn FnMut(&mut [MaybeUninit<T>])) {
    f(&mut [const { MaybeUninit::uninit() }; N][..count])
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
        let available = self.entry().available();
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
        // Without places those who have one finish by themselves. (And so their count ends not far above their number.)
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
        let available = self.entry().available();
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
        let entry = self.entry();
        // Ordering: Release pairs with the Acquire in `nothing_left`, and with that of those who look from outside.
        if entry.available().swap(1, Ordering::AcqRel) == 0 {
            entry.announce();
        }
    }

    fn entry(&self) -> Entry<'_> {
        // SAFETY: written by the caller before anything was available; who is here has seen that, or is the caller.
        self.entry.with(|entry| unsafe { *entry }).expect("written before anything was available")
    }

    /// Runs the body on a piece, and keeps its result or its panic.
    fn run_piece(&self, place: usize, first: usize) {
        let piece = &self.pieces[place];
        let source = match self.division {
            Division::Pieces => Source::Piece(&piece.rest),
            Division::Row => Source::Row { left: self.entry().available(), next: first + 1 },
            Division::Apart => Source::Nowhere,
        };
        if self.division != Division::Pieces {
            piece.first.store(first as u32, Ordering::Relaxed);
        }
        let first = self.cut.items(first..first + 1);
        let mut runs = Runs { first, source, cut: self.cut, stopped: &self.stopped, late: None };
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
            // What nobody has begun is left to the piece below it. Until that is through, who has nothing to do would come in and go
            // again, over and over.
            self.entry().available().fetch_or(HIDDEN, Ordering::Relaxed);
        }
        if kept.is_none() {
            *kept = Some(payload);
        } else {
            drop(kept);
            drop_quietly(payload);
        }
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn chunks_cover_every_length_without_overflow() {
        for len in [0, 1, 2, 3, 7, 64, 1000, 1 << 31, usize::MAX - 1, usize::MAX] {
            for count in [0, 1, 2, 3, 64, 1000, 1 << 31, usize::MAX] {
                for cut in [Cut::into(len, count), Cut::per(len, count)] {
                    assert!(cut.chunks >= 1 && cut.chunks <= MAX_CHUNKS, "{cut:?}");
                    assert_eq!(cut.start(0), 0);
                    assert_eq!(cut.start(cut.chunks), len, "{cut:?}");
                    let middle = cut.chunks / 2;
                    let sizes = [0, middle, cut.chunks - 1].map(|k| cut.items(k..k + 1).len());
                    assert!(sizes.iter().all(|size| sizes[0] - size <= 1), "{cut:?}: {sizes:?}");
                    assert!(len == 0 || sizes.iter().all(|size| *size > 0), "{cut:?}: {sizes:?}");
                }
            }
        }
    }

    #[test]
    fn chunks_are_no_larger_than_asked_for() {
        for len in 1..200 {
            for size in 1..20 {
                let cut = Cut::per(len, size);
                assert!((0..cut.chunks).all(|k| (1..=size).contains(&cut.items(k..k + 1).len())));
                assert_eq!(Cut::into(len, size).chunks, size.min(len));
            }
        }
    }

    #[test]
    fn a_panic_beside_the_result_gives_way_to_an_earlier_one() {
        let stopped = AtomicU32::new(0);
        let cut = Cut::into(0, 1);
        let mut runs = Runs { first: 0..0, source: Source::Nowhere, cut, stopped: &stopped, late: None };
        runs.panicked(Box::new(1));
        runs.panicked(Box::new(2));
        assert_eq!(runs.late.unwrap().release().downcast_ref(), Some(&1));
    }
}

#[cfg(all(loom, test))]
mod loom_models;
