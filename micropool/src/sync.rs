//! The one place that names atomics, locks, fences, cells and threads, so that a checker can take their place.
//!
//! | build | by | here |
//! |---|---|---|
//! | normal | – | std, parking_lot, crossbeam's queue (`queue.rs`), and the process-wide barrier of `platform.rs` |
//! | loom | `--cfg loom` | everything is loom's: every interleaving and every value that a load may return, of small models |
//! | shuttle | `--cfg shuttle` | everything is shuttle's: random interleavings of whole pools, each access in one order for all |
//! | ThreadSanitizer | `--cfg micropool_tsan` | as normal, but for the fences: it can't see them ([`fence`]) |
//! | injection | `--cfg micropool_inject` | as normal, but every [`edge`] may take long, sleeps end for nothing, and a thread may be refused |
//!
//! AddressSanitizer and LeakSanitizer take the normal build.

#[cfg(loom)]
use loom as checker;
#[cfg(shuttle)]
use shuttle as checker;

/// Whether a model checker runs the threads. It pays for every object and every step, spinning shows it nothing, and its
/// threads share one thread of the system.
pub(crate) const MODEL: bool = cfg!(any(loom, shuttle));

#[cfg(any(loom, shuttle))]
pub(crate) use checker::{
    hint::spin_loop,
    sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence},
    thread::{Builder as ThreadBuilder, JoinHandle, yield_now},
};
#[cfg(not(any(loom, shuttle)))]
pub(crate) use std::{
    hint::spin_loop,
    sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering},
    thread::{Builder as ThreadBuilder, JoinHandle, yield_now},
};

#[cfg(not(any(loom, shuttle)))]
pub(crate) use parking_lot::{Condvar, Mutex};

// How a thread blocks on a word.
#[cfg(all(target_os = "linux", not(any(loom, shuttle))))]
pub(crate) use crate::platform::Parking;
#[cfg(not(all(target_os = "linux", not(any(loom, shuttle)))))]
pub(crate) use crate::sleep::parking::Parking;

#[cfg(any(loom, shuttle))]
mod model;
#[cfg(any(loom, shuttle))]
pub(crate) use model::{Condvar, Injector, LocalCell, Mutex};

#[cfg(not(any(loom, shuttle)))]
pub(crate) use crate::queue::Injector;
pub(crate) use crossbeam_deque::Steal;

/// Called before a pool has its first thread: what is decided or registered once a process.
pub(crate) fn prepare() {
    crate::platform::prepare();
    #[cfg(not(any(loom, shuttle)))]
    crate::queue::prepare();
}

#[cfg(not(any(loom, shuttle, micropool_tsan)))]
pub(crate) use std::sync::atomic::fence;

/// A fence that ThreadSanitizer can see. It takes no notice of fences, so that whatever is ordered by one would be reported as a
/// race. In their place all threads exchange one word: of two fences the later then comes after the earlier with all that it had
/// seen, which is what each of our proofs asks of a pair of them (and orders more besides: what loom is for, this can't find).
#[cfg(micropool_tsan)]
pub(crate) fn fence(_: Ordering) {
    static FENCES: AtomicU32 = AtomicU32::new(0);
    FENCES.fetch_add(1, Ordering::SeqCst);
}

/// Interior mutability whose accesses the model checker can see.
#[cfg(not(loom))]
#[derive(Default)]
pub(crate) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

#[cfg(not(loom))]
impl<T> UnsafeCell<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(std::cell::UnsafeCell::new(value))
    }
    #[inline]
    pub(crate) fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        f(self.0.get())
    }
    #[inline]
    pub(crate) fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        f(self.0.get())
    }
    pub(crate) fn into_inner(self) -> T {
        self.0.into_inner()
    }
}

#[cfg(loom)]
pub(crate) use loom::cell::UnsafeCell;

#[cfg(micropool_inject)]
mod inject;
#[cfg(micropool_inject)]
pub use inject::take_counts;
#[cfg(micropool_inject)]
pub(crate) use inject::{count, edge, refused_thread, wakes_for_nothing};

/// Between two steps of a protocol, by name: nothing, but where delays are injected.
#[cfg(not(micropool_inject))]
#[inline(always)]
pub(crate) fn edge(_name: &'static str) {}

/// What is counted where edges are, and is none.
#[cfg(not(micropool_inject))]
#[inline(always)]
pub(crate) fn count(_name: &'static str) {}

/// Whether a sleep ends now though nobody has ended it: where that is injected.
#[cfg(not(micropool_inject))]
#[inline(always)]
pub(crate) fn wakes_for_nothing() -> bool {
    false
}

/// Why a thread that a pool would make now can't be had: where that is injected.
#[cfg(not(micropool_inject))]
#[inline(always)]
pub(crate) fn refused_thread() -> std::io::Result<()> {
    Ok(())
}

/// Where a counter that may wrap starts. A test configuration starts a few steps below the wrap of its lowest `bits`.
pub(crate) const fn start_of_counter(bits: u32, steps_below: u64) -> u64 {
    if cfg!(any(test, micropool_wrap)) { (u64::MAX >> (64 - bits)) - (steps_below - 1) } else { 0 }
}

/// Where a thread may come by over and over until another has taken its next step: a model would follow it for ever.
#[inline]
pub(crate) fn model_yield() {
    if MODEL {
        yield_now();
    }
}

/// A store by the one thread that may overwrite whatever others exchange there meanwhile.
///
/// loom orders the stores of two threads by happens-before only, and would afterwards return the other's exchange
/// as if it were the newer; so there this is an exchange too.
#[inline]
pub(crate) fn overwrite(place: &AtomicU64, value: u64, ordering: Ordering) {
    if cfg!(loom) {
        place.swap(value, ordering);
    } else {
        place.store(value, ordering);
    }
}

/// Checkers don't know the process-wide barrier: there both halves of an asymmetric pair are `SeqCst` fences.
const CHECKED: bool = MODEL || cfg!(micropool_tsan);

/// The cheap half of an asymmetric pair: what a thread that publishes work runs before it looks for sleepers.
///
/// Pairs with [`heavy_fence`]: of "publish; light; read" and "announce; heavy; read" at least one side reads what the
/// other wrote (the store-buffering litmus), as if both were `SeqCst` fences.
#[inline]
pub(crate) fn light_fence() {
    if CHECKED {
        fence(Ordering::SeqCst);
    } else {
        crate::platform::light_fence();
    }
}

/// [`light_fence`] where [`has_asymmetric_fences`] is known: nothing but a word to the compiler.
#[inline]
pub(crate) fn asymmetric_light_fence() {
    if CHECKED {
        fence(Ordering::SeqCst);
    } else {
        std::sync::atomic::compiler_fence(Ordering::SeqCst);
    }
}

/// Whether the light half is free in this process. Decided before the first pool has a thread.
///
/// Models say so, to have the slots and the short way of a push that rest on it; ThreadSanitizer's build says no, since to it a
/// job that is taken back by a plain store is a race that only the barrier prevents.
pub(crate) fn has_asymmetric_fences() -> bool {
    MODEL || !cfg!(micropool_tsan) && crate::platform::is_asymmetric()
}

/// The dear half of an asymmetric pair, for threads that are about to sleep. See [`light_fence`].
pub(crate) fn heavy_fence() {
    if CHECKED {
        fence(Ordering::SeqCst);
    } else {
        crate::platform::heavy_fence();
    }
}

/// A thread-local with a destructor. A model's threads share one thread of the system, so they must be the model's own.
#[cfg(any(loom, shuttle))]
macro_rules! local {
    (static $name:ident: $type:ty = $value:expr;) => {
        crate::sync::checker_local! { static $name: $type = $value; }
    };
}
#[cfg(not(any(loom, shuttle)))]
macro_rules! local {
    (static $name:ident: $type:ty = $value:expr;) => {
        thread_local! { static $name: $type = const { $value }; }
    };
}
pub(crate) use local;

#[cfg(loom)]
pub(crate) use loom::thread_local as checker_local;
#[cfg(shuttle)]
pub(crate) use shuttle::thread_local as checker_local;

/// Thread-locals that are one `Copy` value, with the accessors of `LocalKey<Cell<_>>`.
#[cfg(any(loom, shuttle))]
macro_rules! local_cells {
    ($($(#[$meta:meta])* $name:ident: $type:ty = $value:expr;)*) => {$(
        $(#[$meta])* static $name: crate::sync::LocalCell<$type> = {
            crate::sync::checker_local! { static KEY: std::cell::Cell<$type> = std::cell::Cell::new($value); }
            crate::sync::LocalCell(&KEY)
        };
    )*};
}
#[cfg(not(any(loom, shuttle)))]
macro_rules! local_cells {
    ($($(#[$meta:meta])* $name:ident: $type:ty = $value:expr;)*) => {
        thread_local! {$(
            $(#[$meta])* static $name: std::cell::Cell<$type> = const { std::cell::Cell::new($value) };
        )*}
    };
}
pub(crate) use local_cells;
