//! What several tests need: a watchdog, and waiting with an end.

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

/// Which part of a test this process is to play, if it was started by [`in_child`].
pub fn role() -> Option<String> {
    std::env::var(ROLE).ok()
}

const ROLE: &str = "MICROPOOL_TEST_ROLE";

/// One test of this binary once more, in a process of its own: for what a process can do only once, or not survive. The test
/// finds `role` in [`role`].
///
/// # Panics
/// If the binary can't be found any more.
pub fn in_child(test: &str, role: &str) -> std::process::Command {
    let mut command = std::process::Command::new(std::env::current_exe().expect("this binary is there"));
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(ROLE, role).env("RUST_BACKTRACE", "0");
    command
}

/// What a process has to say for itself when it has ended.
///
/// # Panics
/// If it has not ended within `limit`; it is killed first.
pub fn ended(mut child: std::process::Child, limit: Duration) -> std::process::Output {
    let done = eventually(limit, || {
        thread::sleep(Duration::from_millis(2));
        matches!(child.try_wait(), Ok(Some(_)) | Err(_))
    });
    if !done {
        let _ = child.kill();
    }
    let output = child.wait_with_output().expect("the child's output");
    assert!(done, "a child process was not done after {limit:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// The README's code is compiled and run by the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
