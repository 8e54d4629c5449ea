//! What several tests need: a watchdog, waiting with an end, and loops under every split.

use micropool::{Split, ThreadPool, ThreadPoolBuilder};
use std::sync::{LazyLock, mpsc};
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

/// Pools of 0, 1, 2 and 8 workers, for loops. Tests share them, and so compete for their workers.
static POOLS: LazyLock<[ThreadPool; 4]> = LazyLock::new(|| {
    [0, 1, 2, 8].map(|workers| ThreadPoolBuilder::new().num_threads(workers).build().expect("threads can be made"))
});

/// Runs a loop under every split with 0, 1, 2 and 8 workers.
pub fn under_every_split(test: impl Fn(Split<'_>)) {
    POOLS.iter().for_each(|pool| every_split_of(pool, &test));
}

/// Runs a loop in a pool under each of the four splits, by the free functions and by the pool's methods.
pub fn every_split_of(pool: &ThreadPool, test: impl Fn(Split<'_>)) {
    let run = |name: &str, split: Split<'_>| {
        let _named =
            NamedWhenPanicking(|| format!("{name} {split:?} with {} workers", pool.install(micropool::num_threads)));
        test(split);
    };
    pool.install(|| run("the free", micropool::split_by_threads()));
    run("the pool's", pool.split_by_threads());
    pool.install(|| run("the free", micropool::split_per_item()));
    run("the pool's", pool.split_per_item());
    for n in [0, 1, 2, 3, 7, 64, usize::MAX] {
        pool.install(|| run("the free", micropool::split_by(n)));
        run("the pool's", pool.split_by(n));
        pool.install(|| run("the free", micropool::split_per(n)));
        run("the pool's", pool.split_per(n));
    }
}

/// Says which case it was, if that case panics.
struct NamedWhenPanicking<F: Fn() -> String>(F);

impl<F: Fn() -> String> Drop for NamedWhenPanicking<F> {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("in case: {}", (self.0)());
        }
    }
}

/// The README's code is compiled and run by the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
