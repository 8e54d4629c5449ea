//! Building a pool.

use crate::config::{Config, IndexHandler, PanicHandler};
use crate::current;
use crate::global;
use crate::habit::SpinTime;
use crate::platform;
use crate::pool::ThreadPool;
use crate::priority::{self, BackgroundPriority};
use crate::run_unit;
use crate::shared::Shared;
use crate::sync::{self, JoinHandle, MODEL, ThreadBuilder, refused_thread};
use crate::wake;
use crate::worker::{self, Role};
use std::any::Any;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// How a pool is to be. Every setting has a default; [`build`](Self::build) makes the pool.
///
/// ```
/// use std::time::Duration;
/// let pool = micropool::ThreadPoolBuilder::new()
///     .num_threads(3)
///     .spin_before_sleep(Duration::from_micros(50))
///     .thread_name(|index| format!("worker {index}"))
///     .build()?;
/// assert_eq!(pool.num_threads(), 3);
/// # Ok::<(), micropool::BuildError>(())
/// ```
#[derive(Default)]
#[must_use = "a builder does nothing until `build` or `build_global`"]
pub struct ThreadPoolBuilder {
    num_threads: Option<usize>,
    spin: Option<Duration>,
    background_threads: Option<usize>,
    dedicated_background_threads: Option<usize>,
    background_priority: BackgroundPriority,
    pin_workers: bool,
    thread_name: Option<Box<dyn Fn(usize) -> String + Send + Sync>>,
    stack_size: Option<usize>,
    start_handler: Option<IndexHandler>,
    exit_handler: Option<IndexHandler>,
    panic_handler: Option<PanicHandler>,
    spawn_handler: Option<SpawnHandler>,
}

type SpawnHandler = Box<dyn FnMut(WorkerThread) -> io::Result<()>>;

/// How long an idle thread spins before it sleeps, by default: about the time that a wake-up takes, or as long as a thread waits within
/// a frame.
const SPIN: SpinTime = SpinTime { least: Duration::from_micros(50), most: Duration::from_micros(500) };

/// More threads than any machine runs, and fewer than would take all memory.
const MOST_THREADS: usize = 1 << 14;

/// The environment's word on the default number of workers.
const NUM_THREADS_VARIABLE: &str = "MICROPOOL_NUM_THREADS";

impl ThreadPoolBuilder {
    /// The default settings.
    ///
    /// ```
    /// let pool = micropool::ThreadPoolBuilder::new().build()?;
    /// assert!(pool.num_threads() >= 1);
    /// # Ok::<(), micropool::BuildError>(())
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// How many workers. With 0 all work runs on its caller, and `spawn` runs the task before it returns.
    ///
    /// Default: `MICROPOOL_NUM_THREADS` if it is set to a number, else the available parallelism less one for the
    /// caller, and at least 1. A pool has at most 16384 threads.
    ///
    /// ```
    /// let nobody = micropool::ThreadPoolBuilder::new().num_threads(0).build()?;
    /// let task = nobody.spawn(|| 2 + 2);
    /// assert!(task.complete());
    /// # Ok::<(), micropool::BuildError>(())
    /// ```
    pub fn num_threads(mut self, n: usize) -> Self {
        self.num_threads = Some(n);
        self
    }

    /// How long a thread without work spins before it sleeps. Longer: quicker to answer, and more of a core spent on it.
    ///
    /// By default 50 µs, about what a wake-up takes; and up to 500 µs for a thread whose sleeps ended so soon before, as long as such
    /// gaps come again: within a frame nobody sleeps then, and a pool that has little to do sleeps at once. (50 µs in any case where there
    /// are more threads than processors.) A time that is set here is kept as it is.
    ///
    /// ```
    /// use std::time::Duration;
    /// // Nothing spins, and each hand-over costs a wake-up.
    /// let quiet = micropool::ThreadPoolBuilder::new().spin_before_sleep(Duration::ZERO).build()?;
    /// assert_eq!(quiet.join(|| 1, || 2), (1, 2));
    /// # Ok::<(), micropool::BuildError>(())
    /// ```
    pub fn spin_before_sleep(mut self, time: Duration) -> Self {
        self.spin = Some(time);
        self
    }

    /// How many workers at most run background tasks at any moment, so that the rest answer a frame at once. Default: all
    /// but one, and at least 1; 0 counts as 1. A worker that joins a task nobody has started runs it as foreground, beyond that number, and each
    /// worker makes the calls of a [`broadcast`](crate::broadcast), whoever it is of.
    ///
    /// ```
    /// let pool = micropool::ThreadPoolBuilder::new().num_threads(4).background_threads(2).build()?;
    /// # drop(pool);
    /// # Ok::<(), micropool::BuildError>(())
    /// ```
    pub fn background_threads(mut self, n: usize) -> Self {
        self.background_threads = Some(n);
        self
    }

    /// Background tasks run on `n` threads of their own, and workers run foreground work only. 0 is as if it hadn't been said.
    ///
    /// These threads have a low priority with the operating system, so that a frame has the processors first: see
    /// [`background_priority`](Self::background_priority).
    ///
    /// ```
    /// let pool = micropool::ThreadPoolBuilder::new().num_threads(1).dedicated_background_threads(1).build()?;
    /// // The only worker is there for the frame, whatever is being loaded.
    /// let level = pool.spawn(|| "castle");
    /// assert_eq!(pool.join(|| 1, || 2), (1, 2));
    /// assert_eq!(level.join(), "castle");
    /// # Ok::<(), micropool::BuildError>(())
    /// ```
    pub fn dedicated_background_threads(mut self, n: usize) -> Self {
        self.dedicated_background_threads = Some(n);
        self
    }

    /// The priority of dedicated background threads; the default is [`BackgroundPriority::Idle`]. Where the system refuses it,
    /// they run at the normal priority, and one line on the standard error stream says so, once in the life of the process.
    ///
    /// # Locks that a frame wants
    /// A thread of low priority that holds a lock keeps it for as long as others keep the processors: a frame that asks for the lock
    /// then waits for a thread that hardly runs, and while other threads keep all processors busy that can be very long. So let tasks
    /// share locks with the frame only for moments (swap a finished value in), hand results over by their handles or through
    /// channels, or choose [`BackgroundPriority::Normal`]. The pool's own locks are of that kind: held for some instructions.
    pub fn background_priority(mut self, priority: BackgroundPriority) -> Self {
        self.background_priority = priority;
        self
    }

    /// Binds worker `i` to core `i + 1`; the first core is left to the caller. Off by default. Where the system can't, or there is no
    /// such core, it has no effect.
    ///
    /// ```
    /// let pool = micropool::ThreadPoolBuilder::new().pin_workers(true).build()?;
    /// # drop(pool);
    /// # Ok::<(), micropool::BuildError>(())
    /// ```
    pub fn pin_workers(mut self, pin: bool) -> Self {
        self.pin_workers = pin;
        self
    }

    /// The name of worker `i`'s thread (default `micropool-i`). Dedicated background threads are called `micropool-bg-i`.
    ///
    /// ```
    /// let builder = micropool::ThreadPoolBuilder::new().num_threads(1);
    /// let pool = builder.thread_name(|index| format!("physics {index}")).build()?;
    /// pool.install(|| micropool::broadcast(|_| assert_eq!(std::thread::current().name(), Some("physics 0"))));
    /// # Ok::<(), micropool::BuildError>(())
    /// ```
    ///
    /// # Panics
    /// Never; a panic of `name` leaves [`build`](Self::build).
    pub fn thread_name(mut self, name: impl Fn(usize) -> String + Send + Sync + 'static) -> Self {
        self.thread_name = Some(Box::new(name));
        self
    }

    /// The stack of every thread of the pool, in bytes (default: the standard library's).
    ///
    /// ```
    /// let pool = micropool::ThreadPoolBuilder::new().stack_size(8 << 20).build()?;
    /// # drop(pool);
    /// # Ok::<(), micropool::BuildError>(())
    /// ```
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.stack_size = Some(bytes);
        self
    }

    /// Called on every worker when it starts, before any work, with its index. A panic of it is reported by the panic hook, and the
    /// worker goes on.
    ///
    /// ```
    /// let builder = micropool::ThreadPoolBuilder::new().num_threads(1);
    /// let pool = builder.start_handler(|index| println!("worker {index} starts")).build()?;
    /// # drop(pool);
    /// # Ok::<(), micropool::BuildError>(())
    /// ```
    pub fn start_handler(mut self, handler: impl Fn(usize) + Send + Sync + 'static) -> Self {
        self.start_handler = Some(Arc::new(handler));
        self
    }

    /// Called on every worker before it ends, after all work, with its index. A panic of it is reported by the panic hook and goes no
    /// further.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU32, Ordering};
    ///
    /// let ended = Arc::new(AtomicU32::new(0));
    /// let count = ended.clone();
    /// let builder = micropool::ThreadPoolBuilder::new().num_threads(2).exit_handler(move |_| {
    ///     count.fetch_add(1, Ordering::Relaxed);
    /// });
    /// drop(builder.build()?);
    /// assert_eq!(ended.load(Ordering::Relaxed), 2);
    /// # Ok::<(), micropool::BuildError>(())
    /// ```
    pub fn exit_handler(mut self, handler: impl Fn(usize) + Send + Sync + 'static) -> Self {
        self.exit_handler = Some(Arc::new(handler));
        self
    }

    /// Gets the payload of a background task that panicked and has no handle any more, on the thread that found it so. Without a
    /// handler nothing more happens than what the panic hook has done: it has printed the message, as for any thread. A panic of the
    /// handler is reported by the panic hook and goes no further.
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// let (tell, told) = mpsc::sync_channel(1);
    /// let builder = micropool::ThreadPoolBuilder::new().num_threads(1);
    /// let pool = builder.panic_handler(move |payload| tell.send(payload).unwrap()).build()?;
    /// pool.spawn(|| panic!("the disk is full")).detach();
    /// assert_eq!(told.recv().unwrap().downcast_ref(), Some(&"the disk is full"));
    /// # Ok::<(), micropool::BuildError>(())
    /// ```
    pub fn panic_handler(mut self, handler: impl Fn(Box<dyn Any + Send>) + Send + Sync + 'static) -> Self {
        self.panic_handler = Some(Arc::new(handler));
        self
    }

    /// Creates the threads: it is given each [`WorkerThread`] and must see to it that [`WorkerThread::run`] is called on a thread
    /// of its own. For affinity, priorities, or systems that make threads in another way. The pool then can't join them; it waits
    /// for each to have run to its end. So each must be run or dropped: one that is forgotten ([`std::mem::forget`]) makes dropping the
    /// pool wait for ever, and likewise a [`build`](Self::build) that fails at a later thread.
    ///
    /// ```
    /// let builder = micropool::ThreadPoolBuilder::new().num_threads(2);
    /// let pool = builder.spawn_handler(|worker| {
    ///     let mut thread = std::thread::Builder::new();
    ///     if let Some(name) = worker.name() {
    ///         thread = thread.name(name.to_owned());
    ///     }
    ///     thread.spawn(move || {
    ///         // What the system has for this kind of thread, and then:
    ///         worker.run();
    ///     })?;
    ///     Ok(())
    /// }).build()?;
    /// assert_eq!(pool.join(|| 1, || 2), (1, 2));
    /// # Ok::<(), micropool::BuildError>(())
    /// ```
    ///
    /// # Panics
    /// Never; a panic of the handler leaves [`build`](Self::build).
    pub fn spawn_handler(mut self, handler: impl FnMut(WorkerThread) -> io::Result<()> + 'static) -> Self {
        self.spawn_handler = Some(Box::new(handler));
        self
    }

    /// Makes the pool.
    ///
    /// ```
    /// let failing = micropool::ThreadPoolBuilder::new().num_threads(2).spawn_handler(|_| Err(std::io::Error::other("no more")));
    /// let error = failing.build().unwrap_err();
    /// assert!(error.to_string().starts_with("thread 1 of 2 of the pool could not be created (no more)"));
    /// ```
    ///
    /// # Errors
    /// If a thread can't be created; those made before it are gone when this returns.
    ///
    /// # Panics
    /// With the payload of the code for names or threads if that panics; the threads made before are gone then too.
    ///
    /// # Cost
    /// Its threads. It doesn't wait until they run.
    pub fn build(self) -> Result<ThreadPool, BuildError> {
        self.build_with(false)
    }

    /// Makes the global pool, which the free functions use where no other is current. It is never dropped: its tasks end with the
    /// process.
    ///
    /// ```standalone_crate
    /// use micropool::ThreadPoolBuilder;
    ///
    /// ThreadPoolBuilder::new().num_threads(2).build_global()?;
    /// assert_eq!(micropool::num_threads(), 2);
    /// assert!(ThreadPoolBuilder::new().build_global().is_err(), "there is one now");
    /// # Ok::<(), micropool::BuildError>(())
    /// ```
    ///
    /// # Errors
    /// If there is one already (it is made with defaults on first use), or a thread can't be created.
    ///
    /// # Panics
    /// As [`build`](Self::build).
    pub fn build_global(self) -> Result<(), BuildError> {
        global::set(|| self.build_with(false))
    }

    /// The default global pool: as many of its threads as can be had.
    pub(crate) fn build_what_can_be_had(self) -> ThreadPool {
        self.build_with(true).unwrap_or_else(|_| unreachable!("a pool of no threads can be made"))
    }

    fn spin_time(&self, others_need_the_processor: bool) -> SpinTime {
        match self.spin {
            Some(time) => SpinTime { least: time, most: time },
            None if others_need_the_processor => SpinTime { most: SPIN.least, ..SPIN },
            None => SPIN,
        }
    }

    fn config(&self, num_threads: usize) -> Config {
        let dedicated = self.dedicated_background_threads.unwrap_or(0);
        let cap = self.background_threads.unwrap_or(num_threads.saturating_sub(1)).max(1);
        Config {
            num_threads,
            spin: self.spin_time(has_more_threads_than_processors(num_threads + dedicated)),
            background_threads: if dedicated > 0 { 0 } else { cap },
            dedicated_background_threads: dedicated,
            background_priority: self.background_priority,
            crowded: !MODEL && is_crowded(num_threads, dedicated),
            processors: available_parallelism(),
            start_handler: self.start_handler.clone(),
            exit_handler: self.exit_handler.clone(),
            panic_handler: self.panic_handler.clone(),
        }
    }

    fn build_with(mut self, take_what_comes: bool) -> Result<ThreadPool, BuildError> {
        sync::prepare();
        let mut wanted = self.num_threads.unwrap_or_else(default_num_threads);
        loop {
            let (made, cause) = match self.start(wanted) {
                Ok(pool) => return Ok(pool),
                Err(failed) => failed,
            };
            if !take_what_comes || wanted == 0 {
                return Err(cause);
            }
            wanted = made.min(wanted - 1);
        }
    }

    /// The pool with all its threads, or none: on failure how many could be had, and why not all.
    fn start(&mut self, num_threads: usize) -> Result<ThreadPool, (usize, BuildError)> {
        let dedicated = self.dedicated_background_threads.unwrap_or(0);
        let count = num_threads.saturating_add(dedicated);
        if count > MOST_THREADS {
            // Each has its seat before the first is made, and so many are no more than a slip of the pen.
            let cause = io::Error::new(io::ErrorKind::InvalidInput, format!("a pool has at most {MOST_THREADS}"));
            return Err((MOST_THREADS, BuildError(Cause::Thread { index: MOST_THREADS, count, cause })));
        }
        let shared = Arc::new(Shared::new(self.config(num_threads)));
        shared.make_worker_seats();
        let mut threads = Threads { shared: &shared, handles: Vec::with_capacity(count) };
        for seat in 0..count {
            let role = if seat < num_threads { Role::Worker } else { Role::Dedicated };
            let worker = WorkerThread {
                shared: shared.clone(),
                seat: seat as u32,
                role,
                name: Some(match (&self.thread_name, role) {
                    (Some(name), Role::Worker) => name(seat),
                    (None, Role::Worker) => format!("micropool-{seat}"),
                    (_, Role::Dedicated) => format!("micropool-bg-{}", seat - num_threads),
                }),
                stack_size: self.stack_size,
                pin_to: (self.pin_workers && role == Role::Worker).then_some(seat + 1),
            };
            shared.thread_made();
            let made = match &mut self.spawn_handler {
                Some(handler) => handler(worker),
                None => spawn_thread(worker).map(|thread| threads.handles.push(thread)),
            };
            if let Err(cause) = made {
                return Err((seat, BuildError(Cause::Thread { index: seat, count, cause })));
            }
        }
        let handles = threads.all();
        Ok(ThreadPool::from_parts(shared, handles))
    }
}

/// The threads of a pool that isn't complete yet: gone when this is dropped, be it that one can't be created or that the user's code
/// for names or threads panics.
struct Threads<'a> {
    shared: &'a Shared,
    handles: Vec<JoinHandle<()>>,
}

impl Threads<'_> {
    fn all(mut self) -> Vec<JoinHandle<()>> {
        let handles = std::mem::take(&mut self.handles);
        std::mem::forget(self);
        handles
    }
}

impl Drop for Threads<'_> {
    fn drop(&mut self) {
        self.shared.close();
        wake::everybody(self.shared);
        for thread in self.handles.drain(..) {
            let _ = thread.join();
        }
        self.shared.wait_for_threads();
    }
}

fn spawn_thread(worker: WorkerThread) -> io::Result<JoinHandle<()>> {
    let mut builder = ThreadBuilder::new();
    if let Some(name) = worker.name() {
        // A name with a NUL in it would be a panic of the standard library's.
        builder = builder.name(name.replace('\0', "?"));
    }
    if let Some(bytes) = worker.stack_size() {
        builder = builder.stack_size(bytes);
    }
    refused_thread()?;
    builder.spawn(move || worker.run())
}

/// A caller counts too.
fn has_more_threads_than_processors(threads: usize) -> bool {
    threads >= available_parallelism()
}

fn is_crowded(workers: usize, dedicated: usize) -> bool {
    has_more_threads_than_processors(workers + dedicated) && workers > 1 || available_parallelism() == 1
}

fn available_parallelism() -> usize {
    // Respects cgroups and affinity.
    thread::available_parallelism().map_or(1, usize::from)
}

fn default_num_threads() -> usize {
    let asked = std::env::var(NUM_THREADS_VARIABLE).ok().and_then(|value| match value.trim().parse() {
        Ok(n) => Some(n),
        Err(_) => {
            eprintln!("micropool: {NUM_THREADS_VARIABLE}={value:?} is not a number of threads; using the default");
            None
        }
    });
    asked.unwrap_or_else(|| available_parallelism().saturating_sub(1).max(1))
}

/// One thread of a pool that is to be started: see [`ThreadPoolBuilder::spawn_handler`], which has an example. Dropping it instead of
/// running it leaves the pool with a thread less.
pub struct WorkerThread {
    shared: Arc<Shared>,
    seat: u32,
    role: Role,
    name: Option<String>,
    stack_size: Option<usize>,
    pin_to: Option<usize>,
}

impl fmt::Debug for WorkerThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("WorkerThread");
        shown.field("index", &self.index()).field("name", &self.name).field("stack_size", &self.stack_size);
        shown.finish_non_exhaustive()
    }
}

impl fmt::Debug for ThreadPoolBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadPoolBuilder")
            .field("num_threads", &self.num_threads)
            .field("spin_before_sleep", &self.spin)
            .field("background_threads", &self.background_threads)
            .field("dedicated_background_threads", &self.dedicated_background_threads)
            .field("background_priority", &self.background_priority)
            .field("pin_workers", &self.pin_workers)
            .field("stack_size", &self.stack_size)
            .finish_non_exhaustive()
    }
}

impl WorkerThread {
    /// Is this worker until its pool is dropped. Call it on the worker's own thread: it binds the thread to its core, or lowers its
    /// priority, where the builder was asked for that.
    ///
    /// # Panics
    /// Never; panics of work go to whoever waits for it.
    pub fn run(self) {
        if let Some(core) = self.pin_to {
            // Where it can't be had the worker runs unpinned, as documented.
            let _ = platform::pin_to_core(core);
        }
        // A model's threads are one thread of the system, which has a priority of its own.
        if self.role == Role::Dedicated && !MODEL {
            priority::set_own(self.shared.config.background_priority);
        }
        // The thread may be inside of another pool, and goes on there.
        current::unchanged_by(move || {
            worker::run(&self.shared, self.seat, self.role);
            drop(self);
        });
    }

    /// The worker's index; dedicated background threads count on after the workers.
    pub fn index(&self) -> usize {
        self.seat as usize
    }

    /// The name its thread should have.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The stack its thread should have, in bytes, if the builder was told.
    pub fn stack_size(&self) -> Option<usize> {
        self.stack_size
    }
}

impl Drop for WorkerThread {
    fn drop(&mut self) {
        // After `run`, or instead of it if a spawn handler let it go.
        if self.shared.thread_over() && self.shared.is_closing() {
            self.shared.desert();
            run_unit::drain_here(&self.shared);
        }
        current::end_worker(self.shared.seat(self.seat));
    }
}

/// Why there is no pool: a thread that can't be created, with its number and, as the [`source`](std::error::Error::source), the cause;
/// or there is a global pool already.
#[derive(Debug)]
pub struct BuildError(pub(crate) Cause);

#[derive(Debug)]
pub(crate) enum Cause {
    Thread { index: usize, count: usize, cause: io::Error },
    GlobalExists,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Cause::Thread { index, count, cause } => {
                write!(f, "thread {} of {count} of the pool could not be created ({cause}); ask for fewer threads or smaller stacks", index + 1)
            }
            Cause::GlobalExists => f.write_str(
                "there is a global pool already; call `build_global` before anything that uses it, at the start of `main`",
            ),
        }
    }
}

impl std::error::Error for BuildError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Cause::Thread { cause, .. } => Some(cause),
            Cause::GlobalExists => None,
        }
    }
}
