//! Background tasks and their handles.

use crate::ancestry;
use crate::current;
use crate::panic::{Payload, drop_quietly};
use crate::run_unit::{self, Belongs};
use crate::seat::Seat;
use crate::segment::Origin;
use crate::shared::Shared;
use crate::task_end::wait_over;
use crate::trace::Spawned;
use crate::unit::{Core, Header, Unit, Yields};
use std::fmt;
use std::future::{Future, IntoFuture};
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Spawns a background task in the current pool and returns its handle.
///
/// Background tasks run on workers that find no foreground work; see
/// [`background_threads`](crate::ThreadPoolBuilder::background_threads). In a pool of 0 workers the task runs before
/// `spawn` returns.
///
/// ```
/// let task = micropool::spawn(|| 2 + 2);
/// println!("Is my task complete yet? {}", task.complete());
/// assert_eq!(task.join(), 4);
/// ```
///
/// # Panics
/// Never; a panic of `f` goes to whoever joins the task, or, if its handle was dropped, to the pool's
/// [`panic_handler`](crate::ThreadPoolBuilder::panic_handler).
///
/// # Cost
/// One allocation, and a wake-up if all workers sleep.
pub fn spawn<F, T>(f: F) -> Task<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    spawn_in(&current_pool(), f)
}

/// As [`spawn`], with a handle that can be cloned and joined many times.
///
/// ```
/// let table = micropool::spawn_shared(|| vec![1, 2, 3]);
/// let other = table.clone();
/// assert_eq!(table.join(), other.join());
/// ```
///
/// # Panics
/// Never; whoever joins a task that panicked gets a copy of the message. If nobody does, the pool's
/// [`panic_handler`](crate::ThreadPoolBuilder::panic_handler) gets the payload when the last handle is dropped.
///
/// # Cost
/// As [`spawn`].
pub fn spawn_shared<F, T>(f: F) -> SharedTask<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + Sync + 'static,
{
    spawn(f).share()
}

pub(crate) fn current_pool() -> Arc<Shared> {
    current::seat().map_or_else(|| crate::global::shared().clone(), crate::shared::handle)
}

pub(crate) fn spawn_in<F, T>(pool: &Arc<Shared>, f: F) -> Task<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    spawn_ordered(pool, std::any::type_name::<F>(), &[], f)
}

/// A task that starts when all of `predecessors` are over. No thread waits. Timelines show it by its name.
pub(crate) fn spawn_ordered<F, T>(
    pool: &Arc<Shared>,
    name: &'static str,
    predecessors: &[Arc<dyn Unit>],
    f: F,
) -> Task<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let spawned = Spawned::here(name);
    let f = move || {
        let _span = spawned.enter();
        f()
    };
    let typed: Arc<dyn Yields<T>> = Arc::new(Core::new(pool.clone(), f));
    let unit: Arc<dyn Unit> = typed.clone();
    unit.header().set_made(pool.background.task_made());
    if predecessors.is_empty() {
        unit.header().ready();
        start(pool, unit);
        return Task { typed: Some(typed), polled: false };
    }
    for predecessor in predecessors {
        unit.header().come_after(&unit, predecessor);
    }
    if predecessors.iter().any(|unit| unit.header().is_cancelled()) && unit.header().cancel() {
        run_unit::discard_cancelled(&unit, Belongs::Pool);
    } else if unit.header().predecessor_over() {
        start(pool, unit);
    }
    Task { typed: Some(typed), polled: false }
}

/// A task that is Queued goes to the queue, or runs here where there is none.
fn start(pool: &Arc<Shared>, unit: Arc<dyn Unit>) {
    if pool.config.has_background() {
        run_unit::queue(pool, unit);
    } else {
        run_unit::start_here(&unit);
    }
}

/// A task that is over already, with this result: for a background node whose `if` is false.
pub(crate) fn task_done<T: Send + 'static>(value: T) -> Task<T> {
    let typed: Arc<dyn Yields<T>> = Arc::new(Core::new(current_pool(), move || value));
    let unit: Arc<dyn Unit> = typed.clone();
    unit.header().set_made(unit.header().pool.background.task_made());
    unit.header().ready();
    run_unit::start_here(&unit);
    Task { typed: Some(typed), polled: false }
}

/// The handle of a background task.
///
/// Dropping it detaches the task, as dropping a `std::thread::JoinHandle` does. It is also a `Future`, so that async code
/// awaits it without blocking; polling never runs the task, and dropping it while it is awaited detaches it too. A task that was
/// awaited by `&mut` has given its result: it is complete, and what takes it for a result panics.
///
/// ```
/// async fn frame() -> usize {
///     micropool::spawn(|| "terrain".len()).await
/// }
/// # use std::{future::Future, task::{Context, Poll, Waker}};
/// # let (mut frame, mut context) = (std::pin::pin!(frame()), Context::from_waker(Waker::noop()));
/// # let length = loop { if let Poll::Ready(length) = frame.as_mut().poll(&mut context) { break length } };
/// # assert_eq!(length, 7);
/// ```
#[must_use = "dropping the handle detaches the task; `detach` says so"]
pub struct Task<T> {
    /// `None` once the result is taken or the task handed on.
    typed: Option<Arc<dyn Yields<T>>>,
    /// Whether it has been awaited: then a waker may lie with the task.
    polled: bool,
}

impl<T> Task<T> {
    fn typed(&self) -> &Arc<dyn Yields<T>> {
        self.typed.as_ref().expect("micropool: the task was awaited and has given its result")
    }

    /// Whether it is over: it has a result, has panicked or was cancelled.
    ///
    /// ```
    /// let task = micropool::spawn(|| 2 + 2);
    /// while !task.complete() {
    ///     // Draw the next frame meanwhile.
    ///     std::thread::yield_now();
    /// }
    /// assert_eq!(task.join(), 4);
    /// ```
    pub fn complete(&self) -> bool {
        self.typed.as_ref().is_none_or(|typed| typed.header().is_over())
    }

    /// Waits for the task and returns its result.
    ///
    /// If nobody has started it, it runs here; if it runs elsewhere, this thread runs what the task made, and nothing
    /// else, then sleeps. The same goes for the tasks that it must come after. A foreground thread (one that isn't itself at a
    /// background task) makes all of those foreground from now on: idle workers take them, and what they make, whatever the cap.
    ///
    /// Tasks that join each other in a circle wait for ever, as threads that do so.
    ///
    /// ```
    /// let (left, right) = (micropool::spawn(|| 1), micropool::spawn(|| 2));
    /// assert_eq!(left.join() + right.join(), 3);
    /// ```
    ///
    /// # Panics
    /// With the task's payload if it panicked; if it was cancelled; if called from work that descends from the task; if the handle was
    /// awaited to its end.
    pub fn join(self) -> T {
        self.outcome().unwrap_or_else(|payload| resume_unwind(payload))
    }

    /// The result if the task is over, else the handle back. Never blocks.
    ///
    /// ```
    /// let mut loading = Some(micropool::spawn(|| vec![1, 2, 3]));
    /// let mut mesh = None;
    /// while mesh.is_none() {
    ///     match loading.take().expect("still loading").try_join() {
    ///         Ok(loaded) => mesh = Some(loaded),
    ///         Err(task) => loading = Some(task),
    ///     }
    /// }
    /// assert_eq!(mesh.map(|mesh| mesh.len()), Some(3));
    /// ```
    ///
    /// # Errors
    /// The task, if it isn't over.
    ///
    /// # Panics
    /// With the task's payload if it panicked; if it was cancelled; if the handle was awaited to its end.
    pub fn try_join(self) -> Result<T, Self> {
        if self.complete() { Ok(self.join()) } else { Err(self) }
    }

    /// As [`join`](Self::join), with a panic of the task (or the word that it was cancelled) as `Err`.
    ///
    /// ```
    /// let failed = micropool::spawn(|| -> u32 { panic!("no such file") }).outcome();
    /// assert_eq!(failed.unwrap_err().downcast_ref(), Some(&"no such file"));
    /// ```
    ///
    /// # Errors
    /// The payload of its panic, or the word that it was cancelled.
    ///
    /// # Panics
    /// If called from work that descends from the task; if the handle was awaited to its end.
    pub fn outcome(mut self) -> std::thread::Result<T> {
        let unit: Arc<dyn Unit> = self.typed().clone();
        wait_over(&unit);
        drop(unit);
        self.take_outcome()
    }

    /// The outcome of a task that is over.
    #[allow(unsafe_code)]
    fn take_outcome(&mut self) -> Result<T, Payload> {
        let typed = self.typed.take().expect("micropool: the task was awaited and has given its result");
        if typed.header().is_cancelled() {
            return Err(Box::new("micropool: the joined task was cancelled"));
        }
        // SAFETY: the task has ended, and this was its only handle.
        unsafe { typed.take() }.expect("a task's result is taken by its one handle")
    }

    /// Runs the task here if nobody has started it. Never waits for another thread: if it runs elsewhere, or must come after
    /// something that isn't over, this returns at once.
    ///
    /// ```
    /// let task = micropool::spawn(|| 2 + 2);
    /// // Nothing else to do until it is needed.
    /// task.help();
    /// assert_eq!(task.join(), 4);
    /// ```
    ///
    /// # Panics
    /// Never; a panic of the task stays in its handle.
    pub fn help(&self) {
        if let Some(typed) = &self.typed {
            let unit: Arc<dyn Unit> = typed.clone();
            run_unit::start_here(&unit);
        }
    }

    /// `true`: the task never runs, and its closure has been dropped. `false`: it has started; it can see the wish with
    /// [`cancelled`]. What depends on a cancelled task is cancelled too; what it depends on isn't.
    ///
    /// ```
    /// let search = micropool::spawn(|| (0..).take_while(|_| !micropool::cancelled()).last());
    /// if search.cancel() {
    ///     println!("it hasn't even begun");
    /// }
    /// ```
    ///
    /// # Panics
    /// Never; a panic of the task goes to the pool's [`panic_handler`](crate::ThreadPoolBuilder::panic_handler).
    pub fn cancel(mut self) -> bool {
        let Some(typed) = &self.typed else { return false };
        let unit: Arc<dyn Unit> = typed.clone();
        let won = unit.header().cancel();
        if won {
            run_unit::discard_cancelled(&unit, Belongs::Pool);
            self.typed = None;
        }
        won
    }

    /// Lets the task run without a handle, as dropping it does. Its panic goes to the pool's
    /// [`panic_handler`](crate::ThreadPoolBuilder::panic_handler).
    ///
    /// ```
    /// micropool::spawn(|| println!("written")).detach();
    /// ```
    pub fn detach(self) {}

    /// A task that runs `f` on the result in the background, once this one has ended. No thread waits meanwhile.
    ///
    /// It runs in the pool of this task, whatever pool is the current one.
    ///
    /// A panic of this task skips `f` and travels to the new handle. Cancelling the new one leaves this one.
    ///
    /// ```
    /// let length = micropool::spawn(|| String::from("terrain")).then(|name| name.len());
    /// assert_eq!(length.join(), 7);
    /// ```
    ///
    /// # Panics
    /// If the task was awaited and has given its result.
    ///
    /// # Cost
    /// As [`spawn`], and a word of this task about the new one.
    pub fn then<U, F>(self, f: F) -> Task<U>
    where
        F: FnOnce(T) -> U + Send + 'static,
        T: Send + 'static,
        U: Send + 'static,
    {
        let unit: Arc<dyn Unit> = self.typed().clone();
        let pool = unit.header().pool.clone();
        let mut this = self;
        this.forget_waker();
        spawn_ordered(&pool, std::any::type_name::<F>(), &[unit], move || f(this.value_when_over()))
    }

    /// The value of a task that is over, for what comes after it; its panic goes on.
    pub(crate) fn value_when_over(&mut self) -> T {
        self.take_outcome().unwrap_or_else(|payload| resume_unwind(payload))
    }

    pub(crate) fn unit(&self) -> Arc<dyn Unit> {
        self.typed().clone()
    }

    /// Nobody awaits it any more.
    fn forget_waker(&mut self) {
        if let (true, Some(typed)) = (std::mem::take(&mut self.polled), &self.typed) {
            typed.header().forget_waker(0);
        }
    }

    /// A handle that can be cloned and joined many times.
    ///
    /// ```
    /// let atlas = micropool::spawn(|| vec![1, 2, 3]).share();
    /// let other = atlas.clone();
    /// let (a, b) = micropool::join(|| atlas.join().len(), || other.join()[0]);
    /// assert_eq!((a, b), (3, 1));
    /// ```
    ///
    /// # Panics
    /// If the task was awaited and has given its result.
    pub fn share(mut self) -> SharedTask<T>
    where
        T: Send + Sync,
    {
        self.forget_waker();
        let typed = self.typed.take().expect("micropool: the task was awaited and has given its result");
        SharedTask { typed }
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        if let Some(typed) = self.typed.take() {
            let unit: Arc<dyn Unit> = typed;
            unit.header().detach();
            report_unseen(&unit);
            // Last, for a waker's `drop` may panic.
            if self.polled {
                unit.header().forget_waker(0);
            }
        }
    }
}

/// A task that nobody has a handle of any more: if it has panicked, the pool's handler hears of it.
#[allow(unsafe_code)]
pub(crate) fn report_unseen(unit: &Arc<dyn Unit>) {
    if !unit.header().claim_report() {
        return;
    }
    // SAFETY: it has ended, and `claim_report` is true once, after the last handle went.
    let Some(payload) = (unsafe { unit.take_payload() }) else {
        return;
    };
    match &unit.header().pool.config.panic_handler {
        // The handler is the user's code: its own panic is reported by the panic hook and ends here.
        Some(handler) => drop_quietly(crate::panic::catch(|| handler(payload))),
        // The panic hook has printed it, as for any thread.
        None => drop_quietly(payload),
    }
}

impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("complete", &self.complete()).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for SharedTask<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedTask").field("complete", &self.complete()).finish_non_exhaustive()
    }
}

impl<T> Future for Task<T> {
    type Output = T;

    /// # Panics
    /// With the task's payload if it panicked; if it was cancelled; if polled after it was ready.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        self.polled = true;
        if self.typed().header().set_waker(context.waker(), 0) {
            return Poll::Pending;
        }
        Poll::Ready(self.take_outcome().unwrap_or_else(|payload| resume_unwind(payload)))
    }
}

/// The handle of a background task whose result is shared: clone it, join it as often as you like. Dropping the last one detaches the
/// task. `&task` can be awaited.
///
/// ```
/// let level = micropool::spawn_shared(|| String::from("castle"));
/// let name: &str = level.join();
/// assert_eq!((name, level.join().len()), ("castle", 6));
/// ```
pub struct SharedTask<T> {
    typed: Arc<dyn Yields<T>>,
}

impl<T> Drop for SharedTask<T> {
    fn drop(&mut self) {
        if self.typed.header().drop_handle() {
            self.typed.header().detach();
            report_unseen(&self.unit());
        }
    }
}

impl<T> Clone for SharedTask<T> {
    fn clone(&self) -> Self {
        self.typed.header().add_handle();
        Self { typed: self.typed.clone() }
    }
}

impl<T> SharedTask<T> {
    /// Whether it is over: it has a result, has panicked or was cancelled.
    pub fn complete(&self) -> bool {
        self.typed.header().is_over()
    }

    /// Waits for the task, as [`Task::join`] does, and returns a reference to its result.
    ///
    /// # Panics
    /// If the task panicked: with its payload the first time, by whichever handle, and with a copy of its message every later time; if it was
    /// cancelled; if called from work that descends from it.
    pub fn join(&self) -> &T {
        let unit: Arc<dyn Unit> = self.typed.clone();
        wait_over(&unit);
        self.result()
    }

    /// The result if the task is over. Never blocks.
    ///
    /// ```
    /// let level = micropool::spawn_shared(|| String::from("castle"));
    /// let title = level.try_join().map_or("loading …", String::as_str);
    /// assert!(title == "castle" || title == "loading …");
    /// ```
    ///
    /// # Panics
    /// As [`join`](Self::join) if the task panicked or was cancelled.
    pub fn try_join(&self) -> Option<&T> {
        self.complete().then(|| self.result())
    }

    /// Runs the task here if nobody has started it, as [`Task::help`]. Never waits for another thread.
    ///
    /// # Panics
    /// Never; a panic of the task stays in its handles.
    pub fn help(&self) {
        let unit: Arc<dyn Unit> = self.typed.clone();
        run_unit::start_here(&unit);
    }

    #[allow(unsafe_code)]
    fn result(&self) -> &T {
        let typed = &self.typed;
        if typed.header().is_cancelled() {
            panic!("micropool: the joined task was cancelled");
        }
        if typed.header().is_panicked() {
            // SAFETY: it has ended, `claim_panic` is true once, and nobody looks at the result of one that panicked.
            let payload = typed.header().claim_panic().then(|| unsafe { typed.take_payload() }).flatten();
            // The panic hook has reported it already.
            resume_unwind(payload.unwrap_or_else(|| {
                let words = typed.header().panic_message();
                Box::new(words.unwrap_or_else(|| String::from("micropool: the joined task panicked")))
            }));
        }
        // SAFETY: it has ended, and the result of a shared task is never taken while a handle lives (`self` does).
        match unsafe { typed.peek() } {
            Some(Ok(result)) => result,
            _ => unreachable!("it has a result: it ended without a panic"),
        }
    }

    pub(crate) fn unit(&self) -> Arc<dyn Unit> {
        self.typed.clone()
    }
}

impl<'a, T> IntoFuture for &'a SharedTask<T> {
    type Output = &'a T;
    type IntoFuture = SharedTaskFuture<'a, T>;

    fn into_future(self) -> Self::IntoFuture {
        SharedTaskFuture { task: self, key: None }
    }
}

/// Awaits a [`SharedTask`]. Polling never runs the task.
#[derive(Debug)]
pub struct SharedTaskFuture<'a, T> {
    task: &'a SharedTask<T>,
    /// Of its waker with the task, once it has left one.
    key: Option<u64>,
}

impl<T> Drop for SharedTaskFuture<'_, T> {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.task.typed.header().forget_waker(key);
        }
    }
}

impl<'a, T> Future for SharedTaskFuture<'a, T> {
    type Output = &'a T;

    /// # Panics
    /// As [`SharedTask::join`], but never because of who polls.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<&'a T> {
        let header = self.task.typed.header();
        if header.is_over() {
            return Poll::Ready(self.task.result());
        }
        let key = *self.key.get_or_insert_with(|| header.new_waker_key());
        if header.set_waker(context.waker(), key) {
            return Poll::Pending;
        }
        Poll::Ready(self.task.result())
    }
}

/// Whether the task that the running code descends from was asked to stop: its handle was cancelled after it had
/// started. True on any thread that runs work of it, the threads of other pools included, and not in tasks that it spawned. Long tasks
/// look now and then and return early.
///
/// ```
/// use std::sync::mpsc;
///
/// let (tell, begun) = mpsc::channel();
/// let pool = micropool::ThreadPoolBuilder::new().num_threads(1).build()?;
/// let search = pool.spawn(move || {
///     tell.send(()).unwrap();
///     (0_u64..).take_while(|_| !micropool::cancelled()).last()
/// });
/// begun.recv().unwrap();
/// assert!(!search.cancel(), "it has begun");
/// // It stops, or this would wait for ever.
/// pool.wait_idle();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn cancelled() -> bool {
    current::here().and_then(running).is_some_and(Header::cancel_wished)
}

/// The task that what runs on this thread's seat now descends from.
pub(crate) fn running(seat: &Seat) -> Option<&Header> {
    ancestry::task(seat).map(header)
}

/// The task that is the origin of a segment that this thread is in, or stands on.
pub(crate) fn of(origin: &Origin) -> Option<&Header> {
    origin.is_task().then(|| header(origin.unit))
}

#[allow(unsafe_code)]
fn header<'a>(task: usize) -> &'a Header {
    // SAFETY: a unit's address stands in a segment only while it runs, and this thread runs under it, or on top.
    unsafe { &*std::ptr::with_exposed_provenance::<Header>(task) }
}
