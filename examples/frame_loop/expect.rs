//! `--expect-over-one-thread`, `--expect-over-rayon`, `--expect-p99-over-rayon`: whether micropool's frames were so much shorter than
//! another's.
//!
//! The executors take turns, so each turn has a ratio of its own: of two medians that were measured close together. The median
//! of these ratios decides; a machine that is busy for some turns moves it little. A turn is too short for a 99th percentile: that
//! is one of all frames, and a machine that is busy does move it. So it comes with the interval that holds it in 95 of 100 resamplings
//! of the turns (a bootstrap), and is missed where even the better end of that is less than expected.

use crate::args::Args;
use crate::race::{Racer, TURN};
use crate::random::Random;
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
        let (found, at_best) = match measure {
            Measure::P50 => {
                let Ratios { median, range, turns } = Ratios::of(&racers[0].times, &other.times);
                let (least, most) = range.into_inner();
                println!(
                    "{option} {ratio:.2}: {median:.2}x, the median of {turns} turns from {least:.2}x to {most:.2}x"
                );
                (median, "")
            }
            Measure::P99 => {
                let Tails { ratio: found, range } = Tails::of(&racers[0].times, &other.times);
                let (least, most) = range.into_inner();
                println!(
                    "{option} {ratio:.2}: {found:.2}x from {least:.2}x to {most:.2}x, of the {} frames of each",
                    other.times.len()
                );
                (most, " at best")
            }
        };
        if found < ratio {
            missed.push(format!(
                "micropool is {found:.2} times as fast as {than}{at_best}, not the {ratio:.2} of {option}"
            ));
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

/// How many times as fast the frames were that took longest.
struct Tails {
    ratio: f64,
    /// What it is in 95 of 100 resamplings of the turns.
    range: RangeInclusive<f64>,
}

impl Tails {
    const RESAMPLINGS: usize = 1000;

    fn of(ours: &[Duration], theirs: &[Duration]) -> Self {
        let ratio = |ours: &[Duration], theirs: &[Duration]| Times::of(theirs).p99 / Times::of(ours).p99;
        let turns: Vec<_> = ours.chunks(TURN).zip(theirs.chunks(TURN)).collect();
        // Seeded: the same frames give the same interval.
        let mut random = Random::new(1);
        let mut ratios: Vec<f64> = (0..Self::RESAMPLINGS)
            .map(|_| {
                let (mut some_of_ours, mut some_of_theirs) = (Vec::new(), Vec::new());
                for _ in 0..turns.len() {
                    let (ours, theirs) = turns[random.index(turns.len())];
                    some_of_ours.extend_from_slice(ours);
                    some_of_theirs.extend_from_slice(theirs);
                }
                ratio(&some_of_ours, &some_of_theirs)
            })
            .collect();
        ratios.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| ratios[(share * (Self::RESAMPLINGS - 1) as f64).round() as usize];
        Self { ratio: ratio(ours, theirs), range: at(0.025)..=at(0.975) }
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

    /// Twenty turns in which one frame in thirty takes as many milliseconds, and the others 10.
    fn with_long_frames(of_turn: impl Fn(usize) -> u64) -> Vec<Duration> {
        let mut times = turns(&[10; 20]);
        times.chunks_mut(TURN).enumerate().for_each(|(turn, frames)| frames[7] = Duration::from_millis(of_turn(turn)));
        times
    }

    #[test]
    fn long_frames_in_all_turns_are_a_tail_and_those_of_a_few_turns_may_be_chance() {
        let rivals = with_long_frames(|_| 20);
        let Tails { ratio, range } = Tails::of(&with_long_frames(|_| 40), &rivals);
        assert_eq!((ratio, range), (0.5, 0.5..=0.5));
        let Tails { ratio, range } = Tails::of(&with_long_frames(|turn| if turn < 7 { 40 } else { 20 }), &rivals);
        assert_eq!(ratio, 0.5);
        assert_eq!(range, 0.5..=1.0);
    }

    #[test]
    fn a_frame_that_was_disturbed_moves_its_turn_little() {
        let mut ours = turns(&[16]);
        ours[3] = Duration::from_secs(5);
        assert_eq!(Ratios::of(&ours, &turns(&[24])).median, 1.5);
    }
}
