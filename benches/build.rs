//! Writes a graph of a thousand empty nodes as a call of `parallel!`: nobody would write it by hand.

use std::env;
use std::fmt::Write;
use std::fs;
use std::path::Path;

const NODES: usize = 1000;
/// How far back a node may look: so the graph is wide.
const REACH: usize = 100;

fn main() {
    // Always the same graph.
    let mut random = fastrand::Rng::with_seed(1000);
    let mut code = String::from("micropool::parallel! {\n    use;\n");
    for node in 0..NODES {
        let mut after: Vec<usize> =
            (0..random.usize(..=3).min(node)).map(|_| random.usize(node.saturating_sub(REACH)..node)).collect();
        after.sort_unstable();
        after.dedup();
        let names: Vec<String> = after.iter().map(|before| format!("n{before}")).collect();
        let after = if names.is_empty() { String::new() } else { format!(" after ({})", names.join(", ")) };
        writeln!(code, "    n{node}{after} => (),").expect("strings can be written to");
    }
    code.push_str("}\n");
    let out = env::var_os("OUT_DIR").expect("cargo says where");
    fs::write(Path::new(&out).join("thousand.rs"), code).expect("cargo's directory can be written to");
    println!("cargo::rerun-if-changed=build.rs");
}
