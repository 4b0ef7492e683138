//! What the compiler says to mistakes: each gets one error, where it was made, that names the fix.
//!
//! The texts depend on the compiler, and are those of [`COMPILER`]: with another one they are not
//! compared. After a change, `TRYBUILD=overwrite cargo test -p ui` writes them anew: read the
//! difference.

use std::process::Command;

/// The compiler whose texts these are.
const COMPILER: &str = "rustc 1.95.";

#[test]
fn each_mistake_gets_one_error_that_names_the_fix() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().expect("there is a compiler");
    if version.stdout.starts_with(COMPILER.as_bytes()) {
        trybuild::TestCases::new().compile_fail("cases/*.rs");
    } else {
        eprintln!("not compared: the texts are those of {COMPILER}x");
    }
}

/// What needs a feature, without it: no feature is on for the programs of this package.
#[test]
fn what_needs_a_feature_names_it() {
    trybuild::TestCases::new().compile_fail("without_features/*.rs");
}

/// The texts in which the language has an error of its own, after that of the macro.
const WITH_THE_LANGUAGES_OWN: [&str; 2] = ["signal_of_reference", "signal_two_arguments"];

#[test]
fn no_text_has_more_than_one_error() {
    let texts = std::fs::read_dir("cases").expect("the tests run in the package's directory");
    let mut seen = 0;
    for entry in texts {
        let path = entry.expect("the directory can be read").path();
        if path.extension().is_some_and(|extension| extension == "stderr") {
            let text = std::fs::read_to_string(&path).expect("the text can be read");
            let errors = text.lines().filter(|line| line.starts_with("error")).count();
            let warnings = text.lines().filter(|line| line.starts_with("warning")).count();
            let name = path.file_stem().expect("it has a name");
            let expected = 1 + usize::from(WITH_THE_LANGUAGES_OWN.iter().any(|own| name == *own));
            assert_eq!((errors, warnings), (expected, 0), "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 18, "only {seen} texts");
}

/// The lines of each block of compiler's words on the book's page.
fn quotations(page: &str) -> Vec<Vec<&str>> {
    let blocks = page.split("\n```text\n").skip(1);
    let texts = blocks.map(|block| block.split_once("\n```").expect("the block ends").0);
    texts.map(|text| text.lines().collect()).collect()
}

#[test]
fn the_books_page_of_messages_quotes_the_compiler() {
    let page = std::fs::read_to_string("../../book/src/compiler.md").expect("the page is there");
    let texts: Vec<_> = ["cases", "without_features"]
        .into_iter()
        .flat_map(|folder| std::fs::read_dir(folder).expect("it is in the package's directory"))
        .map(|entry| entry.expect("the directory can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "stderr"))
        .map(|path| std::fs::read_to_string(path).expect("the text can be read"))
        .collect();
    let quotations = quotations(&page);
    assert!(quotations.len() >= 12, "only {} quotations", quotations.len());
    for lines in quotations {
        let is_said = texts.iter().any(|text| lines.iter().all(|line| text.contains(line)));
        assert!(is_said, "no text in tests/ui has all of these:\n{}", lines.join("\n"));
    }
}
