//! `SOUNDNESS.md` names every file with `unsafe` in it, in how many places, and tests that exist.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of this project").map(|entry| entry.expect("readable")) {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// Whatever is `unsafe` to write or to call, outside of comments: not types of functions, which are called in a block.
fn places(text: &str) -> usize {
    const WORDS: [&str; 6] = ["unsafe {", "unsafe impl", "unsafe fn ", "unsafe trait", "unsafe extern", "#[unsafe("];
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.map(|line| WORDS.iter().map(|words| line.matches(words).count()).sum::<usize>()).sum()
}

#[test]
fn the_page_is_complete() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("SOUNDNESS.md")).expect("the page");
    let (mut all, mut runtime) = (Vec::new(), Vec::new());
    for folder in ["micropool", "micropool-macros", "tests"] {
        sources(&root.join(folder), &mut all);
    }
    sources(&root.join("micropool/src"), &mut runtime);

    let mut counted = BTreeMap::new();
    for path in runtime {
        let name = path.strip_prefix(root.join("micropool/src")).unwrap().to_string_lossy().replace('\\', "/");
        let count = places(&std::fs::read_to_string(&path).unwrap());
        // Models are tests.
        if count > 0 && !name.contains("loom_") {
            counted.insert(name, count);
        }
    }
    let rows = page.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split(" | ");
        let name = cells.next()?.strip_suffix('`')?;
        Some((name.to_owned(), cells.next()?.parse().ok()?))
    });
    assert_eq!(rows.collect::<BTreeMap<String, usize>>(), counted, "the page's rows, and what is there");

    let mut functions = BTreeSet::new();
    for path in all {
        let text = std::fs::read_to_string(path).unwrap();
        functions.extend(text.split("fn ").skip(1).map(|rest| rest.split(['(', '<']).next().unwrap_or("").to_owned()));
    }
    let quoted = page.lines().filter(|line| line.starts_with("| ")).flat_map(|line| line.split('`').skip(1).step_by(2));
    let names = quoted.filter(|name| name.contains('_') && name.chars().all(|c| c.is_alphanumeric() || c == '_'));
    let missing: Vec<&str> = names.filter(|name| !functions.contains(*name)).collect();
    assert!(missing.is_empty(), "tests that don't exist: {missing:?}");
}
