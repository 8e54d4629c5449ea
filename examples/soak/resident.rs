//! What the process has: memory and threads (Linux only; elsewhere nothing is measured).

use std::time::Duration;

/// Resident memory and threads at one moment.
#[derive(Clone, Copy)]
pub struct Resident {
    pub bytes: u64,
    pub threads: u64,
}

/// How far above its start the process may be when all pools are gone. The allocator keeps what its arenas (eight a core) hold
/// free, and glibc up to 40 MiB of ended threads' stacks: this is for those, not for what a pool would leave behind.
const BOUND: u64 = 64 << 20;

#[cfg(target_os = "linux")]
pub fn now() -> Option<Resident> {
    let process = procfs::process::Process::myself().ok()?;
    let threads = u64::try_from(process.stat().ok()?.num_threads).ok()?;
    let bytes = process.statm().ok()?.resident * procfs::page_size();
    Some(Resident { bytes, threads })
}

#[cfg(not(target_os = "linux"))]
pub fn now() -> Option<Resident> {
    None
}

/// When the threads that have been joined are gone from the system's list, too.
pub fn settled() -> Option<Resident> {
    let mut last = now()?;
    for _ in 0..50 {
        std::thread::sleep(Duration::from_millis(20));
        let next = now()?;
        if next.threads == last.threads && next.bytes.abs_diff(last.bytes) < 64 << 10 {
            return Some(next);
        }
        last = next;
    }
    Some(last)
}

/// What has not come back.
pub fn compare(before: Resident, after: Resident) -> Vec<String> {
    let mut problems = Vec::new();
    if after.threads > before.threads {
        problems.push(format!("{} threads before, {} after", before.threads, after.threads));
    }
    if after.bytes > before.bytes + BOUND {
        let more = (after.bytes - before.bytes) >> 20;
        problems.push(format!("{more} MiB more resident than at the start; {} MiB are allowed", BOUND >> 20));
    }
    problems
}
