//! What macros expand into, for reading: `parallel/snapshots/*.rs`, `job/snapshots/*.rs`. After a change of an expansion:
//! `EXPAND=overwrite cargo test -p micropool-macros --lib`, and read what changed.

use std::path::Path;
use std::{env, fs};

use proc_macro2::TokenStream;

/// Compares items with the snapshot at `path`, below `src` and without `.rs`.
pub fn check(path: &str, items: TokenStream) {
    let text = prettyplease::unparse(&syn::parse2(items).expect("the expansion is Rust"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(path).with_extension("rs");
    if env::var_os("EXPAND").is_some() {
        fs::write(&path, &text).expect("the snapshot can be written");
    }
    let snapshot = fs::read_to_string(&path).unwrap_or_default();
    assert!(snapshot == text, "{} isn't the expansion now:\n{text}", path.display());
}
