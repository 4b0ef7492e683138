//! `QUdpSocket`: datagrams.

use std::io;
use std::net::{IpAddr, SocketAddr};

use slotwire_macros::QObject;

use super::datagram_socket::DatagramSocket;
use super::machine::StateMachine;
use crate::io::take_held;
use crate::net::engine::Membership;
use crate::net::interface::NetworkInterface;
use crate::net::values::{NetError, NetworkDatagram, SocketAddress, SocketError};

/// A UDP socket: it sends and receives datagrams, each of which arrives whole or not at all.
///
/// [`bind`](crate::QAbstractSocket::bind) gives the socket an address at which it receives from all
/// senders. [`ready_read`](crate::QIODevice::ready_read) is emitted when a datagram has come, and
/// not again until a datagram is read. After a slot has read one datagram, the signal is emitted
/// for the next one in a later pass of the loop.
///
/// [`connect_to_host`](crate::QAbstractSocket::connect_to_host) sets a peer. From then on the
/// socket receives datagrams from this peer alone, and the methods of `Read` and `Write` work: each
/// write sends a datagram, and each read takes one and drops the bytes that do not fit. A read is
/// `WouldBlock` while the socket connects, and `NotConnected` on a socket that is new, only bound,
/// or unconnected again. `Ok(0)` is always an [empty datagram](#empty-datagrams). If the peer's
/// host reports that no socket has the peer's port, this socket emits `error_occurred` with
/// [`ConnectionRefused`](crate::SocketError::ConnectionRefused) and stays connected.
///
/// ```
/// use std::net::Ipv4Addr;
/// use slotwire::prelude::*;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut rt = Runtime::new()?;
/// let socket = rt.add(QUdpSocket::new());
/// rt[socket].bind(Ipv4Addr::LOCALHOST, 0, BindMode::DEFAULT)?;
/// rt.connect_fn(socket, QUdpSocket::ready_read, move |world, _| {
///     let mut buffer = [0; 512];
///     let (count, sender) = world[socket].read_datagram(&mut buffer)?;
///     assert_eq!(&buffer[..count], b"hello");
///     assert!(sender.ip().is_loopback());
///     world.quit();
///     Ok::<_, std::io::Error>(())
/// });
///
/// let port = rt[socket].local_port().unwrap();
/// let other = rt.add(QUdpSocket::new());
/// rt[other].write_datagram(b"hello", (Ipv4Addr::LOCALHOST, port))?;
/// rt.exec()?;
/// # Ok(())
/// # }
/// ```
///
/// A pass of the loop emits `ready_read` at most once for each socket, so a peer that sends without
/// end does not keep other sockets waiting, unless a slot reads until no datagram is left. Where
/// peers are not trusted, let the slot read a few datagrams and return.
///
/// A system may report a datagram and then drop it: Linux does so if the checksum is wrong
/// (select(2), BUGS). `ready_read` is emitted all the same, and a read finds no datagram.
///
/// # Empty datagrams
///
/// A datagram may have no bytes. On a connected socket an empty datagram is not the same as no
/// datagram:
///
/// | call | an empty datagram is next | no datagram waits |
/// |---|---|---|
/// | `read` | `Ok(0)`, and takes it | `WouldBlock` |
/// | `fill_buf` | `Ok(&[])`, and takes it | `WouldBlock` |
/// | [`read_all`](crate::QIODevice::read_all), [`read_bytes`](crate::QIODevice::read_bytes) | an empty `Vec`, and take it | an empty `Vec` |
/// | [`peek`](crate::QIODevice::peek) | no bytes; the next `peek` shows the datagram behind it, and a read still gives the empty one first | nothing |
/// | [`skip`](crate::QIODevice::skip) | 0, and drops it; if `peek` has passed over it, drops it and the datagram behind it | 0 |
/// | the line readers | `None`, and take it; if a line has begun, its bytes so far, and a read still gives the empty one | `None` |
/// | [`bytes_available`](crate::QIODevice::bytes_available) | 0, or more if `peek` has passed over it | 0 |
/// | [`at_end`](crate::QIODevice::at_end) | `false` | `true` |
/// | a read through [`Runtime::blocking`](crate::Runtime::blocking) | `Ok(0)` or `Ok(&[])`, and takes it | waits |
///
/// So a loop that ends when `bytes_available` is 0 stops before an empty datagram and leaves the
/// datagrams behind it; a loop that ends at `WouldBlock`, or when `at_end` is true, takes all.
/// `std`'s functions that read to the end of a stream, such as `read_to_end` and `lines`, end at an
/// empty datagram.
///
/// The socket keeps up to 1,024 empty datagrams that were peeked at or read in a transaction, and
/// drops any more.
///
/// # Datagrams that were looked at
///
/// On a connected socket `peek`, `fill_buf` and the line readers take a datagram into the socket's
/// buffer. The next reads return the rest of this datagram, in pieces of any size. A transaction
/// that is rolled back returns the bytes that were read in it to the buffer. The buffered datagram
/// is also the next one for `read_datagram`, `receive_datagram`,
/// [`has_pending_datagrams`](Self::has_pending_datagrams) and
/// [`pending_datagram_size`](Self::pending_datagram_size). A rollback restores a buffered datagram
/// that `read_datagram` or `receive_datagram` took, but not one that they took from the network. If only
/// a proxy knows the address of the peer, nobody knows who sent a buffered datagram: these two drop it,
/// fail with `Unsupported` and emit `error_occurred(Network)`; the other reads return it.
///
/// A line may go on in the next datagram, so a line reader that finds no line feed takes all
/// waiting datagrams into the buffer. Where peers are not trusted, set a
/// [limit](crate::QAbstractSocket::set_read_buffer_size): a line reader returns a full buffer as a
/// line.
///
/// On a socket that is only bound, `read_datagram` and `receive_datagram` return an empty datagram
/// like any other, [`has_pending_datagrams`](Self::has_pending_datagrams) is true, and
/// `bytes_available` and `at_end` are as above. The other calls need an open device, and take no
/// datagram.
#[derive(QObject, Debug)]
pub struct QUdpSocket {
    #[qobject(socket)]
    socket: DatagramSocket,
}

impl QUdpSocket {
    /// Creates an unconnected socket.
    pub fn new() -> Self {
        Self { socket: DatagramSocket::new() }
    }

    /// Returns true if a datagram, which may be empty, waits to be read.
    ///
    /// Makes a system call, unless a datagram is buffered. A loop that reads until `WouldBlock`
    /// needs no such call.
    #[doc(alias = "hasPendingDatagrams")]
    pub fn has_pending_datagrams(&self) -> bool {
        self.socket.has_pending_datagrams()
    }

    /// Returns the size of the next datagram in bytes, or `None` if no datagram waits.
    #[doc(alias = "pendingDatagramSize")]
    pub fn pending_datagram_size(&self) -> Option<usize> {
        self.socket.pending_datagram_size()
    }

    /// Takes the next datagram; returns its size and the sender's address.
    ///
    /// Bytes that do not fit into `buffer` are lost, and an empty `buffer` drops the datagram. The
    /// sender is an IPv4 address if the datagram came by IPv4, even on a dual-stack socket. A
    /// link-local sender has its scope id, so an answer goes out by the right interface.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if no datagram waits. The call that finds out that the datagram before was the last
    /// emits nothing, so a loop may read until `WouldBlock`. Where no datagram was announced or read
    /// before, `error_occurred(Temporary)` is emitted as well, as in Qt;
    /// [`receive_datagram`](Self::receive_datagram) does not emit it. `NotConnected` if the socket
    /// is neither bound nor connected. `ConnectionRefused` and other errors that the network
    /// reports for an earlier datagram; they are emitted as well.
    #[doc(alias = "readDatagram")]
    pub fn read_datagram(&mut self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        match self.socket.held_datagram() {
            None => self.socket.receive_from(buffer),
            Some((_, sender)) => {
                let count = self.take_held_to(buffer);
                Ok((count, sender.ok_or_else(|| self.socket.miss_sender())?))
            }
        }
    }

    /// Takes the datagram that was looked at, up to the size of `buffer`.
    #[cold]
    fn take_held_to(&mut self, buffer: &mut [u8]) -> usize {
        let held = take_held(self);
        let count = held.len().min(buffer.len());
        buffer[..count].copy_from_slice(&held[..count]);
        count
    }

    /// Takes the next datagram, if one waits, with its addresses, its interface and its hop limit.
    ///
    /// Bytes beyond `max` are lost, and [`is_truncated`](NetworkDatagram::is_truncated) is then
    /// true; with `None` no bytes are lost.
    ///
    /// ```
    /// # use std::net::Ipv4Addr;
    /// # use slotwire::prelude::*;
    /// # use slotwire::BindMode;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut rt = Runtime::new()?;
    /// # let socket = rt.add(QUdpSocket::new());
    /// # rt[socket].bind(Ipv4Addr::LOCALHOST, 0, BindMode::DEFAULT)?;
    /// # let port = rt[socket].local_port().unwrap();
    /// # let other = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    /// # other.send_to(b"ping", (Ipv4Addr::LOCALHOST, port))?;
    /// while let Some(datagram) = rt[socket].receive_datagram(None)? {
    ///     assert_eq!(datagram.data(), b"ping");
    ///     rt[socket].send_datagram(&datagram.make_reply("pong"))?;
    /// }
    /// # let mut answer = [0; 8];
    /// # assert_eq!(other.recv(&mut answer)?, 4);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Operation`](crate::SocketError::Operation) if the socket is neither bound nor connected;
    /// [`ConnectionRefused`](crate::SocketError::ConnectionRefused) and other errors that the
    /// network reports for an earlier datagram; they are emitted as `error_occurred` as well.
    #[doc(alias = "receiveDatagram")]
    pub fn receive_datagram(
        &mut self,
        max: Option<usize>,
    ) -> Result<Option<NetworkDatagram>, NetError> {
        match self.socket.held_datagram() {
            None => self.socket.receive_datagram(max),
            Some((_, Some(sender))) => Ok(Some(self.take_held_from(sender, max))),
            Some((_, None)) => {
                self.take_held_to(&mut []);
                let error = self.socket.miss_sender();
                let kind = SocketError::of_datagram(&error);
                Err(NetError::new(kind, "receive a datagram", error))
            }
        }
    }

    /// Takes the datagram that was looked at, and up to `max` of its bytes.
    #[cold]
    fn take_held_from(&mut self, sender: SocketAddr, max: Option<usize>) -> NetworkDatagram {
        let mut data = take_held(self);
        let is_truncated = max.is_some_and(|max| data.len() > max);
        data.truncate(max.unwrap_or(usize::MAX));
        // Behind a layer, nobody knows to which address a datagram was sent.
        let core = self.socket.core();
        let local = core.local().addr().filter(|_| !core.has_layers());
        let mut datagram = NetworkDatagram::received(data, sender, local);
        datagram.is_truncated = is_truncated;
        datagram
    }

    /// Sends a datagram; returns its size. Emits `bytes_written`.
    ///
    /// A socket that is neither bound nor connected is first bound to all addresses and a port that
    /// the system chooses, with `state_changed(Bound)`. A connected socket can also send to other
    /// addresses than its peer's; macOS and FreeBSD refuse this.
    ///
    /// # Errors
    ///
    /// The error is emitted as `error_occurred` as well, and the socket's state does not change:
    /// [`DatagramTooLarge`](crate::SocketError::DatagramTooLarge) from 65,508 bytes on with IPv4,
    /// or if the network takes fewer; [`Temporary`](crate::SocketError::Temporary) if the system
    /// has no room now, since a datagram is never queued, and then
    /// [`write_buffer_drained`](crate::QAbstractSocket::write_buffer_drained) is emitted when there is
    /// room; [`Network`](crate::SocketError::Network)
    /// for port 0, if there is no route, and for a link-local address without a scope id, unless
    /// the socket is bound or connected to an address that has one;
    /// [`ConnectionRefused`](crate::SocketError::ConnectionRefused) if the peer's host has refused
    /// an earlier datagram, in which case this one was not sent.
    ///
    /// [`UnfinishedSocketOperation`](crate::SocketError::UnfinishedSocketOperation), which is not
    /// emitted, while the socket looks up its peer's name, or closes.
    #[doc(alias = "writeDatagram")]
    pub fn write_datagram(
        &mut self,
        bytes: &[u8],
        to: impl SocketAddress,
    ) -> Result<usize, NetError> {
        self.socket.send_to(bytes, to.into())
    }

    /// Sends a datagram from the sender, by the interface and with the hop limit that it has;
    /// returns its size.
    ///
    /// The system chooses what the datagram leaves open. On a connected socket it needs no
    /// destination. Otherwise as [`write_datagram`](Self::write_datagram).
    ///
    /// # Errors
    ///
    /// As [`write_datagram`](Self::write_datagram); also if the datagram's sender is not an address
    /// of this host, or its interface does not exist. An interface or a sender with a scope id
    /// determines the link of a link-local destination; the interface and both scope ids must
    /// agree.
    #[doc(alias = "writeDatagram")]
    pub fn send_datagram(&mut self, datagram: &NetworkDatagram) -> Result<usize, NetError> {
        self.socket.send_datagram(datagram)
    }

    /// Begins to receive the datagrams for a group, by the interface that the system chooses.
    ///
    /// For IPv4 groups the socket must be bound to an IPv4 address, such as
    /// [`AnyIpv4`](crate::BindAddress::AnyIpv4), for IPv6 groups to an IPv6 address or to
    /// [`Any`](crate::BindAddress::Any). See ip(7) and ipv6(7).
    ///
    /// # Errors
    ///
    /// [`Operation`](crate::SocketError::Operation) if the socket is neither bound nor connected;
    /// [`UnsupportedSocketOperation`](crate::SocketError::UnsupportedSocketOperation) if the group
    /// is of the other family, or not a group; [`AddressInUse`](crate::SocketError::AddressInUse)
    /// if the socket has joined the group already. None of these errors is emitted.
    #[doc(alias = "joinMulticastGroup")]
    pub fn join_multicast_group(&mut self, group: IpAddr) -> Result<(), NetError> {
        self.socket.set_member(group, None, Membership::Join)
    }

    /// Begins to receive the datagrams for a group that come by one interface.
    ///
    /// # Errors
    ///
    /// As [`join_multicast_group`](Self::join_multicast_group).
    #[doc(alias = "joinMulticastGroup")]
    pub fn join_multicast_group_on(
        &mut self,
        group: IpAddr,
        interface: &NetworkInterface,
    ) -> Result<(), NetError> {
        self.socket.set_member(group, Some(interface), Membership::Join)
    }

    /// Stops receiving the datagrams for a group.
    ///
    /// # Errors
    ///
    /// As [`join_multicast_group`](Self::join_multicast_group);
    /// [`SocketAddressNotAvailable`](crate::SocketError::SocketAddressNotAvailable) if the socket
    /// has not joined the group.
    #[doc(alias = "leaveMulticastGroup")]
    pub fn leave_multicast_group(&mut self, group: IpAddr) -> Result<(), NetError> {
        self.socket.set_member(group, None, Membership::Leave)
    }

    /// Stops receiving the datagrams for a group that come by one interface.
    ///
    /// # Errors
    ///
    /// As [`leave_multicast_group`](Self::leave_multicast_group).
    #[doc(alias = "leaveMulticastGroup")]
    pub fn leave_multicast_group_on(
        &mut self,
        group: IpAddr,
        interface: &NetworkInterface,
    ) -> Result<(), NetError> {
        self.socket.set_member(group, Some(interface), Membership::Leave)
    }

    /// Returns the interface by which datagrams to groups are sent, if it was set.
    ///
    /// # Errors
    ///
    /// [`Operation`](crate::SocketError::Operation) before the socket is bound or connected, or an
    /// error of the system.
    #[doc(alias = "multicastInterface")]
    pub fn multicast_interface(&self) -> Result<Option<NetworkInterface>, NetError> {
        self.socket.multicast_interface()
    }

    /// Sets the interface by which datagrams to groups are sent (`IP_MULTICAST_IF`,
    /// `IPV6_MULTICAST_IF`).
    ///
    /// How many routers these datagrams may pass, and whether this host receives them too, are the
    /// options [`MulticastTtl`](crate::SocketOption::MulticastTtl) and
    /// [`MulticastLoopback`](crate::SocketOption::MulticastLoopback).
    ///
    /// # Errors
    ///
    /// [`Operation`](crate::SocketError::Operation) before the socket is bound or connected;
    /// [`SocketAddressNotAvailable`](crate::SocketError::SocketAddressNotAvailable) if the
    /// interface has no address of the socket's family.
    #[doc(alias = "setMulticastInterface")]
    pub fn set_multicast_interface(
        &mut self,
        interface: &NetworkInterface,
    ) -> Result<(), NetError> {
        self.socket.set_multicast_interface(interface)
    }
}

impl Default for QUdpSocket {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::net::Ipv4Addr;

    use super::QUdpSocket;
    use crate::Runtime;
    use crate::net::QAbstractSocket;
    use crate::net::values::{BindMode, SocketError};
    use crate::readiness::Readiness;

    /// No network of the tests runs out of room for datagrams.
    #[test]
    fn a_sender_whose_datagram_was_refused_hears_once_when_there_is_room() {
        let mut rt = Runtime::new().unwrap();
        let socket = rt.add(QUdpSocket::new());
        rt[socket].bind(Ipv4Addr::LOCALHOST, 0, BindMode::DEFAULT).unwrap();
        let room = rt.spy(socket, QUdpSocket::write_buffer_drained);
        let writable = Readiness { writable: true, ..Readiness::default() };
        rt[socket].socket.on_room(writable);
        rt.deliver();
        assert!(room.is_empty(), "nothing was refused");
        let refused = rt[socket].socket.sent_datagram(Err(ErrorKind::WouldBlock.into()));
        assert!(refused.is_err());
        assert_eq!(rt[socket].error(), Some(SocketError::Temporary));
        for _ in 0..2 {
            rt[socket].socket.on_room(writable);
            rt.deliver();
            assert_eq!(room.len(), 1);
        }
    }

    #[test]
    fn a_socket_is_small() {
        assert!(size_of::<QUdpSocket>() <= 160, "{} bytes", size_of::<QUdpSocket>());
    }
}
