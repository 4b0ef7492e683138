//! `SocketEngine`: one socket of a network, or a layer on it, as the state machine knows it.

use std::any::Any;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::os::fd::{BorrowedFd, OwnedFd};

use smallvec::SmallVec;

use super::address::Address;
use super::handshake::Handshake;
use super::interest::Interest;
use crate::net::interface::NetworkInterface;
use crate::net::values::{BindAddress, BindMode, NetworkDatagram, OptionName, SocketOption};
use crate::object::ObjectKey;
use crate::readiness::{Readiness, SourceId};

/// How far a connection attempt of a network's socket has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The attempt is still under way.
    Pending,
    /// The connection is established.
    Connected,
}

/// A connection that was accepted.
#[derive(Debug)]
#[non_exhaustive]
pub struct Accepted {
    /// The connection's own engine.
    pub engine: Box<dyn SocketEngine>,
    /// The other end.
    pub peer: Address,
}

impl Accepted {
    /// Creates the description of a connection from `peer`.
    pub fn new(engine: Box<dyn SocketEngine>, peer: Address) -> Self {
        Self { engine, peer }
    }
}

/// A datagram that was received, whose bytes are in the receiver's buffer.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Received {
    /// How many bytes are in the buffer.
    pub count: usize,
    /// Returns true if the datagram had more bytes than the buffer, which are lost.
    pub is_truncated: bool,
    /// Who sent the datagram.
    pub sender: Address,
    /// The address that the datagram was sent to: this host's, a group's, or a broadcast address.
    pub destination: Option<IpAddr>,
    /// The address from which an answer goes, if that is another one.
    pub reply_from: Option<IpAddr>,
    /// The index of the interface that the datagram came by, which is the scope of the two addresses
    /// above.
    pub interface_index: Option<u32>,
    /// How many more routers the datagram could have passed.
    pub hop_limit: Option<u8>,
}

impl Received {
    /// Describes a datagram of which only the sender is known. The buffer has `count` of its bytes.
    pub fn new(count: usize, is_truncated: bool, sender: impl Into<Address>) -> Self {
        Self {
            count,
            is_truncated,
            sender: sender.into(),
            destination: None,
            reply_from: None,
            interface_index: None,
            hop_limit: None,
        }
    }
}

/// What a layer leaves that has nothing to do after its handshake.
#[derive(Debug)]
pub struct Settled {
    /// The engine that the layer stood on.
    pub engine: Box<dyn SocketEngine>,
    /// What the layer has read beyond the end of its handshake. It belongs to what stands above.
    pub early: Vec<u8>,
}

/// Whether a socket is to receive what is sent to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// The socket becomes a member of the group.
    Join,
    /// The socket is no longer a member of the group.
    Leave,
}

/// One socket of a network, or a layer that stands on one.
///
/// A layer ([`below`](Self::below) is another engine) writes what it does itself; everything else
/// goes to the engine below it. A socket of a network has no engine below and does everything
/// itself.
///
/// The state machine relies on this:
///
/// - No method blocks.
/// - A read that brings less than there was room for has taken all that had come. If the engine
///   knows by then that the end comes next, [`ready_now`](Self::ready_now) has `read_closed`; the
///   next [`ready`](Self::ready) has it otherwise.
/// - A write that takes less than it was given, or gives `WouldBlock`, is followed by a
///   [`ready`](Self::ready) with `writable` once there is room.
/// - A method that gives an [`EngineFailure`](crate::net::EngineFailure) as its error decides which
///   `SocketError` the socket reports.
pub trait SocketEngine: fmt::Debug + Any {
    /// Returns the engine that this one stands on; `None` for a socket of a network.
    fn below(&self) -> Option<&dyn SocketEngine> {
        None
    }

    /// Returns the engine that this one stands on, mutably.
    fn below_mut(&mut self) -> Option<&mut (dyn SocketEngine + 'static)> {
        None
    }

    /// Lets `owner` be woken from now on whenever a source of this engine is ready. A second call
    /// does nothing.
    fn watch(&mut self, owner: ObjectKey) -> io::Result<()> {
        on(self.below_mut())?.watch(owner)
    }

    /// Returns the name that a socket of a network has among the loop's sources while it is watched.
    fn source(&self) -> Option<SourceId> {
        None
    }

    /// Takes note that a source is ready, which is this engine's or that of an engine below. Returns
    /// what this engine is ready for by that.
    ///
    /// The outermost engine is called first, and decides whether those below are called. `source`
    /// is `None` if the socket is waited for before it is watched.
    fn ready(&mut self, source: Option<SourceId>, readiness: Readiness) -> Readiness {
        match self.below_mut() {
            Some(below) => below.ready(source, readiness),
            None => readiness,
        }
    }

    /// Returns what this engine is ready for by what it holds itself, whatever its sources are ready
    /// for: bytes that it has read from below, say.
    fn ready_now(&self) -> Readiness {
        self.below().map_or(Readiness::default(), |below| below.ready_now())
    }

    /// Returns the engines below whose sources are to be waited for until this engine is ready, and
    /// for what. A socket of a network has none: it is waited for itself.
    fn waits_for(&self, interest: Interest) -> SmallVec<[(&dyn SocketEngine, Interest); 2]> {
        self.below().map(|below| (below, interest)).into_iter().collect()
    }

    /// Goes on with the handshake of this layer. Fails with the reason if the handshake failed.
    ///
    /// Called until it returns [`Handshake::Done`]: at the start, after each [`ready`](Self::ready),
    /// and when what it asked for is there.
    fn shake_hands(&mut self) -> io::Result<Handshake> {
        Ok(Handshake::Done)
    }

    /// Takes the link that [`shake_hands`](Self::shake_hands) asked for. It is connected.
    fn add_link(&mut self, link: Box<dyn SocketEngine>) {
        drop(link);
    }

    /// Takes note that the program has had its chance to answer the question that
    /// [`shake_hands`](Self::shake_hands) asked. The answer, if there is one, is in the question.
    fn answered(&mut self) {}

    /// Gives up the engine below, if this layer has nothing to do after its handshake.
    fn into_below(self: Box<Self>) -> Result<Settled, Box<dyn SocketEngine>>;

    /// Gives the socket its own address.
    fn bind(&mut self, address: BindAddress, port: u16, mode: BindMode) -> io::Result<()> {
        on(self.below_mut())?.bind(address, port, mode)
    }

    /// Begins to connect to an address. A connection of datagrams is established at once.
    fn connect(&mut self, peer: Address) -> io::Result<Progress> {
        on(self.below_mut())?.connect(peer)
    }

    /// Returns how far the connection attempt is. Fails with the reason if the attempt failed, or if
    /// the established connection has broken.
    fn progress(&mut self) -> io::Result<Progress> {
        on(self.below_mut())?.progress()
    }

    /// Begins to take connections, of which `backlog` may wait.
    fn listen(&mut self, backlog: u32) -> io::Result<()> {
        on(self.below_mut())?.listen(backlog)
    }

    /// Takes the next connection. `WouldBlock` if there is none.
    fn accept(&mut self) -> io::Result<Accepted> {
        on(self.below_mut())?.accept()
    }

    /// Reads what has come. `WouldBlock` if that is nothing, 0 at the end of a stream.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Adds up to `max` bytes of what has come to the end of `buffer`, within the memory that this
    /// has. `WouldBlock` if nothing has come, 0 at the end of a stream.
    ///
    /// Unless overridden, this clears all the memory that the bytes may take before it reads. An
    /// engine that knows how many bytes have come clears no more.
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

    /// Returns true if the engine has taken bytes that have not gone to the engine below yet. They go
    /// when [`ready`](Self::ready) tells that there is room.
    fn holds_back(&self) -> bool {
        self.below().is_some_and(|below| below.holds_back())
    }

    /// Returns true if a datagram has come, and leaves it there.
    fn has_datagram(&self) -> io::Result<bool> {
        on(self.below())?.has_datagram()
    }

    /// Returns the size of the datagram that comes next, if there is one.
    fn datagram_size(&self) -> io::Result<Option<usize>> {
        on(self.below())?.datagram_size()
    }

    /// Takes the next datagram; what the buffer has no room for is lost. `WouldBlock` if there is
    /// none. The sender's address is an IPv4 address if it can be, and a link-local one has a scope.
    fn receive_from(&mut self, buffer: &mut [u8]) -> io::Result<(usize, Address)> {
        on(self.below_mut())?.receive_from(buffer)
    }

    /// Takes the next datagram with all that is known of its way. Otherwise as
    /// [`receive_from`](Self::receive_from).
    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Received> {
        on(self.below_mut())?.receive(buffer)
    }

    /// Sends a datagram, whole or not at all.
    fn send_to(&mut self, bytes: &[u8], to: Address) -> io::Result<usize> {
        on(self.below_mut())?.send_to(bytes, to)
    }

    /// Sends a datagram by the way that it describes. `Unsupported` if that cannot be said here.
    fn send(&mut self, datagram: &NetworkDatagram) -> io::Result<usize> {
        on(self.below_mut())?.send(datagram)
    }

    /// Begins or ends to receive what is sent to a group, on one interface or on the one that the
    /// system chooses.
    fn set_member(
        &mut self,
        group: IpAddr,
        interface: Option<&NetworkInterface>,
        membership: Membership,
    ) -> io::Result<()> {
        on(self.below_mut())?.set_member(group, interface, membership)
    }

    /// Returns the interface by which datagrams to groups go out, if it was set.
    fn multicast_interface(&self) -> io::Result<Option<NetworkInterface>> {
        on(self.below())?.multicast_interface()
    }

    /// Sets the interface by which datagrams to groups go out.
    fn set_multicast_interface(&mut self, interface: &NetworkInterface) -> io::Result<()> {
        on(self.below_mut())?.set_multicast_interface(interface)
    }

    /// Tells the peer that nothing more will be written. What the engine holds back goes before.
    fn shutdown_write(&mut self) -> io::Result<()> {
        on(self.below_mut())?.shutdown_write()
    }

    /// Returns how many bytes can be read at once now: for a stream all that has come.
    fn available(&self) -> io::Result<usize> {
        on(self.below())?.available()
    }

    /// Returns the value of an option.
    fn option(&self, option: OptionName) -> io::Result<SocketOption> {
        on(self.below())?.option(option)
    }

    /// Sets an option.
    fn set_option(&mut self, option: SocketOption) -> io::Result<()> {
        on(self.below_mut())?.set_option(option)
    }

    /// Returns true if the socket takes IPv4 as well as IPv6.
    fn is_dual_stack(&self) -> io::Result<bool> {
        on(self.below())?.is_dual_stack()
    }

    /// Returns this end's address.
    fn local_addr(&self) -> io::Result<Address> {
        on(self.below())?.local_addr()
    }

    /// Returns the other end's address.
    fn peer_addr(&self) -> io::Result<Address> {
        on(self.below())?.peer_addr()
    }

    /// Returns the descriptor, where there is one, for the network's own use: nobody may duplicate
    /// it.
    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.below()?.descriptor()
    }

    /// Returns the descriptor, where there is one, for somebody who may duplicate it, so that the
    /// system's socket may live longer than this one.
    fn lend_descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.below()?.lend_descriptor()
    }

    /// Gives up the descriptor, if the system's socket alone is all there is of this engine.
    fn into_descriptor(self: Box<Self>) -> Result<OwnedFd, Box<dyn SocketEngine>>;
}

/// Returns the engine below, of which something is asked that this engine does not do itself.
fn on<T>(below: Option<T>) -> io::Result<T> {
    below.ok_or_else(|| io::ErrorKind::Unsupported.into())
}
