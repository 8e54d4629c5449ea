//! `broadcast`: a call on every worker. It goes by mail, not by the stacks: each worker must run its own, once.
//!
//! A worker reads its mail whenever it looks for work. One that waits strictly reads only letters that descend from
//! what it waits for (the broadcaster is part of it): otherwise the two would wait for each other. One that waits for a
//! broadcast of its own reads every letter: only it can, and its sender may be the one that it waits for.

use crate::opened::{Entry, Opened, Progress};
use crate::panic::{Payload, catch, drop_quietly};
use crate::seat::Seat;
use crate::segment::{Origin, SlotId, Target};
use crate::sleep::Mode;
use crate::slot::Work;
use crate::sync::{AtomicU32, Mutex, Ordering, edge, fence};
use crate::wait::wait;
use crate::word::Tier;
use std::panic::resume_unwind;
use std::ptr;

/// A worker's mail.
pub(crate) struct Mailbox {
    /// How many letters: all that is read where there are none.
    count: AtomicU32,
    /// `None`: the worker has gone, with its pool.
    letters: Mutex<Option<Vec<Letter>>>,
}

#[derive(Clone, Copy)]
struct Letter {
    from: SlotId,
    tier: Tier,
    data: *const (),
    run: unsafe fn(*const (), &Seat),
}

// SAFETY: `data` is a `Broadcast` whose fields are shared by all workers, in the frame of a caller that waits for all letters.
unsafe impl Send for Letter {}

impl Mailbox {
    pub(crate) fn new() -> Self {
        Self { count: AtomicU32::new(0), letters: Mutex::new(Some(Vec::new())) }
    }

    /// `false`: nobody will read it.
    fn post(&self, letter: Letter) -> bool {
        let mut letters = self.letters.lock();
        let Some(open) = &mut *letters else { return false };
        open.push(letter);
        edge("a letter, not counted");
        self.count.fetch_add(1, Ordering::SeqCst);
        true
    }

    fn take(&self, wanted: impl Fn(&Letter) -> bool) -> Option<Letter> {
        let mut letters = self.letters.lock();
        let open = letters.as_mut()?;
        let place = open.iter().position(wanted)?;
        self.count.fetch_sub(1, Ordering::Relaxed);
        Some(open.swap_remove(place))
    }

    fn has(&self, wanted: impl Fn(&Letter) -> bool) -> bool {
        self.letters.lock().as_ref().is_some_and(|open| open.iter().any(wanted))
    }

    /// A worker is about to go. `false`: there is a letter to be read first.
    pub(crate) fn close(&self) -> bool {
        let mut letters = self.letters.lock();
        if letters.as_ref().is_some_and(|open| !open.is_empty()) {
            return false;
        }
        *letters = None;
        true
    }
}

/// Whether there is mail at all.
#[inline]
pub(crate) fn has_mail(me: &Seat) -> bool {
    me.mailbox.count.load(Ordering::Relaxed) != 0
}

/// Runs a letter; for a thread that waits, one that descends from what it waits for. Whether there was one.
pub(crate) fn read_mail(me: &Seat, waits_for: Option<Target>) -> bool {
    if !has_mail(me) {
        return false;
    }
    let wanted = |letter: &Letter| waits_for.is_none_or(|target| descends(me, letter.from, target));
    let Some(letter) = me.mailbox.take(wanted) else {
        return false;
    };
    let segment = me.open_segment(Origin { slot: Some(letter.from), unit: 0 }, letter.tier);
    // SAFETY: the broadcaster's frame stays until every letter has been run, and this one is run once.
    unsafe {
        (letter.run)(letter.data, me);
    }
    drop(segment);
    edge("a letter read, not told");
    let from = me.pool().seat(letter.from.seat);
    fence(Ordering::SeqCst);
    if from.sleeper.sleeps_for_position(letter.from.position) {
        from.sleeper.wake(&me.pool().sleepers, Mode::Strict);
    }
    true
}

/// Whether there is a letter that descends from what this thread waits for, without reading it.
pub(crate) fn has_mail_below(me: &Seat, waits_for: Target) -> bool {
    has_mail(me) && me.mailbox.has(|letter| descends(me, letter.from, waits_for))
}

/// Whether what was made at `from` descends from `target`. The chain can't change: the maker waits. Who waits until the pool is idle
/// waits for every task.
fn descends(me: &Seat, from: SlotId, target: Target) -> bool {
    let pool = me.pool();
    let any_task = target == Target::Unit(pool.background.idle_unit());
    let mut origin = Origin { slot: Some(from), unit: 0 };
    loop {
        if origin.is(target) || any_task && origin.is_task() {
            return true;
        }
        let Some(slot) = origin.slot else {
            return false;
        };
        match pool.seat(slot.seat).origin_at(slot.position) {
            Some(above) => origin = above,
            None => return false,
        }
    }
}

struct Broadcast<'a, F> {
    f: &'a F,
    left: AtomicU32,
    payload: Mutex<Option<Payload>>,
}
pub(crate) fn broadcast_on<F: Fn(usize) + Sync>(me: &Seat, f: &F) {
    let pool = me.pool();
    let workers = if pool.is_forked() { 0 } else { pool.config.num_threads as u32 };
    let state = Broadcast { f, left: AtomicU32::new(workers), payload: Mutex::new(None) };
    // The entry is never entered (nothing is available in it): it is the place that the calls descend from.
    let opened = Opened::new(me, Work::NOTHING);
    let entry: Entry<'_> = opened.entry();
    for index in 0..workers {
        let worker = pool.seat(index);
        let letter =
            Letter { from: entry.id(), tier: me.tier(), data: ptr::from_ref(&state).cast(), run: run_letter::<F> };
        if !worker.mailbox.post(letter) {
            // The pool closes, and this worker has found nothing left to do: the call is for those that remain.
            state.left.fetch_sub(1, Ordering::Relaxed);
            continue;
        }
        edge("a letter posted, nobody woken");
        fence(Ordering::SeqCst);
        if !worker.sleeper.wake(&pool.sleepers, Mode::Idle) {
            worker.sleeper.wake(&pool.sleepers, Mode::Strict);
        }
    }
    let all = Progress {
        entry,
        done: || state.left.load(Ordering::Acquire) == 0,
        // Any letter, not only descendants: two workers that broadcast at once each wait for the other to read.
        help: |me: &Seat| read_mail(me, None),
        can_help: || has_mail(me),
    };
    wait(me, &all);
    opened.close();
    if let Some(payload) = state.payload.lock().take() {
        resume_unwind(payload);
    }
}

unsafe fn run_letter<F: Fn(usize) + Sync>(data: *const (), me: &Seat) {
    // SAFETY: the frame of `broadcast_on`, which waits for `left` to be 0.
    let state = unsafe { &*data.cast::<Broadcast<'_, F>>() };
    if let Err(payload) = catch(|| (state.f)(me.worker as usize)) {
        let mut first = state.payload.lock();
        match &*first {
            None => *first = Some(payload),
            Some(_) => {
                drop(first);
                drop_quietly(payload);
            }
        }
    }
    // Last. Ordering: Release, pairs with `done`.
    state.left.fetch_sub(1, Ordering::Release);
}

#[cfg(all(loom, test))]
mod loom_models;

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use crate::ThreadPoolBuilder;
    use crate::wait::Awaited;
    use std::sync::atomic::AtomicBool;
    use std::sync::mpsc::{RecvTimeoutError, channel};
    use std::thread;
    use std::time::Duration;

    /// Waits for a letter that comes when the thread has announced that it will sleep.
    struct Late<'a> {
        me: &'a Seat,
        from: SlotId,
        read: AtomicBool,
        given_up: AtomicBool,
    }

    impl Awaited for Late<'_> {
        fn done(&self) -> bool {
            self.read.load(Ordering::SeqCst) || self.given_up.load(Ordering::SeqCst)
        }
        fn target(&self) -> Target {
            Target::Slot(self.from)
        }
        fn mark(&self) -> bool {
            let run = |data: *const (), me: &Seat| {
                // SAFETY: the flag below, which stays.
                unsafe { &*data.cast::<AtomicBool>() }.store(true, Ordering::SeqCst);
                assert_eq!(me.pool().sleepers.counts().strict(), 0, "who reads it is awake, for it may sleep itself");
            };
            let data = ptr::from_ref(&self.read).cast();
            self.me.mailbox.post(Letter { from: self.from, tier: Tier::Foreground, data, run })
        }
    }

    #[test]
    fn a_letter_that_comes_late_is_read_awake() {
        let no_spin = ThreadPoolBuilder::new().num_threads(0).spin_before_sleep(Duration::ZERO);
        let pool = no_spin.build().expect("a pool");
        let me = pool.shared.take_seat();
        let from = SlotId { seat: me.index, position: 0, generation: 0 };
        let late = Late { me, from, read: AtomicBool::new(false), given_up: AtomicBool::new(false) };
        let (over, ends) = channel::<()>();
        thread::scope(|s| {
            s.spawn(|| {
                if let Err(RecvTimeoutError::Timeout) = { ends }.recv_timeout(Duration::from_secs(5)) {
                    late.given_up.store(true, Ordering::SeqCst);
                    me.sleeper.wake(&pool.shared.sleepers, Mode::Strict);
                }
            });
            wait(me, &late);
            drop(over);
        });
        assert!(late.read.load(Ordering::SeqCst), "it slept over the letter");
        assert!(pool.shared.sleepers.counts().none());
        pool.shared.give_back(me);
    }
}
