//! The book's page "Coming from Qt" has a place for every member of Qt's socket classes, and of the
//! classes that they stand on.
//!
//! `book/qt-members.json` lists the members. Each has a row in the table under its class; what a
//! row names exists in the sources, and is found by Qt's spelling.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

/// A row of the page's last section: Qt's member, the items here, and what is said to it.
struct Row {
    class: String,
    member: String,
    items: Vec<String>,
    remark: String,
}

/// An item of the sources: whose it is, how it is called, and under which names it is found.
struct Item {
    owner: String,
    name: String,
    aliases: Vec<String>,
}

fn read(path: &str) -> String {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All members, with their classes.
fn members() -> BTreeSet<(String, String)> {
    let list: BTreeMap<String, BTreeMap<String, Vec<String>>> =
        serde_json::from_str::<Value>(&read("book/qt-members.json"))
            .and_then(serde_json::from_value)
            .expect("classes, of kinds, of members");
    let mut members = BTreeSet::new();
    for (class, kinds) in list {
        for member in kinds.into_values().flatten() {
            members.insert((class.clone(), member));
        }
    }
    members
}

/// The names in backticks.
fn names(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn rows() -> Vec<Row> {
    let page = read("book/src/from-qt.md");
    let (_, section) = page.split_once("\n## All members\n").expect("the page has that section");
    let mut class = String::new();
    let mut rows = Vec::new();
    for line in section.lines() {
        if let Some(title) = line.strip_prefix("### ") {
            title.clone_into(&mut class);
        } else if line.starts_with("| `") {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let [member, items, remark] = cells[..] else { panic!("not three cells: {line}") };
            for member in names(member) {
                let (class, remark) = (class.clone(), remark.to_owned());
                rows.push(Row { class, member, items: names(items), remark });
            }
        }
    }
    rows
}

/// The calls that the second column of the table of spellings writes, such as `quit` in `rt.quit()`.
fn calls() -> BTreeSet<String> {
    let page = read("book/src/from-qt.md");
    let (_, section) = page.split_once("\n## Spelling\n").expect("the page has that section");
    let (section, _) = section.split_once("\n## ").expect("a section follows");
    let mut calls = BTreeSet::new();
    for line in section.lines().filter(|line| line.starts_with("| ")) {
        let code = line.replace("\\|", "!");
        let Some(cell) = code.trim_matches('|').split('|').nth(1) else { continue };
        for name in names(cell) {
            for (at, _) in name.match_indices('(') {
                let before = name[..at].rsplit(|c: char| !c.is_alphanumeric() && c != '_').next();
                calls.extend(before.map(str::to_owned).filter(|call| !call.is_empty()));
            }
        }
    }
    calls
}

/// The items of all source files. It reads what rustfmt leaves, not Rust in general.
fn items() -> Vec<Item> {
    let mut items = Vec::new();
    let mut folders = vec![Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("there are sources") {
            let path = entry.expect("it can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                items_of(&fs::read_to_string(path).expect("it is text"), &mut items);
            }
        }
    }
    items
}

fn items_of(source: &str, items: &mut Vec<Item>) {
    let (mut owner, mut aliases, mut is_signal) = (String::new(), Vec::new(), false);
    for indented in source.lines() {
        let line = indented.trim();
        // What a function contains is deeper than a class in a macro's braces.
        let is_inner = indented.starts_with("        ");
        is_signal |= line == "#[signal]";
        if line.starts_with("#[doc(alias") {
            aliases.extend(line.split('"').skip(1).step_by(2).map(str::to_owned));
        }
        if line.is_empty() || line.starts_with("#[") || line.starts_with("//") {
            continue;
        }
        let words = line.trim_start_matches("pub ").trim_start_matches("pub(super) ");
        let words = words.trim_start_matches("async ");
        if let Some(rest) = words.strip_prefix("impl").filter(|_| !is_inner) {
            // `impl<T> Trait for Type<T>`: the last name is the type's.
            let rest = after_parameters(rest).trim_end_matches('{');
            let of = rest.rsplit(" for ").next().unwrap_or(rest);
            owner = first_word(of.trim());
        }
        let kinds = ["struct ", "enum ", "trait "];
        // But an enum that a macro writes may be public.
        let is_class = !is_inner || line.starts_with("pub enum ");
        let name = kinds.iter().find_map(|kind| words.strip_prefix(kind)).filter(|_| is_class);
        if is_signal {
            // The derive macro writes the accessor, with Qt's spelling as an alias.
            let name = first_word(words);
            items.push(Item { owner: owner.clone(), aliases: vec![camel_case(&name)], name });
        } else if let Some(name) = name {
            owner = first_word(name);
            items.push(Item { owner: owner.clone(), name: String::new(), aliases });
        } else if let Some(name) =
            ["fn ", "const "].iter().find_map(|kind| words.strip_prefix(kind))
        {
            items.push(Item { owner: owner.clone(), name: first_word(name), aliases });
        } else if line.starts_with(char::is_uppercase) && line.ends_with(',') {
            items.push(Item { owner: owner.clone(), name: first_word(line), aliases });
        }
        (aliases, is_signal) = (Vec::new(), false);
    }
}

/// What comes after the parameters in angle brackets with which the text may begin.
fn after_parameters(text: &str) -> &str {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '<' => depth += 1,
            '>' if !text[..at].ends_with('-') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return text[at..].trim_start_matches('>');
        }
    }
    text
}

/// `spelled_so` as `spelledSo`.
fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |text, word| text + &word[..1].to_uppercase() + &word[1..])
}

/// The identifier that the text begins with.
fn first_word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn every_member_has_a_row_and_every_row_is_a_member() {
    let rows: Vec<_> = rows().into_iter().map(|row| (row.class, row.member)).collect();
    let members = members();
    assert!(members.len() > 500, "only {} members are listed", members.len());
    let shown: BTreeSet<_> = rows.iter().cloned().collect();
    assert_eq!(shown.len(), rows.len(), "a member has two rows");
    let without_row: Vec<_> = members.difference(&shown).collect();
    assert!(without_row.is_empty(), "without a row: {without_row:?}");
    let no_member: Vec<_> = shown.difference(&members).collect();
    assert!(no_member.is_empty(), "no members of Qt's: {no_member:?}");
}

#[test]
fn every_row_names_an_item_or_says_what_takes_its_place() {
    for Row { class, member, items, remark } in rows() {
        assert!(!items.is_empty() || !remark.is_empty(), "{class}::{member} has nothing");
    }
}

#[test]
fn what_the_table_of_spellings_calls_exists() {
    /// What is of the standard library, and attributes.
    const OTHERS: [&str; 6] =
        ["from_millis", "from_secs", "starts_with", "write_all", "qobject", "child"];
    let calls = calls();
    assert!(calls.len() > 50, "only {} calls", calls.len());
    let known: BTreeSet<_> = items().into_iter().map(|item| item.name).collect();
    let unknown: Vec<_> = calls
        .iter()
        .filter(|call| !known.contains(*call) && !OTHERS.contains(&call.as_str()))
        .filter(|call| !call.starts_with(char::is_uppercase))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn what_a_row_names_exists_and_is_found_by_the_spelling_of_qt() {
    let items = items();
    let mut wrong = Vec::new();
    for row in rows() {
        let qualified = format!("{}::{}", row.class, row.member);
        let mut is_found = row.items.is_empty();
        for shown in &row.items {
            let (owner, name) = shown.split_once("::").unwrap_or((shown, ""));
            let mut named = items.iter().filter(|item| item.owner == owner && item.name == name);
            let Some(first) = named.next() else {
                wrong.push(format!("{qualified}: there is no {shown}"));
                continue;
            };
            is_found |= std::iter::once(first).chain(named).any(|item| {
                let spelled = if name.is_empty() { owner } else { name };
                // A constructor is found by its class.
                let is_made = name == "new" || row.member == row.class;
                spelled == row.member
                    || is_made
                    || item.aliases.iter().any(|alias| *alias == row.member || *alias == qualified)
            });
        }
        if !is_found {
            wrong.push(format!("{qualified}: {:?} lacks the alias", row.items));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
