//! Delays at the edges of the protocols, sleeps that end for nothing, and threads that can't be had: what is rare in a quiet process is
//! common here.
//!
//! `MICROPOOL_DELAY_AT=NAME` delays at the edges whose names contain it only, and there every second time: to look for one bug.
//! `MICROPOOL_REFUSE_THREAD=K` refuses the thread that is the K-th of the process, counted from 0.
//! `MICROPOOL_CALM=1` delays and ends nothing: then the edges are only counted (`tests/counts.rs`).

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

static ONLY_AT: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("MICROPOOL_DELAY_AT").ok());

static CALM: LazyLock<bool> = LazyLock::new(|| std::env::var_os("MICROPOOL_CALM").is_some());

/// How often an edge was passed, by threads that have ended or have asked.
static COUNTS: Mutex<BTreeMap<&'static str, u64>> = Mutex::new(BTreeMap::new());

/// One thread's part of it.
struct Counts(RefCell<BTreeMap<&'static str, u64>>);

impl Counts {
    fn hand_in(&self) {
        let mut all = COUNTS.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, count) in self.0.take() {
            *all.entry(name).or_default() += count;
        }
    }
}

impl Drop for Counts {
    fn drop(&mut self) {
        self.hand_in();
    }
}

thread_local! {
    static OWN: Counts = const { Counts(RefCell::new(BTreeMap::new())) };
}

/// Notes that something has happened once more.
pub(crate) fn count(name: &'static str) {
    // Late in a thread's life it isn't counted.
    let _ = OWN.try_with(|own| *own.0.borrow_mut().entry(name).or_default() += 1);
}

/// What this thread and those that have ended have passed since the last call, by the edges' names.
#[must_use]
pub fn take_counts() -> BTreeMap<&'static str, u64> {
    OWN.with(Counts::hand_in);
    std::mem::take(&mut *COUNTS.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Each thread's own numbers, from a start that no other has.
fn random() -> u64 {
    static THREADS: AtomicU64 = AtomicU64::new(0);
    thread_local! {
        static STATE: Cell<u64> = Cell::new(
            (THREADS.fetch_add(1, Ordering::Relaxed) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
                ^ std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |time| time.subsec_nanos().into()),
        );
    }
    // Late in a thread's life there is no state any more, and no delay.
    STATE
        .try_with(|state| {
            let mut x = state.get() | 1;
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            state.set(x);
            x >> 8
        })
        .unwrap_or(u64::MAX)
}

/// Between two steps of a protocol: here others may get as far as they like.
pub(crate) fn edge(name: &'static str) {
    count(name);
    if *CALM {
        return;
    }
    let number = random();
    match &*ONLY_AT {
        Some(only) if !name.contains(&**only) => {}
        Some(_) if number % 2 == 0 => pause(number / 2),
        None if number % 64 == 0 => pause(number / 64),
        _ => {}
    }
}

/// A moment, a turn of the others, or as long as a thread takes to wake.
fn pause(number: u64) {
    match number % 8 {
        0 => thread::sleep(Duration::from_micros(number % 150)),
        1..=3 => thread::yield_now(),
        _ => {
            let began = Instant::now();
            while began.elapsed() < Duration::from_micros(number % 20) {
                std::hint::spin_loop();
            }
        }
    }
}

/// Whether a sleep ends now though nobody has ended it.
pub(crate) fn wakes_for_nothing() -> bool {
    !*CALM && random().is_multiple_of(4)
}

/// Why the next thread can't be had, if it is the one.
pub(crate) fn refused_thread() -> io::Result<()> {
    static REFUSED: LazyLock<Option<u64>> =
        LazyLock::new(|| std::env::var("MICROPOOL_REFUSE_THREAD").ok().and_then(|value| value.parse().ok()));
    static MADE: AtomicU64 = AtomicU64::new(0);
    if *REFUSED == Some(MADE.fetch_add(1, Ordering::Relaxed)) {
        return Err(io::Error::new(io::ErrorKind::WouldBlock, "no more threads, as injected"));
    }
    Ok(())
}
