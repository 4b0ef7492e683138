//! The README shows the program that is run, the book's introduction lists the prelude, and no page
//! is unfinished.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn the_readme_shows_the_fortune_example() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let readme = fs::read_to_string(format!("{root}/README.md")).expect("there is a README");
    let example = fs::read_to_string(format!("{root}/examples/fortune.rs")).expect("an example");
    let (_head, program) = example.split_at(example.find("\nuse ").expect("it uses something") + 1);
    assert!(readme.contains(program), "README.md and examples/fortune.rs have grown apart");
}

/// Returns the words that are names of Rust: letters, digits and underscores.
fn names(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| word.len() > 2).collect()
}

#[test]
fn the_introduction_lists_what_the_prelude_imports() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let library = fs::read_to_string(format!("{root}/src/lib.rs")).expect("there is a library");
    let (_, prelude) = library.split_once("pub mod prelude {").expect("a prelude");
    let (_, prelude) = prelude.split_once("pub use crate::{").expect("a list");
    let (prelude, _) = prelude.split_once("};").expect("the list ends");
    let prelude = names(prelude);
    assert!(prelude.len() > 20, "only {prelude:?}");

    let page = fs::read_to_string(format!("{root}/book/src/introduction.md")).expect("a page");
    let (_, list) = page.split_once("imports what most programs need:").expect("a list");
    let (list, _) = list.split_once("\n\nEverything else").expect("the list ends");
    // What is between two backquotes is code.
    let code: BTreeSet<_> = list.split('`').skip(1).step_by(2).flat_map(names).collect();
    let missing: Vec<_> = prelude.difference(&code).collect();
    assert!(missing.is_empty(), "the introduction lacks {missing:?}");
    let of_std = BTreeSet::from(["Read", "BufRead", "Write"]);
    let unknown: Vec<_> = code.iter().filter(|name| !prelude.contains(*name)).collect();
    assert!(unknown.iter().all(|name| of_std.contains(**name)), "not imported: {unknown:?}");
}

/// The words that an author leaves where something is still to be written.
const MARKS: [&str; 3] = ["XX", "TODO", "FIXME"];

/// Returns the lines that have such a mark, as `NUMBER: LINE`.
fn unfinished(text: &str) -> Vec<String> {
    let is_mark = |word: &str| MARKS.iter().any(|mark| word.starts_with(mark));
    let words = |line: &str| line.split(|c: char| !c.is_alphanumeric()).any(is_mark);
    let lines = text.lines().enumerate().filter(|(_, line)| words(line));
    lines.map(|(number, line)| format!("{}: {line}", number + 1)).collect()
}

/// Adds the files of a folder, and of those in it, that are texts or code.
fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            pages(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md" || extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn no_page_and_no_documentation_is_unfinished() {
    assert_eq!(
        unfinished("a signal\nonce XX a program\n// TODO: say\nTODOs\nAXXE"),
        ["2: once XX a program", "3: // TODO: say", "4: TODOs"]
    );

    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut found: Vec<_> = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md"]
        .map(|page| root.join(page))
        .into();
    for folder in ["book/src", "src", "macros/src", "examples"] {
        pages(&root.join(folder), &mut found);
    }
    assert!(found.len() > 100, "only {} files", found.len());
    for page in found {
        let lines = unfinished(&fs::read_to_string(&page).expect("it can be read"));
        assert!(lines.is_empty(), "{} has lines to be finished: {lines:#?}", page.display());
    }
}
