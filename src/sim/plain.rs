//! Plain sockets, like those of the standard library, as peers in a test.
//!
//! They never block, and belong to no runtime.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr};

use super::engine::Held;
use super::kernel::{Role, SimHost, Socket, Wire};
use super::network::SimNetwork;
use crate::net::{Membership, Progress, SocketType, canonical};

/// A plain listening socket. Created by [`SimNetwork::listen`] and [`SimNetwork::listen_on`].
#[derive(Debug)]
pub struct SimListener {
    held: Held,
}

impl SimListener {
    pub(super) fn new(network: &SimNetwork, host: SimHost, at: SocketAddr) -> io::Result<Self> {
        let listener = Self { held: open(network, host, SocketType::Tcp, at.is_ipv6())? };
        listener.held.with(|wire, key| {
            wire.sockets[key].shares = true;
            wire.bind(key, at)?;
            wire.listen(key, 128)
        })?;
        Ok(listener)
    }

    /// Sets the backlog: `backlog + 1` connections may wait to be accepted. The default is 128. The
    /// host ignores further attempts to connect, and the peers repeat them.
    ///
    /// # Errors
    ///
    /// Fails if the host went down.
    pub fn set_backlog(&self, backlog: u32) -> io::Result<()> {
        self.held.with(|wire, key| wire.listen(key, backlog))
    }

    /// Accepts the next connection; returns it with the peer's address.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is none.
    pub fn accept(&self) -> io::Result<(SimStream, SocketAddr)> {
        let (key, peer) = self.held.with(Wire::accept)?;
        let held = Held { network: self.held.network.clone(), key };
        Ok((SimStream { held }, canonical(peer)))
    }

    /// Returns true if a connection waits to be accepted.
    pub fn has_pending(&self) -> bool {
        let waits = |socket: &Socket| match &socket.role {
            Role::Listener(listener) => !listener.waiting.is_empty(),
            _ => false,
        };
        self.held.look(waits).unwrap_or(false)
    }

    /// Returns the port.
    ///
    /// # Errors
    ///
    /// Fails if the host went down.
    pub fn port(&self) -> io::Result<u16> {
        Ok(self.local_addr()?.port())
    }

    /// Returns the address on which the socket listens: `::` for all addresses.
    ///
    /// # Errors
    ///
    /// Fails if the host went down.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.held.local_addr().map(canonical)
    }
}

/// A plain TCP connection. Created by [`SimNetwork::connect`] and [`SimListener::accept`]. Dropping
/// it closes the connection.
///
/// ```
/// use std::io::{Read, Write};
/// use std::time::Duration;
/// use slotwire::sim::SimNetwork;
///
/// # fn main() -> std::io::Result<()> {
/// let network = SimNetwork::new(1);
/// let host = network.add_host("host");
/// let listener = network.listen(host, 7)?;
/// let mut one = network.connect(host, ([127, 0, 0, 1], 7))?;
/// network.advance(Duration::from_secs(1));
/// let (mut other, _) = listener.accept()?;
/// one.write_all(b"hello")?;
/// network.advance(Duration::from_secs(1));
/// let mut heard = [0; 8];
/// assert_eq!(other.read(&mut heard)?, 5);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SimStream {
    held: Held,
}

impl SimStream {
    pub(super) fn connect(
        network: &SimNetwork,
        host: SimHost,
        from: Option<SocketAddr>,
        to: SocketAddr,
    ) -> io::Result<Self> {
        let stream = Self { held: open(network, host, SocketType::Tcp, to.is_ipv6())? };
        stream.held.with(|wire, key| {
            if let Some(from) = from {
                wire.sockets[key].shares = true;
                wire.bind(key, from)?;
            }
            wire.connect_stream(key, to)
        })?;
        Ok(stream)
    }

    /// Returns true if the connection is established.
    ///
    /// # Errors
    ///
    /// Fails once with the reason if connecting has failed or the connection was lost.
    pub fn is_connected(&self) -> io::Result<bool> {
        Ok(self.held.progress()? == Progress::Connected)
    }

    /// Copies the next bytes without taking them; returns how many.
    ///
    /// # Errors
    ///
    /// As [`Read::read`].
    pub fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.held.peek(buffer)
    }

    /// Closes one direction or both. After closing for reading, a read still returns bytes that
    /// come, and the end instead of `WouldBlock`.
    ///
    /// # Errors
    ///
    /// `NotConnected` if the stream is not connected.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.held.with(|wire, key| wire.shut_down(key, how))
    }

    /// Closes the connection with a reset, as a socket with a linger time of zero does.
    pub fn reset(self) {
        // On a host that is down there is no connection to reset.
        let _ = self.held.with(|wire, key| {
            wire.reset(key);
            Ok(())
        });
    }

    /// Returns this end's address.
    ///
    /// # Errors
    ///
    /// Fails if the host went down.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.held.local_addr().map(canonical)
    }

    /// Returns the other end's address.
    ///
    /// # Errors
    ///
    /// `NotConnected` if the stream is not connected.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.held.peer_addr().map(canonical)
    }
}

impl Read for SimStream {
    /// Reads bytes that have come: `WouldBlock` if there are none, or if the stream is [not connected
    /// yet](SimStream::is_connected); 0 at the end.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.held.read(buffer)
    }
}

impl Write for SimStream {
    /// Writes as many bytes as there is room for: `WouldBlock` if there is no room, or if the stream is
    /// [not connected yet](SimStream::is_connected).
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A plain UDP socket. Created by [`SimNetwork::bind_udp`].
#[derive(Debug)]
pub struct SimUdpSocket {
    held: Held,
}

impl SimUdpSocket {
    pub(super) fn new(
        network: &SimNetwork,
        host: SimHost,
        at: SocketAddr,
        shares: bool,
    ) -> io::Result<Self> {
        let socket = Self { held: open(network, host, SocketType::Udp, at.is_ipv6())? };
        socket.held.with(|wire, key| {
            wire.sockets[key].shares = shares;
            wire.bind(key, at)
        })?;
        Ok(socket)
    }

    /// Sends a datagram.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for port 0, `NetworkUnreachable` if there is no route, and an error for a
    /// datagram that is too large.
    pub fn send_to(&self, bytes: &[u8], to: impl Into<SocketAddr>) -> io::Result<usize> {
        self.held.send_to(bytes, to.into())
    }

    /// Takes the next datagram; returns its size and the sender's address. Bytes that do not fit
    /// into `buffer` are lost.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is none.
    pub fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let received = self.held.receive(buffer)?;
        let sender = received.sender.internet().ok_or(io::ErrorKind::Unsupported)?;
        Ok((received.count, sender))
    }

    /// Copies the next datagram without taking it; returns its size.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is none.
    pub fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.held.peek(buffer)
    }

    /// Begins to receive the datagrams for a group that come by `eth0`.
    ///
    /// # Errors
    ///
    /// `AddrInUse` if the socket has joined the group already, `InvalidInput` if `group` is not a
    /// group, `Unsupported` if it is of the other family.
    pub fn join_multicast_group(&self, group: IpAddr) -> io::Result<()> {
        self.held.look(|_| ())?;
        let membership = Membership::Join;
        self.held.network.wire().set_member(self.held.key, group, None, membership)
    }

    /// Returns the address that the socket is bound to.
    ///
    /// # Errors
    ///
    /// Fails if the host went down.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.held.local_addr().map(canonical)
    }
}

/// Opens a socket that does not count as a descriptor.
fn open(network: &SimNetwork, host: SimHost, kind: SocketType, is_v6: bool) -> io::Result<Held> {
    let key = network.wire().open(host, kind, is_v6)?;
    Ok(Held { network: network.clone(), key })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn after_its_reading_is_shut_down_a_stream_reads_what_comes_and_else_the_end() {
        let network = SimNetwork::new(1);
        let host = network.add_host("host");
        let listener = network.listen_on(host, ([127, 0, 0, 1], 7)).unwrap();
        let mut one = network.connect(host, listener.local_addr().unwrap()).unwrap();
        network.advance(Duration::from_millis(1));
        let (mut other, _) = listener.accept().unwrap();
        one.shutdown(Shutdown::Read).unwrap();
        let mut heard = [0; 8];
        assert_eq!(one.read(&mut heard).unwrap(), 0);
        other.write_all(b"hello").unwrap();
        network.advance(Duration::from_millis(1));
        assert_eq!(one.read(&mut heard).unwrap(), 5);
        assert_eq!(one.read(&mut heard).unwrap(), 0);
    }
}
