//! `QUdpSocket`: datagrams.

use std::io;
use std::net::{IpAddr, SocketAddr};

use slotwire_macros::QObject;

use super::abstract_socket;
use super::core::SocketCore;
use crate::io::take_held;
use crate::net::engine::Membership;
use crate::net::interface::NetworkInterface;
use crate::net::values::{NetError, NetworkDatagram, SocketType};

/// A UDP socket: it sends and receives datagrams, each of which arrives whole or not at all.
///
/// [`bind`](crate::QAbstractSocket::bind) gives it an address, at which it receives from anybody.
/// Its signal [`ready_read`](crate::QIODevice::ready_read) tells that something has come, and again
/// only after something was read: whoever does not read hears no more. Whoever reads one datagram is
/// told of the next in a later pass of the loop.
///
/// [`connect_to_host`](crate::QAbstractSocket::connect_to_host) names a peer. From then on only its
/// datagrams are received, and the methods of `Read` and `Write` work: each write is a datagram, and
/// each read takes one, of which it drops what it has no room for. While the socket connects, a read
/// is `WouldBlock`. On a socket that is new, only bound, or unconnected again, it is `NotConnected`.
/// Neither is `Ok(0)`, which is an [empty datagram](#empty-datagrams). If nobody is at the peer's port
/// and its host says so, the socket emits `error_occurred` with
/// [`ConnectionRefused`](crate::SocketError::ConnectionRefused) and stays connected.
///
/// ```
/// use std::net::Ipv4Addr;
/// use slotwire::prelude::*;
/// use slotwire::BindMode;
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
/// rt[other].write_datagram(b"hello", (Ipv4Addr::LOCALHOST, port).into())?;
/// rt.exec()?;
/// # Ok(())
/// # }
/// ```
///
/// A pass of the loop emits `ready_read` at most once for each socket, so a peer that sends without
/// end does not keep others waiting, unless a slot reads until nothing is left. Where peers are not
/// trusted, let it read some and return.
///
/// A system may say that a datagram has come and then drop it, as Linux does with one whose checksum
/// is wrong (select(2), BUGS). `ready_read` is emitted all the same, and nothing is found.
///
/// # Empty datagrams
///
/// A datagram may have no bytes. On a connected socket it is not the same as nothing:
///
/// | call | an empty datagram is next | no datagram waits |
/// |---|---|---|
/// | `read` | `Ok(0)`, and takes it | `WouldBlock` |
/// | `fill_buf` | `Ok(&[])`, and takes it | `WouldBlock` |
/// | [`read_all`](crate::QIODevice::read_all), [`read_bytes`](crate::QIODevice::read_bytes) | an empty `Vec`, and take it | an empty `Vec` |
/// | [`peek`](crate::QIODevice::peek) | nothing; the next `peek` shows the datagram behind it, and a read still gives the empty one first | nothing |
/// | [`skip`](crate::QIODevice::skip) | 0, and drops it; if `peek` has passed over it, drops it and the datagram behind it | 0 |
/// | the readers of lines | `None`, and take it; if a line has begun, what there is of it, and a read still gives the empty one | `None` |
/// | [`bytes_available`](crate::QIODevice::bytes_available) | 0, or more if `peek` has passed over it | 0 |
/// | [`at_end`](crate::QIODevice::at_end) | `false` | `true` |
/// | a read by [`Runtime::blocking`](crate::Runtime::blocking) | `Ok(0)` or `Ok(&[])`, and takes it | waits |
///
/// So a loop that ends when `bytes_available` is 0 stops before an empty datagram and what is behind
/// it; one that ends at `WouldBlock`, or when `at_end` is true, takes all. `std`'s functions that
/// read to the end of a stream, such as `read_to_end` and `lines`, end at an empty datagram.
///
/// Up to 1,024 empty datagrams are kept that were peeked at or read in a transaction; more of them are
/// dropped.
///
/// # Datagrams that were looked at
///
/// On a connected socket `peek`, `fill_buf` and the readers of lines take a datagram into the socket's
/// buffer, and what they leave of it is read next, in pieces of any size. A transaction that is rolled
/// back leaves there what was read in it, whole. To `read_datagram`, `receive_datagram`,
/// [`has_pending_datagrams`](Self::has_pending_datagrams) and
/// [`pending_datagram_size`](Self::pending_datagram_size) that is the next datagram as well. A transaction
/// gives it back, but nothing that `read_datagram` and `receive_datagram` have taken from the network.
///
/// A line may go on in the next datagram, so a reader that finds no line feed takes all datagrams that
/// wait into the buffer. Where peers are not trusted, set a
/// [limit](crate::QAbstractSocket::set_read_buffer_size): when it is reached, what there is counts as
/// a line.
///
/// On a socket that is only bound, `read_datagram` and `receive_datagram` give an empty datagram as
/// any other, [`has_pending_datagrams`](Self::has_pending_datagrams) is true, and `bytes_available`
/// and `at_end` are as above. The other calls need an open device, and take nothing.
#[derive(QObject, Debug)]
#[qobject(
    enter = abstract_socket::enter,
    leave = abstract_socket::leave,
    wake = abstract_socket::wake
)]
pub struct QUdpSocket {
    #[qobject(socket)]
    core: SocketCore,
}

impl QUdpSocket {
    /// Creates an unconnected socket.
    pub fn new() -> Self {
        Self { core: SocketCore::new(SocketType::Udp) }
    }

    /// Says whether a datagram waits to be read, which may be an empty one.
    ///
    /// Costs a system call, unless one was looked at, which whoever reads until nothing is left saves.
    #[doc(alias = "hasPendingDatagrams")]
    pub fn has_pending_datagrams(&self) -> bool {
        self.core.has_pending_datagrams()
    }

    /// Returns the size of the datagram that is read next, in bytes, if one waits.
    #[doc(alias = "pendingDatagramSize")]
    pub fn pending_datagram_size(&self) -> Option<usize> {
        self.core.pending_datagram_size()
    }

    /// Takes the next datagram; returns its size and who sent it.
    ///
    /// What the buffer has no room for is lost, and an empty buffer drops the datagram. The sender
    /// is an IPv4 address if the datagram came by IPv4, also to a socket that can do both; a
    /// link-local sender has its scope id, so an answer to it goes out by the right interface.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if nothing waits; as in Qt, that is emitted as well, as
    /// `error_occurred(Temporary)`. [`receive_datagram`](Self::receive_datagram) asks without that.
    /// `NotConnected` if the socket is neither bound nor connected; `ConnectionRefused` and others
    /// if the network says so of an earlier datagram, which is emitted as well.
    #[doc(alias = "readDatagram")]
    pub fn read_datagram(&mut self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        if let Some((_, sender)) = self.core.held_datagram() {
            return Ok((self.take_held_to(buffer), sender));
        }
        self.core.receive_from(buffer)
    }

    /// Takes the datagram that was looked at, up to the size of `buffer`.
    #[cold]
    fn take_held_to(&mut self, buffer: &mut [u8]) -> usize {
        let held = take_held(self);
        let count = held.len().min(buffer.len());
        buffer[..count].copy_from_slice(&held[..count]);
        count
    }

    /// Takes the next datagram, if one waits, with all that is known of its way.
    ///
    /// Of more than `max` bytes the rest is lost, which
    /// [`is_truncated`](NetworkDatagram::is_truncated) tells; `None` takes all of them.
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
    /// [`ConnectionRefused`](crate::SocketError::ConnectionRefused) and others if the network says
    /// so of an earlier datagram, which is emitted as `error_occurred` as well.
    #[doc(alias = "receiveDatagram")]
    pub fn receive_datagram(
        &mut self,
        max: Option<usize>,
    ) -> Result<Option<NetworkDatagram>, NetError> {
        if let Some((_, sender)) = self.core.held_datagram() {
            return Ok(Some(self.take_held_from(sender, max)));
        }
        self.core.receive_datagram(max)
    }

    /// Takes the datagram that was looked at, and up to `max` of its bytes.
    #[cold]
    fn take_held_from(&mut self, sender: SocketAddr, max: Option<usize>) -> NetworkDatagram {
        let mut data = take_held(self);
        let is_truncated = max.is_some_and(|max| data.len() > max);
        data.truncate(max.unwrap_or(usize::MAX));
        let mut datagram = NetworkDatagram::received(data, sender, self.core.local().addr());
        datagram.is_truncated = is_truncated;
        datagram
    }

    /// Sends a datagram; returns its size. Emits `bytes_written`.
    ///
    /// A socket without an address is bound first, to any port of all addresses:
    /// `state_changed(Bound)`. A connected socket can send to others than its peer as well.
    ///
    /// # Errors
    ///
    /// What goes wrong is emitted as `error_occurred` as well, and the socket stays as it is:
    /// [`DatagramTooLarge`](crate::SocketError::DatagramTooLarge) from 65,508 bytes on with IPv4,
    /// or if the network takes less; [`Temporary`](crate::SocketError::Temporary) if the system has
    /// no room now: a datagram is never queued; [`Network`](crate::SocketError::Network) for port 0,
    /// where no route leads, and for a link-local address without a scope id, unless the socket is
    /// bound or connected to an address that has one; [`ConnectionRefused`](crate::SocketError::ConnectionRefused) if
    /// the peer's host has refused an earlier one, in which case this one was not sent.
    /// [`UnfinishedSocketOperation`](crate::SocketError::UnfinishedSocketOperation), which is not
    /// emitted, while the socket looks up its peer's name, or closes.
    #[doc(alias = "writeDatagram")]
    pub fn write_datagram(&mut self, bytes: &[u8], to: SocketAddr) -> Result<usize, NetError> {
        self.core.send_to(bytes, to)
    }

    /// Sends a datagram by the way that it describes; returns its size.
    ///
    /// What it does not say, the system decides; a connected socket needs no destination.
    /// Otherwise as [`write_datagram`](Self::write_datagram).
    ///
    /// # Errors
    ///
    /// As [`write_datagram`](Self::write_datagram), and if its sender is not an address of this
    /// host, or its interface is gone. An interface or a sender with a scope id says which link a
    /// link-local destination is on, but the two and the destination's scope id have to agree.
    #[doc(alias = "writeDatagram")]
    pub fn send_datagram(&mut self, datagram: &NetworkDatagram) -> Result<usize, NetError> {
        self.core.send_datagram(datagram)
    }

    /// Begins to receive what is sent to a group, by the interface that the system chooses.
    ///
    /// For IPv4 groups the socket has to be bound to an IPv4 address, such as
    /// [`AnyIpv4`](crate::BindAddress::AnyIpv4), for IPv6 groups to an IPv6 address or to
    /// [`Any`](crate::BindAddress::Any). See ip(7) and ipv6(7).
    ///
    /// # Errors
    ///
    /// [`Operation`](crate::SocketError::Operation) if the socket is neither bound nor connected;
    /// [`UnsupportedSocketOperation`](crate::SocketError::UnsupportedSocketOperation) if the group
    /// is of the other family, or not a group;
    /// [`AddressInUse`](crate::SocketError::AddressInUse) if it was joined already. None of them is
    /// emitted.
    #[doc(alias = "joinMulticastGroup")]
    pub fn join_multicast_group(&mut self, group: IpAddr) -> Result<(), NetError> {
        self.core.set_member(group, None, Membership::Join)
    }

    /// Begins to receive what is sent to a group, by one interface.
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
        self.core.set_member(group, Some(interface), Membership::Join)
    }

    /// Receives no more what is sent to a group.
    ///
    /// # Errors
    ///
    /// As [`join_multicast_group`](Self::join_multicast_group);
    /// [`SocketAddressNotAvailable`](crate::SocketError::SocketAddressNotAvailable) if the group
    /// was not joined so.
    #[doc(alias = "leaveMulticastGroup")]
    pub fn leave_multicast_group(&mut self, group: IpAddr) -> Result<(), NetError> {
        self.core.set_member(group, None, Membership::Leave)
    }

    /// Receives no more what is sent to a group and comes by this interface.
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
        self.core.set_member(group, Some(interface), Membership::Leave)
    }

    /// Returns the interface by which datagrams to groups go out, if it was set.
    ///
    /// # Errors
    ///
    /// [`Operation`](crate::SocketError::Operation) before the socket is bound or connected, and
    /// whatever the system says.
    #[doc(alias = "multicastInterface")]
    pub fn multicast_interface(&self) -> Result<Option<NetworkInterface>, NetError> {
        self.core.multicast_interface()
    }

    /// Sets the interface by which datagrams to groups go out (`IP_MULTICAST_IF`,
    /// `IPV6_MULTICAST_IF`). How far they go, and whether they come back to this host, are
    /// [`MulticastTtl`](crate::SocketOption::MulticastTtl) and
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
        self.core.set_multicast_interface(interface)
    }
}

impl Default for QUdpSocket {
    fn default() -> Self {
        Self::new()
    }
}
