//! One contender, measured once.

use nix::sys::resource::{UsageWho, getrusage};
use nix::time::ClockId;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// What one turn gave.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Turn {
    /// Nanoseconds of each sample, in the case's own sense (per join, per frame, per loop).
    pub samples: Vec<f64>,
    /// Processor time over time, of all threads: 2.0 is two busy cores.
    pub cores: f64,
    /// How often a thread of this process went to sleep, per sample: what a figure costs in wake-ups.
    pub sleeps: f64,
    /// A figure of the case's own.
    pub extra: Option<f64>,
}

impl Turn {
    /// As many samples as fit into `budget`, and at least `least`. Each runs `f` once and counts as `per` things.
    pub fn sampled(budget: Duration, least: usize, per: f64, mut f: impl FnMut()) -> Self {
        Self::timed(budget, least, || {
            let start = Instant::now();
            f();
            start.elapsed().as_nanos() as f64 / per
        })
    }

    /// As [`sampled`](Self::sampled), for things shorter than reading the clock: each sample is a batch.
    pub fn batched(budget: Duration, least: usize, batch: usize, mut f: impl FnMut()) -> Self {
        Self::sampled(budget, least, batch as f64, || (0..batch).for_each(|_| f()))
    }

    /// As [`sampled`](Self::sampled), where `f` reads the clock itself.
    pub fn timed(budget: Duration, least: usize, mut f: impl FnMut() -> f64) -> Self {
        let mut samples = Vec::with_capacity(1 << 12);
        let cost = Cost::from_now();
        while samples.len() < least || cost.started.elapsed() < budget {
            samples.push(f());
        }
        cost.turn(samples)
    }
}

/// What the process has used since.
pub struct Cost {
    started: Instant,
    sleeps: i64,
    cpu: Duration,
}

impl Cost {
    pub fn from_now() -> Self {
        Self { sleeps: sleeps(), cpu: cpu(), started: Instant::now() }
    }

    /// Processor time of all threads.
    pub fn cpu(&self) -> Duration {
        cpu().saturating_sub(self.cpu)
    }

    pub fn turn(&self, samples: Vec<f64>) -> Turn {
        let cores = self.cpu().as_secs_f64() / self.started.elapsed().as_secs_f64();
        let slept = sleeps() - self.sleeps;
        Turn { cores, sleeps: slept as f64 / samples.len().max(1) as f64, samples, extra: None }
    }
}

fn sleeps() -> i64 {
    getrusage(UsageWho::RUSAGE_SELF).expect("a process can ask what it used").voluntary_context_switches()
}

fn cpu() -> Duration {
    ClockId::CLOCK_PROCESS_CPUTIME_ID.now().expect("a process can ask what it used").into()
}
