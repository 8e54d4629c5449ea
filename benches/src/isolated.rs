//! A process for each turn.
//!
//! So no contender meets another's threads, allocations or statics, and everybody starts alike. Some rivals can't be stopped
//! once they run (forte 1.0.0-alpha.4 deadlocks when its last thread is to go), and a rival that hangs costs its own turn only.

use crate::turn::Turn;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork, pipe};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How long a turn may be silent before it counts as hanging.
const PATIENCE_MS: u16 = 30_000;

/// Before a fork: the child would wait for locks of threads that it hasn't.
pub fn assert_one_thread() {
    let threads = fs::read_dir("/proc/self/task").map_or(1, Iterator::count);
    assert_eq!(threads, 1, "a process with threads can't be forked safely");
}

/// Takes the turn in a child of this process.
///
/// # Errors
/// If it panics or hangs.
pub fn turn(take: impl FnOnce() -> Turn) -> Result<Turn, String> {
    assert_one_thread();
    let (reader, writer) = pipe().expect("a pipe can be made");
    // SAFETY: this process has one thread, so nobody else holds a lock that the child would wait for.
    match unsafe { fork() }.expect("a process can be made") {
        ForkResult::Child => {
            drop(reader);
            let turn = catch_unwind(AssertUnwindSafe(take));
            let code = i32::from(turn.is_err());
            if let Ok(turn) = turn {
                let figures = serde_json::to_vec(&turn).expect("figures can be written");
                File::from(writer).write_all(&figures).expect("the parent listens");
            }
            std::process::exit(code)
        }
        ForkResult::Parent { child } => {
            drop(writer);
            let mut listening = [PollFd::new(reader.as_fd(), PollFlags::POLLIN)];
            let heard = poll(&mut listening, PollTimeout::from(PATIENCE_MS));
            let result = if heard == Ok(0) {
                Err("hangs".to_owned())
            } else {
                let mut figures = Vec::new();
                File::from(reader).read_to_end(&mut figures).expect("a pipe can be read");
                serde_json::from_slice(&figures).map_err(|_| "panics".to_owned())
            };
            // Its figures are all that is wanted of it; threads that don't end needn't be waited for.
            let _ = kill(child, Signal::SIGKILL);
            let _ = waitpid(child, None);
            result
        }
    }
}
