//! What has found each mutant out: `killed_by.md`, a line a mutant, in the order of the list.

use super::{Mutant, root};
use std::{fs, io};

const PLACE: &str = "tests/mutants/killed_by.md";

/// What stands above the lines.
const HEAD: &str = "\
Mutants of `list.ron`, and the test or model that was red with each when it was last run. Written by
`MICROPOOL_MUTANTS_RECORD=1 cargo test --test mutants -- --ignored --nocapture`. Each mutant must have its line; those without are run by
`MICROPOOL_MUTANTS=unrecorded` beside that.

| mutant | file | gate | red |
|---|---|---|---|
";

/// How a mutant's line begins. With another gate it is another one.
fn front(mutant: &Mutant) -> String {
    format!("| {} | `{}` | `{:?}` |", mutant.name, mutant.file, mutant.gate)
}

/// The lines that were written last.
pub fn lines() -> io::Result<Vec<String>> {
    match fs::read_to_string(root().join(PLACE)) {
        // Whatever stands above them.
        Ok(text) => Ok(text.lines().skip_while(|line| !line.starts_with("|---")).skip(1).map(str::to_owned).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Writes what these were found out by. `None`: by nothing, or its gate came to no end. The lines of others stay, if there are such mutants still.
pub fn write(all: &[Mutant], found: &[(&Mutant, Option<String>)]) -> io::Result<()> {
    let text: String = merged(all, &lines()?, found).into_iter().map(|line| line + "\n").collect();
    fs::write(root().join(PLACE), format!("{HEAD}{text}"))
}

fn merged(all: &[Mutant], before: &[String], found: &[(&Mutant, Option<String>)]) -> Vec<String> {
    let line = |mutant: &Mutant| {
        let front = front(mutant);
        match found.iter().find(|(ran, _)| ran.name == mutant.name) {
            Some((_, by)) => by.as_ref().map(|by| format!("{front} {by} |")),
            None => before.iter().find(|line| line.starts_with(&front)).cloned(),
        }
    };
    all.iter().filter_map(line).collect()
}

/// Mutants without a line.
pub fn unrecorded<'a>(all: &'a [Mutant], lines: &[String]) -> impl Iterator<Item = &'a Mutant> {
    all.iter().filter(|mutant| !lines.iter().any(|line| line.starts_with(&front(mutant))))
}

/// Lines of mutants that are listed no more, or with another gate.
fn unlisted<'a>(all: &[Mutant], lines: &'a [String]) -> Vec<&'a String> {
    let fronts: Vec<String> = all.iter().map(front).collect();
    lines.iter().filter(|line| !fronts.iter().any(|front| line.starts_with(front))).collect()
}

#[test]
fn each_line_has_its_mutant() {
    let lines = lines().expect("the record can be read");
    assert!(!lines.is_empty(), "{PLACE} has no lines");
    let unlisted = unlisted(&super::mutants(), &lines);
    assert!(
        unlisted.is_empty(),
        "of other mutants than those in list.ron (delete them, or run these again): {unlisted:#?}"
    );
}

#[test]
fn each_mutant_has_its_line() {
    let all = super::mutants();
    let lines = lines().expect("the record can be read");
    let unrecorded: Vec<&String> = unrecorded(&all, &lines).map(|mutant| &mutant.name).collect();
    assert!(
        unrecorded.is_empty(),
        "nothing is known to find these out (`MICROPOOL_MUTANTS=unrecorded MICROPOOL_MUTANTS_RECORD=1 cargo test --test mutants -- \
         --ignored --nocapture` runs them, and writes it down): {unrecorded:#?}"
    );
}

#[test]
fn a_run_of_some_leaves_the_lines_of_others() {
    let [one, other, third] = ["one", "other", "third"].map(|name| Mutant {
        name: name.to_owned(),
        file: String::from("a.rs"),
        find: String::new(),
        replace: String::new(),
        gate: super::Gate::Unit(String::from("a::")),
        equivalent: None,
    });
    let all = [one.clone(), other.clone(), third.clone()];
    let before = merged(&all, &[], &[(&third, Some("c".into())), (&other, Some("b".into())), (&one, Some("a".into()))]);
    assert_eq!(before[0], "| one | `a.rs` | `Unit(\"a::\")` | a |");
    assert_eq!(before.len(), 3, "in the order of the list");
    assert!(unlisted(&all, &before).is_empty());

    assert_eq!(unrecorded(&all, &before).count(), 0);

    let after = merged(&all, &before, &[(&one, Some("d".into())), (&other, None)]);
    assert_eq!(after, [before[0].replace("| a |", "| d |"), before[2].clone()], "what nothing found out has no line");
    assert!(unrecorded(&all, &after).map(|mutant| &mutant.name).eq([&other.name]));

    let listed = [one, Mutant { gate: super::Gate::Unit(String::from("b::")), ..third }];
    assert_eq!(unlisted(&listed, &after), [&before[2]], "a line of another gate is another mutant's");
    assert_eq!(merged(&listed, &after, &[]), after[..1]);
}
