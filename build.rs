//! Writes graphs of 200 nodes as source for `tests/big_graphs`.

use std::path::Path;
use std::{env, fs};

mod big {
    #![allow(dead_code, reason = "the test uses the rest")]
    include!("tests/big_graphs/write.rs");
}

fn main() {
    println!("cargo::rerun-if-changed=tests/big_graphs/write.rs");
    let mut text = String::from(big::ADD);
    let mut table = String::new();
    for graph in big::all() {
        text += &graph.function();
        table += &format!("    ({:?}, {}, {}),\n", graph.name, graph.name, graph.value());
    }
    text += "pub type Run = fn() -> u64;\n";
    text += &format!("pub const GRAPHS: &[(&str, Run, u64)] = &[\n{table}];\n");
    save("big_graphs.rs", &text);
    let comb = big::comb();
    save("comb.rs", &format!("{}{}pub const COMB: u64 = {};\n", big::ADD, comb.function(), comb.value()));
}

fn save(name: &str, text: &str) {
    let out = env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&out).join(name), text).expect("the build directory is writable");
}
