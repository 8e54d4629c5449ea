//! What a program costs the compiler, in a crate of its own whose dependencies are there.

use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use std::{env, fs};

/// How cargo builds.
#[derive(Clone, Copy)]
pub enum Build {
    /// All at once.
    Plain,
    /// Also with what the next build can use: cargo's default without optimisation. For that rustc hashes the types of the whole function
    /// once for each closure in it.
    Incremental,
    /// Optimised and stripped; rayon may be used, too.
    Optimised,
}

pub struct Compiled {
    /// The user time of the compiler.
    pub time: Duration,
    /// The program's size.
    pub bytes: u64,
}

/// What the compiler takes for the crate, from nothing, once its dependencies are there, in user time. Twice, and the less of both, if it
/// takes longer than `enough` at first.
pub fn compile(build: Build, source: &str, enough: Duration) -> Compiled {
    // The time is that of all children of this process.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let directory = &Path::new(env!("CARGO_TARGET_TMPDIR")).join("compile_time");
    fs::create_dir_all(directory.join("src")).unwrap();
    let root = env!("CARGO_MANIFEST_DIR");
    let manifest = format!(
        "[workspace]\n[package]\nname = \"compiled\"\nedition = \"2024\"\n\
         [profile.release]\nstrip = true\n[dependencies]\nmicropool = {{ path = {:?} }}\n{}",
        Path::new(root).join("micropool"),
        if matches!(build, Build::Optimised) { "rayon = \"1\"\n" } else { "" }
    );
    fs::write(directory.join("Cargo.toml"), manifest).unwrap();
    fs::copy(Path::new(root).join("Cargo.lock"), directory.join("Cargo.lock")).unwrap();
    // A folder for each, or the dependencies would be built anew.
    let (incremental, target) = match build {
        Build::Plain => ("0", "plain"),
        Build::Incremental => ("1", "incremental"),
        Build::Optimised => ("0", "optimised"),
    };
    let (profile, place) = match build {
        Build::Optimised => ("--release", "release/compiled"),
        Build::Plain | Build::Incremental => ("--profile=dev", "debug/compiled"),
    };
    let cargo = |arguments: &[&str]| {
        let before = user_time_of_children();
        let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(arguments)
            .args(["--offline", "--quiet"])
            .current_dir(directory)
            .env("CARGO_TARGET_DIR", directory.join(target))
            .env("CARGO_INCREMENTAL", incremental)
            .output()
            .expect("cargo runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        user_time_of_children() - before
    };
    // The dependencies.
    fs::write(directory.join("src/main.rs"), "fn main() {}").unwrap();
    cargo(&["build", profile]);
    fs::write(directory.join("src/main.rs"), source).unwrap();
    let round = || {
        // Or there would be nothing to do.
        cargo(&["clean", "--package", "compiled", profile]);
        let time = cargo(&["build", profile]);
        assert!(time > Duration::from_millis(100), "{time:?}: nothing was compiled");
        time
    };
    let first = round();
    let time = if first > enough { first.min(round()) } else { first };
    let program = directory.join(target).join(place).with_extension(env::consts::EXE_EXTENSION);
    Compiled { time, bytes: fs::metadata(program).expect("it was built").len() }
}

#[cfg(target_os = "linux")]
fn user_time_of_children() -> Duration {
    let ticks = procfs::process::Process::myself().and_then(|this| this.stat()).expect("a line of numbers").cutime;
    Duration::from_secs_f64(ticks as f64 / procfs::ticks_per_second() as f64)
}

/// The time that passes stands for it.
#[cfg(not(target_os = "linux"))]
fn user_time_of_children() -> Duration {
    static BEGAN: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    BEGAN.get_or_init(std::time::Instant::now).elapsed()
}
