//! Gets a fortune from a fortune server, in plain blocking code: no loop, no slots.
//!
//! Start a fortune server, and then run this with
//! `cargo run --example blocking_fortune_client -- localhost 7755`. It prints the fortune, or fails
//! with the reason.

use std::env;
use std::io::BufRead;
use std::time::Duration;

use slotwire::prelude::*;

const PATIENCE: Option<Duration> = Some(Duration::from_secs(5));

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = env::args().skip(1);
    let host = arguments.next().unwrap_or_else(|| "localhost".to_owned());
    let port = arguments.next().map_or(Ok(7755), |port| port.parse())?;

    let mut rt = Runtime::new()?;
    let socket = rt.add(QTcpSocket::new());
    rt[socket].connect_to_host(&host, port);
    if !rt.wait_for_connected(socket, PATIENCE) {
        return Err(rt[socket].error_string().into());
    }

    // The view is a `BufRead`: a parser could also read from it.
    let mut fortune = String::new();
    rt.blocking(socket).with_timeout(PATIENCE).read_line(&mut fortune)?;
    print!("{fortune}");
    Ok(())
}
