//! Which tests there are, by the sources: so that a gate that names none is found before anything is built.

use super::{Gate, root};
use std::path::Path;
use std::{fs, io};

/// Whether there is anything that this gate would run.
pub fn are_there(gate: &Gate) -> bool {
    let (place, filter, in_models) = match gate {
        Gate::Model(filter) => ("micropool/src", filter, true),
        Gate::Unit(filter) => ("micropool/src", filter, false),
        Gate::Scenario(filter) => ("micropool/tests/shuttle", filter, false),
        Gate::Tests(target) => {
            let place = root().join("tests");
            return place.join(target).with_extension("rs").exists() || place.join(target).join("main.rs").exists();
        }
    };
    let mut names = Vec::new();
    collect(&root().join(place), "", &mut names).expect("the sources can be read");
    names.iter().any(|name| name.contains(filter) && name.contains("loom_models::") == in_models)
}

/// The tests of a folder's files, each with its module's path.
fn collect(place: &Path, module: &str, names: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(place)? {
        let path = entry?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("a name");
        let module =
            if matches!(stem, "lib" | "main" | "mod") { module.to_owned() } else { format!("{module}{stem}::") };
        if path.is_dir() {
            collect(&path, &module, names)?;
        } else {
            tests_of(&fs::read_to_string(&path)?, &module, names);
        }
    }
    Ok(())
}

fn tests_of(text: &str, module: &str, names: &mut Vec<String>) {
    let mut module = module.to_owned();
    let mut is_test = false;
    for line in text.lines().map(str::trim) {
        if line == "mod tests {" {
            module += "tests::";
        } else if line == "#[test]" {
            is_test = true;
        } else if let (true, Some(rest)) = (is_test, line.strip_prefix("fn ")) {
            let name = rest.split(['(', '<']).next().expect("a piece at least");
            names.push(format!("{module}{name}"));
            is_test = false;
        }
    }
}
