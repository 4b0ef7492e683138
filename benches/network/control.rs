//! Control: how a server process is asked and ended from outside, beside its loop.
//!
//! A thread reads standard input: `heap` asks how many bytes the server holds, and the end of the
//! input ends the process. It sleeps while anything is measured.

use std::io::{self, Write};
use std::net::SocketAddr;

/// Tells where the server listens, and obeys from now on. `heap` finds out how many bytes there
/// are, and prints them by [`tell`].
pub(crate) fn begin(listening: SocketAddr, mut heap: impl FnMut() + Send + 'static) {
    tell(listening.port());
    std::thread::spawn(move || {
        for line in io::stdin().lines() {
            if line.is_ok_and(|line| line == "heap") {
                heap();
            }
        }
        std::process::exit(0);
    });
}

/// Prints a line for the process that measures.
pub(crate) fn tell(what: impl std::fmt::Display) {
    // Nobody to tell any more means that the process is to end, which its input says as well.
    let _ = writeln!(io::stdout(), "{what}").and_then(|()| io::stdout().flush());
}
