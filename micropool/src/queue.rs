//! The queue of what any thread may start: `crossbeam-deque`'s injector, which the child of a fork finds whole.
//!
//! At the ends of its blocks the injector makes all others wait for the thread that has come there first. In the child of a fork that
//! thread is missing, and they would wait for ever. So whoever changes a queue holds a lock for reading meanwhile, and a fork holds it for
//! writing (`pthread_atfork`), as the system's allocator does with its own.
//!
//! The lock is in several parts, so that threads write to lines of their own: who changes a queue holds his, and a fork holds all. (Not
//! `crossbeam-utils`' `ShardedLock`, which keeps the threads' numbers in a map under a lock: the child could find that one held.)

use crate::platform;
use crossbeam_deque::Steal;
use std::array;
use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Once, PoisonError, RwLock, RwLockWriteGuard};

#[repr(align(128))]
struct Part(RwLock<()>);

const PARTS: usize = 8;

static CHANGES: [Part; PARTS] = [const { Part(RwLock::new(())) }; PARTS];

thread_local! {
    /// This thread's part.
    static PART: Cell<Option<usize>> = const { Cell::new(None) };
    /// Whether this thread is in the middle of a change: a signal's handler may fork there, and need not wait for itself.
    static CHANGING: Cell<bool> = const { Cell::new(false) };
    static FORKING: RefCell<Option<[RwLockWriteGuard<'static, ()>; PARTS]>> = const { RefCell::new(None) };
}

/// Called before a pool has its first thread.
pub(crate) fn prepare() {
    static ONCE: Once = Once::new();
    // Refused for want of memory: then a fork waits for nobody, and its child may wait for ever.
    ONCE.call_once(|| _ = platform::at_fork(before_fork, after_fork));
}

extern "C" fn before_fork() {
    if !CHANGING.get() {
        let guards = array::from_fn(|k| CHANGES[k].0.write().unwrap_or_else(PoisonError::into_inner));
        // Late in a thread's life there is no place for them, and the fork goes on without.
        let _ = FORKING.try_with(|forking| forking.replace(Some(guards)));
    }
}

/// In the parent and in the child.
extern "C" fn after_fork() {
    let _ = FORKING.try_with(RefCell::take);
}

fn part() -> &'static Part {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    let part = PART.get().unwrap_or_else(|| {
        let part = THREADS.fetch_add(1, Ordering::Relaxed) % PARTS;
        PART.set(Some(part));
        part
    });
    &CHANGES[part]
}

fn change<R>(change: impl FnOnce() -> R) -> R {
    let around = CHANGING.replace(true);
    let guard = part().0.read();
    let result = change();
    drop(guard);
    CHANGING.set(around);
    result
}

pub(crate) struct Injector<T>(crossbeam_deque::Injector<T>);

impl<T> Injector<T> {
    pub(crate) fn new() -> Self {
        Self(crossbeam_deque::Injector::new())
    }

    pub(crate) fn push(&self, item: T) {
        change(|| self.0.push(item));
    }

    pub(crate) fn steal(&self) -> Steal<T> {
        change(|| self.0.steal())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::sync::Barrier;
    use std::sync::atomic::AtomicBool;
    use std::thread;
    use std::time::Duration;

    /// The child finds what a change has left, whichever part of the lock its thread holds, and nothing before that.
    #[test]
    fn a_fork_waits_for_a_change() {
        prepare();
        for _ in 0..PARTS {
            let (begun, over) = (Barrier::new(2), AtomicBool::new(false));
            thread::scope(|s| {
                s.spawn(|| {
                    change(|| {
                        begun.wait();
                        thread::sleep(Duration::from_millis(20));
                        over.store(true, Ordering::SeqCst);
                    });
                });
                begun.wait();
                assert!(in_child(|| over.load(Ordering::SeqCst)), "the fork did not wait");
            });
        }
    }

    /// A queue can be used in the child, and in a change too, where the fork can't wait.
    #[test]
    fn a_child_changes_queues() {
        prepare();
        let queue = Injector::new();
        queue.push(3);
        let used = || {
            queue.push(4);
            queue.steal() == Steal::Success(3) && queue.len() == 1
        };
        assert!(in_child(used));
        assert!(change(|| in_child(used)));
        assert!(used());
    }

    /// What `f` says in the child of a fork.
    #[allow(unsafe_code)]
    fn in_child(f: impl FnOnce() -> bool) -> bool {
        // SAFETY: the child runs `f`, which takes no lock but ours, and leaves by `_exit`.
        let child = unsafe { libc::fork() };
        assert!(child >= 0, "a child");
        if child == 0 {
            // A hanging child is ended by the system.
            // SAFETY: sets a timer.
            unsafe { libc::alarm(10) };
            let found = f();
            // SAFETY: ends the process, running nothing of the parent's.
            unsafe { libc::_exit(found.into()) };
        }
        let mut status = 0;
        // SAFETY: a child of ours, and a place for its status.
        let ended = unsafe { libc::waitpid(child, &mut status, 0) };
        assert_eq!(ended, child);
        assert!(libc::WIFEXITED(status), "the child hangs");
        libc::WEXITSTATUS(status) == 1
    }
}
