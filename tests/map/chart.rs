//! The map of ARCHITECTURE.md, and what runs against it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::imports::{Import, Imports};

type Files = BTreeSet<String>;

/// From the highest to the lowest: a name, and the files and folders that it stands for.
type Levels = Vec<(String, Vec<String>)>;

/// The map, as it is written in a block of ARCHITECTURE.md.
///
/// A line that begins at the margin says what the indented lines below it list: `Floors`,
/// `Folders of FLOOR/`, `Rooms of FLOOR/`, `Onlookers of FLOOR/`, or `Circles of FLOOR/`. What
/// follows that in its line is for people.
#[derive(Debug, Default)]
pub(crate) struct Chart {
    floors: Levels,
    /// By floor: its folders, each of which imports from lower ones alone. The floor's `mod.rs`, which
    /// hands out what is public, is in none.
    folders: BTreeMap<String, Levels>,
    /// By floor: the files that import nothing of their floor but each other.
    rooms: BTreeMap<String, Files>,
    /// By floor: the files and folders from which nothing of their floor imports but they
    /// themselves and its `mod.rs`, which hands out what is public.
    onlookers: BTreeMap<String, Files>,
    /// By floor: the circles that are meant, by name.
    circles: BTreeMap<String, BTreeMap<String, Files>>,
}

/// What the lines of the map list.
enum Section {
    Floors,
    Folders(String),
    Rooms(String),
    Onlookers(String),
    Circles(String),
}

impl Chart {
    /// Reads the map.
    ///
    /// # Panics
    ///
    /// Panics if a line is not understood.
    pub(crate) fn read(text: &str) -> Self {
        let mut chart = Self::default();
        let mut section = None;
        let mut circle = String::new();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let words: Vec<&str> = line.split_whitespace().collect();
            if !line.starts_with(' ') {
                let floor = |word: &str| word.trim_end_matches(['.', ',', ':', '/']).to_owned();
                section = Some(match words[..] {
                    ["Floors" | "Floors,", ..] => Section::Floors,
                    ["Folders", "of", word, ..] => Section::Folders(floor(word)),
                    ["Rooms", "of", word, ..] => Section::Rooms(floor(word)),
                    ["Onlookers", "of", word, ..] => Section::Onlookers(floor(word)),
                    ["Circles", "of", word, ..] => {
                        chart.circles.entry(floor(word)).or_default();
                        Section::Circles(floor(word))
                    }
                    _ => panic!(
                        "the map has a line that says neither Floors, Folders of, Rooms of, \
                         Onlookers of nor Circles of: {line}"
                    ),
                });
                continue;
            }
            match section.as_ref().expect("the map begins with a line at the margin") {
                Section::Floors => {
                    let files = words[1..].iter().map(|&word| word.to_owned()).collect();
                    chart.floors.push((words[0].to_owned(), files));
                }
                Section::Folders(floor) => {
                    let files = words[1..].iter().map(|word| format!("{floor}/{word}")).collect();
                    let folders = chart.folders.entry(floor.clone()).or_default();
                    folders.push((words[0].to_owned(), files));
                }
                Section::Rooms(floor) => {
                    let files = words.iter().map(|word| format!("{floor}/{word}"));
                    chart.rooms.entry(floor.clone()).or_default().extend(files);
                }
                Section::Onlookers(floor) => {
                    let files = words.iter().map(|word| format!("{floor}/{word}"));
                    chart.onlookers.entry(floor.clone()).or_default().extend(files);
                }
                Section::Circles(floor) => {
                    let mut files = &words[..];
                    if let Some(name) = words[0].strip_suffix(':') {
                        name.clone_into(&mut circle);
                        files = &words[1..];
                    }
                    let circles = chart.circles.get_mut(floor).expect("it was begun above");
                    let files = files.iter().map(|word| format!("{floor}/{word}"));
                    circles.entry(circle.clone()).or_default().extend(files);
                }
            }
        }
        chart
    }

    /// Returns what in a crate runs against the map, with what to do about it.
    pub(crate) fn complaints(&self, code: &Imports) -> Vec<String> {
        let mut complaints = Vec::new();
        self.check_files(code, &mut complaints);
        self.check_floors(code, &mut complaints);
        for (floor, folders) in &self.folders {
            check_folders(floor, folders, code, &mut complaints);
        }
        self.check_rooms(code, &mut complaints);
        self.check_onlookers(code, &mut complaints);
        for (floor, circles) in &self.circles {
            check_circles(floor, circles, code, &mut complaints);
        }
        complaints
    }

    fn check_files(&self, code: &Imports, complaints: &mut Vec<String>) {
        for file in code.files.iter().filter(|file| !is_excepted(file)) {
            if level(&self.floors, file).is_none() {
                complaints.push(format!("src/{file} is on no floor of the map: add it to one."));
            }
        }
        let circles = self.circles.values().flat_map(BTreeMap::values);
        let levels = self.floors.iter().chain(self.folders.values().flatten());
        let places = levels.flat_map(|(_, places)| places);
        let lists = self.rooms.values().chain(self.onlookers.values()).chain(circles);
        for named in lists.flatten().chain(places) {
            if !code.files.iter().any(|file| is_at(file, named)) {
                complaints.push(format!("The map names src/{named}, which does not exist."));
            }
        }
    }

    fn check_floors(&self, code: &Imports, complaints: &mut Vec<String>) {
        for import in code.imports.iter().filter(|import| !is_excepted(&import.from)) {
            if is_excepted(&import.to) {
                complaints.push(format!(
                    "{}: nothing in src/ imports from there. Import from the file that defines it.",
                    shown(import)
                ));
            }
            let floor = |file| level(&self.floors, file);
            let (Some(from), Some(to)) = (floor(&import.from), floor(&import.to)) else {
                continue;
            };
            if to < from {
                complaints.push(format!(
                    "{}: the floor `{}` is below the floor `{}` and must not know it. Move what is \
                     imported down, or let the higher floor hand it in.",
                    shown(import),
                    self.floors[from].0,
                    self.floors[to].0
                ));
            }
        }
    }

    fn check_rooms(&self, code: &Imports, complaints: &mut Vec<String>) {
        for (floor, rooms) in &self.rooms {
            for import in within(floor, code) {
                if rooms.contains(&import.from) && !rooms.contains(&import.to) {
                    complaints.push(format!(
                        "{}: a room of {floor}/ imports nothing of {floor}/ but other rooms. Move \
                         what is imported into a room, or hand it in.",
                        shown(import)
                    ));
                }
            }
        }
    }

    fn check_onlookers(&self, code: &Imports, complaints: &mut Vec<String>) {
        for (floor, onlookers) in &self.onlookers {
            let looks_on = |file: &str| onlookers.iter().any(|place| is_at(file, place));
            let face = format!("{floor}/mod.rs");
            for import in within(floor, code).filter(|import| import.from != face) {
                if looks_on(&import.to) && !looks_on(&import.from) {
                    complaints.push(format!(
                        "{}: an onlooker of {floor}/ is known to nothing of {floor}/ but mod.rs. \
                         Let the onlooker implement a trait of a file that it looks on at.",
                        shown(import)
                    ));
                }
            }
        }
    }
}

/// Compares the imports within a floor with the order of its folders.
fn check_folders(floor: &str, folders: &Levels, code: &Imports, complaints: &mut Vec<String>) {
    let face = format!("{floor}/mod.rs");
    let inside = format!("{floor}/");
    for file in code.files.iter().filter(|file| file.starts_with(&inside) && **file != face) {
        if level(folders, file).is_none() {
            complaints.push(format!(
                "src/{file} is in no folder that the map has under `Folders of {floor}/`: move it \
                 into one, or add it to the map."
            ));
        }
    }
    for import in within(floor, code) {
        let folder = |file| level(folders, file);
        let (Some(from), Some(to)) = (folder(&import.from), folder(&import.to)) else { continue };
        if to < from {
            complaints.push(format!(
                "{}: in {floor}/, the folder `{}` is below the folder `{}` and must not know it. Move \
                 what is imported down, or let the higher folder hand it in.",
                shown(import),
                folders[from].0,
                folders[to].0
            ));
        }
    }
}

/// Compares the circles of a floor with those that the map names.
fn check_circles(
    floor: &str,
    named: &BTreeMap<String, Files>,
    code: &Imports,
    complaints: &mut Vec<String>,
) {
    let imports: Vec<&Import> = within(floor, code).collect();
    let circles = circles(&imports);
    let advice = format!(
        "Cut one of these imports, by moving what is imported to a file below both; or, if the \
         circle is meant, name its files under `Circles of {floor}/`."
    );
    for circle in &circles {
        let met: Vec<_> = named.iter().filter(|(_, files)| !files.is_disjoint(circle)).collect();
        let Some((name, files)) = met.first() else {
            let list = listed(circle);
            let first = BTreeSet::from_iter(circle.first().cloned());
            let way = chain(&imports, &first, &first);
            complaints
                .push(format!("A circle that the map does not name: {list}.\n{way}  {advice}"));
            continue;
        };
        for file in circle.iter().filter(|&file| !met.iter().any(|(_, files)| files.contains(file)))
        {
            let file_alone = BTreeSet::from([file.clone()]);
            let ways = chain(&imports, &file_alone, files) + &chain(&imports, files, &file_alone);
            complaints.push(format!("{file} has come into the circle `{name}`.\n{ways}  {advice}"));
        }
        for (other, others) in met.iter().skip(1) {
            let ways = chain(&imports, files, others) + &chain(&imports, others, files);
            complaints
                .push(format!("The circles `{name}` and `{other}` are one now.\n{ways}  {advice}"));
        }
    }
    for (name, files) in named {
        let best = circles.iter().max_by_key(|circle| circle.intersection(files).count());
        let gone: Files = files.difference(best.unwrap_or(&Files::new())).cloned().collect();
        if !gone.is_empty() {
            complaints.push(format!(
                "The map names {} in the circle `{name}`, but the imports make no such circle any \
                 more. Take the names out of the map.",
                listed(&gone)
            ));
        }
    }
}

/// The imports from a floor's folder into the same folder.
fn within<'a>(floor: &str, code: &'a Imports) -> impl Iterator<Item = &'a Import> {
    let folder = format!("{floor}/");
    code.imports
        .iter()
        .filter(move |import| import.from.starts_with(&folder) && import.to.starts_with(&folder))
}

/// Returns the sets of several files each of which leads to all others of its set.
fn circles(imports: &[&Import]) -> BTreeSet<Files> {
    let from: Files = imports.iter().map(|import| import.from.clone()).collect();
    let reached: BTreeMap<_, _> =
        from.iter().map(|file| (file, reachable(imports, file))).collect();
    from.iter()
        .map(|file| {
            let back = |other: &&String| reached.get(other).is_some_and(|it| it.contains(file));
            reached[file].iter().filter(back).cloned().collect::<Files>()
        })
        .filter(|circle| circle.len() > 1)
        .collect()
}

fn reachable(imports: &[&Import], start: &str) -> Files {
    let mut reached = Files::new();
    let mut next = vec![start];
    while let Some(file) = next.pop() {
        for import in imports.iter().filter(|import| import.from == file) {
            if reached.insert(import.to.clone()) {
                next.push(&import.to);
            }
        }
    }
    reached
}

/// Shows the shortest chain of imports from one set of files to another, an import a line.
fn chain(imports: &[&Import], from: &Files, to: &Files) -> String {
    let mut ways: VecDeque<Vec<&Import>> = VecDeque::new();
    let mut seen = Files::new();
    let begins = imports.iter().filter(|import| from.contains(&import.from));
    ways.extend(begins.map(|&import| vec![import]));
    while let Some(way) = ways.pop_front() {
        let last = &way.last().expect("it was begun with one").to;
        if to.contains(last) {
            return way.into_iter().map(|import| format!("  {}\n", shown(import))).collect();
        }
        if seen.insert(last.clone()) {
            for &import in imports.iter().filter(|import| import.from == *last) {
                ways.push_back([&way[..], &[import]].concat());
            }
        }
    }
    String::new()
}

fn shown(import: &Import) -> String {
    let Import { from, to, line, path } = import;
    format!("src/{from}:{line} imports `{path}` from {to}")
}

fn listed(files: &Files) -> String {
    files.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// Returns the level that a file is on: 0 is the highest.
fn level(levels: &Levels, file: &str) -> Option<usize> {
    levels.iter().position(|(_, places)| places.iter().any(|place| is_at(file, place)))
}

/// Returns true if a place of the map, which is a file or a folder, is this file or holds it.
fn is_at(file: &str, place: &str) -> bool {
    file == place || place.ends_with('/') && file.starts_with(place)
}

/// Returns true if the map says nothing of a file's own imports, and nobody may import from it.
fn is_excepted(file: &str) -> bool {
    matches!(file, "lib.rs" | "private.rs")
}
