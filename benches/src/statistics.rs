//! Medians, tails, and how far a ratio can be trusted.

use serde::Serialize;
use statrs::statistics::{Data, OrderStatistics};

pub fn median(samples: &[f64]) -> f64 {
    quantile(samples, 0.5)
}

/// # Panics
/// If a sample is no number: something was measured that took no time at all.
pub fn quantile(samples: &[f64], tau: f64) -> f64 {
    assert!(samples.iter().all(|sample| sample.is_finite()), "no number among {samples:?}");
    Data::new(samples.to_vec()).quantile(tau)
}

/// A median over the rounds, with the interval that holds it in 95 of 100 resamplings of the rounds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Interval {
    pub median: f64,
    pub low: f64,
    pub high: f64,
}

/// Resamplings: enough for the second digit of the interval's ends.
const RESAMPLINGS: usize = 4000;

/// The bootstrap interval of the median of what each round gave.
pub fn bootstrap(rounds: &[f64]) -> Interval {
    // Seeded: the same rounds give the same interval.
    let mut random = fastrand::Rng::with_seed(1);
    let mut resample = vec![0.0; rounds.len()];
    let medians: Vec<f64> = (0..RESAMPLINGS)
        .map(|_| {
            resample.fill_with(|| rounds[random.usize(..rounds.len())]);
            median(&resample)
        })
        .collect();
    Interval { median: median(rounds), low: quantile(&medians, 0.025), high: quantile(&medians, 0.975) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_holds_the_median_and_leaves_the_outlier_out() {
        let rounds = [1.0, 1.1, 0.9, 1.0, 1.05, 0.95, 1.0, 1.02, 50.0];
        let interval = bootstrap(&rounds);
        assert_eq!(interval.median, 1.0);
        assert!(interval.low <= interval.median && interval.median <= interval.high);
        assert!(interval.high < 2.0);
    }

    #[test]
    fn tails_are_tails() {
        let samples: Vec<f64> = (0..=100).map(f64::from).collect();
        assert!((quantile(&samples, 0.99) - 99.0).abs() < 1.0);
        assert!((median(&samples) - 50.0).abs() < 0.5);
    }
}
