//! `--expect-over-one-thread`, `--expect-over-rayon`, `--expect-p99-over-rayon`: whether micropool's frames were so much shorter than
//! another's.
//!
//! The executors take turns, so each turn has a ratio of its own: of two medians that were measured close together. The median
//! of these ratios decides; a machine that is busy for some turns moves it little. A turn is too short for a 99th percentile: that
//! is one of all frames, and a machine that is busy does move it.

use crate::args::Args;
use crate::race::{Racer, TURN};
use crate::report::Times;
use std::ops::RangeInclusive;
use std::thread::available_parallelism;
use std::time::Duration;

/// With fewer turns one that was disturbed would count for much.
const LEAST_TURNS: usize = 9;

/// With fewer frames the 99th percentile would be one or two of them.
const LEAST_FRAMES_OF_P99: usize = 600;

/// Micropool's frames are to be `ratio` times as fast as those of the executor called `than`.
pub struct Expectation {
    pub option: &'static str,
    pub than: &'static str,
    pub measure: Measure,
    pub ratio: f64,
}

/// Of which frames.
#[derive(Clone, Copy, PartialEq)]
pub enum Measure {
    P50,
    P99,
}

/// Whether what is expected can be looked at in such a run; what to change if it can't.
pub fn check_arguments(args: &Args) -> Result<(), String> {
    let expectations = args.expectations();
    for Expectation { option, measure, .. } in &expectations {
        let least = match measure {
            Measure::P50 => LEAST_TURNS * TURN,
            Measure::P99 => LEAST_FRAMES_OF_P99,
        };
        if args.frames() < least {
            return Err(format!("{option} needs more frames to look at: give --frames {least} or more"));
        }
    }
    let Some(Expectation { option, .. }) = expectations.first() else { return Ok(()) };
    match args.threads_given() {
        Some(1) => Err(format!("{option} needs threads: give --threads 2 or more, or leave --threads out")),
        _ => Ok(()),
    }
}

/// Prints what was expected and what came out. The first of `racers` is micropool's.
pub fn check(args: &Args, racers: &[Racer]) -> Result<(), String> {
    let expectations = args.expectations();
    let cores = available_parallelism().map_or(1, usize::from);
    if !expectations.is_empty() && cores < 2 {
        println!("nothing to expect of threads on one core: skipped");
        return Ok(());
    }
    let mut missed = Vec::new();
    for Expectation { option, than, measure, ratio } in expectations {
        let other = racers.iter().find(|racer| racer.executor.name() == than).expect("one of the executors");
        let found = match measure {
            Measure::P50 => {
                let Ratios { median, range, turns } = Ratios::of(&racers[0].times, &other.times);
                let (least, most) = range.into_inner();
                println!(
                    "{option} {ratio:.2}: {median:.2}x, the median of {turns} turns from {least:.2}x to {most:.2}x"
                );
                median
            }
            Measure::P99 => {
                let found = Times::of(&other.times).p99 / Times::of(&racers[0].times).p99;
                println!("{option} {ratio:.2}: {found:.2}x, of the {} frames of each", other.times.len());
                found
            }
        };
        if found < ratio {
            missed.push(format!("micropool is {found:.2} times as fast as {than}, not the {ratio:.2} of {option}"));
        }
    }
    if missed.is_empty() {
        return Ok(());
    }
    let cure = "if other programs were running, measure again without them; if not, something has become slower";
    Err(format!("{}\n{cure}", missed.join("\n")))
}

/// How many times as fast frames were, turn by turn.
struct Ratios {
    median: f64,
    range: RangeInclusive<f64>,
    turns: usize,
}

impl Ratios {
    fn of(ours: &[Duration], theirs: &[Duration]) -> Self {
        let turns = ours.chunks(TURN).zip(theirs.chunks(TURN));
        let mut ratios: Vec<f64> =
            turns.map(|(ours, theirs)| median(theirs).as_secs_f64() / median(ours).as_secs_f64()).collect();
        ratios.sort_unstable_by(f64::total_cmp);
        let turns = ratios.len();
        Self { median: ratios[turns / 2], range: ratios[0]..=ratios[turns - 1], turns }
    }
}

fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted[sorted.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A turn whose frames take as many milliseconds.
    fn turns(millis: &[u64]) -> Vec<Duration> {
        millis.iter().flat_map(|&time| [Duration::from_millis(time); TURN]).collect()
    }

    #[test]
    fn a_turn_that_was_disturbed_moves_the_ratio_little() {
        let Ratios { median, range, turns } = Ratios::of(&turns(&[16, 128, 16]), &turns(&[24, 32, 32]));
        assert_eq!((median, *range.start(), *range.end(), turns), (1.5, 0.25, 2.0, 3));
    }

    #[test]
    fn a_frame_that_was_disturbed_moves_its_turn_little() {
        let mut ours = turns(&[16]);
        ours[3] = Duration::from_secs(5);
        assert_eq!(Ratios::of(&ours, &turns(&[24])).median, 1.5);
    }
}
