//! What differs between operating systems: the process-wide barrier, how a thread blocks, the processors it may be pinned to, what is
//! done around a fork.
//!
//! Other files only choose by the system what they take from here; only `priority.rs` asks for more, through a crate. Elsewhere than
//! on Linux both sides of the asymmetric fence are ordinary fences, and a thread blocks on a condition (`sleep/parking.rs`).

// Checkers have their own fences (`sync.rs`).
#![cfg_attr(any(loom, shuttle, micropool_tsan), allow(dead_code))]

use std::sync::atomic::{AtomicU32, Ordering, compiler_fence, fence};

/// Whether the process-wide barrier may be used: decided once, for both sides alike.
static BARRIER: AtomicU32 = AtomicU32::new(UNKNOWN);
const UNKNOWN: u32 = 0;
const SYMMETRIC: u32 = 1;
const ASYMMETRIC: u32 = 2;

/// Decides which fences this process uses. Called before a pool has its first thread, so that nobody fences by an
/// older decision.
pub(crate) fn prepare() {
    if BARRIER.load(Ordering::Acquire) == UNKNOWN {
        let found = if system::register_barrier() { ASYMMETRIC } else { SYMMETRIC };
        // Two threads that decide at once find the same answer; the first stays.
        let _ = BARRIER.compare_exchange(UNKNOWN, found, Ordering::AcqRel, Ordering::Acquire);
    }
}

#[inline]
pub(crate) fn light_fence() {
    if BARRIER.load(Ordering::Relaxed) == ASYMMETRIC {
        // The processor is held back by `heavy_fence` of the other side; only the compiler must be told here.
        compiler_fence(Ordering::SeqCst);
    } else {
        fence(Ordering::SeqCst);
    }
}

/// Whether `light_fence` is free, as `prepare` found.
pub(crate) fn is_asymmetric() -> bool {
    BARRIER.load(Ordering::Relaxed) == ASYMMETRIC
}

pub(crate) fn heavy_fence() {
    fence(Ordering::SeqCst);
    if BARRIER.load(Ordering::Relaxed) == ASYMMETRIC {
        system::barrier();
    }
}

/// Binds the calling thread to processor `core`; whether the system did so.
pub(crate) fn pin_to_core(core: usize) -> bool {
    system::pin_to_core(core)
}

/// Has these called by the thread that forks: before it does, and afterwards in the parent, and in the child. Whether the system will.
pub(crate) fn at_fork(before: extern "C" fn(), in_parent: extern "C" fn(), in_child: extern "C" fn()) -> bool {
    system::at_fork(before, in_parent, in_child)
}

#[cfg(all(target_os = "linux", not(any(loom, shuttle))))]
pub(crate) use system::Parking;

#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
mod system {
    use std::ptr;
    use std::sync::atomic::AtomicU32;

    /// One thread's blocking on a word by a futex: no lock that a thread could hold when the process forks, and one system call a
    /// wake.
    pub(crate) struct Parking;

    impl Parking {
        pub(crate) fn new() -> Self {
            Self
        }

        /// Blocks while the word has this value. May return too early.
        #[allow(clippy::unused_self)]
        pub(crate) fn park(&self, word: &AtomicU32, value: u32) {
            futex(word, libc::FUTEX_WAIT, value);
        }

        /// Wakes the one who blocks on the word, which has been changed.
        #[allow(clippy::unused_self)]
        pub(crate) fn unpark(&self, word: &AtomicU32) {
            futex(word, libc::FUTEX_WAKE, 1);
        }
    }

    /// Errors mean that there was nothing to wait for, or a signal: the caller looks at its word again in any case.
    fn futex(word: &AtomicU32, operation: libc::c_int, value: u32) {
        let forever = ptr::null::<libc::timespec>();
        // SAFETY: the word is aligned and outlives the call; no time limit is a null pointer; the other arguments aren't looked at.
        unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), operation | libc::FUTEX_PRIVATE_FLAG, value, forever) };
    }

    // From <linux/membarrier.h>.
    const PRIVATE_EXPEDITED: libc::c_int = 1 << 3;
    const REGISTER_PRIVATE_EXPEDITED: libc::c_int = 1 << 4;

    fn membarrier(command: libc::c_int) -> bool {
        // SAFETY: the call takes no pointers and has no precondition; an unknown command is an error code.
        let result = unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) };
        result >= 0
    }

    pub(super) fn register_barrier() -> bool {
        membarrier(REGISTER_PRIVATE_EXPEDITED) && membarrier(PRIVATE_EXPEDITED)
    }

    pub(super) fn barrier() {
        // Registered and tried once: it can't be refused later except by a filter put in place since, and then the
        // light side would go unfenced. Better to stop than to lose a wake-up.
        if !membarrier(PRIVATE_EXPEDITED) {
            eprintln!("micropool: membarrier was refused after it had been granted (a seccomp filter set late?)");
            std::process::abort();
        }
    }

    pub(super) fn at_fork(before: extern "C" fn(), in_parent: extern "C" fn(), in_child: extern "C" fn()) -> bool {
        // The C library asks for functions that may be unsafe to call, and these are not.
        let [before, in_parent, in_child] = [before, in_parent, in_child].map(|f| Some(f as unsafe extern "C" fn()));
        // SAFETY: functions, which stay for as long as the process, or until the library they are in is closed, which takes them off the list.
        unsafe { libc::pthread_atfork(before, in_parent, in_child) == 0 }
    }

    pub(super) fn pin_to_core(core: usize) -> bool {
        if core >= libc::CPU_SETSIZE as usize {
            return false;
        }
        // SAFETY: all zeroes is the empty set of processors.
        let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
        // SAFETY: `core` is below CPU_SETSIZE.
        unsafe { libc::CPU_SET(core, &mut set) };
        // SAFETY: 0 is the calling thread, and the size is that of the set.
        unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set) == 0 }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    pub(super) fn register_barrier() -> bool {
        false
    }
    pub(super) fn barrier() {}
    pub(super) fn at_fork(_: extern "C" fn(), _: extern "C" fn(), _: extern "C" fn()) -> bool {
        false
    }
    pub(super) fn pin_to_core(_core: usize) -> bool {
        false
    }
}
