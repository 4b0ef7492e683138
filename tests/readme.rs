//! The README shows the program that is run.

use std::fs;

#[test]
fn the_readme_shows_the_fortune_example() {
    let root = env!("CARGO_MANIFEST_DIR");
    let readme = fs::read_to_string(format!("{root}/README.md")).expect("there is a README");
    let example = fs::read_to_string(format!("{root}/examples/fortune.rs")).expect("an example");
    let (_head, program) = example.split_at(example.find("\nuse ").expect("it uses something") + 1);
    assert!(readme.contains(program), "README.md and examples/fortune.rs have grown apart");
}
