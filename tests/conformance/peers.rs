//! Peers: the other ends, and the time that they share with the objects under test.
//!
//! A scenario knows only what is here, so it can be played on any network. None of this waits but
//! [`Peers::sleep`]; who wants to wait asks again.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::time::Duration;

use slotwire::Runtime;

use crate::scenario::{Family, Transport};

/// A network with its clock, on which scenarios are played.
pub(crate) trait Engine: Sync {
    /// Gives the runtime for the objects under test, and the peers that they can reach.
    fn set_up(&self) -> Result<(Runtime, Box<dyn Peers>), slotwire::Error>;

    /// Says whether the network has what a scenario needs.
    fn meets(&self, need: &str) -> bool;

    /// Says whether it is the kernel's own network, on which everything can be played.
    fn is_native(&self) -> bool;
}

/// What has come to a peer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// Nothing yet.
    Nothing,
    Bytes(Vec<u8>),
    /// The other end sends no more.
    End,
    /// The connection was reset.
    Reset,
}

/// The peers of one scenario, by their names.
pub(crate) trait Peers {
    /// The time since some moment.
    fn now(&self) -> Duration;

    /// Lets time pass.
    fn sleep(&mut self, time: Duration);

    /// A port where nobody listens.
    fn free_port(&mut self, transport: Transport) -> io::Result<u16>;

    /// Listens; returns the port.
    fn listen(
        &mut self,
        id: &str,
        family: Family,
        port: u16,
        backlog: Option<u32>,
    ) -> io::Result<u16>;

    /// Accepts a connection, if there is one, and calls it `id`.
    fn accept(&mut self, listener: &str, id: &str) -> io::Result<Option<SocketAddr>>;

    /// Says whether a connection can be accepted.
    fn is_acceptable(&mut self, listener: &str) -> io::Result<bool>;

    /// Connects, from an address and port if they are given; returns the own port.
    fn connect(&mut self, id: &str, from: Option<SocketAddr>, to: SocketAddr) -> io::Result<u16>;

    /// Sends what there is room for; returns how much.
    fn send(&mut self, id: &str, bytes: &[u8]) -> io::Result<usize>;

    /// Receives up to `max` bytes.
    fn receive(&mut self, id: &str, max: usize) -> io::Result<Received>;

    /// Looks at up to `max` bytes that have come, or at the next datagram.
    fn peek(&mut self, id: &str, max: usize) -> io::Result<Received>;

    /// Closes one direction or both: `rd`, `wr` or `rdwr`.
    fn shutdown(&mut self, id: &str, how: &str) -> io::Result<()>;

    /// Closes a listener, a connection or a UDP socket.
    fn close(&mut self, id: &str) -> io::Result<()>;

    /// Closes a connection by a reset.
    fn reset(&mut self, id: &str) -> io::Result<()>;

    /// Binds a UDP socket; returns its port.
    fn udp(&mut self, id: &str, family: Family, port: u16, reuse: bool) -> io::Result<u16>;

    /// Sends a datagram.
    fn send_to(&mut self, id: &str, to: SocketAddr, bytes: &[u8]) -> io::Result<()>;

    /// Receives a datagram, if there is one.
    fn receive_from(&mut self, id: &str) -> io::Result<Option<(Vec<u8>, SocketAddr)>>;

    /// The family of a peer's own address.
    fn family(&self, id: &str) -> Family;

    /// Lets a peer of its own play `script` with the next connection to `listener`.
    fn play(&mut self, id: &str, listener: &str, script: Vec<Act>) -> io::Result<()>;

    /// What the acts of a script received, once it has been played.
    fn played(&mut self, id: &str) -> Option<Vec<Vec<u8>>>;

    /// Gives up a peer and hands over its descriptor, if this network has such.
    fn give_away(&mut self, id: &str) -> Option<OwnedFd>;
}

/// One act of a peer that plays a script.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Accept,
    Receive(usize),
    ReceiveUntil(Vec<u8>),
    ReceiveToEnd,
    Send(Vec<u8>),
    Sleep(Duration),
    Shutdown,
    Close,
    Reset,
}

/// This machine's own address.
pub(crate) fn localhost(family: Family) -> IpAddr {
    match family {
        Family::V4 => Ipv4Addr::LOCALHOST.into(),
        Family::V6 => Ipv6Addr::LOCALHOST.into(),
    }
}

/// Receives up to `max` bytes by `read`.
pub(crate) fn receive_by(
    max: usize,
    read: impl FnOnce(&mut [u8]) -> io::Result<usize>,
) -> io::Result<Received> {
    let mut buffer = vec![0; max.clamp(1, 1 << 20)];
    match read(&mut buffer) {
        Ok(0) => Ok(Received::End),
        Ok(count) => {
            buffer.truncate(count);
            Ok(Received::Bytes(buffer))
        }
        Err(error) => match error.kind() {
            ErrorKind::WouldBlock => Ok(Received::Nothing),
            ErrorKind::ConnectionReset => Ok(Received::Reset),
            _ => Err(error),
        },
    }
}

/// There is no peer of this name, or none that could do this.
pub(crate) fn unknown(id: &str) -> io::Error {
    io::Error::new(ErrorKind::NotFound, format!("no such peer: {id}"))
}
