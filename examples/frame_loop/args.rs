//! The command line.

use crate::expect::{Expectation, Measure};
use clap::Parser;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

/// A small game whose frame is one graph of micropool. Plays the same frames on micropool, on one thread and on rayon,
/// by turns, makes sure that all three come to the same world, sound and picture, and shows how long frames took.
#[derive(Parser)]
#[command(name = "frame_loop")]
pub struct Args {
    /// Frames to measure on each executor
    #[arg(long, value_name = "N", default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    frames: u32,

    /// Threads that compute, the main one included; 0: as many as there are cores
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=256))]
    threads: u32,

    /// The scene to play [default: the arena that comes with the example]
    #[arg(long, value_name = "PATH")]
    scene: Option<PathBuf>,

    /// Where the picture, the sound and the save file go
    #[arg(long, value_name = "DIR", default_value = "target/frame_loop")]
    pub out: PathBuf,

    /// A frame in so many saves the game
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    save_every: u32,

    /// Fail unless micropool's frames are so many times as fast as one thread's (with one core: say so, and don't)
    #[arg(long, value_name = "RATIO", value_parser = ratio)]
    expect_over_one_thread: Option<f64>,

    /// Fail unless micropool's frames are so many times as fast as rayon's (with one core: say so, and don't)
    #[arg(long, value_name = "RATIO", value_parser = ratio)]
    expect_over_rayon: Option<f64>,

    /// The same for the frames that take longest, at the 99th percentile of all that were measured: at the better end of
    /// the interval that holds it in 95 of 100 resamplings of the turns
    #[arg(long, value_name = "RATIO", value_parser = ratio)]
    expect_p99_over_rayon: Option<f64>,
}

fn ratio(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(ratio) if (0.01..=1000.0).contains(&ratio) => Ok(ratio),
        _ => Err("a ratio from 0.01 to 1000, such as 1.3".to_owned()),
    }
}

impl Args {
    pub fn frames(&self) -> usize {
        self.frames as usize
    }

    pub fn save_every(&self) -> usize {
        self.save_every as usize
    }

    pub fn threads(&self) -> usize {
        self.threads_given().unwrap_or_else(|| available_parallelism().map_or(1, usize::from))
    }

    pub fn threads_given(&self) -> Option<usize> {
        (self.threads > 0).then_some(self.threads as usize)
    }

    pub fn expectations(&self) -> Vec<Expectation> {
        use Measure::{P50, P99};
        let all = [
            ("--expect-over-one-thread", "one thread", P50, self.expect_over_one_thread),
            ("--expect-over-rayon", "rayon", P50, self.expect_over_rayon),
            ("--expect-p99-over-rayon", "rayon", P99, self.expect_p99_over_rayon),
        ];
        let expected = |(option, than, measure, ratio)| Some(Expectation { option, than, measure, ratio: ratio? });
        all.into_iter().filter_map(expected).collect()
    }

    /// The scene asked for, else the one beside the sources: where they were when this was compiled, or below the
    /// current directory if they have moved since.
    pub fn scene(&self) -> PathBuf {
        const OURS: &str = "examples/assets/arena.ron";
        self.scene.clone().unwrap_or_else(|| match Path::new(env!("CARGO_MANIFEST_DIR")).join(OURS) {
            path if path.exists() => path,
            _ => PathBuf::from(OURS),
        })
    }
}
