//! A test in a process of its own.

use crate::eventually;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::Duration;

/// Which part of a test this process is to play, if it was started by [`in_child`].
pub fn role() -> Option<String> {
    std::env::var(ROLE).ok()
}

const ROLE: &str = "MICROPOOL_TEST_ROLE";

/// One test of this binary once more, in a process of its own: for what a process can do only once, or not survive. The test
/// finds `role` in [`role`].
///
/// # Panics
/// If the binary can't be found any more.
pub fn in_child(test: &str, role: &str) -> std::process::Command {
    let mut command = std::process::Command::new(std::env::current_exe().expect("this binary is there"));
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(ROLE, role).env("RUST_BACKTRACE", "0");
    command
}

/// The program that this is the test binary of, once more as a program: `test` is a test that does nothing without a [`role`],
/// and else runs the program with the role's lines for arguments and exits with its code.
///
/// # Panics
/// If the program has not ended after a minute, or can't be started.
pub fn as_a_program(test: &str, arguments: &[&str]) -> std::process::Output {
    let mut command = in_child(test, &arguments.join("\n"));
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("this binary is there");
    ended(child, Duration::from_secs(60))
}

/// [`as_a_program`] ends with this exit code, and all of `words` are in what it printed: as an error, unless the code is 0.
///
/// # Panics
/// If it doesn't, or they aren't.
#[track_caller]
pub fn program_ends(test: &str, arguments: &[&str], code: i32, words: &[&str]) {
    let output = as_a_program(test, arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    let text = if code == 0 { String::from_utf8_lossy(&output.stdout) } else { error.clone() };
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
    for word in words {
        assert!(text.contains(word), "{arguments:?} don't get {word:?}: {text}");
    }
}

/// An empty directory of a test's own, below the project's `target`.
///
/// # Panics
/// If it can't be made.
pub fn empty_directory(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join(name);
    // It isn't there the first time.
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("the project's target directory can be written");
    path
}

/// What a process has to say for itself when it has ended.
///
/// # Panics
/// If it has not ended within `limit`; it is killed first.
pub fn ended(mut child: std::process::Child, limit: Duration) -> std::process::Output {
    let done = eventually(limit, || {
        thread::sleep(Duration::from_millis(2));
        matches!(child.try_wait(), Ok(Some(_)) | Err(_))
    });
    if !done {
        let _ = child.kill();
    }
    let output = child.wait_with_output().expect("the child's output");
    assert!(done, "a child process was not done after {limit:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}
