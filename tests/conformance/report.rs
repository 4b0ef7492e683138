//! The report: what came of the scenarios of a folder.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::comparator::difference;
use crate::departures::{Departures, Head, read_trace};
use crate::native_only::NativeOnly;
use crate::peers::Engine;
use crate::player;
use crate::scenario::Scenario;
use crate::trace::Trace;

/// How many scenarios are played at a time. Mostly they wait.
const AT_A_TIME: usize = 8;

/// At most one scenario in so many may depart.
const DEPARTURES_IN: usize = 12;

/// What came of a scenario.
#[derive(Debug)]
enum Verdict {
    Matches,
    /// It gives the trace of its departure.
    Departs(Head),
    /// Something that it needs is not there.
    Skipped(String),
    /// It was not played, since it needs the kernel's network.
    IsNative,
    /// It gives neither, with the first difference.
    Differs(String),
}

/// What came of the scenarios of a folder.
#[derive(Debug)]
pub(crate) struct Report {
    /// Verdict and trace, by scenario.
    played: BTreeMap<String, (Verdict, Option<Trace>)>,
    departures: Departures,
    native_only: NativeOnly,
    /// Entries in the lists that are no scenario.
    unknown: Vec<String>,
    is_filtered: bool,
}

impl Report {
    /// Plays the scenarios of a folder whose name contains `filter`.
    ///
    /// The departures are those of the folder, or of `own_folder` if it lists none.
    pub(crate) fn of(folder: &Path, own_folder: &Path, filter: &str, engine: &dyn Engine) -> Self {
        let departures = Departures::read(folder, own_folder).unwrap();
        let native_only = NativeOnly::read(own_folder).unwrap();
        let mut names = names_in(folder).unwrap();
        let departing = departures.scenarios.keys().filter(|_| departures.are_of(folder));
        let kept_native = native_only.scenarios().filter(|_| folder == own_folder);
        let listed = departing.chain(kept_native);
        let unknown = listed.filter(|name| !names.contains(name)).cloned().collect();
        names.retain(|name| name.contains(filter));
        let (next, played) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
        thread::scope(|scope| {
            for _ in 0..AT_A_TIME {
                scope.spawn(|| {
                    while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let came = match engine.is_native() || !native_only.contains(name) {
                            true => judge(folder, name, &departures, engine),
                            false => (Verdict::IsNative, None),
                        };
                        played.lock().unwrap().insert(name.clone(), came);
                    }
                });
            }
        });
        let played = played.into_inner().unwrap();
        Self { played, departures, native_only, unknown, is_filtered: !filter.is_empty() }
    }

    /// Says what came of it, past the test harness, which would keep it to itself.
    pub(crate) fn print(&self) {
        let mut text = String::new();
        let mut heads: BTreeMap<Head, usize> = BTreeMap::new();
        let (mut matching, mut skipped, mut native) = (0, 0, 0);
        for (name, (verdict, _)) in &self.played {
            match verdict {
                Verdict::Matches => matching += 1,
                Verdict::Departs(head) => *heads.entry(*head).or_default() += 1,
                Verdict::Skipped(why) => {
                    skipped += 1;
                    text += &format!("{name}: skipped, {why}\n");
                }
                Verdict::IsNative => native += 1,
                Verdict::Differs(how) => text += &format!("{name}: {how}\n"),
            }
        }
        text += &format!("{matching} of {} scenarios match", self.played.len() - skipped - native);
        for (head, count) in heads {
            text += &format!(", {count} depart ({head})");
        }
        if native > 0 {
            text += &format!(", {native} are for the kernel's network alone");
        }
        // Nobody misses it if there is nowhere to print to.
        let _ = writeln!(io::stdout().lock(), "\n{text}");
    }

    /// Writes every trace that was given into a folder.
    pub(crate) fn write_traces(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        for (name, (_, trace)) in &self.played {
            if let Some(trace) = trace {
                fs::write(folder.join(format!("{name}.json")), trace.to_string())?;
            }
        }
        Ok(())
    }

    /// # Panics
    ///
    /// Panics if a scenario gives neither trace, or too many depart.
    pub(crate) fn assert_all_well(&self) {
        let differing: Vec<_> = self
            .played
            .iter()
            .filter(|(_, (verdict, _))| matches!(verdict, Verdict::Differs(_)))
            .map(|(name, _)| name.as_str())
            .collect();
        assert!(differing.is_empty(), "{} differ: {}", differing.len(), differing.join(" "));
        assert!(!self.played.is_empty(), "there are no such scenarios");
        let departing = self.played.values().filter(|(v, _)| matches!(v, Verdict::Departs(_)));
        let departing = departing.count();
        let is_few = departing * DEPARTURES_IN <= self.played.len();
        assert!(is_few || self.is_filtered, "{departing} of {} depart", self.played.len());
        assert!(self.unknown.is_empty(), "listed, and no scenario: {:?}", self.unknown);
        assert_eq!(self.departures.without_reason(), None, "departs without a reason");
        assert_eq!(self.native_only.without_reason(), None, "is native only without a reason");
    }
}

/// The names of the scenarios in a folder.
fn names_in(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder.join("scenarios"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    Ok(names)
}

/// Plays a scenario and compares.
fn judge(
    folder: &Path,
    name: &str,
    departures: &Departures,
    engine: &dyn Engine,
) -> (Verdict, Option<Trace>) {
    let file = format!("{name}.json");
    let text = fs::read_to_string(folder.join("scenarios").join(&file)).unwrap();
    let scenario: Scenario = match serde_json::from_str(&text) {
        Ok(scenario) => scenario,
        Err(error) => return (Verdict::Differs(format!("unreadable: {error}")), None),
    };
    if let Some(need) = scenario.needs.iter().find(|need| !engine.meets(need)) {
        return (Verdict::Skipped(format!("which needs {need}")), None);
    }
    let trace = match catch_unwind(AssertUnwindSafe(|| player::play(&scenario, engine))) {
        Ok(Ok(trace)) => trace,
        Ok(Err(error)) => return (Verdict::Differs(error.to_string()), None),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()));
            return (Verdict::Differs(format!("panics: {}", text.unwrap_or_default())), None);
        }
    };
    let expected = read_trace(&folder.join("expected").join(&file)).unwrap();
    let from_qt = difference(&expected, &trace, scenario.order);
    let verdict = match (from_qt, departures.scenarios.get(name)) {
        (None, None) => Verdict::Matches,
        (Some(how), None) => Verdict::Differs(how),
        (None, Some(_)) => Verdict::Differs("matches, though it is listed as a departure".into()),
        (Some(_), Some(departure)) => match departures.trace(name) {
            Ok(own) => match difference(&own, &trace, scenario.order) {
                None => Verdict::Departs(departure.head),
                Some(how) => Verdict::Differs(format!("departs in another way: {how}")),
            },
            Err(error) => Verdict::Differs(format!("the trace of its departure: {error}")),
        },
    };
    (verdict, Some(trace))
}
