//! A frame loop at a fixed rate while textures stream in: each is read, decoded (PNG), mip-mapped and compressed (BC1) in the
//! background, by a chain of `#[job(background)]` functions with `#[after]`. First the frames run alone, then beside the
//! loading, and a table shows what the loading did to their times.
//!
//! `cargo run --release --example streaming -- --help`
//!
//! Start with `loading/on_micropool.rs`, the chain, and `frame.rs`, the frame.

#![forbid(unsafe_code)]

mod args;
mod assets;
#[cfg(test)]
mod command_line;
mod display;
mod frame;
mod loading;
mod stages;

// Shared with the game next door.
#[allow(dead_code, reason = "the game uses the rest")]
#[path = "../frame_loop/parallel_for.rs"]
mod parallel_for;
#[allow(dead_code, reason = "the game uses the rest")]
#[path = "../frame_loop/random.rs"]
mod random;
#[path = "../frame_loop/report.rs"]
mod report;

use args::{Args, Pool};
use clap::Parser;
use display::Display;
use frame::Sea;
use loading::{Engine, OnMicropool, OnRayon};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

fn main() -> ExitCode {
    ExitCode::from(exit_code(&Args::parse()))
}

/// Plays, and says what went wrong.
fn exit_code(args: &Args) -> u8 {
    match run(args) {
        Ok(()) => 0,
        Err(text) => {
            eprintln!("error: {text}");
            1
        }
    }
}

fn run(args: &Args) -> Result<(), String> {
    let paths = assets::prepare(&args.dir, args.assets())?;
    let mut engine: Box<dyn Engine> = match args.pool {
        Pool::Shared | Pool::Dedicated => Box::new(OnMicropool::new(args).map_err(|error| error.to_string())?),
        Pool::Rayon => Box::new(OnRayon::new(args.threads()).map_err(|error| error.to_string())?),
    };
    println!("{} textures in {}; {}; {} frames a second", paths.len(), args.dir.display(), engine.name(), args.rate);
    if cfg!(debug_assertions) {
        println!("this is a debug build: for times that mean something, use `cargo run --release --example streaming`");
    }

    let mut game = Game::new(args);
    let alone = game.play(&mut *engine, None)?;
    let loading = game.play(&mut *engine, Some(&paths))?;
    println!();
    let [times_alone, times_loading] = [&alone, &loading].map(|played| report::Times::of(&played.times));
    let ratio = times_loading.p50 / times_alone.p50;
    report::print(&[("frames alone", times_alone), ("frames while loading", times_loading)]);
    let (megabytes, seconds) = (|bytes: usize| bytes as f64 / 1e6, loading.took.as_secs_f64());
    println!(
        "\n{} textures in {seconds:.1} s: {:.0} MB of pixels became {:.0} MB; {} of {} frames were late meanwhile, {} of {} alone",
        loading.textures,
        megabytes(loading.bytes),
        megabytes(loading.compressed),
        loading.late,
        loading.times.len(),
        alone.late,
        alone.times.len(),
    );
    check(args, ratio)
}

/// Whether the frames were as flat as was expected. The median is looked at, which a machine that is busy for a moment doesn't move.
fn check(args: &Args, ratio: f64) -> Result<(), String> {
    let Some(most) = args.expect_p50_within else { return Ok(()) };
    if thread::available_parallelism().map_or(1, usize::from) < 2 {
        println!("nothing to expect of threads on one core: skipped");
        return Ok(());
    }
    println!("--expect-p50-within {most:.2}: {ratio:.2}x");
    if ratio <= most {
        return Ok(());
    }
    Err(format!(
        "half of the frames while loading took {ratio:.2} times as long as alone, not the {most:.2} of --expect-p50-within\n\
         if other programs were running, measure again without them; if not, the background delays frames"
    ))
}

/// Textures that are loaded at the same time: enough to keep the background busy for some frames, and few enough not to hold all
/// pictures in memory at once (the queue is fair: of so many chains it does all first steps, then all second ones).
const UNDER_WAY: usize = 32;

/// What a phase of the run came to.
struct Played {
    times: Vec<Duration>,
    took: Duration,
    /// Frames that took longer than their time.
    late: usize,
    textures: usize,
    /// Before compression, and after.
    bytes: usize,
    compressed: usize,
}

struct Game {
    sea: Sea,
    tick: Duration,
    length: Duration,
}

impl Game {
    fn new(args: &Args) -> Self {
        Self {
            sea: Sea::new(),
            tick: Duration::from_secs(1) / args.rate,
            length: Duration::from_secs(args.seconds.into()),
        }
    }

    /// Frames for as long as asked for. With paths: all of them are loaded meanwhile, again and again, and the last time to
    /// its end.
    fn play(&mut self, engine: &mut dyn Engine, paths: Option<&[PathBuf]>) -> Result<Played, String> {
        let (sender, arrivals) = channel();
        let mut display = Display::new(paths.map(<[_]>::len), self.tick);
        let began = Instant::now();
        let mut next = began;
        let mut played =
            Played { times: Vec::new(), took: Duration::ZERO, late: 0, textures: 0, bytes: 0, compressed: 0 };
        let mut waiting = [].iter();
        let mut under_way = 0;
        while began.elapsed() < self.length || under_way > 0 {
            if let (Some(paths), 0) = (paths, under_way) {
                waiting = paths.iter();
                display.begin_round();
            }
            for path in waiting.by_ref().take(UNDER_WAY - under_way) {
                engine.load(path.clone(), sender.clone());
                under_way += 1;
            }
            let start = Instant::now();
            engine.frame(&mut self.sea);
            let time = start.elapsed();
            played.times.push(time);

            // What the game would do with a texture that has come: here it is counted and dropped.
            for texture in arrivals.try_iter() {
                let texture = texture?;
                under_way -= 1;
                played.textures += 1;
                played.bytes += texture.bytes_of_pixels;
                played.compressed += texture.levels.iter().map(Vec::len).sum::<usize>();
                display.arrived();
            }
            display.frame(time);
            next += self.tick;
            match next.checked_duration_since(Instant::now()) {
                Some(rest) => thread::sleep(rest),
                None => {
                    played.late += 1;
                    next = Instant::now();
                }
            }
        }
        played.took = began.elapsed();
        display.finish();
        Ok(played)
    }
}
