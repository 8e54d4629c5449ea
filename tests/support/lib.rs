//! What several tests need: a watchdog and waiting with an end; and, in files of their own, gates, pools, a counting allocator, tests in
//! a process of their own, loops under every split.

mod allocator;
mod child;
mod gate;
mod pools;
mod splits;

pub use allocator::{CountingAllocator, allocations};
pub use child::{as_a_program, empty_directory, ended, in_child, program_ends, role};
pub use gate::Gate;
pub use pools::{capped, dedicated, with_its_thread_in_hand};
pub use splits::{every_split_of, under_every_split};

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Runs `f` on a thread of its own; a test that hangs fails instead, with its name.
///
/// # Panics
/// If `f` takes longer than `limit`, or panics itself.
pub fn within<R: Send + 'static>(limit: Duration, f: impl FnOnce() -> R + Send + 'static) -> R {
    let (sender, receiver) = mpsc::channel();
    let name = thread::current().name().unwrap_or("test").to_owned();
    let thread = thread::Builder::new()
        .name(name.clone())
        .spawn(move || {
            let result = f();
            let _ = sender.send(());
            result
        })
        .expect("a thread for the test");
    if let Err(mpsc::RecvTimeoutError::Timeout) = receiver.recv_timeout(limit) {
        panic!("{name}: not done after {limit:?}: something hangs");
    }
    thread.join().unwrap_or_else(|payload| std::panic::resume_unwind(payload))
}

/// Waits until `condition` holds; whether it did within `limit`.
pub fn eventually(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while !condition() {
        if began.elapsed() > limit {
            return false;
        }
        thread::yield_now();
    }
    true
}

/// Keeps this thread busy with nothing, without sleeping.
pub fn busy(time: Duration) {
    let began = Instant::now();
    while began.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// Waits for a condition that another thread is sure to bring about.
///
/// # Panics
/// If it doesn't hold after 20 seconds.
#[track_caller]
pub fn soon(what: &str, condition: impl Fn() -> bool) {
    assert!(eventually(Duration::from_secs(20), condition), "{what}");
}

/// The README's code is compiled and run by the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
