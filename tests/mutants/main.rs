//! The suite can fail: bugs of one line, each put into a copy of the crate, must turn their gate red.
//!
//! `cargo test` only checks that each of them still stands in the source. `cargo test --test mutants -- --ignored --nocapture`
//! builds and runs them all, about half a minute each; `MICROPOOL_MUTANTS=10` takes ten, others every day, `MICROPOOL_MUTANTS=unrecorded`
//! those that `killed_by.md` says nothing of, and part of a name or of a gate those that have it. Before them each gate runs
//! on the sources as they are and must be green: else it would find out everything. (`MICROPOOL_GATES_ARE_GREEN=1` where that has just been
//! seen.) With `MICROPOOL_MUTANTS_RECORD=1` it writes down in `killed_by.md` what found each of them out.

mod names;
mod record;

use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};
use std::{env, fs, io, thread};

#[derive(Deserialize, Clone)]
struct Mutant {
    name: String,
    /// Below `micropool/src`.
    file: String,
    find: String,
    replace: String,
    gate: Gate,
    /// Why no gate can see it, if none can.
    #[serde(default)]
    equivalent: Option<String>,
}

#[derive(Deserialize, Clone, Debug, PartialEq)]
enum Gate {
    /// The models whose names contain this.
    Model(String),
    /// The crate's own tests whose names contain this.
    Unit(String),
    /// Shuttle's scenarios whose names contain this.
    Scenario(String),
    /// A test target of the root package.
    Tests(String),
}

const GREEN: &str = "MICROPOOL_GATES_ARE_GREEN";
const RECORD: &str = "MICROPOOL_MUTANTS_RECORD";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn mutants() -> Vec<Mutant> {
    let options = ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
    options.from_str(include_str!("list.ron")).expect("list.ron is a list of mutants")
}

impl Mutant {
    fn source(&self) -> PathBuf {
        Path::new("micropool/src").join(&self.file)
    }

    /// The source with the bug, of the project that stands there.
    fn applied(&self, project: &Path) -> Result<String, String> {
        let path = project.join(self.source());
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        match text.matches(&self.find).count() {
            1 => Ok(text.replace(&self.find, &self.replace)),
            n => Err(format!("{:?} stands {n} times in {}, not once", self.find, self.file)),
        }
    }
}

#[test]
fn every_mutant_can_be_made() {
    let stale: Vec<String> = mutants()
        .iter()
        .filter_map(|mutant| mutant.applied(root()).err().map(|error| format!("{}: {error}", mutant.name)))
        .collect();
    assert!(stale.is_empty(), "list.ron is behind the source:\n{}", stale.join("\n"));
}

#[test]
fn every_gate_runs_something() {
    let empty: Vec<String> = mutants()
        .iter()
        .filter(|mutant| !names::are_there(&mutant.gate))
        .map(|mutant| format!("{}: {:?}", mutant.name, mutant.gate))
        .collect();
    assert!(empty.is_empty(), "no test has such a name:\n{}", empty.join("\n"));
}

#[test]
#[ignore = "builds the crate once for each mutant"]
fn every_mutant_is_found_out() {
    let all = mutants();
    let chosen = chosen(&all);
    let copy = Copy::make().expect("a copy of the sources");
    if env::var_os(GREEN).is_none() {
        copy.control(&chosen);
    }
    let (mut survivors, mut late, mut found) = (Vec::new(), Vec::new(), Vec::new());
    for (k, mutant) in chosen.iter().enumerate() {
        let began = Instant::now();
        let outcome = copy.outcome(mutant);
        println!("{:>3}/{} {:>4} s  {outcome}  {}", k + 1, chosen.len(), began.elapsed().as_secs(), mutant.name);
        found.push((mutant, found_by(mutant, &outcome)));
        // After each: the run takes long, and may be ended before its end.
        if env::var_os(RECORD).is_some() {
            record::write(&all, &found).expect("the record can be written");
        }
        match (&outcome, &mutant.equivalent) {
            (Outcome::Survived, None) | (Outcome::DoesNotBuild(_), _) => survivors.push(mutant.name.as_str()),
            (Outcome::TimedOut, _) => late.push(mutant.name.as_str()),
            (Outcome::Killed(_), Some(reason)) => panic!("{} was found out, though: {reason}", mutant.name),
            _ => {}
        }
    }
    assert!(
        survivors.is_empty() && late.is_empty(),
        "nobody noticed:\n{}\nneither red nor green in time:\n{}",
        survivors.join("\n"),
        late.join("\n")
    );
}

/// All, or those that `MICROPOOL_MUTANTS` says: so many, the next ones every day (none of them equivalent, unless it is all); or without a
/// record; or of such a name or gate.
fn chosen(all: &[Mutant]) -> Vec<Mutant> {
    let Ok(count) = env::var("MICROPOOL_MUTANTS") else { return all.to_vec() };
    if let Ok(count) = count.parse::<usize>() {
        let today = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_secs() / 86_400);
        // A few of many say nothing of those that nothing can find out, which take their gate's whole time.
        let some: Vec<Mutant> =
            all.iter().filter(|mutant| count >= all.len() || mutant.equivalent.is_none()).cloned().collect();
        let first = today as usize * count % some.len();
        return some.iter().cycle().skip(first).take(count.min(some.len())).cloned().collect();
    }
    if count == "unrecorded" {
        let lines = record::lines().expect("the record can be read");
        return record::unrecorded(all, &lines).cloned().collect();
    }
    let is_named = |mutant: &&Mutant| mutant.name.contains(&count) || format!("{:?}", mutant.gate).contains(&count);
    let named: Vec<Mutant> = all.iter().filter(is_named).cloned().collect();
    assert!(
        !named.is_empty(),
        "MICROPOOL_MUTANTS is a number, `unrecorded`, or part of a mutant's name or gate; it is {count:?}"
    );
    named
}

enum Outcome {
    /// By this test or model.
    Killed(String),
    Survived,
    /// Its gate was not done in time, which proves nothing: loom, shuttle and `support::within` turn hangs into failures.
    TimedOut,
    DoesNotBuild(String),
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Killed(by) => write!(f, "killed by {by}: "),
            Self::Survived => f.write_str("SURVIVED: "),
            Self::TimedOut => f.write_str("TIMED OUT: "),
            Self::DoesNotBuild(error) => write!(f, "DOESN'T BUILD ({error}): "),
        }
    }
}

/// What the record says of a mutant: what was red, or that nothing can be.
fn found_by(mutant: &Mutant, outcome: &Outcome) -> Option<String> {
    match (outcome, &mutant.equivalent) {
        (Outcome::Killed(by), None) => Some(by.clone()),
        (Outcome::Survived, Some(_)) => Some(String::from("nothing: it is equivalent")),
        _ => None,
    }
}

/// Whether the compiler uses what it kept of the last build.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Incremental {
    Yes,
    No,
}

/// The project once more, to be changed.
struct Copy {
    copy: PathBuf,
    /// Where the project is built.
    target: PathBuf,
}

impl Copy {
    fn make() -> io::Result<Self> {
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
        let copy = target.join("mutants");
        if copy.exists() {
            fs::remove_dir_all(&copy)?;
        }
        // What the compiler kept of an earlier run's sources has once made a program that wasn't that of the new ones.
        for build in ["loom", "shuttle", "."] {
            let kept = target.join(build).join("release/incremental");
            if kept.exists() {
                fs::remove_dir_all(kept)?;
            }
        }
        for part in
            ["Cargo.toml", "Cargo.lock", "README.md", "build.rs", "micropool", "micropool-macros", "examples", "tests"]
        {
            copy_all(&root().join(part), &copy.join(part))?;
        }
        Ok(Self { copy, target })
    }

    /// Each gate of these mutants, without a mutant.
    fn control(&self, mutants: &[Mutant]) {
        let mut green: Vec<&Gate> = Vec::new();
        for Mutant { gate, .. } in mutants {
            if green.contains(&gate) {
                continue;
            }
            let began = Instant::now();
            let outcome = self.run(gate, Incremental::Yes);
            assert!(
                matches!(outcome, Outcome::Survived),
                "{gate:?} isn't green without any mutant, so it can tell nothing: {outcome}"
            );
            println!("control {:>4} s  {gate:?} is green", began.elapsed().as_secs());
            green.push(gate);
        }
    }

    fn outcome(&self, mutant: &Mutant) -> Outcome {
        let text = mutant.applied(&self.copy).unwrap_or_else(|error| panic!("{}: {error}", mutant.name));
        let path = self.copy.join(mutant.source());
        let right = fs::read(&path).expect("the copy is there");
        fs::write(&path, text).expect("the copy can be written");
        let mut outcome = self.run(&mutant.gate, Incremental::Yes);
        if matches!(outcome, Outcome::Survived) && mutant.equivalent.is_none() {
            // What the compiler kept has made a program of other sources before: a survivor is built anew.
            outcome = self.run(&mutant.gate, Incremental::No);
        }
        fs::write(&path, right).expect("the copy can be written");
        outcome
    }

    fn run(&self, gate: &Gate, incremental: Incremental) -> Outcome {
        match self.build(gate, incremental) {
            Ok(program) => run(&program, gate),
            Err(error) => Outcome::DoesNotBuild(error),
        }
    }

    /// The program of a gate.
    fn build(&self, gate: &Gate, incremental: Incremental) -> Result<PathBuf, String> {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(&self.copy).args(["test", "--release", "--no-run", "--quiet", "--message-format=json"]);
        // Most of the crate is the same for every mutant.
        cargo.env("CARGO_INCREMENTAL", if incremental == Incremental::Yes { "1" } else { "0" });
        for package in ["micropool", "micropool-workspace"] {
            cargo.arg("--config").arg(format!("profile.release.package.{package}.debug=false"));
        }
        // With the flags and the folders of `.ci/run`, where what the crate needs has been built.
        let (arguments, flags, folder): (&[&str], _, _) = match gate {
            Gate::Model(_) => (&["-p", "micropool", "--no-default-features", "--lib"], "--cfg loom", "loom"),
            Gate::Unit(_) => (&["-p", "micropool", "--lib"], "", "."),
            Gate::Scenario(_) => (&["-p", "micropool", "--test", "shuttle"], "--cfg shuttle", "shuttle"),
            Gate::Tests(target) => (&["-p", "micropool-workspace", "--test", target], "", "."),
        };
        cargo.args(arguments).env("CARGO_TARGET_DIR", self.target.join(folder));
        if !flags.is_empty() {
            cargo.env("RUSTFLAGS", flags);
        }
        let output = cargo.output().map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            let errors = messages(&text)
                .filter(|message| message["message"]["level"] == "error")
                .filter_map(|message| message["message"]["message"].as_str().map(str::to_owned));
            return Err(errors.collect::<Vec<_>>().join("; "));
        }
        messages(&text)
            .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
            .last()
            .ok_or_else(|| String::from("cargo names no program"))
    }
}

fn messages(text: &str) -> impl Iterator<Item = serde_json::Value> {
    text.lines().filter_map(|line| serde_json::from_str(line).ok())
}

/// A gate that isn't done by then is ended.
const PATIENCE: Duration = Duration::from_secs(900);

fn run(program: &Path, gate: &Gate) -> Outcome {
    let mut command = Command::new(program);
    match gate {
        Gate::Model(filter) | Gate::Unit(filter) => {
            command.arg(filter);
        }
        Gate::Scenario(filter) => {
            command.arg(filter).env("MICROPOOL_SHUTTLE", "20000");
        }
        Gate::Tests(_) => {}
    }
    let log = program.with_extension("log");
    let file = fs::File::create(&log).expect("a file beside the program");
    let mut child = command
        .env("RUST_BACKTRACE", "0")
        .stdout(file)
        .stderr(Stdio::null())
        .spawn()
        .expect("the program that was just built starts");
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child") {
            break Some(status);
        }
        // One that is red is enough.
        let is_red = fs::read_to_string(&log).is_ok_and(|text| first_failed(&text).is_some());
        if is_red || began.elapsed() > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            break None;
        }
        thread::sleep(Duration::from_millis(100));
    };
    let text = fs::read_to_string(&log).unwrap_or_default();
    assert!(!text.contains("running 0 tests"), "the gate's name fits no test");
    verdict(status.map(|status| (status.success(), status.to_string())), &text)
}

fn first_failed(text: &str) -> Option<&str> {
    text.lines().find_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"))
}

/// What a gate's end means: whether it was green and its status, `None` if it had to be ended; and what it printed.
fn verdict(status: Option<(bool, String)>, text: &str) -> Outcome {
    match (status, first_failed(text)) {
        (Some((true, _)), _) => Outcome::Survived,
        (_, Some(test)) => Outcome::Killed(test.to_owned()),
        (Some((false, status)), None) => Outcome::Killed(status),
        (None, None) => Outcome::TimedOut,
    }
}

#[test]
fn a_gate_that_is_not_done_in_time_proves_nothing() {
    let verdict = |status, text| verdict(status, text).to_string();
    let red = || Some((false, String::from("signal: 6")));
    assert_eq!(verdict(Some((true, String::new())), "test a ... ok"), "SURVIVED: ");
    assert_eq!(verdict(red(), "test a ... ok\ntest b ... FAILED"), "killed by b: ");
    assert_eq!(verdict(red(), ""), "killed by signal: 6: ");
    assert_eq!(verdict(None, "test a ... ok"), "TIMED OUT: ");
    assert_eq!(verdict(None, "test b ... FAILED"), "killed by b: ");
}

fn copy_all(from: &Path, to: &Path) -> io::Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let name = entry?.file_name();
            copy_all(&from.join(&name), &to.join(&name))?;
        }
        Ok(())
    } else {
        fs::create_dir_all(to.parent().expect("a file lies somewhere"))?;
        fs::copy(from, to).map(drop)
    }
}
