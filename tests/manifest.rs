//! Each file of tests is in `tests/Cargo.toml`, and each example in `examples/Cargo.toml`: cargo does
//! not look for them there by itself, and a file that is missing would never be compiled.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The paths of the targets of a kind, `test` or `example`, in the manifest of a package's folder.
fn listed(folder: &Path, kind: &str) -> BTreeSet<String> {
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("the manifest is there");
    let manifest: toml::Table = manifest.parse().expect("cargo could read it");
    let targets = manifest[kind].as_array().expect("it lists targets");
    targets
        .iter()
        .map(|target| target["path"].as_str().expect("each has a path").to_owned())
        .collect()
}

/// The files of tests in a package's folder: `NAME.rs` and `NAME/main.rs`.
fn present(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        let name = path.file_name().expect("it has one").to_str().expect("it is ASCII").to_owned();
        if path.extension().is_some_and(|extension| extension == "rs") {
            found.insert(name);
        } else if path.join("main.rs").is_file() && !path.join("Cargo.toml").is_file() {
            found.insert(format!("{name}/main.rs"));
        }
    }
    found
}

#[test]
fn every_file_of_tests_is_run() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut expected = present(folder);
    assert!(expected.remove("book.rs"), "the book's programs are the package's library");
    assert_eq!(listed(folder, "test"), expected);
}

#[test]
fn every_example_is_compiled() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples"));
    let of_tls = present(&folder.join("tls")).into_iter().map(|name| format!("tls/{name}"));
    let expected = present(folder).into_iter().chain(of_tls).collect();
    assert_eq!(listed(folder, "example"), expected);
}
