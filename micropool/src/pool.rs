//! A pool of threads, and what acts on it.

use crate::ancestry;
use crate::builder::BuildError;
use crate::current;
use crate::join::{join_here, join_on};
use crate::join_all::JoinAll;
use crate::run_unit::{self, Belongs};
use crate::scope::{Scope, scope_on};
use crate::shared::Shared;
use crate::split::{Form, Split};
use crate::steal;
use crate::sync::{JoinHandle, Ordering};
use crate::task::{SharedTask, Task, spawn_in};
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
/// The tiers are each pool's own: what a background task does in another pool is foreground there, for a pool can't promote another's work when
/// somebody comes to wait for the task.
///
/// Dropping it lets queued background tasks finish and joins the threads, wherever that happens; on one of its own threads, or on one
/// that runs work of theirs, it returns without waiting, and the threads end by themselves.
///
/// In the child of a fork the pool has no threads. Work of blocking calls runs on the thread that calls, and so does a task that is joined;
/// [`wait_idle`](Self::wait_idle) and the drop run what is queued; [`broadcast`] calls nothing. A fork waits until no other thread is in the
/// middle of changing a queue, and threads that come to change one wait for the fork (`pthread_atfork`; on Linux, and not if a signal's handler
/// forks in the middle of a change, or the process is forked by a system call). What a worker was in the middle of stays
/// undone: joining such a task waits for ever, and so does `wait_idle`.
pub struct ThreadPool {
    pub(crate) shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl ThreadPool {
    pub(crate) fn from_parts(shared: Arc<Shared>, threads: Vec<JoinHandle<()>>) -> Self {
        Self { shared, threads }
    }

    /// A pool with the default settings: [`ThreadPoolBuilder::new`](crate::ThreadPoolBuilder::new) and
    /// [`build`](crate::ThreadPoolBuilder::build).
    ///
    /// ```
    /// let pool = micropool::ThreadPool::new()?;
    /// assert!(pool.num_threads() >= 1);
    /// # Ok::<(), micropool::BuildError>(())
    /// ```
    ///
    /// # Errors
    /// If a thread can't be created.
    pub fn new() -> Result<Self, BuildError> {
        crate::ThreadPoolBuilder::new().build()
    }

    /// Runs `f` on this thread, with this pool as the current one. Nests freely, also across pools.
    ///
    /// ```
    /// use micropool::{ThreadPoolBuilder, num_threads};
    ///
    /// let small = ThreadPoolBuilder::new().num_threads(1).build()?;
    /// let large = ThreadPoolBuilder::new().num_threads(2).build()?;
    /// let seen = small.install(|| (num_threads(), large.install(num_threads), num_threads()));
    /// assert_eq!(seen, (1, 2, 1));
    /// # Ok::<(), micropool::BuildError>(())
    /// ```
    ///
    /// # Panics
    /// With the payload of `f`.
    ///
    /// # Cost
    /// Some nanoseconds: `f` is called where it is, no thread is woken for it.
    pub fn install<R>(&self, f: impl FnOnce() -> R) -> R {
        current::with_pool(&self.shared, |_| f())
    }

    /// [`join`](crate::join) in this pool.
    ///
    /// ```
    /// let pool = micropool::ThreadPoolBuilder::new().num_threads(1).build()?;
    /// assert_eq!(pool.join(|| 1, || "two"), (1, "two"));
    /// # Ok::<(), micropool::BuildError>(())
    /// ```
    ///
    /// # Panics
    /// As [`join`](crate::join): when both closures have ended, with the payload of the first that panicked.
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
    ///
    /// ```
    /// let pool = micropool::ThreadPoolBuilder::new().num_threads(1).build()?;
    /// assert_eq!(pool.join_all([1, 2, 3].map(|n| move || n * n)), [1, 4, 9]);
    /// # Ok::<(), micropool::BuildError>(())
    /// ```
    ///
    /// # Panics
    /// As [`join_all`](crate::join_all): when all closures have ended, with the payload of the first that panicked.
    pub fn join_all<J: JoinAll>(&self, jobs: J) -> J::Output {
        self.install(|| crate::join_all(jobs))
    }

    /// [`scope`](crate::scope) in this pool.
    ///
    /// ```
    /// let pool = micropool::ThreadPoolBuilder::new().num_threads(1).build()?;
    /// let mut names = [String::from("a"), String::from("b")];
    /// pool.scope(|s| {
    ///     for name in &mut names {
    ///         s.spawn(|| name.push('!'));
    ///     }
    /// });
    /// assert_eq!(names, ["a!", "b!"]);
    /// # Ok::<(), micropool::BuildError>(())
    /// ```
    ///
    /// # Panics
    /// As [`scope`](crate::scope): when all items have ended, with the payload of `f` or else of the first item that panicked and was
    /// not joined.
    pub fn scope<'env, F, R>(&self, f: F) -> R
    where
        F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R,
    {
        current::with_seat_in(&self.shared, |seat| scope_on(seat, f))
    }

    /// [`spawn`](crate::spawn) in this pool.
    ///
    /// ```
    /// let pool = micropool::ThreadPoolBuilder::new().num_threads(1).build()?;
    /// assert_eq!(pool.spawn(|| 2 + 2).join(), 4);
    /// # Ok::<(), micropool::BuildError>(())
    /// ```
    ///
    /// # Panics
    /// Never; a panic of `f` goes to whoever joins the task.
    pub fn spawn<F, T>(&self, f: F) -> Task<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        spawn_in(&self.shared, f)
    }

    /// [`spawn_shared`](crate::spawn_shared) in this pool.
    ///
    /// ```
    /// let pool = micropool::ThreadPoolBuilder::new().num_threads(1).build()?;
    /// let (table, again) = { let table = pool.spawn_shared(|| vec![1, 2]); (table.clone(), table) };
    /// assert_eq!(table.join(), again.join());
    /// # Ok::<(), micropool::BuildError>(())
    /// ```
    ///
    /// # Panics
    /// Never; whoever joins a task that panicked gets a copy of the message.
    pub fn spawn_shared<F, T>(&self, f: F) -> SharedTask<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + Sync + 'static,
    {
        self.spawn(f).share()
    }

    /// [`split_by_threads`](crate::split_by_threads) in this pool.
    ///
    /// ```
    /// use micropool::iter::*;
    ///
    /// let pool = micropool::ThreadPoolBuilder::new().num_threads(2).build()?;
    /// let data: Vec<u64> = (1..=1000).collect();
    /// assert_eq!(data.par_iter().with_thread_pool(pool.split_by_threads()).sum::<u64>(), 500_500);
    /// # Ok::<(), micropool::BuildError>(())
    /// ```
    pub fn split_by_threads(&self) -> Split<'_> {
        Split { pool: Some(&self.shared), form: Form::Threads }
    }

    /// [`split_by`](crate::split_by) in this pool.
    ///
    /// ```
    /// let pool = micropool::ThreadPoolBuilder::new().num_threads(2).build()?;
    /// let parts = pool.split_by(4).reduce_ranges(10, |range| vec![range.len()], |a, b| [a, b].concat());
    /// assert_eq!(parts, Some(vec![3, 3, 2, 2]));
    /// # Ok::<(), micropool::BuildError>(())
    /// ```
    pub fn split_by(&self, n: usize) -> Split<'_> {
        Split { pool: Some(&self.shared), form: Form::By(n) }
    }

    /// [`split_per`](crate::split_per) in this pool.
    ///
    /// ```
    /// let pool = micropool::ThreadPoolBuilder::new().num_threads(2).build()?;
    /// pool.split_per(64).for_each_range(1000, |range| assert!(range.len() <= 64));
    /// # Ok::<(), micropool::BuildError>(())
    /// ```
    pub fn split_per(&self, n: usize) -> Split<'_> {
        Split { pool: Some(&self.shared), form: Form::Per(n) }
    }

    /// [`split_per_item`](crate::split_per_item) in this pool.
    ///
    /// ```
    /// let pool = micropool::ThreadPoolBuilder::new().num_threads(2).build()?;
    /// pool.split_per_item().for_each_range(10, |range| assert_eq!(range.len(), 1));
    /// # Ok::<(), micropool::BuildError>(())
    /// ```
    pub fn split_per_item(&self) -> Split<'_> {
        self.split_per(1)
    }

    /// How many workers it has; callers are not counted, and dedicated background threads neither.
    ///
    /// ```
    /// let pool = micropool::ThreadPoolBuilder::new().num_threads(2).dedicated_background_threads(1).build()?;
    /// assert_eq!(pool.num_threads(), 2);
    /// # Ok::<(), micropool::BuildError>(())
    /// ```
    pub fn num_threads(&self) -> usize {
        self.shared.config.num_threads
    }

    /// [`keep_awake`](crate::keep_awake) for this pool. The guard doesn't keep the pool alive.
    ///
    /// ```
    /// let pool = micropool::ThreadPoolBuilder::new().num_threads(2).build()?;
    /// let awake = pool.keep_awake();
    /// pool.join(|| (), || ());
    /// drop(pool);
    /// drop(awake);
    /// # Ok::<(), micropool::BuildError>(())
    /// ```
    pub fn keep_awake(&self) -> AwakeGuard {
        AwakeGuard::new(self.shared.clone())
    }

    /// Returns when every background task so far has ended, waiting ones (`then`) included.
    ///
    /// Meanwhile it runs those that nobody has started, oldest first, and none that need not end for it to return (unless another thread
    /// that calls `wait_idle` waits for them). Called in the foreground it makes all of them foreground, as
    /// [`Task::join`](crate::Task::join) does: those that are queued run on any worker, whatever the cap, and so does what those that run
    /// already fork. It doesn't take that itself: its owners and the workers do.
    ///
    /// Tasks that are spawned after the call, be it by those, need not end, but for the ones that come while tasks from before the call are
    /// counted with them: each of the two counts that tasks are in must have been empty once.
    ///
    /// # Cost
    /// A look at every thread of the pool, and one at each of the tasks that it runs.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU32, Ordering};
    ///
    /// let pool = micropool::ThreadPoolBuilder::new().num_threads(2).build()?;
    /// let saved = Arc::new(AtomicU32::new(0));
    /// for _ in 0..10 {
    ///     let saved = saved.clone();
    ///     pool.spawn(move || saved.fetch_add(1, Ordering::Relaxed)).detach();
    /// }
    /// pool.wait_idle();
    /// assert_eq!(saved.load(Ordering::Relaxed), 10);
    /// # Ok::<(), micropool::BuildError>(())
    /// ```
    ///
    /// # Panics
    /// If called from one of the pool's own tasks, or from work that one made: it could never return.
    pub fn wait_idle(&self) {
        let inside = |task: &crate::unit::Header| Arc::ptr_eq(&task.pool, &self.shared);
        if current::any_seat(|seat| ancestry::stands_on(seat, |origin| crate::task::of(origin).is_some_and(inside))) {
            panic!(
                "micropool: `wait_idle` was called from one of the pool's own tasks, so it could never return; call it from outside"
            );
        }
        current::with_seat_in(&self.shared, run_unit::wait_for_all);
    }
}

impl Drop for ThreadPool {
    fn drop(&mut self) {
        self.shared.close();
        wake::everybody(&self.shared);
        let shared = &self.shared;
        let inside = |seat: &crate::seat::Seat| {
            std::ptr::eq(seat.pool, Arc::as_ptr(shared)) && (shared.is_own(seat) || seat.segments() > 0)
        };
        if current::any_seat(inside) {
            // This thread is one of those: it leaves its loop when its work is done, as the others do. Or it is in the middle of
            // something that it took from the pool, and one of those may be waiting for that.
            return;
        }
        if shared.is_forked() {
            // There is nobody to join, and of a handle to nobody nothing may be asked, not even to go.
            std::mem::forget(std::mem::take(&mut self.threads));
            shared.desert();
            run_unit::drain_here(shared);
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
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
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
/// frame, so that no wake-up stands between a fork and its second thread. Several guards count. One that outlives its pool does
/// nothing.
///
/// ```
/// for _frame in 0..3 {
///     let awake = micropool::keep_awake();
///     micropool::join(|| "physics", || "audio");
///     drop(awake);
///     // Until the next frame the workers may sleep.
/// }
/// ```
///
/// # Cost
/// The cores that the workers spin on, and a wake-up of each that sleeps.
pub fn keep_awake() -> AwakeGuard {
    AwakeGuard::new(crate::task::current_pool())
}

/// How many workers the current pool has; callers are not counted.
///
/// ```
/// let pool = micropool::ThreadPoolBuilder::new().num_threads(3).build()?;
/// assert_eq!(pool.install(micropool::num_threads), 3);
/// # Ok::<(), micropool::BuildError>(())
/// ```
pub fn num_threads() -> usize {
    crate::task::current_pool().config.num_threads
}

/// `Some(0..num_threads())` on a worker of the current pool, for data of which each worker has its own; `None` on any other thread.
///
/// ```
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// let pool = micropool::ThreadPoolBuilder::new().num_threads(2).build()?;
/// // One count a worker, and one for the caller.
/// let counts: [AtomicU32; 3] = Default::default();
/// pool.split_per_item().for_each_range(100, |_| {
///     let mine = pool.install(micropool::current_thread_index).unwrap_or(2);
///     counts[mine].fetch_add(1, Ordering::Relaxed);
/// });
/// assert_eq!(counts.map(AtomicU32::into_inner).iter().sum::<u32>(), 100);
/// assert_eq!(micropool::current_thread_index(), None);
/// # Ok::<(), micropool::BuildError>(())
/// ```
pub fn current_thread_index() -> Option<usize> {
    current::seat().filter(|seat| seat.is_worker()).map(|seat| seat.worker as usize)
}

/// Runs waiting foreground work on this thread now, for long background work to call now and then; whether any was run. Background tasks
/// that a foreground thread waits for are foreground work too.
///
/// On a dedicated background thread of low priority it runs none: a frame would wait for a thread that hardly runs. Elsewhere it
/// runs on top of what calls it, unlike anything that a waiting thread does: hold no lock that a frame may ask for.
///
/// ```
/// let baked = micropool::spawn(|| {
///     (0..100).map(|tile| {
///         micropool::yield_to_foreground();
///         tile * 2
///     }).sum::<u32>()
/// });
/// assert_eq!(baked.join(), 9900);
/// ```
///
/// # Panics
/// Never; a panic of what it runs goes to whoever waits for that.
///
/// # Cost
/// With nothing to run, a look at each thread of the pool.
pub fn yield_to_foreground() -> bool {
    let Some(me) = current::seat() else {
        return false;
    };
    if me.pool().is_low_priority(me) {
        return false;
    }
    let mut any = false;
    loop {
        if let Some(claimed) = steal::take_any(me, Tier::Foreground, steal::Private::Ask) {
            claimed.run(me);
        } else if let Some(task) = run_unit::next_promoted(me.pool()) {
            run_unit::run_claimed(me, &task, Tier::Foreground, Belongs::Pool);
        } else {
            return any;
        }
        any = true;
    }
}

/// Runs queued background tasks on this thread until the budget is spent or none is left; how many. For a frame's
/// leftover time. The last task may overrun the budget. It runs on top of what calls it: hold no lock that a task may ask for.
///
/// ```
/// use std::time::Duration;
///
/// let task = micropool::spawn(|| 2 + 2);
/// let run_here = micropool::help_background(Duration::from_millis(1));
/// assert!(run_here <= 1, "a worker may have been quicker");
/// assert_eq!(task.join(), 4);
/// ```
///
/// On a worker it keeps to the pool's cap: it runs nothing while
/// [`background_threads`](crate::ThreadPoolBuilder::background_threads) others run background tasks, and never anything where those
/// have threads of their own.
///
/// # Panics
/// Never; a panic of a task goes to whoever joins it.
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
/// part of. A loop, a graph and a scope are one piece of work for a worker that has come in, as long as it finds something to do
/// there. One that waits for a broadcast of its own makes the calls of others meanwhile. A call comes before all other work, and on
/// every worker: the broadcast of a background task is bound by no
/// [`background_threads`](crate::ThreadPoolBuilder::background_threads).
/// In a pool of 0 workers nothing is called, and neither
/// in the child of a fork, which has none.
///
/// ```
/// use std::cell::Cell;
/// thread_local! { static SEED: Cell<usize> = const { Cell::new(0) }; }
///
/// let pool = micropool::ThreadPoolBuilder::new().num_threads(2).build()?;
/// pool.install(|| {
///     micropool::broadcast(|index| SEED.set(index + 1));
///     micropool::broadcast(|index| assert_eq!(SEED.get(), index + 1));
/// });
/// # Ok::<(), micropool::BuildError>(())
/// ```
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
