//! The command line.

use clap::{Parser, ValueEnum};
use std::path::PathBuf;
use std::thread::available_parallelism;

/// Plays frames at a fixed rate, first alone, then while textures are loaded in the background, and shows how long the frames
/// took.
#[derive(Parser)]
#[command(name = "streaming")]
pub struct Args {
    /// What frames and loading run on
    #[arg(long, value_enum, default_value_t = Pool::Shared)]
    pub pool: Pool,

    /// Textures to load
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    assets: u32,

    /// How long to play, once without and once with loading
    #[arg(long, value_name = "S", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub seconds: u32,

    /// Threads that compute, the main one included, at least 2; 0: as many as there are cores
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = threads)]
    threads: u32,

    /// Frames a second
    #[arg(long, value_name = "HZ", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rate: u32,

    /// Where the PNG files are; they are made if they aren't there
    #[arg(long, value_name = "DIR", default_value = "target/streaming")]
    pub dir: PathBuf,

    /// Fail if half of the frames while loading take longer than so many times half of those alone (with one core: say so, and don't)
    #[arg(long, value_name = "RATIO", value_parser = ratio)]
    pub expect_p50_within: Option<f64>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Pool {
    /// One pool of micropool: workers load when there is no frame
    Shared,
    /// Micropool with one background thread of its own, at a low priority
    Dedicated,
    /// One pool of rayon
    Rayon,
}

fn ratio(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(ratio) if (1.0..=1000.0).contains(&ratio) => Ok(ratio),
        _ => Err("a ratio from 1 to 1000, such as 1.25".to_owned()),
    }
}

fn threads(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(1) => Err("one thread can't load while it computes a frame; at least 2".to_owned()),
        Ok(threads @ 0..=256) => Ok(threads),
        _ => Err("a number of threads, up to 256".to_owned()),
    }
}

impl Args {
    pub fn assets(&self) -> usize {
        self.assets as usize
    }

    pub fn threads(&self) -> usize {
        match self.threads {
            0 => available_parallelism().map_or(2, |cores| usize::from(cores).max(2)),
            threads => threads as usize,
        }
    }
}
