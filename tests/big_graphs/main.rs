//! Graphs of 200 nodes: they run, on small stacks; and (with `--ignored`, for it compiles for a while) what they cost the
//! compiler.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
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

/// How long cargo takes for the crate once its dependencies are there: the best of three.
fn compile(directory: &Path, source: &str) -> Duration {
    fs::create_dir_all(directory.join("src")).unwrap();
    let root = env!("CARGO_MANIFEST_DIR");
    let manifest = format!(
        "[workspace]\n[package]\nname = \"compiled\"\nedition = \"2024\"\n\
         [dependencies]\nmicropool = {{ path = {:?} }}\n",
        Path::new(root).join("micropool")
    );
    fs::write(directory.join("Cargo.toml"), manifest).unwrap();
    fs::copy(Path::new(root).join("Cargo.lock"), directory.join("Cargo.lock")).unwrap();
    let build = || {
        let began = Instant::now();
        let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["build", "--offline", "--quiet"])
            .current_dir(directory)
            .env("CARGO_TARGET_DIR", directory.join("target"))
            .output()
            .expect("cargo runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        began.elapsed()
    };
    fs::write(directory.join("src/main.rs"), "fn main() {}").unwrap();
    build();
    (0..3)
        .map(|round| {
            fs::write(directory.join("src/main.rs"), format!("// {round}\n{source}")).unwrap();
            build()
        })
        .min()
        .expect("three rounds")
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("compile_time")
}

#[test]
#[ignore = "compiles for a while: `cargo test --test big_graphs -- --ignored --nocapture`"]
fn graphs_of_200_nodes_compile_in_time() {
    for graph in write::all() {
        let source = format!("{}{}fn main() {{ {}(); }}", write::ADD, graph.function(), graph.name);
        let time = compile(&directory(), &source);
        println!("200 nodes, {}: {:.2} s", graph.name, time.as_secs_f64());
        assert!(time < Duration::from_secs(5), "{}: {time:?}", graph.name);
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
    let by_hand = compile(&directory(), &joins);
    for (form, header) in [("nested", ""), ("countdown", "use;")] {
        let time = compile(&directory(), &graphs(header));
        let ratio = time.as_secs_f64() / by_hand.as_secs_f64();
        println!("{COPIES} graphs of 10 nodes, {form}: {ratio:.2} of the joins' {:.2} s", by_hand.as_secs_f64());
        assert!(ratio < 3.0, "{form}: {ratio}");
    }
}
