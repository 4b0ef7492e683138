//! Peers that are processes, so that they can be killed.

use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

/// Says to the process of a peer which port it connects to.
const PORT: &str = "SLOTWIRE_PEER_PORT";

/// A process that runs the test of a name once more, there as a peer.
pub(crate) struct PeerProcess(Child);

impl PeerProcess {
    pub(crate) fn start(test: &str, port: u16) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args([test, "--exact"])
            .env(PORT, port.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }

    /// The port that this process connects to, if it is a peer.
    pub(crate) fn port() -> Option<u16> {
        Some(std::env::var(PORT).ok()?.parse().unwrap())
    }

    /// Has the process do nothing more, and keep what it has.
    pub(crate) fn stop(&self) {
        kill_process(Pid::from_child(&self.0), Signal::STOP).unwrap();
    }

    /// Ends the process in the middle of whatever it does.
    pub(crate) fn kill(self) {}
}

impl Drop for PeerProcess {
    fn drop(&mut self) {
        let killed = self.0.kill().and_then(|()| self.0.wait());
        assert!(killed.is_ok() || std::thread::panicking(), "a peer lives on");
    }
}
