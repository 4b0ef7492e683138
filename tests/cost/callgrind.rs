//! Instructions, counted by callgrind: what functions of a test take, which the test runs in a
//! process of its own.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// Set where valgrind has to be there.
const REQUIRED: &str = "SLOTWIRE_REQUIRE_VALGRIND";

/// Set to a size in the process that is counted.
const MARK: &str = "SLOTWIRE_COUNTED_SIZE";

/// Returns the size for which this process is counted, if it is.
fn size() -> Option<usize> {
    let size = std::env::var_os(MARK)?;
    Some(size.to_str().unwrap().parse().unwrap())
}

/// Returns true if there is valgrind. Otherwise says that the test is skipped; panics if valgrind is
/// required.
fn is_there(test: &str) -> bool {
    let Err(error) = Command::new("valgrind").arg("--version").output() else { return true };
    assert!(std::env::var_os(REQUIRED).is_none(), "{test} cannot run: valgrind: {error}");
    // Not by `eprintln`, which the test harness keeps to itself.
    let notice = format!("{test} is SKIPPED: valgrind: {error}\n");
    io::stderr().write_all(notice.as_bytes()).unwrap();
    false
}

/// What each function takes, by its name.
pub(crate) type Costs = HashMap<String, u64>;

/// Counts what each function in the module of a test takes for these sizes, by running the test in
/// processes of its own, one for each size. In these it does the work, and returns `None`; also where
/// there is no valgrind, as [`is_there`] says.
pub(crate) fn count<const N: usize>(
    test: &str,
    sizes: [usize; N],
    work: impl FnOnce(usize),
) -> Option<[Costs; N]> {
    if let Some(size) = size() {
        work(size);
        return None;
    }
    if !is_there(test) {
        return None;
    }
    Some(sizes.map(|size| Counted::start(test, size)).map(Counted::costs))
}

/// Returns by what the work of a function grows from the first step between three sizes to the second,
/// which is twice as large: by 2 if the work is linear, and by 4 if it grows with the square.
pub(crate) fn growth(costs: &[Costs; 3], name: &str) -> f64 {
    let [few, more, many] = costs.each_ref().map(|costs| costs[name]);
    (many - more) as f64 / (more - few) as f64
}

/// The most by which the work may grow.
pub(crate) const MOST_GROWTH: f64 = 2.5;

/// A process whose instructions are counted.
struct Counted {
    process: Child,
    /// The module of the test, as it begins the names of functions.
    module: String,
    /// Where callgrind writes what it has counted.
    file: PathBuf,
}

impl Counted {
    fn start(test: &str, size: usize) -> Self {
        let (module, _) = test.split_once("::").expect("the test is in a module");
        let name = format!("slotwire-{module}-{}-{size}", std::process::id());
        let file = std::env::temp_dir().join(name);
        let process = Command::new("valgrind")
            .args(["--tool=callgrind", &format!("--callgrind-out-file={}", file.display())])
            .arg(std::env::current_exe().unwrap())
            .args([test, "--exact", "--nocapture"])
            .env(MARK, size.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self { process, module: format!("cost::{module}::"), file }
    }

    fn costs(self) -> Costs {
        let output = self.process.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let table = Command::new("callgrind_annotate")
            .args(["--inclusive=yes", "--threshold=100", "--show=Ir", "--auto=no"])
            .arg(&self.file)
            .output()
            .unwrap();
        std::fs::remove_file(self.file).unwrap();
        let mut costs = HashMap::new();
        for line in String::from_utf8_lossy(&table.stdout).lines() {
            // 12,345 (0.1%)  file:cost::reading::reader [object]
            let words = || line.split_whitespace();
            let count = words().next().and_then(|count| count.replace(',', "").parse::<u64>().ok());
            let name = words().find_map(|word| word.split_once(&self.module));
            if let (Some(count), Some((_, name))) = (count, name) {
                let known = costs.entry(name.to_owned()).or_insert(count);
                *known = count.max(*known);
            }
        }
        costs
    }
}
