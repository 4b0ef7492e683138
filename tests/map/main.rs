//! The imports of `src/` keep to the map in ARCHITECTURE.md.
//!
//! `imports.rs` finds the imports, `chart.rs` reads the map and compares the two. `lib.rs`,
//! `private.rs`, tests and docs are excepted.
//!
//! And the fields of a struct are touched in few files: `fields.rs` finds the structs, `touches.rs` who
//! touches them.

/// Writes methods that pass by what is compiled for tests alone.
macro_rules! skip_tests {
    ($($method:ident($kind:ident);)*) => {$(
        fn $method(&mut self, node: &'ast syn::$kind) {
            if !is_for_tests(&node.attrs) {
                visit::$method(self, node);
            }
        }
    )*};
}

mod chart;
mod few_files;
mod fields;
mod imports;
mod touches;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use self::chart::Chart;
use self::imports::{Import, Imports};

/// Adds the texts of the files below a folder, by their paths below it.
fn sources(folder: &Path, prefix: &str, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        let name = path.file_name().expect("it has one").to_str().expect("it is ASCII").to_owned();
        if path.is_dir() {
            sources(&path, &format!("{prefix}{name}/"), found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("it can be read");
            found.insert(format!("{prefix}{name}"), text);
        }
    }
}

/// Returns the texts of the library's files, by their paths below `src/`.
fn library() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../src")), "", &mut found);
    found
}

#[test]
fn every_import_keeps_to_the_map() {
    let page = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join("ARCHITECTURE.md");
    let page = fs::read_to_string(page).expect("the page is there");
    let (_, block) = page.split_once("\n```map\n").expect("the page has a block ```map");
    let (map, _) = block.split_once("\n```\n").expect("the block ends");
    let complaints = Chart::read(map).complaints(&Imports::of(&library()));
    assert!(
        complaints.is_empty(),
        "the imports of src/ and the map in ARCHITECTURE.md (\"The map, checked\") differ:\n\n{}\n",
        complaints.join("\n\n")
    );
}

/// Where the conditions of systems may be, as ARCHITECTURE.md says below the map.
const SYSTEMS: [&str; 3] =
    ["event_loop/socket_notifier.rs", "net/engine/native/", "net/interface/system_interfaces.rs"];

#[test]
fn what_differs_between_systems_is_where_the_page_says() {
    let found = library();
    let conditions =
        ["target_os", "target_vendor", "cfg(unix", "cfg(windows", "not(unix", "not(windows"];
    let differs = |text: &String| conditions.iter().any(|condition| text.contains(condition));
    let place = |file: &String| SYSTEMS.iter().find(|place| file.starts_with(**place)).copied();
    let (named, others): (Vec<_>, Vec<_>) = found
        .iter()
        .filter_map(|(file, text)| differs(text).then_some(file))
        .partition(|file| place(file).is_some());
    assert!(others.is_empty(), "these have conditions of systems: {others:?}");
    let named: BTreeSet<_> = named.into_iter().filter_map(place).collect();
    assert!(named.into_iter().eq(SYSTEMS), "some of {SYSTEMS:?} have no such conditions any more");
}

/// Reads the files of a made-up crate: a line `== FILE` begins each file.
fn files_of(text: &str) -> BTreeMap<String, String> {
    let files = text.split("== ").skip(1).map(|file| {
        let (name, text) = file.split_once('\n').expect("the name has a line of its own");
        (name.trim().to_owned(), text.to_owned())
    });
    files.collect()
}

/// Reads a made-up crate.
fn made_up(text: &str) -> Imports {
    Imports::of(&files_of(text))
}

/// Returns the imports as `FROM:LINE TO`, sorted.
fn edges(code: &Imports) -> Vec<String> {
    let shown = |import: &Import| format!("{}:{} {}", import.from, import.line, import.to);
    let mut edges: Vec<_> = code.imports.iter().map(shown).collect();
    edges.sort();
    edges
}

const TWO_FLOORS: &str = "
Floors
  upper upper/
  lower lower/
";

#[test]
fn an_upward_import_is_found() {
    let code = made_up(
        "
== lib.rs
mod lower;
mod upper;
== lower/mod.rs
mod a;
pub use a::A;
== lower/a.rs

use crate::upper::B;
== upper/mod.rs
mod b;
pub use b::B;
== upper/b.rs
use crate::lower::A;
",
    );
    let [complaint] = &Chart::read(TWO_FLOORS).complaints(&code)[..] else { panic!("not one") };
    assert!(complaint.starts_with("src/lower/a.rs:2 imports `crate::upper::B` from upper/b.rs:"));
}

#[test]
fn what_is_for_tests_is_excepted() {
    let code = made_up(
        "
== lib.rs
mod lower;
mod upper;
#[cfg(test)]
mod more_tests;
== more_tests.rs
use crate::lower::A;
== upper.rs
== lower.rs
#[cfg(test)]
use crate::upper::A;
pub struct A {
    #[cfg(test)]
    field: crate::upper::A,
}
impl A {
    #[cfg(all(test, loom))]
    fn a() -> crate::upper::A {}
}
fn a() {
    #[cfg(test)]
    crate::upper::a();
    #[cfg(test)]
    let a = crate::upper::a();
    #[cfg(test)]
    assert!(crate::upper::a());
}
#[cfg(test)]
mod tests {
    use crate::upper::A;
}
#[cfg(not(test))]
use crate::upper::C;
/// [`A`](crate::upper::A)
pub(in crate::upper) struct D;
mac! { pub(in crate::upper) struct E; }
",
    );
    assert_eq!(edges(&code), ["lower.rs:24 upper.rs"]);
}

#[test]
fn an_import_is_of_the_file_that_defines_the_item() {
    let code = made_up(
        "
== lib.rs
mod low;
mod high;
pub use low::A;
== low/mod.rs
mod core;
mod b;
mod c;
mod macros;
pub use core::A;
pub(crate) use self::{b::{B, B as C}, c::*};
pub(crate) struct Here;
== low/core.rs
== low/b.rs
use super::core;
mod inner {
    use super::super::c::Thing;
    use super::super::super::high::Other;
}
== low/c.rs
== low/macros.rs
#[macro_export]
macro_rules! mac { () => { $crate::low::B }; }
== high.rs
use crate::A;
use crate::low::{C, Here};
fn f(a: core::fmt::Error) -> crate::low::FromGlob { crate::mac!() }
fn g() { println!(\"{}\", crate::low::B::b()) }
",
    );
    assert_eq!(
        edges(&code),
        [
            "high.rs:1 low/core.rs",
            "high.rs:2 low/b.rs",
            "high.rs:2 low/c.rs",
            "high.rs:2 low/mod.rs",
            "high.rs:3 low/c.rs",
            "high.rs:3 low/macros.rs",
            "high.rs:3 low/mod.rs",
            "high.rs:4 low/b.rs",
            "lib.rs:3 low/core.rs",
            "low/b.rs:1 low/core.rs",
            "low/b.rs:3 low/c.rs",
            "low/b.rs:4 high.rs",
            "low/macros.rs:2 low/b.rs",
            "low/mod.rs:5 low/core.rs",
            "low/mod.rs:6 low/b.rs",
            "low/mod.rs:6 low/c.rs",
        ]
    );
}

/// Four files: `a` and `b` are a circle, `c` imports `d`, and `more` is added to `d`.
fn floor_with(more: &str) -> Imports {
    made_up(&format!(
        "
== lib.rs
mod lower;
== lower/mod.rs
mod a;
mod b;
mod c;
mod d;
== lower/a.rs
use super::b::B;
== lower/b.rs
use super::a::A;
use super::c::C;
== lower/c.rs
use super::d::D;
== lower/d.rs
{more}
"
    ))
}

const ONE_CIRCLE: &str = "
Floors
  lower lower/
Rooms of lower/
  d.rs
Circles of lower/
  pair: a.rs
    b.rs
";

#[test]
fn a_circle_that_is_named_is_meant() {
    assert_eq!(Chart::read(ONE_CIRCLE).complaints(&floor_with("")), [""; 0]);
}

#[test]
fn a_circle_without_a_name_is_found() {
    let map = "Floors\n  lower lower/\nCircles of lower/\n";
    let [complaint] = &Chart::read(map).complaints(&floor_with(""))[..] else { panic!("not one") };
    assert!(complaint.starts_with(
        "A circle that the map does not name: lower/a.rs, lower/b.rs.\n  \
         src/lower/a.rs:1 imports `super::b::B` from lower/b.rs\n  \
         src/lower/b.rs:1 imports `super::a::A` from lower/a.rs\n"
    ));
}

#[test]
fn a_file_that_comes_into_a_circle_is_found() {
    let map = ONE_CIRCLE.replace("Rooms of lower/\n  d.rs\n", "");
    let complaints = Chart::read(&map).complaints(&floor_with("use super::a::A;"));
    let begins: Vec<_> = complaints.iter().map(|it| it.lines().next().unwrap_or("")).collect();
    assert_eq!(
        begins,
        [
            "lower/c.rs has come into the circle `pair`.",
            "lower/d.rs has come into the circle `pair`.",
        ]
    );
    assert!(complaints[1].contains("src/lower/d.rs:1 imports `super::a::A` from lower/a.rs"));
}

#[test]
fn circles_that_grow_together_are_found() {
    let map = "Floors\n  lower lower/\nCircles of lower/\n  pair: a.rs b.rs\n  other: c.rs d.rs\n";
    assert_eq!(Chart::read(map).complaints(&floor_with("use super::c::C;")), [""; 0]);
    let code = floor_with("use super::c::C;\nuse super::a::A;");
    let complaints = Chart::read(map).complaints(&code);
    assert!(
        complaints.iter().any(|it| it.starts_with("The circles `other` and `pair` are one now"))
    );
}

#[test]
fn a_room_that_imports_from_elsewhere_is_found() {
    let complaints = Chart::read(ONE_CIRCLE).complaints(&floor_with("use super::a::A;"));
    assert!(complaints[0].contains("a room of lower/ imports nothing"), "{complaints:?}");
}

/// A floor with two folders, the upper of which imports from the lower, and `more` in the lower one.
fn floor_with_folders(more: &str) -> Imports {
    made_up(&format!(
        "
== lib.rs
mod floor;
mod other;
== other.rs
use crate::floor::{{Bottom, Top}};
== floor/mod.rs
mod low;
mod high;
mod test_door;
pub use low::Bottom;
pub use high::Top;
== floor/high/mod.rs
mod top;
pub use top::Top;
== floor/high/top.rs
use crate::floor::low::Bottom;
== floor/low/mod.rs
mod bottom;
mod ground;
pub use bottom::Bottom;
== floor/low/bottom.rs
use super::ground::Ground;
{more}
== floor/low/ground.rs
use super::bottom::Bottom;
== floor/test_door.rs
use super::high::Top;
"
    ))
}

const FOLDERS: &str = "
Floors
  all floor/ other.rs
Folders of floor/, from the highest to the lowest.
  door test_door.rs
  high high/
  low  low/
";

#[test]
fn folders_import_from_themselves_and_from_lower_ones() {
    assert_eq!(Chart::read(FOLDERS).complaints(&floor_with_folders("")), [""; 0]);
}

#[test]
fn an_import_from_a_higher_folder_is_found() {
    for import in ["crate::floor::high::Top", "crate::floor::Top", "super::super::high::top::Top"] {
        let code = floor_with_folders(&format!("use {import};"));
        let [complaint] = &Chart::read(FOLDERS).complaints(&code)[..] else { panic!("not one") };
        let begin = format!(
            "src/floor/low/bottom.rs:2 imports `{import}` from floor/high/top.rs: in floor/, the \
             folder `low` is below the folder `high`"
        );
        assert!(complaint.starts_with(&begin), "{complaint}");
    }
}

#[test]
fn the_file_of_a_floor_that_hands_out_what_is_public_is_in_no_folder() {
    let map = FOLDERS.replace("  door test_door.rs\n", "");
    let complaints = Chart::read(&map).complaints(&floor_with_folders(""));
    assert_eq!(
        complaints,
        ["src/floor/test_door.rs is in no folder that the map has under `Folders of floor/`: \
             move it into one, or add it to the map."]
    );
}

#[test]
fn a_folder_that_is_gone_is_found() {
    let map = FOLDERS.replace("low/", "low/ cellar/");
    let complaints = Chart::read(&map).complaints(&floor_with_folders(""));
    assert_eq!(complaints, ["The map names src/floor/cellar/, which does not exist."]);
}

/// A floor with a folder that looks on at the rest of it, and `more` in one of the other files.
fn floor_with_onlookers(more: &str) -> Imports {
    made_up(&format!(
        "
== lib.rs
mod lower;
mod upper;
== upper.rs
use crate::lower::Eye;
== lower/mod.rs
mod a;
mod eyes;
pub use eyes::Eye;
== lower/a.rs
{more}
== lower/eyes/mod.rs
mod eye;
mod lens;
pub use eye::Eye;
== lower/eyes/eye.rs
use super::lens::Lens;
use crate::lower::a::A;
== lower/eyes/lens.rs
"
    ))
}

const ONLOOKERS: &str = "
Floors
  all lower/ upper.rs
Onlookers of lower/
  eyes/
";

#[test]
fn onlookers_import_from_what_they_look_on_at() {
    assert_eq!(Chart::read(ONLOOKERS).complaints(&floor_with_onlookers("")), [""; 0]);
}

#[test]
fn a_file_that_imports_from_an_onlooker_is_found() {
    for import in ["use super::eyes::Eye;", "use super::Eye;", "use super::eyes::eye::Eye;"] {
        let complaints = Chart::read(ONLOOKERS).complaints(&floor_with_onlookers(import));
        let path = import.trim_start_matches("use ").trim_end_matches(';');
        let begin =
            format!("src/lower/a.rs:1 imports `{path}` from lower/eyes/eye.rs: an onlooker");
        assert!(complaints.iter().any(|it| it.starts_with(&begin)), "{complaints:?}");
    }
}

#[test]
fn a_map_of_what_is_gone_is_found() {
    let map =
        ONE_CIRCLE.replace("b.rs", "b.rs c.rs\n  gone: e.rs d.rs\nOnlookers of lower/\n  eyes/");
    let complaints = Chart::read(&map).complaints(&floor_with("")).join("\n");
    assert!(complaints.contains("The map names src/lower/e.rs, which does not exist."));
    assert!(complaints.contains("The map names src/lower/eyes/, which does not exist."));
    assert!(complaints.contains("The map names lower/c.rs in the circle `pair`"));
    assert!(complaints.contains("The map names lower/d.rs, lower/e.rs in the circle `gone`"));
}

#[test]
fn a_file_without_a_floor_is_found() {
    let complaints = Chart::read("Floors\n  other lower/a.rs\n").complaints(&floor_with(""));
    assert!(
        complaints.contains(&"src/lower/d.rs is on no floor of the map: add it to one.".to_owned())
    );
}
