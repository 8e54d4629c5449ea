//! The program from outside: what wrong arguments and wrong files get, and that they spoil nothing.

use crate::{Args, exit_code};
use clap::Parser;
use std::fs;
use std::path::{Path, PathBuf};
use support::role;

const ARENA: &str = include_str!("../assets/arena.ron");

/// The program itself, in a process of its own.
#[test]
fn program() {
    if let Some(arguments) = role() {
        let arguments = ["frame_loop"].into_iter().chain(arguments.lines());
        std::process::exit(exit_code(&Args::parse_from(arguments)).into());
    }
}

/// Its exit code, and what it printed as an error.
fn play(arguments: &[&str]) -> (Option<i32>, String) {
    let output = support::as_a_program("command_line::program", arguments);
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// It says all of `words` and fails as one does who was given something wrong.
#[track_caller]
fn is_refused(arguments: &[&str], words: &[&str]) {
    support::program_ends("command_line::program", arguments, 2, words);
}

fn directory(name: &str) -> PathBuf {
    support::empty_directory(&format!("frame_loop/tests/{name}"))
}

#[test]
fn wrong_arguments_are_named_with_what_they_may_be() {
    is_refused(&["--frame", "3"], &["'--frame'", "--help"]);
    is_refused(&["--frames", "0"], &["'--frames <N>'", "1..=20000"]);
    is_refused(&["--frames", "many"], &["'many'", "'--frames <N>'"]);
    is_refused(&["--threads", "257"], &["'--threads <N>'", "0..=256"]);
    is_refused(&["--save-every", "0"], &["'--save-every <N>'", "1..="]);
    for ratio in ["fast", "0", "-1", "NaN", "inf"] {
        is_refused(&[&format!("--expect-over-rayon={ratio}")], &["--expect-over-rayon", "from 0.01 to 1000"]);
    }
    is_refused(&["--frames", "269", "--expect-over-rayon", "1"], &["--expect-over-rayon", "--frames 270"]);
    is_refused(&["--frames", "599", "--expect-p99-over-rayon", "1"], &["--expect-p99-over-rayon", "--frames 600"]);
    is_refused(&["--threads", "1", "--expect-over-one-thread", "1"], &["--expect-over-one-thread", "--threads 2"]);
}

#[test]
fn wrong_files_are_named_and_what_was_saved_stays() {
    let place = directory("wrong_files");
    let (out, scene) = (place.join("out"), place.join("scene.ron"));
    fs::create_dir(&out).unwrap();
    for file in ["save.ron", "frame.png", "audio.wav"] {
        fs::write(out.join(file), "of the last game").unwrap();
    }
    let to_out = ["--frames", "1", "--out", out.to_str().unwrap()];
    let with = |scene: &Path, words: &[&str]| {
        let name = scene.to_str().unwrap();
        is_refused(&[&to_out[..], &["--scene", name]].concat(), &[&[name], words].concat());
    };

    with(&place.join("none.ron"), &["can't read the scene file", "--scene PATH"]);
    // Anything but text.
    fs::write(&scene, [0xFF, 0xFE, 0x00]).unwrap();
    with(&scene, &["the scene file", "is no text", "examples/assets/arena.ron"]);
    // The line says which field it is about.
    fs::write(&scene, ARENA.replacen("count: 900", "count: -3", 1)).unwrap();
    with(&scene, &["scene.ron:", "count: -3", "correct that line"]);
    fs::write(&scene, &ARENA[..ARENA.len() / 2]).unwrap();
    with(&scene, &["scene.ron:", "correct that line"]);
    fs::write(&scene, "").unwrap();
    with(&scene, &["scene.ron:1:1", "correct that line"]);
    fs::write(&scene, ARENA.replacen("bounce: 0.", "bounce: 7.", 1)).unwrap();
    with(&scene, &["arena.bounce is 7.", "correct these values"]);
    // Its sounds don't lie beside it.
    fs::write(&scene, ARENA).unwrap();
    let sound = place.join("thud.wav");
    is_refused(
        &[&to_out[..], &["--scene", scene.to_str().unwrap()]].concat(),
        &[".wav", "put a WAV file there, or correct the name in the scene"],
    );
    fs::write(&sound, "no sound").unwrap();
    fs::copy("examples/assets/clack.wav", place.join("clack.wav")).unwrap();
    is_refused(
        &[&to_out[..], &["--scene", scene.to_str().unwrap()]].concat(),
        &[sound.to_str().unwrap(), "put a WAV file there"],
    );

    for file in ["save.ron", "frame.png", "audio.wav"] {
        assert_eq!(fs::read_to_string(out.join(file)).unwrap(), "of the last game");
    }
    assert_eq!(fs::read_dir(&out).unwrap().count(), 3, "nothing was left behind");
}

#[test]
fn a_directory_that_can_t_be_made_is_named_before_the_game() {
    let file = directory("no_directory").join("file");
    fs::write(&file, "in the way").unwrap();
    let below = file.join("out");
    is_refused(&["--out", below.to_str().unwrap()], &["can't make the directory", below.to_str().unwrap(), "--out"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "in the way");
}

#[test]
fn a_directory_that_isn_t_there_is_made_and_there_may_be_many_threads() {
    let out = directory("made").join("by/the/game");
    let (code, error) = play(&["--frames", "1", "--threads", "64", "--out", out.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{error}");
    let mut files: Vec<_> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["audio.wav", "frame.png", "save.ron"]);
}

#[test]
fn a_picture_that_can_t_be_written_is_named_and_the_rest_is_kept() {
    let out = directory("picture");
    fs::create_dir(out.join("frame.png")).unwrap();
    // As many threads as there are cores.
    let (code, error) = play(&["--frames", "1", "--threads", "0", "--out", out.to_str().unwrap()]);
    assert_eq!(code, Some(1), "{error}");
    assert!(error.contains("frame.png") && error.contains("another directory with --out"), "{error}");
    assert!(out.join("save.ron").exists(), "the game can be gone on with");
    assert!(out.join("audio.wav").exists(), "the sound can be listened to");
}
