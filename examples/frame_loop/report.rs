//! The table at the end: how long frames took, and who was how much faster.

use std::time::Duration;

/// The times of one executor's frames, in milliseconds.
pub struct Times {
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
    pub max: f64,
}

impl Times {
    /// There must be one at least.
    pub fn of(times: &[Duration]) -> Self {
        let mut sorted: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1000.0).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        // The smallest time that so many in a hundred don't exceed.
        let percentile = |share: f64| sorted[((sorted.len() as f64 * share).ceil() as usize).max(1) - 1];
        Self { p50: percentile(0.50), p95: percentile(0.95), p99: percentile(0.99), max: percentile(1.0) }
    }

    fn all(&self) -> [f64; 4] {
        [self.p50, self.p95, self.p99, self.max]
    }
}

/// The first of `rows` is compared with each of the others.
pub fn print(rows: &[(&str, Times)]) {
    println!("{:<28}{:>9}{:>9}{:>9}{:>9}", "frame time, ms", "p50", "p95", "p99", "max");
    for (name, times) in rows {
        line(name, times.all().map(|time| format!("{time:.2}")));
    }
    if let Some(((first, ours), others)) = rows.split_first() {
        for (name, theirs) in others {
            let ratios: Vec<f64> = theirs.all().iter().zip(ours.all()).map(|(theirs, ours)| theirs / ours).collect();
            let ratio = |index: usize| format!("{:.2}x", ratios[index]);
            line(&format!("{first} over {name}"), [0, 1, 2, 3].map(ratio));
        }
    }
}

fn line(name: &str, [p50, p95, p99, max]: [String; 4]) {
    println!("{name:<28}{p50:>9}{p95:>9}{p99:>9}{max:>9}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_a_hundred_and_of_one() {
        let times: Vec<Duration> = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!(Times::of(&times).all(), [50.0, 95.0, 99.0, 100.0]);
        assert_eq!(Times::of(&times[..1]).all(), [100.0; 4]);
    }
}
