//! What the models share. A model runs the crate's own code under the model checker: `sync.rs` gives it loom's atomics,
//! locks and cells, and every interleaving (within a bound on preemptions, where one is given) and every value that a
//! load may return by the memory model is tried.
//!
//! What it can't see: the process-wide barrier (light and heavy fences are both `SeqCst` fences there), and `SeqCst`
//! *accesses*, which it takes as `AcqRel`. So no proof may rest on those; where one needs more, the code has a fence.

use crate::config::Config;
use crate::habit::SpinTime;
use crate::latch::Latch;
use crate::seat::{Pushed, Seat};
use crate::shared::Shared;
use crate::slot::{Ended, Work};
use crate::steal::{Private, take_any};
use crate::sync::{AtomicU32, Condvar, Mutex, Ordering, UnsafeCell, yield_now};
use crate::unit::{Core, Unit};
use crate::word::{Kind, Tier};
use crate::worker::Role;
use crate::worth::Worth;
use loom::thread::JoinHandle;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

/// Tries all executions of `model`, with at most so many preemptions each. Says how many there were. `MICROPOOL_LOOM_MORE` allows so many
/// more, or any number of them (`any`): for the long form.
pub(crate) fn explore(preemptions: Option<usize>, model: impl Fn() + Sync + Send + 'static) {
    let more = std::env::var("MICROPOOL_LOOM_MORE").unwrap_or_else(|_| "0".to_owned());
    let more = (more != "any").then(|| more.parse::<usize>().expect("MICROPOOL_LOOM_MORE is a number, or `any`"));
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = preemptions.and_then(|bound| Some(bound + more?));
    builder.max_branches = 20_000;
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let began = std::time::Instant::now();
    builder.check(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        model();
    });
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    println!("{name}: {} executions in {:?}", count.load(Ordering::Relaxed), began.elapsed());
}

/// How a model's pool is asked to be.
pub(crate) fn config(num_threads: usize, background_threads: usize) -> Config {
    Config {
        num_threads,
        spin: SpinTime { least: Duration::ZERO, most: Duration::ZERO },
        background_threads,
        dedicated_background_threads: 0,
        background_priority: crate::priority::BackgroundPriority::Normal,
        crowded: false,
        processors: usize::MAX,
        start_handler: None,
        exit_handler: None,
        panic_handler: None,
    }
}

fn shared_as(config: Config) -> Arc<Shared> {
    let shared = Arc::new(Shared::new(config));
    shared.make_worker_seats();
    shared
}

/// A pool's shared state with seats for its workers, whose threads the model makes itself.
pub(crate) fn shared(num_threads: usize, background_threads: usize) -> Arc<Shared> {
    shared_as(config(num_threads, background_threads))
}

/// The same of a pool whose workers let the first job lie that they find. (Only who spins may: how long means nothing in a model.)
pub(crate) fn shared_in_doubt(num_threads: usize) -> Arc<Shared> {
    let moment = Duration::from_nanos(1);
    let spin = SpinTime { least: moment, most: moment };
    let shared = shared_as(Config { spin, ..config(num_threads, num_threads) });
    let doubts = |seat: &Seat| [&seat.worth, &seat.nodes_worth].into_iter().for_each(Worth::doubt);
    (0..num_threads as u32).for_each(|index| doubts(shared.seat(index)));
    shared
}

/// The same of a pool that has so many dedicated background threads, and no workers.
pub(crate) fn shared_dedicated(threads: usize) -> Arc<Shared> {
    shared_as(Config { dedicated_background_threads: threads, ..config(0, 0) })
}

/// Memory that a protocol must keep for one at a time, or for readers only: the model fails where accesses race. Stands
/// for a frame on a stack: its owner writes into it after a wait, as the next call would. With the latch by which a thief tells its end.
pub(crate) struct Frame {
    value: UnsafeCell<u32>,
    pub(crate) latch: Latch,
}

// SAFETY: that is what the models are to find out.
unsafe impl Sync for Frame {}
// SAFETY: as above.
unsafe impl Send for Frame {}

impl Frame {
    pub(crate) fn new(value: u32) -> Self {
        Self { value: UnsafeCell::new(value), latch: Latch::new() }
    }
    pub(crate) fn read(&self) -> u32 {
        // SAFETY: a race fails the model, and its threads take turns on one thread of the system.
        self.value.with(|value| unsafe { *value })
    }
    pub(crate) fn write(&self, new: u32) {
        // SAFETY: as above.
        self.value.with_mut(|value| unsafe { *value = new });
    }
    /// The owner's wait, by looking only.
    pub(crate) fn await_end(&self) {
        while !self.latch.is_set() {
            yield_now();
        }
    }
}

/// Work for a slot that adds one to a frame, and tells its end.
pub(crate) fn increments(frame: &Frame) -> Work {
    // SAFETY: frames of models outlive their threads; a use out of turn fails the model.
    unsafe { Work::new(std::ptr::from_ref(frame).cast(), increment) }
}

unsafe fn increment(data: *const (), _me: &Seat) -> Ended {
    // SAFETY: made by `increments`.
    let frame = unsafe { &*data.cast::<Frame>() };
    frame.write(frame.read() + 1);
    Ended::Told { owner_sleeps: frame.latch.set() }
}

/// Makes the topmost slot of a seat such as a quiet push needs it, above an entry that has nothing to take: returns the entry.
pub(crate) fn make_quiet(seat: &Seat) -> Pushed<'_> {
    let below = seat.push(Work::NOTHING, Kind::Open);
    let first = seat.push(Work::NOTHING, Kind::Private);
    assert!(seat.reclaim(first.slot));
    below
}

/// A job under the word that the last one left in its slot, if no thief that asks is in the way.
pub(crate) fn push_private(seat: &Seat, work: Work) -> Pushed<'_> {
    seat.push_quietly(work).unwrap_or_else(|| seat.push(work, Kind::Private))
}

/// A task of the pool that can be queued, and isn't.
pub(crate) fn unqueued(pool: &Arc<Shared>, f: impl FnOnce() + Send + 'static) -> Arc<dyn Unit> {
    let task: Arc<dyn Unit> = Arc::new(Core::new(pool.clone(), f));
    task.header().set_made(pool.background.task_made());
    assert!(task.header().predecessor_over());
    task
}

/// The start line of a model's threads. loom finds a race by the *last* access to an object only, so that a thread's own load
/// before its store hides what another has read; and then it may never try the other order at all. All threads of a model come
/// by here first, so that each of them is first once; from there on it finds the rest.
#[derive(Clone)]
pub(crate) struct Start(Arc<AtomicU32>);

impl Start {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicU32::new(0)))
    }
    /// The model's first thread, when it has made the others.
    pub(crate) fn go(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
    pub(crate) fn spawn<T: 'static>(&self, f: impl FnOnce() -> T + 'static) -> JoinHandle<T> {
        let start = self.clone();
        loom::thread::spawn(move || {
            start.go();
            f()
        })
    }
}

/// A thread stops here until another has come by.
pub(crate) struct Signal {
    given: Mutex<bool>,
    changed: Condvar,
}

impl Signal {
    pub(crate) fn new() -> Self {
        Self { given: Mutex::new(false), changed: Condvar::new() }
    }
    pub(crate) fn give(&self) {
        *self.given.lock() = true;
        self.changed.notify_one();
    }
    pub(crate) fn is_given(&self) -> bool {
        *self.given.lock()
    }
    pub(crate) fn wait(&self) {
        let mut given = self.given.lock();
        while !*given {
            self.changed.wait(&mut given);
        }
    }
}

/// Seat 0's thread, which looks once for work of the foreground, and helps with what it finds: for models of what is done together, whose
/// executions would be too many with a worker's whole life. That whoever may help is woken is for the models of workers.
pub(crate) fn helper(start: &Start, pool: &Arc<Shared>) -> JoinHandle<()> {
    let pool = pool.clone();
    start.spawn(move || {
        let seat = pool.seat(0);
        if let Some(claimed) = take_any(seat, Tier::Foreground, Private::Ask) {
            claimed.run(seat);
        }
    })
}

/// Ends a model's pool that has a helper and no workers.
pub(crate) fn end_with(pool: &Arc<Shared>, helper: JoinHandle<()>) {
    helper.join().unwrap();
    assert!(pool.sleepers.counts().none());
    crate::current::forget_pool(pool);
}

/// A worker's whole life on a thread of the model.
pub(crate) fn worker(start: &Start, pool: &Arc<Shared>, index: u32) -> JoinHandle<()> {
    thread_of(start, pool, index, Role::Worker)
}

/// The same of a dedicated background thread: in a pool that has no workers they have the first seats.
pub(crate) fn dedicated_thread(start: &Start, pool: &Arc<Shared>, index: u32) -> JoinHandle<()> {
    thread_of(start, pool, index, Role::Dedicated)
}

fn thread_of(start: &Start, pool: &Arc<Shared>, index: u32, role: Role) -> JoinHandle<()> {
    let pool = pool.clone();
    start.spawn(move || {
        crate::worker::run(&pool, index, role);
        crate::current::end_worker(pool.seat(index));
    })
}

/// Ends a model's pool as dropping it does.
pub(crate) fn end(pool: &Arc<Shared>, workers: Vec<JoinHandle<()>>) {
    pool.close();
    crate::wake::everybody(pool);
    for worker in workers {
        worker.join().unwrap();
    }
    for sleepers in [&pool.sleepers, &pool.dedicated_sleepers] {
        assert!(sleepers.counts().none());
        assert_eq!(sleepers.counts().searching(), 0);
    }
    crate::current::forget_pool(pool);
}
