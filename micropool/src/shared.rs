//! What all threads of one pool share.

use crate::background::Background;
use crate::config::Config;
use crate::priority::BackgroundPriority;
use crate::seat::{OUTSIDE, Seat};
use crate::sleep::Sleepers;
use crate::sync::{AtomicU32, Condvar, MODEL, Mutex, Ordering};
use crate::table::Table;
use std::sync::Arc;

/// Seats that a pool makes at once.
const FIRST_SEATS: usize = if MODEL { 2 } else { 8 };

pub(crate) struct Shared {
    pub(crate) sleepers: Sleepers,
    /// Idle dedicated background threads; when they wait strictly they are in `sleepers` like everybody.
    pub(crate) dedicated_sleepers: Sleepers,
    seats: Table<Seat, FIRST_SEATS>,
    seat_count: AtomicU32,
    /// Seats of outside threads that have ended. Also the lock under which seats are made.
    free_seats: Mutex<Vec<u32>>,
    pub(crate) background: Background,
    pub(crate) config: Config,
    /// Set once, when the pool is dropped.
    closing: AtomicU32,
    /// Set once after that, when its last thread has seen an empty queue for the last time.
    deserted: AtomicU32,
    /// The process that the threads are of.
    process: u32,
    /// Threads that were made and are not over.
    threads: Mutex<usize>,
    all_over: Condvar,
    /// How many `AwakeGuard`s live: idle workers don't sleep.
    pub(crate) awake_guards: AtomicU32,
}

impl Shared {
    /// The shared state with seats for its workers. Boxed by the caller in an `Arc`, and the seats point back to it:
    /// hence `Arc::new_cyclic`-like construction in two steps, `new` and `make_seats`.
    pub(crate) fn new(config: Config) -> Self {
        Self {
            sleepers: Sleepers::new(),
            dedicated_sleepers: Sleepers::new(),
            seats: Table::new(),
            seat_count: AtomicU32::new(0),
            free_seats: Mutex::new(Vec::new()),
            background: Background::new(&config),
            config,
            closing: AtomicU32::new(0),
            deserted: AtomicU32::new(0),
            process: std::process::id(),
            threads: Mutex::new(0),
            all_over: Condvar::new(),
            awake_guards: AtomicU32::new(0),
        }
    }

    /// The seats of the numbered workers (0..), then those of the dedicated background threads. Once, before any thread.
    pub(crate) fn make_worker_seats(&self) {
        for index in 0..self.config.num_threads {
            self.new_seat(index as u32);
        }
        for _ in 0..self.config.dedicated_background_threads {
            self.new_seat(OUTSIDE);
        }
    }

    fn new_seat(&self, worker: u32) -> u32 {
        let index = self.seat_count.load(Ordering::Relaxed);
        if self.seats.get(index as usize).is_none() {
            // Seats of one chunk are made together; which of them are workers' is known from their index.
            let workers = self.config.num_threads;
            self.seats.grow(index as usize, |i| {
                let worker = if i < workers { i as u32 } else { OUTSIDE };
                Seat::new(self, i as u32, worker)
            });
        }
        debug_assert!(self.seat(index).worker == worker);
        // Ordering: Release pairs with the Acquire in `seat_count`.
        self.seat_count.store(index + 1, Ordering::Release);
        index
    }

    /// A seat for an outside thread, until `give_back`.
    pub(crate) fn take_seat(&self) -> &Seat {
        let mut free = self.free_seats.lock();
        let index = free.pop().unwrap_or_else(|| self.new_seat(OUTSIDE));
        self.seat(index)
    }

    pub(crate) fn give_back(&self, seat: &Seat) {
        debug_assert_eq!(seat.top(), 0);
        self.free_seats.lock().push(seat.index);
    }

    pub(crate) fn seat_count(&self) -> u32 {
        self.seat_count.load(Ordering::Acquire)
    }

    pub(crate) fn seat(&self, index: u32) -> &Seat {
        self.seats.get(index as usize).expect("seats are made before their index is known")
    }

    pub(crate) fn seats(&self) -> impl Iterator<Item = &Seat> {
        (0..self.seat_count()).map(|index| self.seat(index))
    }

    /// Whether this is the child of a fork, in which the pool's threads aren't: it has memory of them only.
    pub(crate) fn is_forked(&self) -> bool {
        self.process != std::process::id()
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::SeqCst) != 0
    }

    pub(crate) fn close(&self) {
        self.closing.store(1, Ordering::SeqCst);
    }

    /// All threads of a closed pool have left its queue: what becomes ready now runs where it becomes ready.
    pub(crate) fn is_deserted(&self) -> bool {
        self.is_closing() && self.deserted.load(Ordering::SeqCst) != 0
    }

    pub(crate) fn desert(&self) {
        self.deserted.store(1, Ordering::SeqCst);
    }

    pub(crate) fn thread_made(&self) {
        *self.threads.lock() += 1;
    }

    /// Whether it was the last one.
    pub(crate) fn thread_over(&self) -> bool {
        let mut threads = self.threads.lock();
        *threads -= 1;
        let last = *threads == 0;
        if last {
            self.all_over.notify_one();
        }
        last
    }

    pub(crate) fn wait_for_threads(&self) {
        let mut threads = self.threads.lock();
        while *threads > 0 {
            self.all_over.wait(&mut threads);
        }
    }

    /// Whether a seat is one of the pool's own threads'.
    pub(crate) fn is_own(&self, seat: &Seat) -> bool {
        (seat.index as usize) < self.config.num_threads + self.config.dedicated_background_threads
    }

    /// Whether a seat is that of a thread which others keep from the processors.
    pub(crate) fn is_low_priority(&self, seat: &Seat) -> bool {
        self.config.background_priority != BackgroundPriority::Normal && self.is_own(seat) && !seat.is_worker()
    }

    pub(crate) fn kept_awake(&self) -> bool {
        self.awake_guards.load(Ordering::Relaxed) != 0
    }
}

/// For unit tests: a pool whose threads are the test's, with seats for so many workers. Light fences are decided afterwards.
#[cfg(all(test, not(any(loom, shuttle))))]
pub(crate) fn without_threads(num_threads: usize, crowded: bool) -> Arc<Shared> {
    let pool = crate::ThreadPoolBuilder::new().num_threads(0).build().expect("a pool");
    let shared = Arc::new(Shared::new(Config { num_threads, crowded, ..pool.shared.config.clone() }));
    shared.make_worker_seats();
    shared
}

/// A counted reference to the pool that a seat is of.
pub(crate) fn handle(seat: &Seat) -> Arc<Shared> {
    // SAFETY: every `Shared` is made by `Arc::new` in `pool.rs` and found alive through its seat.
    unsafe { Arc::increment_strong_count(seat.pool) };
    // SAFETY: the count was raised for this very handle.
    unsafe { Arc::from_raw(seat.pool) }
}

impl Seat {
    #[inline]
    pub(crate) fn pool(&self) -> &Shared {
        // SAFETY: the shared state owns its seats, so it lives as long as this reference to one of them.
        unsafe { &*self.pool }
    }

    pub(crate) fn is_worker(&self) -> bool {
        self.worker != OUTSIDE
    }
}
