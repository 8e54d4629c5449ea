//! What is left in the process: threads and resident memory after pools that were made and dropped, and after many spawns.
//! Linux only, where a process can be asked. `-- --ignored` for the long forms.

#![cfg(target_os = "linux")]
#![forbid(unsafe_code)]

use micropool::ThreadPoolBuilder;
use procfs::process::Process;
use std::sync::Mutex;
use std::time::Duration;
use support::{eventually, within};

/// One test at a time: it is the whole process that is measured.
static ALONE: Mutex<()> = Mutex::new(());

/// Bytes that are resident now, exactly: the counters in `statm` lag behind.
fn resident() -> u64 {
    let rollup = Process::myself().and_then(|process| process.smaps_rollup()).expect("our own memory");
    let map = rollup.memory_map_rollup.0.first().expect("one line for all");
    map.extension.map["Rss"]
}

/// Threads of pools, by their names: those of the test harness come and go.
fn threads() -> usize {
    let tasks = Process::myself().and_then(|process| process.tasks()).expect("our own threads");
    let stats = tasks.filter_map(|task| task.and_then(|task| task.stat()).ok());
    stats.filter(|stat| stat.comm.starts_with("micropool-")).count()
}

/// What one pool does between its making and its end.
fn use_a_pool(round: usize) {
    let builder = ThreadPoolBuilder::new().num_threads(round % 4).dedicated_background_threads(round % 7 / 5);
    let pool = builder.build().expect("threads can be made");
    let (a, b) = pool.join(|| 1, || 2);
    let c = pool.scope(|s| s.spawn(|| 3).join());
    let d = pool.split_per_item().reduce_ranges(10, |range| range.len(), |a, b| a + b);
    let e = pool.spawn(|| 5).then(|n| n + 1).join();
    assert_eq!((a, b, c, d, e), (1, 2, 3, Some(10), 6));
    for _ in 0..3 {
        pool.spawn(|| ()).detach();
    }
    // An outside thread that used it and ends before it, and one seat of this thread's.
    if round.is_multiple_of(16) {
        std::thread::scope(|s| {
            s.spawn(|| pool.join(|| (), || ()));
        });
    }
}

fn pools(count: usize) {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    // Once through every shape: arenas, stacks that the C library keeps, tables.
    (0..200).for_each(use_a_pool);
    let bytes = resident();
    (0..count).for_each(use_a_pool);
    assert!(eventually(Duration::from_secs(5), || threads() == 0), "{} threads are left", threads());
    let grown = resident().saturating_sub(bytes) >> 10;
    println!("{count} pools: {grown} KiB more");
    assert!(grown < 512, "{grown} KiB more resident after {count} pools");
}

#[test]
fn pools_leave_no_threads_and_no_memory() {
    within(Duration::from_secs(60), || pools(500));
}

#[test]
#[ignore = "10 000 pools: some seconds"]
fn pools_leave_no_threads_and_no_memory_10_000() {
    within(Duration::from_secs(600), || pools(10_000));
}

fn spawns(count: usize) {
    const BURST: usize = 1000;
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let pool = ThreadPoolBuilder::new().num_threads(2).build().expect("threads can be made");
    let burst = || {
        for n in 0..BURST {
            let data = [n; 8];
            let task = pool.spawn(move || data.iter().sum::<usize>());
            match n % 4 {
                0 => task.detach(),
                1 => assert_eq!(task.join(), n * 8),
                2 => drop(task.cancel()),
                _ => drop(task.share()),
            }
        }
        pool.wait_idle();
    };
    (0..200).for_each(|_| burst());
    let bytes = resident();
    (0..count / BURST).for_each(|_| burst());
    let grown = resident().saturating_sub(bytes) >> 10;
    println!("{count} spawns: {grown} KiB more");
    assert!(grown <= 512, "{grown} KiB more resident after {count} spawns");
}

#[test]
fn spawns_leave_no_memory() {
    within(Duration::from_secs(60), || spawns(200_000));
}

#[test]
#[ignore = "10 000 000 spawns: some minutes without optimisation"]
fn spawns_leave_no_memory_10_000_000() {
    within(Duration::from_secs(1800), || spawns(10_000_000));
}
