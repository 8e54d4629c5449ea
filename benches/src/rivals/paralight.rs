//! paralight's own pool, which the crate offers beside its iterators.

use crate::pin;
use paralight::threads::{CpuPinningPolicy, RangeStrategy, ThreadCount, ThreadPool, ThreadPoolBuilder};
use std::num::NonZero;

pub const NAME: &str = "paralight";

/// A pool of so many threads; its caller sleeps while they compute.
pub fn pool(threads: usize, range_strategy: RangeStrategy) -> ThreadPool {
    let num_threads = ThreadCount::Count(NonZero::new(threads).expect("some threads"));
    let builder = ThreadPoolBuilder { num_threads, range_strategy, cpu_pinning: CpuPinningPolicy::No };
    pin::making(threads, 0, || builder.build())
}
