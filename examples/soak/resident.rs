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

/// How far above its start it may be at any moment, however long the run: pools come and go with up to 64 threads, and no step
/// holds more than a few MiB.
const PEAK_BOUND: u64 = 256 << 20;

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

/// What has not come back, and what was too much at the `peak`.
pub fn compare(before: Resident, peak: u64, after: Resident) -> Vec<String> {
    let mut problems = Vec::new();
    if after.threads > before.threads {
        problems.push(format!("{} threads before, {} after", before.threads, after.threads));
    }
    for (when, bytes, bound) in [("at the end", after.bytes, BOUND), ("at the most", peak, PEAK_BOUND)] {
        if bytes > before.bytes + bound {
            let (more, allowed) = ((bytes - before.bytes) >> 20, bound >> 20);
            problems.push(format!("{more} MiB more resident {when} than at the start; {allowed} MiB are allowed"));
        }
    }
    problems
}
