//! A peer that plays a script, in a thread of its own.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use socket2::SockRef;

use crate::peers::Act;

/// How long an act may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Plays a script with the next connection; returns what its acts received, as far as it came.
pub(crate) fn play(listener: &TcpListener, script: &[Act]) -> Vec<Vec<u8>> {
    let mut received = Vec::new();
    let mut stream: Option<TcpStream> = None;
    for act in script {
        match (act, &mut stream) {
            (Act::Accept, stream) => *stream = accept(listener),
            (Act::Sleep(time), _) => thread::sleep(*time),
            (Act::Receive(count), Some(stream)) => {
                received.push(receive(stream, |bytes| bytes.len() >= *count));
            }
            (Act::ReceiveUntil(end), Some(stream)) => {
                received.push(receive(stream, |bytes| bytes.ends_with(end)));
            }
            (Act::ReceiveToEnd, Some(stream)) => received.push(receive(stream, |_| false)),
            // Whoever was to get it notices that it does not come.
            (Act::Send(bytes), Some(stream)) => drop(stream.write_all(bytes)),
            (Act::Shutdown, Some(stream)) => drop(stream.shutdown(Shutdown::Write)),
            (Act::Close, stream) => *stream = None,
            (Act::Reset, stream) => {
                if let Some(stream) = stream.take() {
                    drop(SockRef::from(&stream).set_linger(Some(Duration::ZERO)));
                }
            }
            (_, None) => return received,
        }
    }
    received
}

/// The listener does not block, since it is shared with one that must not.
fn accept(listener: &TcpListener) -> Option<TcpStream> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(false).ok()?;
                stream.set_read_timeout(Some(PATIENCE)).ok()?;
                stream.set_write_timeout(Some(PATIENCE)).ok()?;
                return Some(stream);
            }
            Err(error) if error.kind() != ErrorKind::WouldBlock => return None,
            Err(_) if Instant::now() > deadline => return None,
            Err(_) => thread::sleep(Duration::from_millis(1)),
        }
    }
}

/// Receives byte by byte, so that nothing is taken that a later act is to get.
fn receive(stream: &mut TcpStream, is_enough: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !is_enough(&bytes) && stream.read_exact(&mut byte).is_ok() {
        bytes.extend(byte);
    }
    bytes
}
