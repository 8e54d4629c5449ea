//! What a wrong graph or job gets to read: each case is one mistake, and its `.stderr` the messages for it.
//!
//! The messages are those of one toolchain, `toolchain`, and are compared with that one only; with any other, each case
//! must fail to compile, and that is said. After a change: `TRYBUILD=overwrite cargo test -p micropool-ui`, and read
//! what changed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

const MISTAKES: [&str; 2] = ["parallel", "job"];

/// Where the copies of the cases are, in the process that doesn't compare messages.
const COPIES: &str = "MICROPOOL_UI_COPIES";

fn toolchain() -> String {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().expect("rustc runs");
    String::from_utf8(output.stdout).expect("a version").trim().to_owned()
}

fn check(mistakes: &Path) {
    let cases = trybuild::TestCases::new();
    for kind in MISTAKES {
        cases.compile_fail(mistakes.join(kind).join("*.rs"));
    }
}

#[test]
fn mistakes_get_messages_on_the_right_token() {
    if let Some(copies) = env::var_os(COPIES) {
        return check(Path::new(&copies));
    }
    let (here, recorded) = (Path::new(""), Path::new("toolchain"));
    let toolchain = toolchain();
    if env::var_os("TRYBUILD").is_some() {
        fs::write(recorded, format!("{toolchain}\n")).expect("it can be written");
    }
    let recorded = fs::read_to_string(recorded).expect("it names a toolchain");
    if toolchain == recorded.trim() {
        return check(here);
    }
    println!("the messages aren't compared: they are those of {}, and this is {toolchain}", recorded.trim());
    fails_to_compile(here);
}

/// Runs this test again on copies of the cases without their messages, which trybuild then writes: only that a case compiles is an
/// error.
fn fails_to_compile(cases: &Path) {
    let copies = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("ui");
    let _ = fs::remove_dir_all(&copies);
    for kind in MISTAKES {
        fs::create_dir_all(copies.join(kind)).expect("a directory");
        for case in fs::read_dir(cases.join(kind)).expect("cases") {
            let case = case.expect("a case").path();
            if case.extension().is_some_and(|extension| extension == "rs") {
                fs::copy(&case, copies.join(kind).join(case.file_name().expect("a name"))).expect("a copy");
            }
        }
    }
    let again = Command::new(env::current_exe().expect("this test"))
        .args(["--exact", "mistakes_get_messages_on_the_right_token", "--nocapture"])
        .env(COPIES, &copies)
        .env("TRYBUILD", "overwrite")
        .status()
        .expect("it runs");
    assert!(again.success(), "a case compiles, or one that should doesn't");
}
