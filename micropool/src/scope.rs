//! `scope`: items that borrow from the caller's frame, all done before it returns.

use crate::current;
use crate::opened::{Entry, Noted, Opened, Progress};
use crate::panic::{catch, drop_quietly};
use crate::run_unit::{Belongs, UnitEnd, run_claimed};
use crate::seat::Seat;
use crate::shared::Shared;
use crate::slot::{Ended, Work};
use crate::sync::{AtomicUsize, Injector, Mutex, Ordering, Steal, edge};
use crate::unit::{Core, Unit, Yields};
use crate::wait::wait;
use crate::word::Tier;
use std::fmt;
use std::marker::PhantomData;
use std::panic::resume_unwind;
use std::ptr;
use std::sync::Arc;

/// Where [`scope`]'s closure spawns its items. See [`scope`].
pub struct Scope<'scope, 'env: 'scope> {
    state: State,
    /// Invariant in both, as in `std::thread::Scope`: neither may be shortened by a clever caller.
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

struct State {
    pool: Arc<Shared>,
    /// The scope's entry on its owner's stack: set before the closure runs, valid until `scope` returns.
    entry: Noted<'static>,
    items: Injector<Arc<dyn Unit>>,
    /// Items spawned and not ended.
    unfinished: AtomicUsize,
    /// Items that panicked, the first in time first.
    failed: Mutex<Vec<Arc<dyn Unit>>>,
}

/// Runs `f` with a [`Scope`] to spawn into, and returns when all that was spawned has ended.
///
/// As `std::thread::scope`, but items are run by the threads of the pool and by this one: when `f` has returned, the
/// caller runs items until none is left. Items may spawn more through the same scope. An item can be taken by an idle
/// thread from the moment it is spawned.
///
/// ```
/// let mut halves = [0u64; 2];
/// let (left, right) = halves.split_at_mut(1);
/// let total = micropool::scope(|s| {
///     s.spawn(|| left[0] = (0..500).sum());
///     let right = s.spawn(|| {
///         right[0] = (500..1000).sum();
///         right[0]
///     });
///     right.join()
/// });
/// assert_eq!(total + halves[0], 499_500);
/// ```
///
/// # Panics
/// With the payload of `f` if it panicked, else with that of the first item (in time) that panicked and was not joined;
/// always after all items have ended.
///
/// # Cost
/// One allocation an item.
pub fn scope<'env, F, R>(f: F) -> R
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R,
{
    match current::seat() {
        Some(seat) => scope_on(seat, f),
        None => current::with_seat_in(crate::global::shared(), |seat| scope_on(seat, f)),
    }
}

#[allow(unsafe_code)]
pub(crate) fn scope_on<'env, F, R>(me: &Seat, f: F) -> R
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R,
{
    let scope = Scope {
        state: State {
            pool: crate::shared::handle(me),
            entry: Noted::new(),
            items: Injector::new(),
            unfinished: AtomicUsize::new(0),
            failed: Mutex::new(Vec::new()),
        },
        scope: PhantomData,
        env: PhantomData,
    };
    // SAFETY: the entry is closed below, before `scope` goes; `run_items` only reads it.
    let work = unsafe { Work::new(ptr::from_ref(&scope.state).cast(), run_items) };
    let opened = Opened::new(me, work);
    // SAFETY: only the lifetime changes; the entry is used by items and by this call, all before it is closed.
    let entry = unsafe { std::mem::transmute::<Entry<'_>, Entry<'static>>(opened.entry()) };
    let state = &scope.state;
    // SAFETY: nothing is available before `f` spawns.
    unsafe { state.entry.note(entry) };
    let result = catch(|| f(&scope));
    let unfinished = Progress {
        entry: opened.entry(),
        done: || state.unfinished.load(Ordering::Acquire) == 0,
        help: |me: &Seat| state.run_one(me),
        can_help: || !state.items.is_empty(),
    };
    wait(me, &unfinished);
    // Items that were joined by hand have left their shells here; what they own must not outlive the call.
    while state.pop().is_some() {}
    opened.close();
    let failed = std::mem::take(&mut *state.failed.lock());
    // SAFETY: all items have ended, and their handles are gone with the closure (or leaked, and then not used).
    let payload = failed.iter().find_map(|item| unsafe { item.take_payload() });
    drop(failed);
    match (result, payload) {
        (Ok(result), None) => result,
        (Ok(result), Some(payload)) => {
            drop_quietly(result);
            resume_unwind(payload)
        }
        (Err(payload), other) => {
            drop_quietly(other);
            resume_unwind(payload)
        }
    }
}

/// What a thread does that has entered a scope.
#[allow(unsafe_code)]
unsafe fn run_items(data: *const (), me: &Seat) -> Ended {
    // SAFETY: entered: the scope stays until this thread has left.
    let state = unsafe { &*data.cast::<State>() };
    while state.run_one(me) {}
    Ended::Inside
}

impl State {
    fn pop(&self) -> Option<Arc<dyn Unit>> {
        loop {
            match self.items.steal() {
                Steal::Success(item) => {
                    edge("an item popped, available still");
                    self.entry.get().available().fetch_sub(1, Ordering::AcqRel);
                    return Some(item);
                }
                Steal::Empty => return None,
                Steal::Retry => {}
            }
        }
    }

    /// Runs one item on this thread, if there is one.
    fn run_one(&self, me: &Seat) -> bool {
        while let Some(item) = self.pop() {
            if item.header().claim() {
                self.run(me, item);
                return true;
            }
        }
        false
    }

    fn run(&self, me: &Seat, item: Arc<dyn Unit>) {
        // What an item makes has the tier of its scope's.
        let tier = self.entry.get().owner().tier_at(self.entry.get().id().position);
        let tier = if tier == Tier::Foreground { tier } else { me.tier() };
        if run_claimed(me, &item, tier, Belongs::Scope(self.entry.get().id())) {
            self.failed.lock().push(item.clone());
        }
        // A result that nobody has a handle of: its `Drop` may spawn more, for which the owner must still be waiting.
        drop(item);
        edge("an item has ended, not counted off");
        // Last: the owner may leave once it is 0 and this thread has left the entry. Ordering: Release, for what the item
        // wrote; pairs with the Acquire in `scope_on`.
        self.unfinished.fetch_sub(1, Ordering::Release);
    }
}

impl<'scope, 'env> Scope<'scope, 'env> {
    /// Spawns an item: it can be taken by an idle thread from now on, and has ended before [`scope`] returns. Items may spawn
    /// items.
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU32, Ordering};
    ///
    /// let visited = AtomicU32::new(0);
    /// micropool::scope(|s| {
    ///     s.spawn(|| {
    ///         visited.fetch_add(1, Ordering::Relaxed);
    ///         s.spawn(|| visited.fetch_add(1, Ordering::Relaxed));
    ///     });
    /// });
    /// assert_eq!(visited.into_inner(), 2);
    /// ```
    ///
    /// # Panics
    /// Never; a panic of `f` reaches whoever joins the handle, or else the caller of [`scope`].
    ///
    /// # Cost
    /// One allocation.
    #[allow(unsafe_code)]
    pub fn spawn<F, T>(&'scope self, f: F) -> ScopedTask<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let state = &self.state;
        state.unfinished.fetch_add(1, Ordering::Relaxed);
        let typed: Arc<dyn Yields<T> + 'scope> = Arc::new(Core::new(state.pool.clone(), f));
        let unit: Arc<dyn Unit + 'scope> = typed.clone();
        // SAFETY: only the lifetime changes. `scope` returns after the last item has ended and all shells are gone, so
        // nothing of `'scope` is run or dropped later; a leaked handle keeps memory that nobody reads.
        let unit = unsafe { std::mem::transmute::<Arc<dyn Unit + 'scope>, Arc<dyn Unit>>(unit) };
        let queued = unit.header().predecessor_over();
        debug_assert!(queued);
        let entry = state.entry.get();
        state.items.push(unit.clone());
        edge("an item pushed, not available");
        entry.available().fetch_add(1, Ordering::AcqRel);
        entry.announce();
        ScopedTask { typed, unit, state }
    }
}

/// The handle of an item of a [`scope`]. Dropping it lets the item run: `scope` waits for it.
///
/// ```
/// let sum = micropool::scope(|s| {
///     let left = s.spawn(|| (0..500).sum::<u32>());
///     let right: u32 = (500..1000).sum();
///     left.join() + right
/// });
/// assert_eq!(sum, 499_500);
/// ```
pub struct ScopedTask<'scope, T> {
    typed: Arc<dyn Yields<T> + 'scope>,
    unit: Arc<dyn Unit>,
    state: &'scope State,
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Ordering: a number to look at, nothing follows from it.
        let unfinished = self.state.unfinished.load(Ordering::Relaxed);
        f.debug_struct("Scope").field("unfinished", &unfinished).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for ScopedTask<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedTask").field("complete", &self.complete()).finish_non_exhaustive()
    }
}

impl<T> ScopedTask<'_, T> {
    /// Whether it has ended.
    ///
    /// ```
    /// micropool::scope(|s| {
    ///     let item = s.spawn(|| 1);
    ///     println!("Is it complete yet? {}", item.complete());
    /// });
    /// ```
    pub fn complete(&self) -> bool {
        self.unit.header().is_over()
    }

    /// Waits for the item and returns its result. Runs it here if nobody has started it; meanwhile runs only what the item
    /// itself made.
    ///
    /// ```
    /// assert_eq!(micropool::scope(|s| s.spawn(|| 1).join()), 1);
    /// ```
    ///
    /// # Panics
    /// With the item's payload if it panicked; if called from inside the item itself.
    pub fn join(self) -> T {
        self.outcome().unwrap_or_else(|payload| resume_unwind(payload))
    }

    /// As [`join`](Self::join), with a panic of the item as `Err`. It then doesn't leave the scope.
    ///
    /// ```
    /// let failed = micropool::scope(|s| s.spawn(|| panic!("no mesh")).outcome());
    /// assert_eq!(failed.unwrap_err().downcast_ref(), Some(&"no mesh"));
    /// ```
    ///
    /// # Errors
    /// The payload of its panic.
    ///
    /// # Panics
    /// If called from inside the item itself, which could never end.
    #[allow(unsafe_code)]
    pub fn outcome(self) -> std::thread::Result<T> {
        let header = self.unit.header();
        current::with_seat_in(&self.state.pool, |me| {
            if header.claim() {
                self.state.run(me, self.unit.clone());
            } else if !header.is_over() {
                crate::run_unit::refuse_own_end(header, "a scope's item");
                wait(me, &UnitEnd(header));
            }
        });
        // SAFETY: it has ended, and this handle is the only one.
        unsafe { self.typed.take() }.expect("an item's result is taken by its one handle")
    }
}

#[cfg(all(loom, test))]
mod loom_models;
