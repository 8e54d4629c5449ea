//! Writes random graphs as source for the tests: a small set by default, `MICROPOOL_RANDOM_GRAPHS` of them where that is set.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

mod model {
    #![allow(dead_code, reason = "the test uses the rest")]
    include!("model.rs");
}

const VARIABLE: &str = "MICROPOOL_RANDOM_GRAPHS";

fn main() {
    println!("cargo::rerun-if-changed=model.rs");
    println!("cargo::rerun-if-env-changed={VARIABLE}");
    let count = match env::var(VARIABLE) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{VARIABLE} must be a number, it is {text:?}")),
        Err(_) => 30,
    };
    let mut text = String::new();
    let mut table = String::new();
    for seed in 0..count {
        let graph = model::Graph::generate(seed);
        write(&mut text, &graph).expect("a string takes everything");
        writeln!(table, "    ({seed}, g{seed}::run),").expect("a string takes everything");
    }
    text += "pub type Run = fn(&'static Cx, &ThreadPool, &mut [u64]) -> Ended;\n";
    writeln!(text, "pub const GRAPHS: &[(u64, Run)] = &[\n{table}];").expect("a string takes everything");
    let out = env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&out).join("random_graphs.rs"), text).expect("the build directory is writable");
}

/// One graph as a module.
fn write(text: &mut String, graph: &model::Graph) -> std::fmt::Result {
    writeln!(text, "mod g{} {{\n    use super::*;", graph.seed)?;
    writeln!(
        text,
        "    #[allow(unused, clippy::all)]\n    pub fn run(cx: &'static Cx, pool: &ThreadPool, resources: &mut [u64]) -> Ended {{"
    )?;
    let lent = graph.resources.as_deref().unwrap_or(&[]);
    for (at, mutable) in lent.iter().enumerate() {
        writeln!(text, "    let {}r{at} = resources[{at}];", if *mutable { "mut " } else { "" })?;
    }
    for (at, _) in graph.nodes.iter().enumerate().filter(|(_, node)| node.captures) {
        writeln!(text, "    let captured{at} = cx.life();")?;
    }
    let block = graph.block();
    writeln!(text, "    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {block}));")?;
    for at in 0..lent.len() {
        writeln!(text, "    resources[{at}] = r{at};")?;
    }
    let frame = if graph.fallible { "Ok(Ok(frame))" } else { "Ok(frame)" };
    writeln!(text, "    match ended {{\n        {frame} => Ended::Fields(vec![")?;
    for (at, node) in graph.nodes.iter().enumerate().filter(|(_, node)| node.named) {
        let _ = node;
        writeln!(text, "            frame.n{at}.state(),")?;
    }
    writeln!(text, "        ]),")?;
    if graph.fallible {
        writeln!(text, "        Ok(Err(Failed(node))) => Ended::Error(node),")?;
    }
    writeln!(text, "        Err(payload) => Ended::Panic(payload),\n    }}\n    }}\n}}")
}
