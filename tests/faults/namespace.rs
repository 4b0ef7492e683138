//! Networks of their own.
//!
//! A test that changes addresses and routes runs in a process whose network nobody else sees. The
//! kernel takes it away when the process ends, however that comes about.

use std::process::{Command, Output, Stdio};

use super::*;

/// Set where tests that need networks of their own have to run.
const REQUIRED: &str = "SLOTWIRE_REQUIRE_NETNS";

/// Runs the body of the test named `test` in a process with a network of its own, in which nothing
/// but the loopback is up. Where that cannot be had, says so and does not run it.
#[track_caller]
pub(crate) fn in_own_network(test: &str, body: impl FnOnce()) {
    in_own_network_with("true", test, body);
}

/// The same, for a test that needs another command, which `probe` runs.
#[track_caller]
pub(crate) fn in_own_network_with(probe: &str, test: &str, body: impl FnOnce()) {
    const MARK: &str = "SLOTWIRE_OWN_NETWORK";
    if std::env::var_os(MARK).is_some() {
        ip("link set lo up");
        return body();
    }
    if let Err(reason) = try_out(probe) {
        assert!(std::env::var_os(REQUIRED).is_none(), "{test} cannot run: {reason}");
        // Not by `eprintln`, which the test harness keeps to itself.
        let notice = format!("{test} is SKIPPED: {reason}\n");
        return std::io::stderr().write_all(notice.as_bytes()).unwrap();
    }
    let mut command = unshare();
    command.arg(std::env::current_exe().unwrap());
    run_alone(command, test, MARK);
}

/// Says what is missing here for networks of one's own, if something is.
fn try_out(probe: &str) -> Result<(), String> {
    let needed = format!("ip link add near type veth peer name far && {probe}");
    match unshare().args(["sh", "-c", &needed]).output() {
        Ok(tried) if tried.status.success() => Ok(()),
        Ok(tried) => Err(String::from_utf8_lossy(&tried.stderr).trim().to_owned()),
        Err(error) => Err(format!("unshare: {error}")),
    }
}

/// The beginning of a command line that runs another one in a network of its own.
fn unshare() -> Command {
    let mut command = Command::new("unshare");
    command.arg("--net");
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command
}

/// Runs `ip` in this thread's network, once for all lines: each time may take a while on a host
/// where other networks come and go.
#[track_caller]
pub(crate) fn ip(lines: &str) {
    let mut command = Command::new("ip");
    command.args(["-batch", "-"]).stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    check(&format!("ip:\n{lines}"), &child.wait_with_output().unwrap());
}

/// Runs a command in this thread's network.
#[cfg(target_os = "linux")]
#[track_caller]
pub(crate) fn run(command: &str, arguments: &str) {
    let done = Command::new(command).args(arguments.split_whitespace()).output().unwrap();
    check(&format!("{command} {arguments}"), &done);
}

#[track_caller]
fn check(command: &str, done: &Output) {
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command}: {said}");
}

/// Sets one of the knobs of this thread's network, by its path below `/proc/sys/net`.
#[track_caller]
pub(crate) fn set_knob(path: &str, value: u32) {
    std::fs::write(format!("/proc/sys/net/{path}"), value.to_string()).unwrap();
}
