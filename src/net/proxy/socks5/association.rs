//! `Association`: datagrams that a SOCKS5 proxy relays (RFC 1928, section 7).
//!
//! The datagrams go by a link to the relay, each behind a head that names its receiver or its
//! sender. The link is connected, so nobody but the relay can put a datagram into it; what others
//! have sent before is dropped. The proxy relays for as long as the control link stands, on which the
//! proxy was asked for it.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::{BorrowedFd, OwnedFd};

use smallvec::{SmallVec, smallvec};

use super::address::{Parsed, parse_address, push_address, push_target};
use crate::net::engine::{
    Address, Interest, Membership, Progress, Received, Settled, SocketEngine,
};
use crate::net::interface::NetworkInterface;
use crate::net::proxy::target::Target;
use crate::net::values::{
    BindAddress, BindMode, EngineFailure, NetworkDatagram, SocketError, canonical,
};
use crate::object::ObjectKey;
use crate::readiness::{Readiness, SourceId};

/// No datagram is larger than this, with its head, in bytes.
const LARGEST: usize = 64 * 1024;

/// How many datagrams without a right head are dropped before the next right one, at most.
const MOST_DROPPED: usize = 64;

/// How often the control link is read in a row, at most. A proxy that says more has no relay.
const MOST_READS: usize = 64;

/// What stands before the address in a head: two reserved bytes, and the number of a fragment.
const UNFRAGMENTED: [u8; 3] = [0, 0, 0];

/// Datagrams that a proxy relays.
pub(in crate::net::proxy) struct Association {
    control: Box<dyn SocketEngine>,
    relay: Box<dyn SocketEngine>,
    /// The relay's address.
    relay_at: Option<Address>,
    /// The peer, if the socket is connected.
    peer: Option<Target>,
    /// Holds the next datagram.
    room: Vec<u8>,
    next: Option<Waiting>,
    /// Why the next datagram could not be received.
    failure: Option<io::Error>,
    end: Option<End>,
    /// The datagram that is sent, with its head.
    outgoing: Vec<u8>,
}

/// Why a proxy relays nothing more.
#[derive(Clone, Copy, Debug)]
pub(in crate::net::proxy) enum End {
    Closed,
    Flooded,
}

impl End {
    /// Hears a control link out. Nothing that the proxy says there has a meaning, but its end, which
    /// this returns as the error.
    pub(in crate::net::proxy) fn hear_out(control: &mut dyn SocketEngine) -> Result<(), Self> {
        let mut chunk = [0; 4096];
        for _ in 0..MOST_READS {
            match control.read(&mut chunk) {
                Ok(0) => return Err(Self::Closed),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(_) => return Err(Self::Closed),
            }
        }
        Err(Self::Flooded)
    }
}

impl From<End> for io::Error {
    fn from(end: End) -> Self {
        let (kind, reason) = match end {
            End::Closed => (
                SocketError::ProxyConnectionClosed,
                "the proxy has closed the control link, and relays no more datagrams",
            ),
            End::Flooded => (
                SocketError::ProxyProtocol,
                "the proxy says more on the control link than can be heard",
            ),
        };
        EngineFailure::new(kind, reason).into()
    }
}

/// A datagram that waits in the room of an association.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    sender: Address,
    start: usize,
    end: usize,
}

impl Association {
    /// Creates the association of a control link and a link to the relay.
    pub(in crate::net::proxy) fn new(
        control: Box<dyn SocketEngine>,
        relay: Box<dyn SocketEngine>,
        peer: Option<Target>,
    ) -> Self {
        let relay_at = relay.peer_addr().ok().map(plain);
        let mut this = Self {
            control,
            relay,
            relay_at,
            peer,
            room: vec![0; LARGEST],
            next: None,
            failure: None,
            end: None,
            outgoing: Vec::new(),
        };
        // The link may have been bound and watched before.
        this.fetch();
        this
    }

    /// Receives the next datagram that is meant for this socket, unless one waits already. So it is
    /// known without a call whether one waits, and how large it is.
    fn fetch(&mut self) {
        if self.next.is_some() || self.failure.is_some() {
            return;
        }
        let mut dropped = 0;
        while dropped < MOST_DROPPED {
            match self.relay.receive_from(&mut self.room) {
                // Others cannot send any more, so these are few.
                Ok((_, sender)) if self.is_of_other(sender) => continue,
                Ok((count, _)) => self.next = self.parse(count),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => self.failure = Some(error),
            }
            if self.next.is_some() || self.failure.is_some() {
                return;
            }
            dropped += 1;
        }
        let reason = "the proxy relays datagrams without a right head, or of others than the peer";
        self.failure = Some(EngineFailure::new(SocketError::ProxyProtocol, reason).into());
    }

    /// Returns true if a datagram that this link has received is not the relay's.
    fn is_of_other(&self, sender: Address) -> bool {
        self.relay_at.is_some_and(|relay| relay != plain(sender))
    }

    /// Parses the head of the datagram in the room. Returns `None` if the caller must drop the datagram:
    /// it is a fragment, its head is wrong, or another host than the peer has sent it.
    fn parse(&self, end: usize) -> Option<Waiting> {
        let rest = self.room[..end].strip_prefix(&UNFRAGMENTED)?;
        let Parsed::Address(sender, length) = parse_address(rest) else { return None };
        let sender = plain(sender);
        let is_expected = match &self.peer {
            None => sender.internet().is_some(),
            // An interface of this host, which may be in the peer's address, means nothing there.
            Some(Target::Address(peer)) => {
                let peer = canonical(*peer);
                sender == SocketAddr::new(peer.ip(), peer.port()).into()
            }
            // The proxy alone knows the addresses of the name.
            Some(Target::Name(_, port)) => match sender {
                Address::Internet(sender) => sender.port() == *port,
                Address::Named(sender) => sender == *port,
            },
        };
        let start = UNFRAGMENTED.len() + length;
        is_expected.then_some(Waiting { sender, start, end })
    }

    fn waiting_bytes(&self) -> Option<(&[u8], Address)> {
        let Waiting { sender, start, end } = self.next?;
        Some((&self.room[start..end], sender))
    }

    /// Copies the next datagram. Returns how many of its bytes have found room, if that are fewer
    /// than it has, and its sender.
    fn look(&mut self, buffer: &mut [u8]) -> io::Result<(usize, bool, Address)> {
        self.fetch();
        match self.waiting_bytes() {
            Some((bytes, sender)) => {
                let count = bytes.len().min(buffer.len());
                buffer[..count].copy_from_slice(&bytes[..count]);
                Ok((count, count < bytes.len(), sender))
            }
            None => Err(self.take_failure()),
        }
    }

    /// Takes the reason why there is no next datagram. The one behind a failure is received at once,
    /// because no source is ready for it once more.
    fn take_failure(&mut self) -> io::Error {
        let Some(failure) = self.failure.take() else { return ErrorKind::WouldBlock.into() };
        self.fetch();
        failure
    }

    /// Copies the next datagram, and takes it.
    fn take(&mut self, buffer: &mut [u8]) -> io::Result<(usize, bool, Address)> {
        let taken = self.look(buffer)?;
        self.next = None;
        self.fetch();
        Ok(taken)
    }

    /// Sends a datagram with the head that `push` appends.
    fn send_behind(&mut self, push: impl FnOnce(&mut Vec<u8>), bytes: &[u8]) -> io::Result<usize> {
        self.outgoing.clear();
        self.outgoing.extend(UNFRAGMENTED);
        push(&mut self.outgoing);
        self.outgoing.extend(bytes);
        self.relay.write(&self.outgoing)?;
        Ok(bytes.len())
    }

    /// Called when the control link is ready.
    fn hear_control(&mut self, readiness: Readiness) {
        if readiness.read_closed {
            self.end = Some(End::Closed);
        } else if readiness.readable && self.end.is_none() {
            self.end = End::hear_out(&mut *self.control).err();
        }
    }

    /// Returns what can be read without a call.
    fn readable(&self) -> Readiness {
        let read_closed = self.end.is_some();
        let readable = read_closed || self.next.is_some() || self.failure.is_some();
        Readiness { readable, read_closed, ..Readiness::default() }
    }
}

impl SocketEngine for Association {
    fn below(&self) -> Option<&dyn SocketEngine> {
        Some(&*self.relay)
    }

    fn below_mut(&mut self) -> Option<&mut (dyn SocketEngine + 'static)> {
        Some(&mut *self.relay)
    }

    fn watch(&mut self, owner: ObjectKey) -> io::Result<()> {
        self.control.watch(owner)?;
        self.relay.watch(owner)
    }

    fn ready(&mut self, source: Option<SourceId>, readiness: Readiness) -> Readiness {
        if source.is_some() && source == self.control.source() {
            let readiness = self.control.ready(source, readiness);
            self.hear_control(readiness);
            return self.readable();
        }
        let Readiness { readable, read_closed, writable, .. } = self.relay.ready(source, readiness);
        if readable && !read_closed {
            self.fetch();
        }
        let own = self.readable();
        Readiness {
            readable: own.readable || read_closed,
            read_closed: own.read_closed || read_closed,
            writable,
            ..own
        }
    }

    fn ready_now(&self) -> Readiness {
        self.readable()
    }

    fn waits_for(&self, interest: Interest) -> SmallVec<[(&dyn SocketEngine, Interest); 2]> {
        let end = Interest { to_read: true, to_write: false };
        smallvec![(&*self.control, end), (&*self.relay, interest)]
    }

    fn into_below(self: Box<Self>) -> Result<Settled, Box<dyn SocketEngine>> {
        Err(self)
    }

    fn bind(&mut self, _: BindAddress, _: u16, _: BindMode) -> io::Result<()> {
        Err(ErrorKind::Unsupported.into())
    }

    fn connect(&mut self, _: Address) -> io::Result<Progress> {
        Err(ErrorKind::Unsupported.into())
    }

    fn progress(&mut self) -> io::Result<Progress> {
        let progress = match self.end {
            Some(end) => Err(end.into()),
            None => self.relay.progress(),
        };
        self.fetch();
        progress
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(self.take(buffer)?.0)
    }

    fn peek(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(self.look(buffer)?.0)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let peer = self.peer.take().ok_or(ErrorKind::NotConnected)?;
        let sent = self.send_behind(|head| push_target(head, &peer), bytes);
        self.peer = Some(peer);
        sent
    }

    fn has_datagram(&self) -> io::Result<bool> {
        match &self.failure {
            // The read that meets the failure takes it.
            Some(failure) => Err(failure.kind().into()),
            None => Ok(self.next.is_some()),
        }
    }

    fn datagram_size(&self) -> io::Result<Option<usize>> {
        Ok(self.waiting_bytes().map(|(bytes, _)| bytes.len()))
    }

    fn receive_from(&mut self, buffer: &mut [u8]) -> io::Result<(usize, Address)> {
        let (count, _, sender) = self.take(buffer)?;
        Ok((count, sender))
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Received> {
        let (count, is_truncated, sender) = self.take(buffer)?;
        Ok(Received::new(count, is_truncated, sender))
    }

    fn send_to(&mut self, bytes: &[u8], to: Address) -> io::Result<usize> {
        let to = canonical(to.internet().ok_or(ErrorKind::Unsupported)?);
        if is_of_many(to.ip()) {
            let reason = "a proxy relays datagrams neither to groups nor to all hosts";
            let kind = SocketError::UnsupportedSocketOperation;
            return Err(EngineFailure::new(kind, reason).into());
        }
        self.send_behind(|head| push_address(head, to), bytes)
    }

    fn send(&mut self, datagram: &NetworkDatagram) -> io::Result<usize> {
        let describes_way = datagram.sender().is_some()
            || datagram.interface_index().is_some()
            || datagram.hop_limit().is_some();
        if describes_way {
            let reason = "a proxy cannot be told by which way it sends a datagram";
            let kind = SocketError::UnsupportedSocketOperation;
            return Err(EngineFailure::new(kind, reason).into());
        }
        match datagram.destination() {
            Some(to) => self.send_to(datagram.data(), to.into()),
            None => self.write(datagram.data()),
        }
    }

    fn set_member(
        &mut self,
        _: IpAddr,
        _: Option<&NetworkInterface>,
        _: Membership,
    ) -> io::Result<()> {
        Err(ErrorKind::Unsupported.into())
    }

    fn set_multicast_interface(&mut self, _: &NetworkInterface) -> io::Result<()> {
        Err(ErrorKind::Unsupported.into())
    }

    fn available(&self) -> io::Result<usize> {
        Ok(self.waiting_bytes().map_or(0, |(bytes, _)| bytes.len()))
    }

    fn peer_addr(&self) -> io::Result<Address> {
        self.peer.as_ref().map(Target::peer).ok_or_else(|| ErrorKind::NotConnected.into())
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    fn lend_descriptor(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    fn into_descriptor(self: Box<Self>) -> Result<OwnedFd, Box<dyn SocketEngine>> {
        Err(self)
    }
}

/// Shows neither the datagrams nor the room for them.
impl fmt::Debug for Association {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Association")
            .field("control", &self.control)
            .field("relay", &self.relay)
            .field("peer", &self.peer)
            .field("next", &self.next)
            .field("failure", &self.failure)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

/// Returns the same address, as an IPv4 address if it is one in IPv6's form.
fn plain(address: Address) -> Address {
    match address {
        Address::Internet(address) => Address::Internet(canonical(address)),
        named @ Address::Named(_) => named,
    }
}

/// Returns true for the address of a group, or of all hosts.
fn is_of_many(ip: IpAddr) -> bool {
    ip.is_multicast() || ip == IpAddr::V4(Ipv4Addr::BROADCAST)
}
