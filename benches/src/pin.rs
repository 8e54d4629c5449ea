//! Which thread runs on which core.
//!
//! Pinned, because some kernels pack a woken thread onto its waker's core, and then nothing is parallel. Most rivals have no
//! setting for it; so the threads that appear while a pool is made are pinned from outside, the same way for everybody.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use std::collections::BTreeSet;
use std::fs;
use std::sync::OnceLock;

struct Cores {
    pinned: bool,
    all: Vec<usize>,
}

static CORES: OnceLock<Cores> = OnceLock::new();

/// To be called first thing in `main`: which cores there are, and the calling thread onto the first.
pub fn start(unpinned: bool) {
    let may = sched_getaffinity(Pid::from_raw(0)).expect("a thread can ask where it may run");
    let all: Vec<usize> = (0..CpuSet::count()).filter(|&core| may.is_set(core).unwrap_or(false)).collect();
    if CORES.set(Cores { pinned: !unpinned, all }).is_err() {
        panic!("called once, in `main`");
    }
    caller();
}

fn cores() -> &'static Cores {
    CORES.get().expect("`main` calls `pin::start` first")
}

pub fn pinned() -> bool {
    cores().pinned
}

pub fn count() -> usize {
    cores().all.len()
}

fn set(thread: Pid, to: &[usize]) {
    let mut set = CpuSet::new();
    for &core in to {
        set.set(core).expect("a core that was listed");
    }
    // A thread that has ended meanwhile needs no core.
    let _ = sched_setaffinity(thread, &set);
}

/// The calling thread goes to the first core.
pub fn caller() {
    if cores().pinned {
        set(Pid::from_raw(0), &cores().all[..1]);
    }
}

/// The calling thread goes to a core, counted from 0 and around.
pub fn this_thread(core: usize) {
    let Cores { pinned, all } = cores();
    if *pinned {
        let core = core % all.len();
        set(Pid::from_raw(0), &all[core..=core]);
    }
}

/// Makes a pool whose `workers` threads go to the cores `first`, `first + 1` and so on, around. Threads that it makes beyond
/// those (timers, dedicated background threads) may run anywhere. While it is made the caller may run anywhere too: pools ask
/// how many cores there are.
pub fn making<P>(workers: usize, first: usize, make: impl FnOnce() -> P) -> P {
    making_after(0, workers, first, make)
}

/// As [`making`], for a pool that makes `others` threads before its workers.
pub fn making_after<P>(others: usize, workers: usize, first: usize, make: impl FnOnce() -> P) -> P {
    let Cores { pinned, all } = cores();
    if !pinned {
        return make();
    }
    let before = threads();
    set(Pid::from_raw(0), all);
    let pool = make();
    for (index, &thread) in threads().difference(&before).skip(others).take(workers).enumerate() {
        let core = (first + index) % all.len();
        set(Pid::from_raw(thread), &all[core..=core]);
    }
    caller();
    pool
}

/// This process's threads, in the order in which they were made.
fn threads() -> BTreeSet<i32> {
    let listed = fs::read_dir("/proc/self/task").expect("this system lists a process's threads");
    listed.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
}
