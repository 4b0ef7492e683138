//! Instructions, counted by callgrind: what functions of a test take, which the test runs in a
//! process of its own.

use std::collections::HashMap;
use std::io::{self, Write};
use std::process::Command;

/// Set where valgrind has to be there.
const REQUIRED: &str = "SLOTWIRE_REQUIRE_VALGRIND";

/// Set to a size in the process that is counted.
const MARK: &str = "SLOTWIRE_COUNTED_SIZE";

/// Returns the size for which this process is counted, if it is.
pub(crate) fn size() -> Option<usize> {
    let size = std::env::var_os(MARK)?;
    Some(size.to_str().unwrap().parse().unwrap())
}

/// Returns true if there is valgrind. Otherwise says that the test is skipped; panics if valgrind is
/// required.
pub(crate) fn is_there(test: &str) -> bool {
    let Err(error) = Command::new("valgrind").arg("--version").output() else { return true };
    assert!(std::env::var_os(REQUIRED).is_none(), "{test} cannot run: valgrind: {error}");
    // Not by `eprintln`, which the test harness keeps to itself.
    let notice = format!("{test} is SKIPPED: valgrind: {error}\n");
    io::stderr().write_all(notice.as_bytes()).unwrap();
    false
}

/// Counts what each function of the file takes for a size, by running the test in a process of its
/// own. `file` is the name of the test's file without its ending.
pub(crate) fn costs(file: &str, test: &str, size: usize) -> HashMap<String, u64> {
    let name = format!("slotwire-{file}-{}-{size}", std::process::id());
    let counted = std::env::temp_dir().join(name);
    let child = Command::new("valgrind")
        .args(["--tool=callgrind", &format!("--callgrind-out-file={}", counted.display())])
        .arg(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(MARK, size.to_string())
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
    let table = Command::new("callgrind_annotate")
        .args(["--inclusive=yes", "--threshold=100", "--show=Ir", "--auto=no"])
        .arg(&counted)
        .output()
        .unwrap();
    std::fs::remove_file(counted).unwrap();
    let (mut costs, module) = (HashMap::new(), format!("{file}::"));
    for line in String::from_utf8_lossy(&table.stdout).lines() {
        // 12,345 (0.1%)  file:reading_cost::reader [object]
        let words = || line.split_whitespace();
        let count = words().next().and_then(|count| count.replace(',', "").parse::<u64>().ok());
        let name = words().find_map(|word| word.split_once(&module));
        if let (Some(count), Some((_, name))) = (count, name) {
            let known = costs.entry(name.to_owned()).or_insert(count);
            *known = count.max(*known);
        }
    }
    costs
}
