//! The hard cases, each under its number: `README.md` beside this file says what comes out of each.

#[cfg(target_os = "linux")]
mod clock;
mod data;
mod macros;
mod panics;
mod process;
mod scheduling;
mod tasks_and_pools;

use micropool::{ThreadPool, ThreadPoolBuilder};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;

/// How long a case may take before it counts as hanging.
const LIMIT: Duration = Duration::from_secs(10);

fn watched(case: impl FnOnce() + Send + 'static) {
    // For ThreadSanitizer: panics of several threads are printed under a lock that it doesn't see.
    static QUIET: Once = Once::new();
    if std::env::var_os("MICROPOOL_QUIET_PANICS").is_none() {
        return support::within(LIMIT, case);
    }
    QUIET.call_once(|| std::panic::set_hook(Box::new(|_| ())));
    // Nothing else would say why a case fails. With it all takes several times as long.
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| support::within(6 * LIMIT, case))) {
        eprintln!("{}", words(payload));
        panic!();
    }
}

/// A case in a process of its own, for what others would feel. `name` is that of the test.
fn alone(name: &'static str, case: impl FnOnce()) {
    if support::role().is_some() {
        return case();
    }
    watched(move || {
        let mut child = support::in_child(name, "alone");
        let child = child.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("this binary is there");
        let output = support::ended(child, LIMIT - Duration::from_secs(1));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    });
}

fn pool(workers: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(workers).build().expect("threads can be made")
}

/// A case on pools of no, one and three workers.
fn on_pools(case: impl Fn(&ThreadPool) + Send + 'static) {
    watched(move || [0, 1, 3].map(pool).iter().for_each(case));
}

/// What a panic carries here: not a string, so that a copy of the message can't be mistaken for it.
#[derive(Debug, PartialEq, Eq)]
struct Payload(u32);

/// The number in the payload that `f` panics with.
fn payload<R>(f: impl FnOnce() -> R) -> u32 {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(_) => panic!("it was to panic"),
        Err(payload) => number(payload),
    }
}

fn number(payload: Box<dyn Any + Send>) -> u32 {
    match payload.downcast::<Payload>() {
        Ok(payload) => payload.0,
        Err(other) => panic!("another payload: {:?}", other.downcast_ref::<&str>()),
    }
}

/// The words of a panic.
fn words(payload: Box<dyn Any + Send>) -> String {
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => (*payload.downcast::<&str>().expect("a message")).to_owned(),
    }
}

/// Counts its drops.
#[derive(Clone)]
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// `n` closures' worth of drops.
fn counter() -> Arc<AtomicUsize> {
    Arc::default()
}
