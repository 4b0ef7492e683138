//! `SocketEngine`: one socket of a network, as the state machine knows it.

use std::any::Any;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{BorrowedFd, OwnedFd};

use crate::net::interface::NetworkInterface;
use crate::net::values::{BindAddress, BindMode, NetworkDatagram, OptionName, SocketOption};
use crate::object::ObjectKey;

/// How far a connection attempt has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It is still under way.
    Pending,
    /// It is established.
    Connected,
}

/// A connection that was accepted.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) engine: Box<dyn SocketEngine>,
    pub(crate) peer: SocketAddr,
}

/// A datagram that was received, whose bytes are in the receiver's buffer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Received {
    /// How many bytes are in the buffer.
    pub(crate) count: usize,
    /// There were more, which are lost.
    pub(crate) is_truncated: bool,
    pub(crate) sender: SocketAddr,
    /// What it was sent to: this host's address, a group's, or a broadcast address.
    pub(crate) destination: Option<IpAddr>,
    /// The address from which an answer goes, if that is another one.
    pub(crate) reply_from: Option<IpAddr>,
    /// The interface that it came by, which is the scope of the two addresses above.
    pub(crate) interface_index: Option<u32>,
    pub(crate) hop_limit: Option<u8>,
}

/// Whether a socket is to receive what is sent to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Membership {
    Join,
    Leave,
}

/// One socket of a network.
pub(crate) trait SocketEngine: fmt::Debug + Any {
    /// Has `owner` woken whenever the socket may be read from or written to, or may have a connection
    /// to accept. Once is enough.
    fn watch(&mut self, owner: ObjectKey) -> io::Result<()>;

    /// Gives the socket its own address.
    fn bind(&mut self, address: BindAddress, port: u16, mode: BindMode) -> io::Result<()>;

    /// Begins to connect to an address. A connection of datagrams stands at once.
    fn connect(&mut self, peer: SocketAddr) -> io::Result<Progress>;

    /// Asks how the connection attempt is doing. Fails with the reason if it failed.
    fn progress(&mut self) -> io::Result<Progress>;

    /// Begins to take connections, of which `backlog` may wait.
    fn listen(&mut self, backlog: u32) -> io::Result<()>;

    /// Takes the next connection. `WouldBlock` if there is none.
    fn accept(&mut self) -> io::Result<Accepted>;

    /// Reads what has come. `WouldBlock` if that is nothing, 0 at the end of a stream.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Adds up to `max` bytes of what has come to the end of `buffer`, within the memory that this
    /// has. `WouldBlock` if nothing has come, 0 at the end of a stream.
    fn read_to(&mut self, buffer: &mut Vec<u8>, max: usize) -> io::Result<usize> {
        let start = buffer.len();
        buffer.resize(start + max.min(buffer.capacity() - start), 0);
        let read = self.read(&mut buffer[start..]);
        buffer.truncate(start + *read.as_ref().unwrap_or(&0));
        read
    }

    /// Reads what has come and leaves it there.
    fn peek(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes what there is room for. `WouldBlock` if there is none.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Says whether a datagram has come, and leaves it there.
    fn has_datagram(&self) -> io::Result<bool>;

    /// The size of the datagram that comes next, if there is one.
    fn datagram_size(&self) -> io::Result<Option<usize>>;

    /// Takes the next datagram; what the buffer has no room for is lost. `WouldBlock` if there is
    /// none. The sender's address is an IPv4 address if it can be, and a link-local one has a scope.
    fn receive_from(&mut self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)>;

    /// Takes the next datagram with all that is known of its way. Otherwise as
    /// [`receive_from`](Self::receive_from).
    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Received>;

    /// Sends a datagram, whole or not at all.
    fn send_to(&mut self, bytes: &[u8], to: SocketAddr) -> io::Result<usize>;

    /// Sends a datagram by the way that it describes. `Unsupported` if that cannot be said here.
    fn send(&mut self, datagram: &NetworkDatagram) -> io::Result<usize>;

    /// Begins or ends to receive what is sent to a group, on one interface or on the one that the
    /// system chooses.
    fn set_member(
        &mut self,
        group: IpAddr,
        interface: Option<&NetworkInterface>,
        membership: Membership,
    ) -> io::Result<()>;

    /// The interface by which datagrams to groups go out, if it was set.
    fn multicast_interface(&self) -> io::Result<Option<NetworkInterface>>;

    /// Sets the interface by which datagrams to groups go out.
    fn set_multicast_interface(&mut self, interface: &NetworkInterface) -> io::Result<()>;

    /// Tells the peer that nothing more will be written.
    fn shutdown_write(&mut self) -> io::Result<()>;

    /// How many bytes can be read at once now: for a stream all that has come.
    fn available(&self) -> io::Result<usize>;

    /// The value of an option.
    fn option(&self, option: OptionName) -> io::Result<SocketOption>;

    /// Changes an option.
    fn set_option(&mut self, option: SocketOption) -> io::Result<()>;

    /// Returns true if the socket takes IPv4 as well as IPv6.
    fn is_dual_stack(&self) -> io::Result<bool>;

    /// This end's address.
    fn local_addr(&self) -> io::Result<SocketAddr>;

    /// The other end's address.
    fn peer_addr(&self) -> io::Result<SocketAddr>;

    /// The descriptor, where there is one, for the network's own use: nobody may duplicate it.
    fn descriptor(&self) -> Option<BorrowedFd<'_>>;

    /// The descriptor, where there is one, for somebody who may duplicate it, so that the system's
    /// socket may live longer than this one.
    fn lend_descriptor(&self) -> Option<BorrowedFd<'_>>;

    /// Gives up the descriptor, where there is one.
    fn into_descriptor(self: Box<Self>) -> Result<OwnedFd, Box<dyn SocketEngine>>;
}
