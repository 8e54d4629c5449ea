//! The queue of what any thread may start: `crossbeam-deque`'s injector, which the child of a fork finds whole.
//!
//! At the ends of its blocks the injector makes all others wait for the thread that has come there first. In the child of a fork that
//! thread is missing, and they would wait for ever. So a fork waits until nobody is in the middle of changing a queue (`pthread_atfork`), as
//! it does for the system's allocator, and who comes meanwhile waits for the fork.
//!
//! * A change: C1 counts itself, C2 looks whether anybody forks; if so it takes itself out again, waits, and begins anew. A fork: F1 says so, F2
//!   waits until nobody is counted. C1-C2 and F1-F2 are the store-buffering litmus, all `SeqCst`: the fork sees the change, or the change the fork.
//! * The count is in parts, so that threads write to lines of their own.
//! * The thread that forks passes: what other libraries do around its fork may use a queue. So does a change inside of another, and a fork
//!   inside of a change (in a signal's handler) waits for nobody.
//! * In the child there is but one thread: it begins with counts of 0, and a change that was under way there ends without being counted off.
//!
//! Not a lock: in the child it would be held by threads that aren't there.

use crate::platform;
use crossbeam_deque::Steal;
use std::cell::Cell;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering, compiler_fence};
use std::thread;
use std::time::Duration;

/// Changes that are under way, of some threads.
#[repr(align(128))]
struct Part(AtomicU32);

const PARTS: usize = 8;

static CHANGES: [Part; PARTS] = [const { Part(AtomicU32::new(0)) }; PARTS];

/// Whether a fork is under way.
static FORKS: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// This thread's part.
    static PART: Cell<Option<usize>> = const { Cell::new(None) };
    /// Whether this thread is in the middle of a change, or of a fork: then it waits for nobody.
    static PASSES: Cell<bool> = const { Cell::new(false) };
    /// Whether it is this thread's fork that the others wait for.
    static FORKING: Cell<bool> = const { Cell::new(false) };
}

/// Called before a pool has its first thread.
pub(crate) fn prepare() {
    static ONCE: Once = Once::new();
    // Refused for want of memory: then a fork waits for nobody, and its child may wait for ever.
    ONCE.call_once(|| _ = platform::at_fork(before_fork, after_fork_in_parent, after_fork_in_child));
}

extern "C" fn before_fork() {
    if PASSES.replace(true) {
        return;
    }
    FORKING.set(true);
    let mut looks = 0;
    // One after another: what is done around one fork may change a queue, and isn't counted.
    while FORKS.compare_exchange(false, true, Ordering::SeqCst, Ordering::Relaxed).is_err() {
        wait_a_moment(&mut looks);
    }
    while CHANGES.iter().any(|part| part.0.load(Ordering::SeqCst) != 0) {
        wait_a_moment(&mut looks);
    }
}

extern "C" fn after_fork_in_parent() {
    if FORKING.replace(false) {
        FORKS.store(false, Ordering::SeqCst);
        PASSES.set(false);
    }
}

extern "C" fn after_fork_in_child() {
    // Nobody else is here to change them.
    FORKS.store(false, Ordering::Relaxed);
    CHANGES.iter().for_each(|part| part.0.store(0, Ordering::Relaxed));
    if FORKING.replace(false) {
        PASSES.set(false);
    }
}

/// For the others: most changes take less, and a fork, or a thread that has lost its processor, more.
fn wait_a_moment(looks: &mut u32) {
    *looks += 1;
    if *looks < 100 { thread::yield_now() } else { thread::sleep(Duration::from_micros(50)) }
}

fn part() -> &'static AtomicU32 {
    static THREADS: AtomicU32 = AtomicU32::new(0);
    let part = PART.get().unwrap_or_else(|| {
        let part = THREADS.fetch_add(1, Ordering::Relaxed) as usize % PARTS;
        PART.set(Some(part));
        part
    });
    &CHANGES[part].0
}

fn change<R>(change: impl FnOnce() -> R) -> R {
    if PASSES.get() {
        return change();
    }
    PASSES.set(true);
    // A signal's handler on this thread must see it whenever it is counted.
    compiler_fence(Ordering::SeqCst);
    let part = part();
    let mut looks = 0;
    loop {
        part.fetch_add(1, Ordering::SeqCst);
        if !FORKS.load(Ordering::SeqCst) {
            break;
        }
        count_off(part);
        wait_a_moment(&mut looks);
    }
    let result = change();
    count_off(part);
    compiler_fence(Ordering::SeqCst);
    PASSES.set(false);
    result
}

/// In the child of a fork it may have been counted off already.
fn count_off(part: &AtomicU32) {
    // Ordering: Release pairs with F2.
    let _ = part.fetch_update(Ordering::Release, Ordering::Relaxed, |changes| changes.checked_sub(1));
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

    /// The child finds what a change has left, whichever part its thread is counted in, and nothing before that.
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

    /// Forks at once, and changes beside them: nobody waits for ever, and nobody is counted who isn't there.
    #[test]
    fn forks_and_changes_at_once() {
        prepare();
        let queue = Injector::new();
        thread::scope(|s| {
            for k in 0..4 {
                let queue = &queue;
                s.spawn(move || {
                    for _ in 0..20 {
                        if k % 2 == 0 {
                            assert!(in_child(|| {
                                queue.push(1);
                                !matches!(queue.steal(), Steal::Empty)
                            }));
                        }
                        (0..200).for_each(|n| queue.push(n));
                        (0..200).for_each(|_| assert_ne!(queue.steal(), Steal::Empty));
                    }
                });
            }
        });
    }

    /// What another library does around a fork may use a queue.
    #[test]
    fn who_forks_may_change_a_queue_meanwhile() {
        before_fork();
        let queue = Injector::new();
        queue.push(1);
        after_fork_in_parent();
        assert!(queue.steal() == Steal::Success(1));
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
        // The change is not the child's: it can fork in turn.
        let forks = || {
            PASSES.set(false);
            before_fork();
            after_fork_in_parent();
            true
        };
        assert!(change(|| in_child(forks)));
        assert!(used());
    }

    /// What `f` says in the child of a fork.
    #[allow(unsafe_code)]
    fn in_child(f: impl FnOnce() -> bool) -> bool {
        // SAFETY: the child runs `f`, which takes no lock but the allocator's, and leaves by `_exit`.
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
