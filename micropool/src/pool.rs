//! A pool of threads, and what acts on it.

use crate::builder::BuildError;
use crate::current;
use crate::join::{join_here, join_on};
use crate::join_all::JoinAll;
use crate::run_unit::{self, UnitName};
use crate::scope::{Scope, scope_on};
use crate::shared::Shared;
use crate::split::{Form, Split};
use crate::steal;
use crate::sync::{JoinHandle, Ordering};
use crate::task::{SharedTask, Task, spawn_in};
use crate::wait::wait;
use crate::wake;
use crate::word::Tier;
use std::sync::Arc;

/// A pool of worker threads. Most programs need only the global one, which the free functions use.
///
/// ```
/// let pool = micropool::ThreadPoolBuilder::new().num_threads(2).build()?;
/// let (a, b) = pool.join(|| 1, || 2);
/// assert_eq!(a + b, 3);
/// // Inside `install` the free functions act on this pool.
/// assert_eq!(pool.install(micropool::num_threads), 2);
/// # Ok::<(), micropool::BuildError>(())
/// ```
///
/// Dropping it lets queued background tasks finish and joins the threads, wherever that happens; on one of its own threads
/// it returns without waiting, and the threads end by themselves.
pub struct ThreadPool {
    pub(crate) shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl ThreadPool {
    pub(crate) fn from_parts(shared: Arc<Shared>, threads: Vec<JoinHandle<()>>) -> Self {
        Self { shared, threads }
    }

    /// A pool with the default settings.
    ///
    /// # Errors
    /// If a thread can't be created.
    pub fn new() -> Result<Self, BuildError> {
        crate::ThreadPoolBuilder::new().build()
    }

    /// Runs `f` on this thread, with this pool as the current one. Nests freely, also across pools.
    ///
    /// # Panics
    /// With the payload of `f`.
    pub fn install<R>(&self, f: impl FnOnce() -> R) -> R {
        current::with_pool(&self.shared, |_| f())
    }

    /// [`join`](crate::join) in this pool.
    #[inline]
    pub fn join<A, B, RA, RB>(&self, a: A, b: B) -> (RA, RB)
    where
        A: FnOnce() -> RA + Send,
        B: FnOnce() -> RB + Send,
        RA: Send,
        RB: Send,
    {
        current::with_pool(&self.shared, |seat| match seat {
            Some(seat) => join_on(seat, a, b),
            None => join_here(a, b),
        })
    }

    /// [`join_all`](crate::join_all) in this pool.
    pub fn join_all<J: JoinAll>(&self, jobs: J) -> J::Output {
        self.install(|| crate::join_all(jobs))
    }

    /// [`scope`](crate::scope) in this pool.
    pub fn scope<'env, F, R>(&self, f: F) -> R
    where
        F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R,
    {
        current::with_seat_in(&self.shared, |seat| scope_on(seat, f))
    }

    /// [`spawn`](crate::spawn) in this pool.
    pub fn spawn<F, T>(&self, f: F) -> Task<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        spawn_in(&self.shared, f)
    }

    /// [`spawn_shared`](crate::spawn_shared) in this pool.
    pub fn spawn_shared<F, T>(&self, f: F) -> SharedTask<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + Sync + 'static,
    {
        self.spawn(f).share()
    }

    /// [`split_by_threads`](crate::split_by_threads) in this pool.
    pub fn split_by_threads(&self) -> Split<'_> {
        Split { pool: Some(&self.shared), form: Form::Threads }
    }

    /// [`split_by`](crate::split_by) in this pool.
    pub fn split_by(&self, n: usize) -> Split<'_> {
        Split { pool: Some(&self.shared), form: Form::By(n) }
    }

    /// [`split_per`](crate::split_per) in this pool.
    pub fn split_per(&self, n: usize) -> Split<'_> {
        Split { pool: Some(&self.shared), form: Form::Per(n) }
    }

    /// [`split_per_item`](crate::split_per_item) in this pool.
    pub fn split_per_item(&self) -> Split<'_> {
        self.split_per(1)
    }

    /// How many workers it has; callers are not counted.
    pub fn num_threads(&self) -> usize {
        self.shared.config.num_threads
    }

    /// [`keep_awake`](crate::keep_awake) for this pool.
    pub fn keep_awake(&self) -> AwakeGuard {
        AwakeGuard::new(self.shared.clone())
    }

    /// Returns when every background task so far has ended, waiting ones (`then`) included; helps with them meanwhile. Tasks that
    /// are spawned after the call, be it by those, are not waited for.
    ///
    /// # Panics
    /// If called from one of the pool's own tasks, which could never end.
    pub fn wait_idle(&self) {
        let inside = |seat: &crate::seat::Seat| {
            std::ptr::eq(seat.pool, Arc::as_ptr(&self.shared))
                && run_unit::any_ancestor_unit(seat, |unit| run_unit::is_task(seat, unit))
        };
        if current::any_seat(inside) {
            panic!(
                "micropool: `wait_idle` was called from one of the pool's own tasks, so it could never return; call it from outside"
            );
        }
        current::with_seat_in(&self.shared, |me| {
            let since = self.shared.background.since();
            wait(
                me,
                &UnitName {
                    over: || self.shared.background.all_over(since),
                    name: run_unit::idle_unit(&self.shared),
                    help: run_unit::help_one,
                },
            );
        });
    }
}

impl Drop for ThreadPool {
    fn drop(&mut self) {
        self.shared.close();
        wake::everybody(&self.shared);
        let shared = &self.shared;
        if current::any_seat(|seat| std::ptr::eq(seat.pool, Arc::as_ptr(shared)) && shared.is_own(seat)) {
            // This thread is one of those: it leaves its loop when its work is done, as the others do.
            return;
        }
        for thread in self.threads.drain(..) {
            // A worker's thread ends in a panic only if our own code does, and then it has aborted.
            let _ = thread.join();
        }
        shared.wait_for_threads();
        shared.desert();
        run_unit::drain_here(shared);
        current::forget_pool(shared);
    }
}

impl std::fmt::Debug for ThreadPool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ThreadPool").field("num_threads", &self.num_threads()).finish_non_exhaustive()
    }
}

/// While it lives, idle workers spin instead of sleeping. See [`keep_awake`](crate::keep_awake).
#[must_use = "workers stay awake only while the guard lives"]
pub struct AwakeGuard {
    shared: std::sync::Weak<Shared>,
}

impl AwakeGuard {
    fn new(shared: Arc<Shared>) -> Self {
        shared.awake_guards.fetch_add(1, Ordering::SeqCst);
        wake::everybody(&shared);
        Self { shared: Arc::downgrade(&shared) }
    }
}

impl std::fmt::Debug for AwakeGuard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AwakeGuard").finish_non_exhaustive()
    }
}

impl Drop for AwakeGuard {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.upgrade() {
            shared.awake_guards.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// Keeps the current pool's idle workers from sleeping for as long as the guard lives: hold it for the length of a
/// frame, so that no wake-up stands between a fork and its second thread. Costs the cores that the workers spin on.
pub fn keep_awake() -> AwakeGuard {
    AwakeGuard::new(crate::task::current_pool())
}

/// How many workers the current pool has; callers are not counted.
pub fn num_threads() -> usize {
    crate::task::current_pool().config.num_threads
}

/// `Some(0..num_threads())` on a worker of the current pool.
pub fn current_thread_index() -> Option<usize> {
    current::seat().filter(|seat| seat.is_worker()).map(|seat| seat.worker as usize)
}

/// Runs waiting foreground work on this thread now, for long background work to call now and then; whether any was run.
pub fn yield_to_foreground() -> bool {
    let Some(me) = current::seat() else {
        return false;
    };
    let mut any = false;
    while let Some(claimed) = steal::take_any(me, Tier::Foreground) {
        claimed.run(me);
        any = true;
    }
    any
}

/// Runs queued background tasks on this thread until the budget is spent or none is left; how many. For a frame's
/// leftover time. The last task may overrun the budget.
///
/// On a worker it keeps to the pool's cap: it runs nothing while
/// [`background_threads`](crate::ThreadPoolBuilder::background_threads) others run background tasks, and never anything where those
/// have threads of their own.
pub fn help_background(budget: std::time::Duration) -> usize {
    let Some(me) = current::seat() else { return 0 };
    let began = std::time::Instant::now();
    let mut count = 0;
    while began.elapsed() < budget && run_unit::help_one(me) {
        count += 1;
    }
    count
}

/// Calls `f` once on every worker of the current pool, with the worker's index, and waits for all: per-worker set-up.
///
/// A worker that is in the middle of other work makes its call when that is done, or when it waits for what the broadcast is
/// part of. One that waits for a broadcast of its own makes the calls of others meanwhile.
///
/// # Panics
/// With the payload of a call that panicked, after all have ended.
pub fn broadcast<F>(f: F)
where
    F: Fn(usize) + Sync,
{
    let pool = crate::task::current_pool();
    current::with_seat_in(&pool, |me| crate::broadcast::broadcast_on(me, &f));
}
