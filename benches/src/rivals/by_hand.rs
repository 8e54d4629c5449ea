//! What one would write by hand for two threads: a word that counts up, and a thread that spins on it for ever.

use crate::pin;
use std::cell::UnsafeCell;
use std::hint::spin_loop;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;

pub const NAME: &str = "by hand";

/// A call of the caller's: what, and with what.
type Call = (unsafe fn(*const ()), *const ());

struct Shared {
    /// Odd: there is a call to make. Even: it has been made.
    epoch: AtomicUsize,
    /// Written by the caller before the epoch becomes odd, read by the other before it becomes even.
    call: UnsafeCell<Call>,
    over: AtomicBool,
}

// SAFETY: `call` is handed to and fro by `epoch`.
unsafe impl Sync for Shared {}
// SAFETY: as above; what it points to is `Sync`, see `both`.
unsafe impl Send for Shared {}

#[derive(Debug)]
pub struct Pair {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

unsafe fn nothing(_: *const ()) {}

unsafe fn call<F: Fn()>(f: *const ()) {
    // SAFETY: `both` passes an `F` that it keeps until this has returned.
    unsafe { (*f.cast::<F>())() };
}

impl Pair {
    pub fn new() -> Self {
        let call = UnsafeCell::new((nothing as unsafe fn(*const ()), std::ptr::null()));
        let shared = Arc::new(Shared { epoch: AtomicUsize::new(0), call, over: AtomicBool::new(false) });
        let other = shared.clone();
        let make = || std::thread::spawn(move || serve(&other));
        Self { shared, thread: Some(pin::making(1, 1, make)) }
    }

    /// `a` here, `b` on the other thread.
    #[inline]
    pub fn both<B: Fn() + Sync>(&mut self, a: impl FnOnce(), b: B) {
        let epoch = self.shared.epoch.load(Ordering::Relaxed);
        // SAFETY: the epoch is even, so the other thread doesn't look.
        unsafe { *self.shared.call.get() = (call::<B>, (&raw const b).cast()) };
        self.shared.epoch.store(epoch + 1, Ordering::Release);
        a();
        while self.shared.epoch.load(Ordering::Acquire) != epoch + 2 {
            spin_loop();
        }
    }
}

impl Default for Pair {
    fn default() -> Self {
        Self::new()
    }
}

fn serve(shared: &Shared) {
    while !shared.over.load(Ordering::Relaxed) {
        let epoch = shared.epoch.load(Ordering::Acquire);
        if epoch % 2 == 1 {
            // SAFETY: the epoch is odd, so the caller doesn't write.
            let (f, argument) = unsafe { *shared.call.get() };
            // SAFETY: the caller stays in `both` until the epoch is even again.
            unsafe { f(argument) };
            shared.epoch.store(epoch + 1, Ordering::Release);
        } else {
            spin_loop();
        }
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
