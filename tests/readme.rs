//! The README shows the program that is run, and the book's introduction lists the prelude.

use std::collections::BTreeSet;
use std::fs;

#[test]
fn the_readme_shows_the_fortune_example() {
    let root = env!("CARGO_MANIFEST_DIR");
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
    let root = env!("CARGO_MANIFEST_DIR");
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
