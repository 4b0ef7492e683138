//! `BindListener`: a SOCKS5 proxy that listens for one connection (BIND, RFC 1928, section 4).
//!
//! The proxy has said where it listens. When a peer has connected there, the proxy says so on the
//! control link, which is the connection to the peer from then on.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::os::fd::{BorrowedFd, OwnedFd};

use super::reply::{Aim, parse_reply, tells_ip};
use crate::net::engine::{Accepted, Address, Settled, SocketEngine};
use crate::net::values::{EngineFailure, SocketError};
use crate::readiness::Readiness;

/// How many bytes are read at once.
const CHUNK: usize = 1024;

/// A proxy that listens for one connection.
#[derive(Debug)]
pub(in crate::net::proxy) struct BindListener {
    /// `None` once the connection was accepted.
    control: Option<Box<dyn SocketEngine>>,
    /// What was read from the control link: the beginning of the proxy's message about the
    /// connection, or all of it and the first bytes of the peer.
    heard: Vec<u8>,
    /// Where the proxy listens.
    local: SocketAddr,
}

impl BindListener {
    /// Creates the listener of a proxy that listens at `local`. `heard` has the bytes that were
    /// read from the control link already.
    pub(in crate::net::proxy) fn new(
        control: Box<dyn SocketEngine>,
        heard: Vec<u8>,
        local: SocketAddr,
    ) -> Self {
        Self { control: Some(control), heard, local }
    }

    /// Returns the address of the peer, and the length of the proxy's message; `None` if more must
    /// come.
    fn peer(&self) -> Result<Option<(Address, usize)>, EngineFailure> {
        parse_reply(&self.heard, Aim { described: "accept the peer", is_named: false })
    }

    /// Reads what the proxy has said. Fails with `WouldBlock` if nothing has come.
    fn hear(&mut self) -> io::Result<()> {
        let control = self.control.as_mut().ok_or(ErrorKind::WouldBlock)?;
        let mut chunk = [0; CHUNK];
        let lost = match control.read(&mut chunk) {
            Ok(0) => "the proxy closed the connection before a peer had connected".to_owned(),
            Ok(count) => {
                self.heard.extend_from_slice(&chunk[..count]);
                return Ok(());
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Err(error),
            Err(error) => format!("the connection to the proxy broke: {error}"),
        };
        Err(EngineFailure::new(SocketError::ProxyConnectionClosed, lost).into())
    }
}

impl SocketEngine for BindListener {
    fn below(&self) -> Option<&dyn SocketEngine> {
        self.control.as_deref()
    }

    fn below_mut(&mut self) -> Option<&mut (dyn SocketEngine + 'static)> {
        self.control.as_deref_mut()
    }

    fn ready_now(&self) -> Readiness {
        let is_complete = !matches!(self.peer(), Ok(None));
        Readiness { readable: is_complete && self.control.is_some(), ..Readiness::default() }
    }

    fn into_below(self: Box<Self>) -> Result<Settled, Box<dyn SocketEngine>> {
        Err(self)
    }

    /// Accepts the connection when the proxy has. Fails if the proxy reports a failure or is gone:
    /// then no connection will come.
    fn accept(&mut self) -> io::Result<Accepted> {
        loop {
            if let Some((peer, length)) = self.peer()? {
                let control = self.control.take().ok_or(ErrorKind::WouldBlock)?;
                let early = &self.heard[length..];
                return Ok(Accepted::new(control, told(peer)).with_early(early));
            }
            self.hear()?;
        }
    }

    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(ErrorKind::Unsupported.into())
    }

    fn peek(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(ErrorKind::Unsupported.into())
    }

    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(ErrorKind::Unsupported.into())
    }

    fn is_dual_stack(&self) -> io::Result<bool> {
        Ok(false)
    }

    fn local_addr(&self) -> io::Result<Address> {
        Ok(self.local.into())
    }

    /// The control link is no listening socket.
    fn lend_descriptor(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    fn into_descriptor(self: Box<Self>) -> Result<OwnedFd, Box<dyn SocketEngine>> {
        Err(self)
    }
}

/// Returns the address of the peer, of which the proxy may have told the port alone.
fn told(peer: Address) -> Address {
    match peer {
        Address::Internet(peer) if !tells_ip(peer) => Address::Named(peer.port()),
        peer => peer,
    }
}
