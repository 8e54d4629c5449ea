//! A small game, its frame as one graph: input, ai, animation, physics, culling, shadows, audio, rendering, and a save in
//! the background. It is played on micropool, on one thread and on rayon by turns; all three must come to the same
//! world, sound and picture, bit by bit, and a table shows how long their frames took.
//!
//! `cargo run --release --example frame_loop -- --help`
//!
//! Start with `executors/on_micropool.rs`, the graph. Each node is a file of its name. They are generic over
//! `parallel_for.rs`; `game.rs` has what they work on, made of the scene in `examples/assets/arena.ron`.

#![forbid(unsafe_code)]

mod ai;
mod animation;
mod args;
mod audio;
#[cfg(test)]
mod command_line;
mod culling;
mod executors;
mod expect;
mod game;
mod grid;
mod input;
mod parallel_for;
mod physics;
mod progress;
mod race;
mod random;
mod rendering;
mod report;
mod save;
mod scene;
mod scene_check;
mod shading;
mod shadows;
mod sound;
mod world;

use args::Args;
use clap::Parser;
use executors::{Executor, OnMicropool, OnOneThread, OnRayon};
use game::Game;
use race::Racer;
use scene::Scene;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// What went wrong, and the exit code that says so.
struct Failure {
    text: String,
    code: u8,
}

impl Failure {
    /// The user can mend it: an argument, the scene.
    fn of_input(text: impl ToString) -> Self {
        Self { text: text.to_string(), code: 2 }
    }

    fn of_run(text: impl ToString) -> Self {
        Self { text: text.to_string(), code: 1 }
    }
}

fn main() -> ExitCode {
    ExitCode::from(exit_code(&Args::parse()))
}

/// Plays, and says what went wrong.
fn exit_code(args: &Args) -> u8 {
    match run(args) {
        Ok(()) => 0,
        Err(Failure { text, code }) => {
            eprintln!("error: {text}");
            code
        }
    }
}

fn run(args: &Args) -> Result<(), Failure> {
    expect::check_arguments(args).map_err(Failure::of_input)?;
    let scene_path = args.scene();
    let scene = Arc::new(Scene::read(&scene_path).map_err(Failure::of_input)?);
    let sounds = Arc::new(game::load_sounds(&scene, &scene_path).map_err(Failure::of_input)?);
    std::fs::create_dir_all(&args.out).map_err(|error| {
        Failure::of_input(format!("can't make the directory {}: {error}; give another with --out", args.out.display()))
    })?;

    let (frames, threads) = (args.frames(), args.threads());
    let executors: [Box<dyn Executor>; 3] = [
        Box::new(OnMicropool::new(threads).map_err(Failure::of_run)?),
        Box::new(OnOneThread::new()),
        Box::new(OnRayon::new(threads).map_err(Failure::of_run)?),
    ];
    let mut racers = executors.map(|executor| {
        let game = Game::new(&scene, &sounds, race::frames_in_all(frames));
        Racer::new(executor, game, &args.out, frames)
    });
    println!(
        "{}: {} bodies, {} sounds\nmeasured by turns, frames on each: {frames}; threads of micropool and of rayon: {threads}\n",
        scene_path.display(),
        racers[0].game.world.len(),
        scene.sounds.len(),
    );
    if cfg!(debug_assertions) {
        println!(
            "this is a debug build: for times that mean something, use `cargo run --release --example frame_loop`\n"
        );
    }
    race::run(&mut racers, frames, args.save_every()).map_err(Failure::of_run)?;

    report::print(&racers.each_ref().map(|racer| (racer.executor.name(), report::Times::of(&racer.times))));
    compare(&racers)?;
    leave_behind(&racers, &args.out)?;
    expect::check(args, &racers).map_err(Failure::of_run)
}

/// Makes sure that the executors came to the same outcome.
fn compare(racers: &[Racer]) -> Result<(), Failure> {
    let outcomes: Vec<_> = racers.iter().map(|racer| racer.game.outcome()).collect();
    let saves = racers.iter().map(|racer| std::fs::read(&racer.save_file)).collect::<Result<Vec<_>, _>>();
    let saves = saves.map_err(|error| Failure::of_run(format!("can't read a save file: {error}")))?;
    let same = outcomes.windows(2).all(|pair| pair[0] == pair[1]) && saves.windows(2).all(|pair| pair[0] == pair[1]);
    if same {
        let sum = outcomes[0].world.0;
        println!("\nworld, sound, picture and save file are the same on all three, bit by bit (world: {sum:016x})");
        return Ok(());
    }
    let lines = racers.iter().zip(&outcomes).zip(&saves).map(|((racer, outcome), save)| {
        let [world, sound, picture] = [outcome.world, outcome.sound, outcome.picture].map(|sum| sum.0);
        let name = racer.executor.name();
        format!(
            "\n  {name}: world {world:016x}, sound {sound:016x}, picture {picture:016x}, {} bytes saved",
            save.len()
        )
    });
    Err(Failure::of_run(format!("the executors came to different outcomes:{}", lines.collect::<String>())))
}

/// Writes the last picture and the sound of micropool's game, and keeps its save file: each of them, whatever becomes of the others.
fn leave_behind(racers: &[Racer], out: &Path) -> Result<(), Failure> {
    let [picture, sound, save] = ["frame.png", "audio.wav", "save.ron"].map(|name| out.join(name));
    let cant_write = |path: &Path, error: &dyn std::fmt::Display| {
        Failure::of_run(format!("can't write {}: {error}; give another directory with --out", path.display()))
    };
    let game = &racers[0].game;
    let mut written = vec![
        game.canvas.write(&picture).map_err(|error| cant_write(&picture, &error)),
        game.mixer.write(&sound).map_err(|error| cant_write(&sound, &error)),
        std::fs::rename(&racers[0].save_file, &save).map_err(|error| cant_write(&save, &error)),
    ];
    written.extend(racers[1..].iter().map(|racer| {
        let name = &racer.save_file;
        std::fs::remove_file(name).map_err(|error| Failure::of_run(format!("can't remove {}: {error}", name.display())))
    }));
    let faults: Vec<String> = written.into_iter().filter_map(|outcome| Some(outcome.err()?.text)).collect();
    if !faults.is_empty() {
        return Err(Failure::of_run(faults.join("\n")));
    }
    let saved = save::read(&save).map_err(Failure::of_run)?;
    println!("last picture  {}", picture.display());
    println!("sound         {}", sound.display());
    println!("saved game    {} (frame {}, {} bodies)", save.display(), saved.frame, saved.bodies.len());
    Ok(())
}
