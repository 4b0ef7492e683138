//! Gets a fortune from a fortune server, Qt's or one beside this file, in plain blocking code: no
//! loop, no slots.
//!
//! Start a fortune server, and then run this with
//! `cargo run --example blocking_fortune_client -- localhost 7755`. It prints the fortune, or fails
//! with the reason.

use std::env;
use std::time::Duration;

use slotwire::prelude::*;
use slotwire::stream::QDataStream;

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

    let fortune: String = loop {
        if let Some(fortune) = QDataStream::new(&mut rt[socket]).read_whole()? {
            break fortune;
        }
        if !rt.wait_for_ready_read(socket, PATIENCE) {
            return Err(rt[socket].error_string().into());
        }
    };
    println!("{fortune}");
    Ok(())
}
