//! The program from outside: what wrong arguments get, and that right ones run.

use crate::{Args, exit_code};
use clap::Parser;
use support::role;

/// The program itself, in a process of its own.
#[test]
fn program() {
    if let Some(arguments) = role() {
        let arguments = ["soak"].into_iter().chain(arguments.lines());
        std::process::exit(exit_code(&Args::parse_from(arguments)).into());
    }
}

#[track_caller]
fn ends(arguments: &[&str], code: i32, words: &[&str]) {
    support::program_ends("command_line::program", arguments, code, words);
}

#[test]
fn wrong_arguments_are_named_with_what_they_may_be() {
    ends(&["--minute", "3"], 2, &["'--minute'", "--help"]);
    for minutes in ["0", "-1", "NaN", "inf", "long"] {
        ends(&[&format!("--minutes={minutes}")], 2, &["'--minutes <N>'", "a number of minutes above 0"]);
    }
    ends(&["--threads", "0"], 2, &["'--threads <N>'", "1..=1024"]);
    ends(&["--seed", "x"], 2, &["'x'", "'--seed <N>'"]);
}

#[test]
fn a_short_run_ends_with_its_table() {
    ends(&["--minutes", "0.005", "--threads", "4", "--seed", "7"], 0, &["| problems", "| 0"]);
}
