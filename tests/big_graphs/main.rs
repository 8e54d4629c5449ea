//! Graphs of 200 nodes: they run, on small stacks; and (with `--ignored`, for it compiles for a while) what they cost the
//! compiler: without optimisation, each in a crate of its own whose dependencies are there, at most 5 s of the processor's time from
//! nothing, and 8 s where rustc also writes what the next build can use. And what a thousand joins cost beside rayon's.

#![forbid(unsafe_code)]

mod compile;

use std::thread;
use std::time::Duration;

use compile::{Build, compile};
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
            let time = compile(build, &source, bar).time;
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
    let by_hand = compile(Build::Incremental, &joins, Duration::ZERO).time;
    for (form, header) in [("nested", ""), ("countdown", "use;")] {
        let time = compile(Build::Incremental, &graphs(header), Duration::ZERO).time;
        let ratio = time.as_secs_f64() / by_hand.as_secs_f64();
        println!("{COPIES} graphs of 10 nodes, {form}: {ratio:.2} of the joins' {:.2} s", by_hand.as_secs_f64());
        assert!(ratio < 3.0, "{form}: {ratio}");
    }
}

/// In an optimised build: the compiler's time, and what the program has more than one without joins. Of 100 joins, or of
/// `MICROPOOL_JOIN_SITES`.
#[test]
#[ignore = "compiles for a while: `cargo test --test big_graphs -- --ignored --nocapture`"]
fn many_joins_cost_the_compiler_no_more_than_rayon_s() {
    let sites = std::env::var("MICROPOOL_JOIN_SITES").map_or(100, |count| count.parse().expect("a number of joins"));
    let program = |pair: &str, head: &str| {
        let functions = (0..sites).map(|k| {
            let pair = pair.replace("A", &format!("|| f(x ^ {k})")).replace("B", &format!("|| f(x.wrapping_mul({k}))"));
            format!("fn g{k}(x: u64) -> u64 {{ let (a, b) = {pair}; a.wrapping_add(b) }}\n")
        });
        let calls: String = (0..sites).map(|k| format!("    x = g{k}(x);\n")).collect();
        let step = "fn f(x: u64) -> u64 { std::hint::black_box(x).rotate_left(7) }\n";
        format!(
            "{step}{}fn main() {{\n    let mut x = 1;\n{head}{calls}    std::hint::black_box(x);\n}}\n",
            functions.collect::<String>()
        )
    };
    // Both pools are in each program, so that only the joins differ.
    let both = "    micropool::join(|| (), || ());\n    rayon::join(|| (), || ());\n";
    let [none, ours, rayon] = ["((A)(), (B)())", "micropool::join(A, B)", "rayon::join(A, B)"]
        // So long that noise is little of it.
        .map(|pair| compile(Build::Optimised, &program(pair, both), Duration::MAX));
    let bytes = |program: &compile::Compiled| program.bytes.saturating_sub(none.bytes) / sites;
    println!(
        "{sites} joins: micropool {:.2} s and {} bytes a join, rayon {:.2} s and {} bytes a join; without joins {:.2} s",
        ours.time.as_secs_f64(),
        bytes(&ours),
        rayon.time.as_secs_f64(),
        bytes(&rayon),
        none.time.as_secs_f64(),
    );
    assert!(ours.time < rayon.time, "{:?} of {:?}", ours.time, rayon.time);
    assert!(bytes(&ours) < bytes(&rayon), "{} of {} bytes", bytes(&ours), bytes(&rayon));
}
