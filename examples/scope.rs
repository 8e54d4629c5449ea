//! `micropool::scope`: any number of items that borrow from this frame. Here: the sizes of a directory tree.
//!
//! `cargo run --release --example scope [DIRECTORY]`

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

struct Totals {
    files: AtomicU64,
    bytes: AtomicU64,
    unreadable: AtomicU64,
}

fn visit<'scope>(s: &'scope micropool::Scope<'scope, '_>, directory: PathBuf, totals: &'scope Totals) {
    let Ok(entries) = std::fs::read_dir(&directory) else {
        totals.unreadable.fetch_add(1, Ordering::Relaxed);
        return;
    };
    for entry in entries.flatten() {
        let Ok(about) = entry.metadata() else {
            totals.unreadable.fetch_add(1, Ordering::Relaxed);
            continue;
        };
        if about.is_dir() {
            // An item of the same scope, from inside another: `scope` waits for all of them.
            s.spawn(move || visit(s, entry.path(), totals));
        } else {
            totals.files.fetch_add(1, Ordering::Relaxed);
            totals.bytes.fetch_add(about.len(), Ordering::Relaxed);
        }
    }
}

fn main() {
    let root = std::env::args_os().nth(1).map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    if !Path::new(&root).is_dir() {
        eprintln!("{} is not a directory; give one that can be read", root.display());
        std::process::exit(2);
    }
    let totals = Totals { files: AtomicU64::new(0), bytes: AtomicU64::new(0), unreadable: AtomicU64::new(0) };
    micropool::scope(|s| visit(s, root.clone(), &totals));
    println!(
        "{}: {} files, {:.1} MiB, {} could not be read",
        root.display(),
        totals.files.into_inner(),
        totals.bytes.into_inner() as f64 / (1 << 20) as f64,
        totals.unreadable.into_inner(),
    );
}
