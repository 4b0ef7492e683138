//! `SocketEngine`: one socket of a network, or a layer above one.

use std::any::Any;
use std::fmt;
use std::io::{self, IoSlice};
use std::net::IpAddr;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::Instant;

use smallvec::SmallVec;

use super::address::Address;
use super::handshake::Handshake;
use super::interest::Interest;
use crate::io::ByteQueue;
use crate::net::interface::NetworkInterface;
use crate::net::values::{BindAddress, BindMode, NetworkDatagram, OptionName, SocketOption};
use crate::object::ObjectKey;
use crate::readiness::{Readiness, SourceId};

/// How far the attempt of a socket to connect has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The attempt is still pending.
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
    /// The bytes of the peer that were read already. Mostly none, which takes one word.
    pub(in crate::net) early: ByteQueue,
}

impl Accepted {
    /// Creates the description of a connection from `peer`.
    pub fn new(engine: Box<dyn SocketEngine>, peer: Address) -> Self {
        Self { engine, peer, early: ByteQueue::default() }
    }

    /// Returns this connection with bytes of the peer that were read already.
    #[must_use]
    pub fn with_early(mut self, early: &[u8]) -> Self {
        self.early.push(early);
        self
    }
}

/// A datagram that was received. Its bytes are in the receiver's buffer.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Received {
    /// How many bytes are in the buffer.
    pub count: usize,
    /// The datagram had more bytes than the buffer has room for, and the others are lost.
    pub is_truncated: bool,
    /// Who sent the datagram.
    pub sender: Address,
    /// The address that the datagram was sent to: this host's, a group's, or a broadcast address.
    pub destination: Option<IpAddr>,
    /// The address from which an answer is sent, if it is not `destination`.
    pub reply_from: Option<IpAddr>,
    /// The index of the interface that the datagram came by. It is the scope id of `destination`
    /// and `reply_from`.
    pub interface_index: Option<u32>,
    /// How many more routers the datagram could have passed.
    pub hop_limit: Option<u8>,
}

impl Received {
    /// Describes a datagram of which only the sender is known. The buffer has `count` bytes of it.
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

/// What is left of a layer that has nothing to do after its handshake.
#[derive(Debug)]
pub struct Settled {
    /// The engine that was below the layer.
    pub engine: Box<dyn SocketEngine>,
    /// The bytes that the layer has read beyond the end of its handshake. They are for the next
    /// layer, or for the socket.
    pub early: Vec<u8>,
    /// The ends of the connection, if the layer knows them better than the engine below.
    pub ends: Option<Ends>,
}

/// The ends of a connection, as a layer knows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// This end, as the peer sees it; `None` if the engine below knows it.
    pub local: Option<Address>,
    /// The peer.
    pub peer: Address,
}

/// Whether a socket receives the datagrams that are sent to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// The socket becomes a member of the group.
    Join,
    /// The socket is no longer a member of the group.
    Leave,
}

/// One socket of a network, or a layer above one.
///
/// A layer is an engine for which [`below`](Self::below) returns another engine. It implements the
/// methods that differ for it; the provided methods call the engine below. A socket of a network
/// has no engine below and implements all methods.
///
/// The state machine relies on this:
///
/// - No method blocks.
/// - A read that does not fill its buffer has taken all bytes that had come. If the engine knows
///   then that the end comes next, [`ready_now`](Self::ready_now) returns `read_closed`; otherwise
///   the next [`ready`](Self::ready) returns it.
/// - After a write that takes less than it was given, or returns `WouldBlock`, a
///   [`ready`](Self::ready) with `writable` follows once there is room.
/// - A method that fails with an [`EngineFailure`](crate::net::EngineFailure) decides which
///   `SocketError` the socket reports.
pub trait SocketEngine: fmt::Debug + Any {
    /// Returns the engine below this one; `None` for a socket of a network.
    fn below(&self) -> Option<&dyn SocketEngine> {
        None
    }

    /// Returns the engine below this one, mutably.
    fn below_mut(&mut self) -> Option<&mut (dyn SocketEngine + 'static)> {
        None
    }

    /// Registers the sources of this engine, so that the loop wakes `owner` whenever one is ready.
    ///
    /// A second call with the same owner does nothing. A call with another owner moves the sources
    /// to it, and the loop wakes it for what they are ready for now.
    fn watch(&mut self, owner: ObjectKey) -> io::Result<()> {
        on(self.below_mut())?.watch(owner)
    }

    /// Returns the id of this engine's source in the loop: that of a socket of a network that is
    /// watched.
    fn source(&self) -> Option<SourceId> {
        None
    }

    /// Called when a source of this engine, or of an engine below, is ready. Returns what this
    /// engine is ready for as a result.
    ///
    /// The outermost engine is called first, and decides whether it calls the engine below.
    /// `source` is `None` in a wait for a socket that is not watched yet.
    fn ready(&mut self, source: Option<SourceId>, readiness: Readiness) -> Readiness {
        match self.below_mut() {
            Some(below) => below.ready(source, readiness),
            None => readiness,
        }
    }

    /// Returns what this engine is ready for even if none of its sources is ready: for example it
    /// may hold bytes that it has read from the engine below.
    fn ready_now(&self) -> Readiness {
        self.below().map_or(Readiness::default(), |below| below.ready_now())
    }

    /// Returns the engines below that a wait for this engine must wait for, and for what. Empty for
    /// a socket of a network: the wait is for its own source.
    fn waits_for(&self, interest: Interest) -> SmallVec<[(&dyn SocketEngine, Interest); 2]> {
        self.below().map(|below| (below, interest)).into_iter().collect()
    }

    /// Goes on with the handshake of this layer. Fails with the reason if the handshake has failed.
    ///
    /// Called until it returns [`Handshake::Done`]: at the start, after each
    /// [`ready`](Self::ready), after [`add_link`](Self::add_link) and after
    /// [`answered`](Self::answered).
    fn shake_hands(&mut self) -> io::Result<Handshake> {
        Ok(Handshake::Done)
    }

    /// Takes the connected link that [`shake_hands`](Self::shake_hands) has asked for.
    fn add_link(&mut self, link: Box<dyn SocketEngine>) {
        drop(link);
    }

    /// Called after the slots that could answer the question of [`shake_hands`](Self::shake_hands)
    /// have run. The answer, if there is one, is in the question.
    fn answered(&mut self) {}

    /// Returns the engine below, if this layer has nothing to do after its handshake; otherwise
    /// this engine, as the error.
    fn into_below(self: Box<Self>) -> Result<Settled, Box<dyn SocketEngine>>;

    /// Binds the socket to an address of this host.
    fn bind(&mut self, address: BindAddress, port: u16, mode: BindMode) -> io::Result<()> {
        on(self.below_mut())?.bind(address, port, mode)
    }

    /// Begins to connect to an address. A connection of datagrams is established at once.
    fn connect(&mut self, peer: Address) -> io::Result<Progress> {
        on(self.below_mut())?.connect(peer)
    }

    /// Returns how far the attempt to connect has come. Fails with the reason if the attempt has
    /// failed, or if the established connection has broken.
    fn progress(&mut self) -> io::Result<Progress> {
        on(self.below_mut())?.progress()
    }

    /// Begins to listen. Up to `backlog` connections may wait to be accepted.
    fn listen(&mut self, backlog: u32) -> io::Result<()> {
        on(self.below_mut())?.listen(backlog)
    }

    /// Accepts the next connection. Fails with `WouldBlock` if there is none.
    fn accept(&mut self) -> io::Result<Accepted> {
        on(self.below_mut())?.accept()
    }

    /// Reads bytes that have come. Fails with `WouldBlock` if there are none. Returns 0 at the end
    /// of a stream.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Reads up to `max` bytes and appends them to `buffer`, without enlarging its memory.
    /// Fails with `WouldBlock` if there are none. Returns 0 at the end of a stream.
    ///
    /// Unless overridden, this is [`read_cleared`](Self::read_cleared). An engine that knows how many
    /// bytes have come lets that clear no more memory than they take.
    fn read_to(&mut self, buffer: &mut Vec<u8>, max: usize) -> io::Result<usize> {
        self.read_cleared(buffer, max)
    }

    /// Does what [`read_to`](Self::read_to) does, by [`read`](Self::read): clears all the memory
    /// that `max` bytes may take, and reads into it. No engine overrides this.
    fn read_cleared(&mut self, buffer: &mut Vec<u8>, max: usize) -> io::Result<usize> {
        let start = buffer.len();
        buffer.resize(start + max.min(buffer.capacity() - start), 0);
        let read = self.read(&mut buffer[start..]);
        buffer.truncate(start + *read.as_ref().unwrap_or(&0));
        read
    }

    /// Reads bytes that have come, without taking them.
    fn peek(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes as many bytes as there is room for. Fails with `WouldBlock` if there is no room.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Writes as many bytes of the slices, in their order, as there is room for. Fails with
    /// `WouldBlock` if there is no room.
    ///
    /// Unless overridden, this writes one slice after the other. A socket of a network writes all of
    /// them at once, so a layer that has its bytes in several places need not copy them together.
    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut count = 0;
        for slice in slices {
            match self.write(slice) {
                Ok(written) => {
                    count += written;
                    if written < slice.len() {
                        break;
                    }
                }
                // A failure comes again with the next write.
                Err(_) if count > 0 => break,
                Err(error) => return Err(error),
            }
        }
        Ok(count)
    }

    /// Returns true if the engine holds written bytes that it has not passed to the engine below
    /// yet. It passes them in a later [`ready`](Self::ready), when there is room.
    fn holds_back(&self) -> bool {
        self.below().is_some_and(|below| below.holds_back())
    }

    /// Returns true if a datagram has come, without taking it.
    fn has_datagram(&self) -> io::Result<bool> {
        on(self.below())?.has_datagram()
    }

    /// Returns the size of the next datagram, if there is one.
    fn datagram_size(&self) -> io::Result<Option<usize>> {
        on(self.below())?.datagram_size()
    }

    /// Takes the next datagram. Bytes that the buffer has no room for are lost. Fails with
    /// `WouldBlock` if there is no datagram. An IPv4-mapped address of the sender is returned as an
    /// IPv4 address, and a link-local address with its scope id.
    fn receive_from(&mut self, buffer: &mut [u8]) -> io::Result<(usize, Address)> {
        on(self.below_mut())?.receive_from(buffer)
    }

    /// Takes the next datagram with a description of its way. Otherwise as
    /// [`receive_from`](Self::receive_from).
    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Received> {
        on(self.below_mut())?.receive(buffer)
    }

    /// Sends a datagram, whole or not at all.
    fn send_to(&mut self, bytes: &[u8], to: Address) -> io::Result<usize> {
        on(self.below_mut())?.send_to(bytes, to)
    }

    /// Sends a datagram by the way that it describes. Fails with `Unsupported` if the network has
    /// no means for that.
    fn send(&mut self, datagram: &NetworkDatagram) -> io::Result<usize> {
        on(self.below_mut())?.send(datagram)
    }

    /// Joins or leaves a group, on one interface or on the one that the system chooses.
    fn set_member(
        &mut self,
        group: IpAddr,
        interface: Option<&NetworkInterface>,
        membership: Membership,
    ) -> io::Result<()> {
        on(self.below_mut())?.set_member(group, interface, membership)
    }

    /// Returns the interface by which datagrams to groups are sent, if it was set.
    fn multicast_interface(&self) -> io::Result<Option<NetworkInterface>> {
        on(self.below())?.multicast_interface()
    }

    /// Sets the interface by which datagrams to groups are sent.
    fn set_multicast_interface(&mut self, interface: &NetworkInterface) -> io::Result<()> {
        on(self.below_mut())?.set_multicast_interface(interface)
    }

    /// Sends the bytes that the engine holds back, then closes the writing end.
    fn shutdown_write(&mut self) -> io::Result<()> {
        on(self.below_mut())?.shutdown_write()
    }

    /// Called when the socket closes the connection and has passed all written bytes to this engine.
    /// Returns true if the engine may be dropped. If not, it has bytes to send, or waits for the peer;
    /// once it may be dropped, [`ready`](Self::ready) returns `writable`.
    fn finish(&mut self) -> bool {
        self.below_mut().is_none_or(|below| below.finish())
    }

    /// Returns the moment at which [`on_deadline`](Self::on_deadline) has to be called, if the engine
    /// must not wait longer.
    fn deadline(&self) -> Option<Instant> {
        self.below().and_then(|below| below.deadline())
    }

    /// Called when the [deadline](Self::deadline) has passed. Then the socket reads and writes.
    fn on_deadline(&mut self) {
        if let Some(below) = self.below_mut() {
            below.on_deadline();
        }
    }

    /// Returns true if the engine has reported something whose slots have not run yet. The socket reads
    /// and announces nothing before they have: one of them may end the connection.
    fn has_reported(&self) -> bool {
        self.below().is_some_and(|below| below.has_reported())
    }

    /// Called when the program resumes a socket that has paused.
    fn resume(&mut self) {
        if let Some(below) = self.below_mut() {
            below.resume();
        }
    }

    /// Ends the connection by a reset, now or when the engine is dropped. Drops what was written and
    /// is not sent.
    fn reset(&mut self) -> io::Result<()> {
        on(self.below_mut())?.reset()
    }

    /// Returns how many bytes one read can take now: of a stream, all that have come.
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

    /// Returns true if the socket is for both IPv4 and IPv6.
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

    /// Returns the descriptor, if there is one, for use by the network itself. It must not be
    /// duplicated.
    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.below()?.descriptor()
    }

    /// Returns the descriptor, if there is one, for a caller that may duplicate it, so that the
    /// system's socket may exist longer than this engine.
    fn lend_descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.below()?.lend_descriptor()
    }

    /// Returns the descriptor, if this engine is nothing but a socket of the system; otherwise this
    /// engine, as the error.
    fn into_descriptor(self: Box<Self>) -> Result<OwnedFd, Box<dyn SocketEngine>>;
}

/// Returns the engine below, or `Unsupported` as the error if there is none.
fn on<T>(below: Option<T>) -> io::Result<T> {
    below.ok_or_else(|| io::ErrorKind::Unsupported.into())
}
