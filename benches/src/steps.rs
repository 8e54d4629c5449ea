//! How much code a call goes through: counted by stepping through it, an instruction at a time.
//!
//! After a pause a line of code (64 bytes) is a miss, and a page (4 KiB) is another one. How many there are doesn't depend on the machine's noise.

use crate::isolated;
use nix::sys::ptrace;
use nix::sys::signal::{Signal, kill, raise};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use std::collections::BTreeSet;
use std::hint::black_box;
use std::time::Duration;

/// Of one call.
#[derive(Clone, Copy, Debug)]
pub struct Steps {
    pub instructions: usize,
    pub lines: usize,
    pub pages: usize,
}

/// More than any call that comes back takes.
const MOST: usize = 100_000;

#[inline(never)]
extern "C" fn begin() {
    black_box(1);
}

#[inline(never)]
extern "C" fn end() {
    black_box(2);
}

/// What a call does on its thread, after many others and 20 ms without any; the process's other threads are held meanwhile. `prepare` makes it, in a
/// process of its own.
///
/// # Errors
/// If it doesn't come back: whoever waits for another thread waits for ever.
pub fn count<F: FnMut()>(prepare: impl FnOnce() -> F) -> Result<Steps, String> {
    isolated::assert_one_thread();
    // SAFETY: this process has one thread, so nobody else holds a lock that the child would wait for.
    match unsafe { fork() }.expect("a process can be made") {
        ForkResult::Child => {
            if ptrace::traceme().is_err() {
                std::process::exit(1);
            }
            raise(Signal::SIGSTOP).expect("a process can stop itself");
            let mut call = prepare();
            for _ in 0..2000 {
                call();
            }
            std::thread::sleep(Duration::from_millis(20));
            raise(Signal::SIGSTOP).expect("a process can stop itself");
            begin();
            call();
            end();
            std::process::exit(0)
        }
        ForkResult::Parent { child } => {
            let steps = watch(child).map_err(|error| error.to_string());
            let _ = kill(child, Signal::SIGKILL);
            // All of its threads: the first one's end isn't told before those of the others are known.
            while waitpid(None, Some(WaitPidFlag::__WALL)).is_ok() {}
            steps
        }
    }
}

/// From the child's first stop on.
fn watch(child: Pid) -> Result<Steps, Box<dyn std::error::Error>> {
    if !matches!(waitpid(child, None)?, WaitStatus::Stopped(..)) {
        return Err(
            "it can't be traced: ptrace is forbidden here (a container?), or this runs under a tracer already".into()
        );
    }
    ptrace::setoptions(child, ptrace::Options::PTRACE_O_TRACECLONE | ptrace::Options::PTRACE_O_EXITKILL)?;
    ptrace::cont(child, None)?;
    let mut others = BTreeSet::new();
    loop {
        match waitpid(None, Some(WaitPidFlag::__WALL))? {
            WaitStatus::Stopped(thread, Signal::SIGSTOP) if thread == child => break,
            // So a thread begins that is traced from its beginning.
            WaitStatus::Stopped(thread, Signal::SIGSTOP) if others.insert(thread) => ptrace::cont(thread, None)?,
            WaitStatus::Stopped(thread, signal) => ptrace::cont(thread, signal)?,
            WaitStatus::PtraceEvent(thread, ..) => ptrace::cont(thread, None)?,
            WaitStatus::Exited(thread, _) | WaitStatus::Signaled(thread, ..) => {
                if thread == child {
                    return Err("it ended before the call".into());
                }
                others.remove(&thread);
            }
            _ => {}
        }
    }
    for &other in &others {
        // SAFETY: the call takes no pointers.
        unsafe { libc::syscall(libc::SYS_tgkill, child.as_raw(), other.as_raw(), libc::SIGSTOP) };
        waitpid(other, Some(WaitPidFlag::__WALL))?;
    }
    let (begin, end) = (begin as *const () as u64, end as *const () as u64);
    while step(child)? != begin {}
    let (mut instructions, mut lines, mut pages) = (0, BTreeSet::new(), BTreeSet::new());
    while instructions < MOST {
        let at = step(child)?;
        if at == end {
            return Ok(Steps { instructions, lines: lines.len(), pages: pages.len() });
        }
        instructions += 1;
        lines.insert(at / 64);
        pages.insert(at / 4096);
    }
    Err(format!("it doesn't come back in {MOST} instructions").into())
}

/// The thread makes a step; where its next instruction lies.
fn step(thread: Pid) -> Result<u64, Box<dyn std::error::Error>> {
    ptrace::step(thread, None)?;
    match waitpid(thread, Some(WaitPidFlag::__WALL))? {
        WaitStatus::Stopped(..) => {}
        other => return Err(format!("it doesn't stop: {other:?}").into()),
    }
    let registers = ptrace::getregs(thread)?;
    #[cfg(target_arch = "x86_64")]
    return Ok(registers.rip);
    #[cfg(target_arch = "aarch64")]
    return Ok(registers.pc);
}
