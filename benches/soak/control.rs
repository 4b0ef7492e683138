//! Control: how the process that watches speaks with the two that talk.
//!
//! It says a word by a line of standard input, and the end of the input ends the process.

use std::io::{self, Write};

use slotwire::{Remote, World};

/// Has the runtime do what each line says from now on.
pub(crate) fn obey(remote: Remote, order: impl Fn(&mut World, &str) + Copy + Send + 'static) {
    std::thread::spawn(move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            // Fails when the runtime has ended, and then so does the process.
            let _ = remote.post(move |world| order(world, &line));
        }
        std::process::exit(0);
    });
}

/// Prints a line for the process that watches.
pub(crate) fn tell(what: impl std::fmt::Display) {
    // Nobody to tell any more means that the process is to end, which its input says as well.
    let _ = writeln!(io::stdout(), "{what}").and_then(|()| io::stdout().flush());
}
