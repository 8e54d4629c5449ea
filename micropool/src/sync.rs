//! The one place that names atomics, locks and fences, so that a model checker can take their place.

#[cfg(loom)]
pub(crate) use loom::{
    hint::spin_loop,
    sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence},
    thread::yield_now,
};
#[cfg(not(loom))]
pub(crate) use std::{
    hint::spin_loop,
    sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence},
    thread::yield_now,
};

#[cfg(not(loom))]
pub(crate) use parking_lot::{Condvar, Mutex};

#[cfg(loom)]
pub(crate) use model::{Condvar, Injector, Mutex};

// How a thread blocks on a word.
#[cfg(all(target_os = "linux", not(loom)))]
pub(crate) use crate::platform::Parking;
#[cfg(not(all(target_os = "linux", not(loom))))]
pub(crate) use crate::sleep::parking::Parking;

#[cfg(not(loom))]
pub(crate) use crossbeam_deque::Injector;
pub(crate) use crossbeam_deque::Steal;

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

/// Where a thread may come by over and over until another has taken its next step: a model would follow it for ever.
#[inline]
pub(crate) fn model_yield() {
    #[cfg(loom)]
    yield_now();
}

/// A store by the one thread that may overwrite whatever others exchange there meanwhile.
///
/// The model checker orders the stores of two threads by happens-before only, and would afterwards return the other's exchange
/// as if it were the newer; so there this is an exchange too.
#[inline]
pub(crate) fn overwrite(place: &AtomicU64, value: u64, ordering: Ordering) {
    if cfg!(loom) {
        place.swap(value, ordering);
    } else {
        place.store(value, ordering);
    }
}

/// The cheap half of an asymmetric pair: what a thread that publishes work runs before it looks for sleepers.
///
/// Pairs with [`heavy_fence`]: of "publish; light; read" and "announce; heavy; read" at least one side reads what the
/// other wrote (the store-buffering litmus), as if both were `SeqCst` fences. Model checkers and sanitizers don't know the
/// process-wide barrier: there both *are* `SeqCst` fences.
#[inline]
pub(crate) fn light_fence() {
    #[cfg(loom)]
    fence(Ordering::SeqCst);
    #[cfg(not(loom))]
    crate::platform::light_fence();
}

/// [`light_fence`] where [`has_asymmetric_fences`] is known: nothing but a word to the compiler.
#[inline]
pub(crate) fn asymmetric_light_fence() {
    #[cfg(loom)]
    fence(Ordering::SeqCst);
    #[cfg(not(loom))]
    std::sync::atomic::compiler_fence(Ordering::SeqCst);
}

/// Whether the light half is free in this process. Decided before the first pool has a thread.
pub(crate) fn has_asymmetric_fences() -> bool {
    cfg!(loom) || crate::platform::is_asymmetric()
}

/// The dear half of an asymmetric pair, for threads that are about to sleep. See [`light_fence`].
pub(crate) fn heavy_fence() {
    #[cfg(loom)]
    fence(Ordering::SeqCst);
    #[cfg(not(loom))]
    crate::platform::heavy_fence();
}

/// Thread-locals that are one `Copy` value, with the accessors of `LocalKey<Cell<_>>`. Under the model checker all threads
/// of a model share one thread of the system, so they must be its own.
#[cfg(loom)]
macro_rules! local_cells {
    ($($(#[$meta:meta])* $name:ident: $type:ty = $value:expr;)*) => {$(
        $(#[$meta])* static $name: crate::sync::LocalCell<$type> = {
            loom::thread_local! { static KEY: std::cell::Cell<$type> = std::cell::Cell::new($value); }
            crate::sync::LocalCell(&KEY)
        };
    )*};
}
#[cfg(not(loom))]
macro_rules! local_cells {
    ($($(#[$meta:meta])* $name:ident: $type:ty = $value:expr;)*) => {
        thread_local! {$(
            $(#[$meta])* static $name: std::cell::Cell<$type> = const { std::cell::Cell::new($value) };
        )*}
    };
}
pub(crate) use local_cells;

#[cfg(loom)]
pub(crate) struct LocalCell<T: 'static>(pub(crate) &'static loom::thread::LocalKey<std::cell::Cell<T>>);

#[cfg(loom)]
impl<T: Copy> LocalCell<T> {
    pub(crate) fn get(&self) -> T {
        self.0.with(std::cell::Cell::get)
    }
    pub(crate) fn set(&self, value: T) {
        // A model's thread may be at its end, where this one is gone already: the system's stays to the last.
        let _ = self.0.try_with(|cell| cell.set(value));
    }
    pub(crate) fn replace(&self, value: T) -> T {
        self.0.with(|cell| cell.replace(value))
    }
}

/// The shapes of parking_lot's locks and of crossbeam's queue over loom's locks.
#[cfg(loom)]
mod model {
    use crossbeam_deque::Steal;
    use std::collections::VecDeque;
    use std::ops::{Deref, DerefMut};

    #[derive(Default)]
    pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

    /// Empty only inside [`Condvar::wait`].
    pub(crate) struct MutexGuard<'a, T>(Option<loom::sync::MutexGuard<'a, T>>);

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(loom::sync::Mutex::new(value))
        }
        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            MutexGuard(Some(self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)))
        }
    }

    impl<T> Deref for MutexGuard<'_, T> {
        type Target = T;
        fn deref(&self) -> &T {
            self.0.as_ref().expect("held")
        }
    }

    impl<T> DerefMut for MutexGuard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            self.0.as_mut().expect("held")
        }
    }

    pub(crate) struct Condvar(loom::sync::Condvar);

    impl Condvar {
        pub(crate) fn new() -> Self {
            Self(loom::sync::Condvar::new())
        }
        pub(crate) fn notify_one(&self) {
            self.0.notify_one();
        }
        pub(crate) fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
            let held = guard.0.take().expect("held");
            guard.0 = Some(self.0.wait(held).unwrap_or_else(std::sync::PoisonError::into_inner));
        }
    }

    /// A locked queue: it shows the model checker where threads may alternate, which crossbeam's own can't.
    pub(crate) struct Injector<T>(Mutex<VecDeque<T>>);

    impl<T> Injector<T> {
        pub(crate) fn new() -> Self {
            Self(Mutex::new(VecDeque::new()))
        }
        pub(crate) fn push(&self, task: T) {
            self.0.lock().push_back(task);
        }
        pub(crate) fn steal(&self) -> Steal<T> {
            self.0.lock().pop_front().map_or(Steal::Empty, Steal::Success)
        }
        pub(crate) fn is_empty(&self) -> bool {
            self.0.lock().is_empty()
        }
    }
}
