//! One place of a seat's stack of work, and the steps its word goes through (the table is in `word.rs`).

use crate::seat::Seat;
use crate::sync::{
    AtomicPtr, AtomicU32, AtomicU64, Ordering, UnsafeCell, edge, has_asymmetric_fences, heavy_fence, model_yield,
    overwrite,
};
use crate::word::{Kind, Tier, Word};

/// What a slot holds: the frame of a job (or of something that many help with) and the function that knows its type.
#[derive(Clone, Copy)]
pub(crate) struct Work {
    data: *const (),
    run: unsafe fn(*const (), &Seat) -> Ended,
}

/// What is left to do for whoever has run a piece of work.
pub(crate) enum Ended {
    /// It was a job, whose owner has been told: to wake it, if it sleeps. The frame may be gone.
    Told { owner_sleeps: bool },
    /// It was an entry: to [leave](Slot::leave) it.
    Inside,
}

impl Work {
    pub(crate) const NOTHING: Work = Work { data: std::ptr::null(), run: nothing };

    /// # Safety
    /// `run(data, _)` must be sound, from any thread, for as long as the slot's owner leaves the work in its slot and
    /// (for work that many may enter) until the last has left. It says [`Ended::Told`] of a job, and has told the owner by then, who
    /// leaves the work there until it is told; and [`Ended::Inside`] of an entry.
    pub(crate) unsafe fn new(data: *const (), run: unsafe fn(*const (), &Seat) -> Ended) -> Self {
        Self { data, run }
    }

    /// # Safety
    /// The caller has claimed or entered the slot that held this work, once for each call.
    pub(crate) unsafe fn call(self, me: &Seat) -> Ended {
        // SAFETY: by the contracts of `new` and of this function.
        unsafe { (self.run)(self.data, me) }
    }
}

unsafe fn nothing(_: *const (), _: &Seat) -> Ended {
    Ended::Inside
}

/// Of `Slot::available`: nobody should come in for what is left.
pub(crate) const HIDDEN: u64 = 1 << 63;

#[repr(align(64))]
pub(crate) struct Slot {
    state: AtomicU64,
    /// Written by the owner while the slot is `Empty`, read by whoever has claimed or entered it.
    work: UnsafeCell<Work>,
    /// What there is to take for those who enter: 0 is nothing, nor is what has the highest bit ([`HIDDEN`]: a count that is below 0 for
    /// a moment, too). Meaning belongs to the work; outsiders only look at it.
    pub(crate) available: AtomicU64,
    /// The generation that `thief` speaks of.
    thief_generation: AtomicU64,
    thief: AtomicU32,
    /// With a ranked word: how urgent (the longest way to the end of the graph).
    rank: AtomicU32,
    /// The slot's place on its seat's stack.
    pub(crate) position: u32,
    /// How a job is pushed here above one that is pending.
    job_kind: Kind,
    /// The owner's: the slot at the next position, once there is one.
    pub(crate) above: AtomicPtr<Slot>,
}

// SAFETY: `work` holds a frame's address that is only followed under the contract of `Work::new`, and is only accessed
// as its comment says. `steal_takes_the_last_job_once` (loom) would see an access out of turn.
unsafe impl Sync for Slot {}
// SAFETY: as above; a slot owns nothing.
unsafe impl Send for Slot {}

impl Slot {
    pub(crate) fn new(position: u32) -> Self {
        Self {
            state: AtomicU64::new(Word::NEW.0),
            work: UnsafeCell::new(Work::NOTHING),
            available: AtomicU64::new(0),
            // A number that no generation has.
            thief_generation: AtomicU64::new(u64::MAX),
            thief: AtomicU32::new(0),
            rank: AtomicU32::new(0),
            position,
            // Nothing lies below position 0.
            job_kind: if position > 0 && has_asymmetric_fences() { Kind::Private } else { Kind::Ready },
            above: AtomicPtr::new(std::ptr::null_mut()),
        }
    }

    #[inline]
    pub(crate) fn load(&self) -> Word {
        // Ordering: Acquire pairs with the Release of `publish` and of `leave`: what the pusher wrote before it published (its version
        // among it) and what a helper wrote before it left is visible.
        Word(self.state.load(Ordering::Acquire))
    }

    // ---- the owner's steps -------------------------------------------------------------------------------------

    /// Empty → Private, Ready or Open. Only the owner, and only while the slot is `Empty`.
    #[inline]
    pub(crate) fn publish(&self, work: Work, kind: Kind, tier: Tier) -> Word {
        self.put(work);
        // Ordering: Relaxed, the owner wrote it last (a thief that took it has told so before the slot became Empty).
        let word = Word(self.state.load(Ordering::Relaxed)).next(kind, tier);
        // Ordering: Release pairs with the Acquire of `claim`, `enter` and `load`.
        overwrite(&self.state, word.0, Ordering::Release);
        word
    }

    /// Puts a branch of a graph here, which nobody can take, or anything above it, until it is [exposed](Self::expose).
    #[inline]
    pub(crate) fn reserve(&self, work: Work, rank: u32) {
        self.put(work);
        // Ordering: Relaxed, a wrong rank seen by a thief costs a little time, no more.
        self.rank.store(rank, Ordering::Relaxed);
        let word = Word(self.state.load(Ordering::Relaxed));
        if word.kind() != Kind::Empty {
            // A job that was put quietly left it: under a top above it would be this one.
            overwrite(&self.state, word.next(Kind::Empty, Tier::Foreground).0, Ordering::Relaxed);
        }
    }

    /// Makes a reserved branch Ready.
    #[inline]
    pub(crate) fn expose(&self, tier: Tier) -> Word {
        let word = Word(self.state.load(Ordering::Relaxed)).next(Kind::Ready, tier).ranked();
        // Ordering: as in `publish`.
        overwrite(&self.state, word.0, Ordering::Release);
        word
    }

    /// Whether the owner has reserved it: of a slot below its top.
    #[inline]
    pub(crate) fn is_reserved(&self) -> bool {
        Word(self.state.load(Ordering::Relaxed)).kind() == Kind::Empty
    }

    #[inline]
    fn put(&self, work: Work) {
        // SAFETY: the owner's, and nothing lies in the slot: nobody may claim or enter it and read `work`.
        self.work.with_mut(|place| unsafe { *place = work });
    }

    /// Puts a job of the foreground where one of the same kind lay before, without a new word: it can be taken once the owner's
    /// top is above. `None`: the slot needs a [`publish`](Self::publish).
    #[inline]
    pub(crate) fn put_quietly(&self, work: Work) -> Option<Word> {
        // Ordering: Relaxed: what a thief does to a slot in which nothing lies doesn't matter (it steps back, or its exchange fails).
        let word = Word(self.state.load(Ordering::Relaxed));
        if !word.is_quiet() {
            return None;
        }
        self.put(work);
        Some(word)
    }

    /// Whether the job is still the owner's, who has just moved its top below this slot, with a light fence between: see
    /// [`claim`](Self::claim).
    #[inline]
    pub(crate) fn is_private(&self) -> bool {
        // Ordering: Relaxed, nothing of another thread need be seen.
        Word(self.state.load(Ordering::Relaxed)).kind() == Kind::Private
    }

    /// As [`is_private`](Self::is_private), of a job that was put quietly: one comparison.
    #[inline]
    pub(crate) fn is_quiet(&self) -> bool {
        Word(self.state.load(Ordering::Relaxed)).is_quiet()
    }

    /// How a job for one thread is pushed here, unless it is the oldest of its stack that nobody has taken.
    #[inline]
    pub(crate) fn job_kind(&self) -> Kind {
        self.job_kind
    }

    /// Whether a job for one thread lies here that nobody has taken. Of the owner's own slots.
    pub(crate) fn is_pending(&self) -> bool {
        self.load().is_pending()
    }

    /// Private → Ready, for those who search: by the owner, of a job of its own below its top, as `word`.
    pub(crate) fn offer(&self, word: Word) {
        if word.kind() == Kind::Private {
            // Failing is fine: somebody asks for it already, or it was promoted and can be had by asking.
            // Ordering: Release pairs with the Acquire of `claim`, as that of `publish` does.
            let ready = word.become_kind(Kind::Ready);
            let _ = self.state.compare_exchange(word.0, ready.0, Ordering::Release, Ordering::Relaxed);
        }
    }

    /// Private, Claiming or Ready → Empty: the owner takes its own job back. `false`: a thief has it.
    pub(crate) fn reclaim(&self) -> bool {
        let mut now = Word(self.state.load(Ordering::Relaxed));
        while let Kind::Private | Kind::Claiming | Kind::Ready = now.kind() {
            // Ordering: on success nothing of another thread need be seen; nor on failure, before the latch is set.
            match self.state.compare_exchange_weak(now.0, now.emptied().0, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return true,
                // Promoted to the foreground, or a thief has taken a step, forward or back.
                Err(other) => now = Word(other),
            }
        }
        false
    }

    /// Taken, once its thief has told the end, or Closed (with nobody inside) → Empty.
    pub(crate) fn empty(&self, word: Word) {
        // Ordering: Relaxed: thieves that read an older word fail their claim; the next `publish` releases.
        self.state.store(word.emptied().0, Ordering::Relaxed);
    }

    /// The owner of an entry says that it will sleep until somebody leaves.
    pub(crate) fn mark_waited(&self) {
        let mut now = self.load();
        loop {
            // Ordering: AcqRel, so that one who leaves and sees the mark sees the owner's sleeper as it is.
            match self.state.compare_exchange_weak(now.0, now.waited().0, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return,
                Err(other) => now = Word(other),
            }
        }
    }

    pub(crate) fn unmark_waited(&self) {
        self.state.fetch_and(Word(u64::MAX).not_waited().0, Ordering::Relaxed);
    }

    /// Open → Closed: nobody enters any more.
    pub(crate) fn close(&self) {
        let mut now = self.load();
        while now.kind() == Kind::Open {
            match self.state.compare_exchange_weak(now.0, now.closed().0, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return,
                Err(other) => now = Word(other),
            }
        }
    }

    // ---- others' steps -----------------------------------------------------------------------------------------

    /// Ready → Taken, or Private → Claiming → Taken, if the slot is still as `word` says; the work, and who took it is
    /// written down. `is_above` says whether the owner's top is above this slot, and `holds` whether what was read to find it still
    /// belongs together.
    ///
    /// A Private slot is taken as in the THE protocol of Cilk-5: the owner moves its top down, fences, and looks whether
    /// anybody is Claiming; the thief says Claiming, fences, and looks at the top. At least one of them sees the other. The
    /// owner's fence is free, the thief's is the process-wide barrier.
    ///
    /// By then another job may lie there than the one that was looked at, under the same word. If the thief finds the top above, that
    /// job is what it gets: its owner put it before it moved the top, and can't take it back without seeing the Claiming. And if
    /// `holds` is true after that, the segments were open when the top was read, and the one that the slot is in stays open until
    /// the job is settled: so this job descends from what they say as well as the other did.
    pub(crate) fn claim(
        &self,
        word: Word,
        thief: u32,
        is_above: impl Fn() -> bool,
        holds: impl Fn() -> bool,
    ) -> Option<Work> {
        let found = match word.kind() {
            Kind::Private => self.ask(word, || is_above() && holds())?,
            kind => {
                debug_assert_eq!(kind, Kind::Ready);
                word
            }
        };
        // Ordering: Acquire pairs with `publish`: the work is seen as it was put.
        self.state
            .compare_exchange(found.0, word.become_kind(Kind::Taken).0, Ordering::Acquire, Ordering::Relaxed)
            .ok()?;
        edge("Taken, thief unknown");
        self.thief.store(thief, Ordering::Relaxed);
        edge("Taken, thief half known");
        // Ordering: Release pairs with the Acquire in `thief_of`: whoever sees our index sees that the slot is Taken, so that a
        // reader's second look at the word can't be of before the claim.
        self.thief_generation.store(word.generation(), Ordering::Release);
        // SAFETY: claimed: the owner doesn't write until the slot is Empty again, which waits until the end is told.
        Some(self.work.with(|work| unsafe { *work }))
    }

    /// Private → Claiming, and back if the owner is just taking it.
    fn ask(&self, word: Word, may_take: impl Fn() -> bool) -> Option<Word> {
        let claiming = word.become_kind(Kind::Claiming);
        // Ordering: with the fence below; the look at the top must not come first.
        self.state.compare_exchange(word.0, claiming.0, Ordering::AcqRel, Ordering::Relaxed).ok()?;
        edge("Claiming");
        heavy_fence();
        edge("Claiming, fenced");
        if may_take() {
            return Some(claiming);
        }
        edge("Claiming, stepping back");
        // Failing is fine: the owner has it, and perhaps something else lies here by now.
        let _ = self.state.compare_exchange(claiming.0, word.0, Ordering::Relaxed, Ordering::Relaxed);
        // It is between two instructions: before it has taken the job, or before it has moved its top above a new one.
        model_yield();
        None
    }

    /// A thief has taken what lay below: the owner's next push here is not a quiet one, and finds that it is the oldest.
    pub(crate) fn make_loud(&self) {
        let word = Word(self.state.load(Ordering::Relaxed));
        if word.is_quiet() {
            edge("quiet, not loud");
            // Failing is fine: then its owner or another thief has just changed it.
            let _ = self.state.compare_exchange(word.0, word.loud().0, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// Open, one more inside, if the slot is still as `word` says.
    pub(crate) fn enter(&self, word: Word) -> Option<Work> {
        debug_assert_eq!(word.kind(), Kind::Open);
        let entered = word.entered()?;
        // Ordering: Acquire pairs with `publish`.
        self.state.compare_exchange(word.0, entered.0, Ordering::Acquire, Ordering::Relaxed).ok()?;
        // SAFETY: inside: the owner doesn't write until the slot is Empty again, which waits for `leave`.
        Some(self.work.with(|work| unsafe { *work }))
    }

    /// One less inside; whether the owner must be woken. The frame may be gone from here on.
    #[must_use]
    pub(crate) fn leave(&self) -> bool {
        // Ordering: Release pairs with the owner's `load`: it sees what was done inside. Acquire: we see its sleeper.
        Word(self.state.fetch_sub(Word::LEAVE, Ordering::AcqRel)).is_waited()
    }

    /// The thief that took this generation, once it has written itself down.
    pub(crate) fn thief_of(&self, generation: u64) -> Option<u32> {
        if self.thief_generation.load(Ordering::Acquire) != generation {
            return None;
        }
        Some(self.thief.load(Ordering::Relaxed))
    }

    pub(crate) fn rank(&self) -> u32 {
        self.rank.load(Ordering::Relaxed)
    }

    /// A pending background job is made foreground, because a foreground thread waits for what it belongs to.
    pub(crate) fn promote(&self, word: Word) -> bool {
        edge("not promoted");
        word.can_be_promoted()
            // Failing is fine: it was taken, or the owner took it back, or its count changed and the next look promotes.
            && self
                .state
                .compare_exchange(word.0, word.foreground().0, Ordering::AcqRel, Ordering::Relaxed)
                .is_ok()
    }
}

#[cfg(all(loom, test))]
mod loom_models;
