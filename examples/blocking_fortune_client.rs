//! Asks a fortune server for a fortune, in plain code that blocks: no loop, no slots.
//!
//! Run it with `cargo run --example blocking_fortune_client -- localhost 7755` while a fortune
//! server runs. It prints the fortune, or fails with the reason.

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

    // From here on it is any reader: it would fit a parser just as well.
    let mut fortune = String::new();
    rt.blocking(socket).with_timeout(PATIENCE).read_line(&mut fortune)?;
    print!("{fortune}");
    Ok(())
}
