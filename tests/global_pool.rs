//! The global pool: how many workers it has, who may build it, and what comes of it where the system has no more threads. Each in a
//! process of its own.

use micropool::ThreadPoolBuilder;
use std::error::Error;
use std::io;
use std::process::Stdio;
use std::thread;
use std::time::Duration;
use support::{ended, in_child, role};

const LIMIT: Duration = Duration::from_secs(20);

/// Runs a test's part in a child, with `MICROPOOL_NUM_THREADS` as given; what it has printed on the standard error stream.
fn child(test: &str, part: &str, threads: Option<&str>) -> String {
    let mut command = in_child(test, part);
    match threads {
        Some(threads) => command.env("MICROPOOL_NUM_THREADS", threads),
        None => command.env_remove("MICROPOOL_NUM_THREADS"),
    };
    let output = ended(command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap(), LIMIT);
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{part} with {threads:?}: {words}");
    words
}

/// Everything works, however few workers there are.
fn use_it() {
    assert_eq!(micropool::join(|| 1, || 2), (1, 2));
    assert_eq!(micropool::spawn(|| 3).then(|n| n + 1).join(), 4);
    assert_eq!(micropool::split_per(3).reduce_ranges(10, |range| range.sum(), |a: usize, b| a + b), Some(45));
    assert_eq!(micropool::scope(|s| s.spawn(|| 5).join()), 5);
    assert_eq!(micropool::parallel! { a => 1, b(a) => a + 1 }.b, 2);
}

#[test]
fn the_environment_says_how_many_workers_are_the_default() {
    if let Some(expected) = role() {
        let expected: usize = expected.parse().unwrap();
        assert_eq!(micropool::num_threads(), expected);
        assert_eq!(ThreadPoolBuilder::new().build().unwrap().num_threads(), expected);
        assert_eq!(
            ThreadPoolBuilder::new().num_threads(2).build().unwrap().num_threads(),
            2,
            "the builder's word wins"
        );
        return use_it();
    }
    let test = "the_environment_says_how_many_workers_are_the_default";
    let default = (thread::available_parallelism().unwrap().get() - 1).max(1).to_string();
    assert_eq!(child(test, &default, None), "");
    for (set, expected) in [("3", "3"), (" 5\t", "5"), ("0", "0")] {
        assert_eq!(child(test, expected, Some(set)), "");
    }
    for wrong in ["", "text", "-1", "1.5", "99999999999999999999999"] {
        let words = child(test, &default, Some(wrong));
        assert!(words.contains(&format!("MICROPOOL_NUM_THREADS={wrong:?} is not a number of threads")), "{words}");
    }
}

#[test]
fn it_is_built_once() {
    let second = || {
        let error = ThreadPoolBuilder::new().num_threads(1).build_global().expect_err("there is one");
        assert!(error.source().is_none());
        assert!(error.to_string().contains("there is a global pool already"), "{error}");
    };
    match role().as_deref() {
        None => {
            for part in ["by hand", "by its first use", "by hand, after a failure"] {
                assert_eq!(child("it_is_built_once", part, Some("4")), "");
            }
        }
        Some("by hand") => {
            ThreadPoolBuilder::new().num_threads(3).build_global().unwrap();
            second();
            assert_eq!(micropool::num_threads(), 3, "the first one stays");
        }
        Some("by its first use") => {
            use_it();
            second();
            assert_eq!(micropool::num_threads(), 4);
        }
        Some(_) => {
            let failing = ThreadPoolBuilder::new().spawn_handler(|_| Err(io::Error::other("none today")));
            let error = failing.build_global().expect_err("it has no threads");
            assert_eq!(error.source().expect("the cause").to_string(), "none today");
            ThreadPoolBuilder::new().num_threads(2).build_global().expect("there is none yet");
            assert_eq!(micropool::num_threads(), 2);
            use_it();
        }
    }
}

// Stacks of 64 MiB in an address space that has no room for 64 of them.
#[cfg(target_os = "linux")]
#[test]
fn it_takes_the_threads_that_it_can_get() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    const STACK: usize = 64 << 20;
    if let Some(room) = role() {
        let room: usize = room.parse().unwrap();
        let used = procfs::process::Process::myself().unwrap().stat().unwrap().vsize;
        // Half a stack more, for what else a thread takes.
        let maximum = Some(used + (room * STACK + STACK / 2) as u64);
        setrlimit(Resource::As, Rlimit { current: maximum, maximum: None }).unwrap();
        let workers = micropool::num_threads();
        assert!(workers <= room, "{workers} workers in a room for {room}");
        assert!(room == 0 || workers > 0, "there was room for {room}");
        return use_it();
    }
    for room in [0, 1, 4] {
        let mut command = in_child("it_takes_the_threads_that_it_can_get", &room.to_string());
        command.env("MICROPOOL_NUM_THREADS", "64").env("RUST_MIN_STACK", STACK.to_string());
        let output = ended(command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap(), LIMIT);
        assert!(output.status.success(), "room for {room}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
