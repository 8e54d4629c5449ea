//! Random pipelines: length × split × break × panic (in an item, in `init`, `finalize`, `reduce`, the cleanup) × workers. Each
//! index is processed or cleaned up once, each item and each thread's result dropped once, whatever happens; what is thrown is
//! what a panic threw, and where nothing is thrown the result is the sequential one.
//!
//! More of them: `MICROPOOL_RANDOM_PIPELINES=100000 cargo test --release --test pipelines`. One that fails says its seed;
//! `MICROPOOL_RANDOM_PIPELINES_SEED=…` begins with that one.

mod case;
mod contract;
mod oracle;
mod owned;

use case::Case;
use micropool::ThreadPoolBuilder;
use std::panic::{set_hook, take_hook};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use support::within;

const HOW_MANY: &str = "MICROPOOL_RANDOM_PIPELINES";
const SEED: &str = "MICROPOOL_RANDOM_PIPELINES_SEED";

/// The seed of the pipeline that runs.
static NOW: AtomicU64 = AtomicU64::new(0);

/// A number from the environment.
fn variable(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

#[test]
fn random_pipelines() {
    let count = variable(HOW_MANY).unwrap_or(3000);
    // Other ones in each run.
    let first = variable(SEED).unwrap_or_else(|| fastrand::u64(..1 << 48));
    eprintln!("{count} pipelines from seed {first}");
    // What the pipelines throw passes no hook: whatever comes by here is a failure, one that aborts the process too.
    let default = take_hook();
    set_hook(Box::new(move |info| {
        let seed = NOW.load(Relaxed);
        eprintln!("{SEED}={seed} {HOW_MANY}=1 is this pipeline: {:?}", Case::random(seed));
        default(info);
    }));
    let enough = Duration::from_secs(60) + Duration::from_millis(5) * u32::try_from(count).expect("fewer than 2³²");
    within(enough, move || {
        let pools = [0, 1, 2, 8].map(|workers| ThreadPoolBuilder::new().num_threads(workers).build().expect("a pool"));
        let began = Instant::now();
        for seed in first..first + count {
            NOW.store(seed, Relaxed);
            Case::random(seed).run(&pools);
        }
        eprintln!("{:?}", began.elapsed());
    });
}
