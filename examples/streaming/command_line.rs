//! The program from outside: what wrong arguments and wrong files get.

use crate::{Args, assets, exit_code};
use clap::Parser;
use std::fs;
use std::path::PathBuf;
use support::role;

/// The program itself, in a process of its own.
#[test]
fn program() {
    if let Some(arguments) = role() {
        let arguments = ["streaming"].into_iter().chain(arguments.lines());
        std::process::exit(exit_code(&Args::parse_from(arguments)).into());
    }
}

#[track_caller]
fn ends(arguments: &[&str], code: i32, words: &[&str]) {
    support::program_ends("command_line::program", arguments, code, words);
}

fn directory(name: &str) -> PathBuf {
    support::empty_directory(&format!("streaming/tests/{name}"))
}

#[test]
fn wrong_arguments_are_named_with_what_they_may_be() {
    ends(&["--asset", "3"], 2, &["'--asset'", "--help"]);
    ends(&["--assets", "0"], 2, &["'--assets <N>'", "1..=10000"]);
    ends(&["--seconds", "0"], 2, &["'--seconds <S>'", "1..=600"]);
    ends(&["--rate", "0"], 2, &["'--rate <HZ>'", "1..=1000"]);
    ends(&["--threads", "1"], 2, &["'--threads <N>'", "at least 2"]);
    ends(&["--threads", "257"], 2, &["'--threads <N>'", "up to 256"]);
    for ratio in ["flat", "0.9", "NaN"] {
        ends(&[&format!("--expect-p50-within={ratio}")], 2, &["--expect-p50-within", "from 1 to 1000"]);
    }
    ends(&["--pool", "tokio"], 2, &["'--pool <POOL>'", "shared, dedicated, rayon"]);
}

#[test]
fn a_directory_that_can_t_be_made_is_named() {
    let file = directory("no_directory").join("file");
    fs::write(&file, "in the way").unwrap();
    let below = file.join("textures");
    ends(&["--dir", below.to_str().unwrap()], 1, &["can't make the directory", below.to_str().unwrap(), "--dir"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "in the way");
}

#[test]
fn a_broken_texture_is_named_and_all_stay() {
    let dir = directory("broken");
    let paths = assets::prepare(&dir, 3).unwrap();
    fs::write(&paths[1], "no picture").unwrap();
    let arguments = ["--assets", "3", "--seconds", "1", "--threads", "0", "--dir", dir.to_str().unwrap()];
    ends(&arguments, 1, &[paths[1].to_str().unwrap(), "no PNG file", "delete it, and it is made anew"]);
    assert_eq!(fs::read_to_string(&paths[1]).unwrap(), "no picture");
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 3);
}

#[test]
fn a_directory_that_isn_t_there_is_made_and_there_may_be_many_threads() {
    let dir = directory("made").join("by/the/game");
    ends(&["--threads", "64", "--assets", "1", "--seconds", "1", "--dir", dir.to_str().unwrap()], 0, &[]);
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
}
