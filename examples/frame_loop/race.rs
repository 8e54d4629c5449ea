//! The measurement: the executors take turns, each with a game of its own, so that whatever else the machine does
//! meanwhile falls on all of them alike.

use crate::executors::Executor;
use crate::game::Game;
use crate::progress::Progress;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Frames that are measured in one turn.
pub const TURN: usize = 30;
/// Frames before them that are not: caches and threads warm up after the others' turn.
const WARM_UP: usize = 3;

/// An executor, its game, and how long its frames took.
pub struct Racer {
    pub executor: Box<dyn Executor>,
    pub game: Game,
    pub save_file: PathBuf,
    pub times: Vec<Duration>,
    /// Frames so far, measured or not.
    frame: usize,
}

impl Racer {
    pub fn new(executor: Box<dyn Executor>, game: Game, out: &Path, frames: usize) -> Self {
        let save_file = out.join(format!("save of {}.ron", executor.name()).replace(' ', "-"));
        Self { executor, game, save_file, times: Vec::with_capacity(frames), frame: 0 }
    }

    /// `saves`: the measured frames that save. The waiting at the end is not measured: the next one's turn must not have
    /// this one's background work beside it.
    fn turn(&mut self, measured: Range<usize>, saves: impl Fn(usize) -> bool) -> Result<(), String> {
        for _ in 0..WARM_UP {
            self.next_frame(false);
        }
        for number in measured {
            let began = Instant::now();
            self.next_frame(saves(number));
            self.times.push(began.elapsed());
        }
        self.executor.finish_saves()
    }

    fn next_frame(&mut self, save: bool) {
        self.executor.frame(&mut self.game, self.frame, save.then_some(&self.save_file));
        self.frame += 1;
    }
}

/// How many frames a game will have had in the end.
pub fn frames_in_all(measured: usize) -> usize {
    measured + measured.div_ceil(TURN) * WARM_UP
}

/// Plays `frames` measured frames on each of them, saving every `save_every`.
pub fn run(racers: &mut [Racer], frames: usize, save_every: usize) -> Result<(), String> {
    let mut progress = Progress::new(frames * racers.len());
    for (turn, first) in (0..frames).step_by(TURN).enumerate() {
        let measured = first..frames.min(first + TURN);
        for place in 0..racers.len() {
            // Another one begins each time.
            let who = (turn + place) % racers.len();
            // The first frame saves, so that there is a file however few there are.
            racers[who].turn(measured.clone(), |frame| frame % save_every == 0)?;
            progress.advance(measured.len(), racers[who].executor.name());
        }
    }
    progress.finish();
    Ok(())
}
