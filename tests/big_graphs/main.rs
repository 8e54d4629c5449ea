//! Graphs of 200 nodes: they run, on small stacks; and (with `--ignored`, for it compiles for a while) what they cost the
//! compiler: without optimisation, each in a crate of its own whose dependencies are there, at most 5 s of the processor's time from
//! nothing, and 8 s where rustc also writes what the next build can use.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use std::{env, fs, thread};

use micropool::ThreadPoolBuilder;
use support::within;

mod write {
    #![allow(dead_code, reason = "the build script uses the rest")]
    include!("write.rs");
}

mod generated {
    include!(concat!(env!("OUT_DIR"), "/big_graphs.rs"));
}

/// A 200-node run's frame and the frames of its nodes, without optimisation, on the calling thread and on workers.
const STACK: usize = 256 << 10;

#[test]
fn graphs_of_200_nodes_run_on_small_stacks() {
    within(Duration::from_secs(60), || {
        for workers in [0, 3] {
            let pool =
                ThreadPoolBuilder::new().num_threads(workers).stack_size(STACK).build().expect("threads can be made");
            thread::scope(|scope| {
                let run = || {
                    pool.install(|| {
                        for &(name, run, expected) in generated::GRAPHS {
                            assert_eq!(run(), expected, "{name}");
                        }
                    });
                };
                thread::Builder::new().stack_size(STACK).spawn_scoped(scope, run).expect("a thread").join().unwrap();
            });
        }
    });
}

/// How cargo builds.
#[derive(Clone, Copy)]
enum Build {
    /// All at once.
    Plain,
    /// Also with what the next build can use: cargo's default without optimisation. For that rustc hashes the types of the whole function
    /// once for each closure in it.
    Incremental,
}

/// What the compiler takes for the crate, from nothing, once its dependencies are there: the less of two builds' user time.
fn compile(directory: &Path, build: Build, source: &str) -> Duration {
    // The time is that of all children of this process.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    fs::create_dir_all(directory.join("src")).unwrap();
    let root = env!("CARGO_MANIFEST_DIR");
    let manifest = format!(
        "[workspace]\n[package]\nname = \"compiled\"\nedition = \"2024\"\n\
         [dependencies]\nmicropool = {{ path = {:?} }}\n",
        Path::new(root).join("micropool")
    );
    fs::write(directory.join("Cargo.toml"), manifest).unwrap();
    fs::copy(Path::new(root).join("Cargo.lock"), directory.join("Cargo.lock")).unwrap();
    // A folder for each, or the dependencies would be built anew.
    let (incremental, target) = match build {
        Build::Plain => ("0", "plain"),
        Build::Incremental => ("1", "incremental"),
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
    fs::write(directory.join("src/main.rs"), source).unwrap();
    cargo(&["build"]);
    let round = |_| {
        // Or there would be nothing to do.
        cargo(&["clean", "--package", "compiled"]);
        let time = cargo(&["build"]);
        assert!(time > Duration::from_millis(100), "{time:?}: nothing was compiled");
        time
    };
    (0..2).map(round).min().expect("two rounds")
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

fn directory() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("compile_time")
}

const PLAIN: Duration = Duration::from_secs(5);
const INCREMENTAL: Duration = Duration::from_secs(8);

#[test]
#[ignore = "compiles for a while: `cargo test --test big_graphs -- --ignored --nocapture`"]
fn graphs_of_200_nodes_compile_in_time() {
    for graph in write::all() {
        let source = format!("{}{}fn main() {{ {}(); }}", write::ADD, graph.function(), graph.name);
        for (build, name, bar) in
            [(Build::Plain, "from nothing", PLAIN), (Build::Incremental, "incremental", INCREMENTAL)]
        {
            let time = compile(&directory(), build, &source);
            println!("200 nodes, {}, {name}: {:.2} s of at most {bar:?}", graph.name, time.as_secs_f64());
            assert!(time < bar, "{}, {name}: {time:?}", graph.name);
        }
    }
}

#[test]
#[ignore = "compiles for a while: `cargo test --test big_graphs -- --ignored --nocapture`"]
fn copies_of_a_graph_compile_about_as_fast_as_joins() {
    const COPIES: usize = 100;
    let step = "fn f(x: u64) -> u64 { std::hint::black_box(x).wrapping_add(1) }\n";
    let main = |copies: String| {
        let calls: String = (0..COPIES).map(|k| format!("    g{k}();\n")).collect();
        format!("{step}{copies}fn main() {{\n{calls}}}")
    };
    let graphs = |header: &str| {
        main(
            (0..COPIES)
                .map(|k| {
                    format!(
                        "fn g{k}() -> u64 {{ micropool::parallel! {{ {header} a => f(1), b(a) => f(*a), c(a) => f(*a), \
                         d(a) => f(*a), e(b, c, d) => f(b ^ c ^ d), g(e) => f(*e), h(e) => f(*e), i(e) => f(*e), \
                         j(g, h) => f(g ^ h), k(i, j) => f(i ^ j) }}.k }}\n"
                    )
                })
                .collect(),
        )
    };
    let joins = main(
        (0..COPIES)
            .map(|k| {
                format!(
                    "fn g{k}() -> u64 {{ let a = f(1); \
                     let (b, (c, d)) = micropool::join(|| f(a), || micropool::join(|| f(a), || f(a))); \
                     let e = f(b ^ c ^ d); \
                     let (j, i) = micropool::join(|| {{ let (g, h) = micropool::join(|| f(e), || f(e)); f(g ^ h) }}, || f(e)); \
                     f(i ^ j) }}\n"
                )
            })
            .collect(),
    );
    let by_hand = compile(&directory(), Build::Incremental, &joins);
    for (form, header) in [("nested", ""), ("countdown", "use;")] {
        let time = compile(&directory(), Build::Incremental, &graphs(header));
        let ratio = time.as_secs_f64() / by_hand.as_secs_f64();
        println!("{COPIES} graphs of 10 nodes, {form}: {ratio:.2} of the joins' {:.2} s", by_hand.as_secs_f64());
        assert!(ratio < 3.0, "{form}: {ratio}");
    }
}
