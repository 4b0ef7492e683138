//! TCP of simulated hosts: connections, and the calls of programs.
//!
//! Behaves as Linux, as far as a program can observe it, but has no congestion control. The sender
//! learns of a lost packet at once, but sends it again only after the time in which an
//! acknowledgement would have come, so a loss is a delay. `call.rs` establishes connections,
//! `parcel.rs` moves their packets.

use std::net::{IpAddr, Shutdown, SocketAddr};
use std::time::Duration;

use rustix::io::Errno;

use super::call::Call;
use super::host::{SimHost, interface_towards, is_link_local};
use super::link::Route;
use super::parcel::Content;
use super::socket::{Listener, Role, Socket, SocketKey};
use super::stream::{Incoming, Outgoing};
use super::wire::{Event, Wire};
use crate::net::{SocketType, scope_id};

/// The headers of IP and TCP, in bytes.
pub(super) const HEADERS: usize = 40;

/// The longest time that TCP waits before it sends a packet again.
pub(super) const LONGEST: Duration = Duration::from_secs(120);

/// How long it takes to find out that no host has an address.
const NOBODY_THERE: Duration = Duration::from_secs(3);

/// A connection, also before it is established.
#[derive(Debug)]
pub(in crate::sim) struct Stream {
    pub(in crate::sim) phase: Phase,
    pub(in crate::sim) remote: SocketAddr,
    pub(super) remote_host: SimHost,
    /// The other end, once it is known. The socket may be gone.
    pub(super) peer: Option<SocketKey>,
    pub(super) outgoing: Outgoing,
    pub(in crate::sim) incoming: Incoming,
    /// The program has closed the socket, which is kept until all bytes are sent.
    pub(super) is_orphan: bool,
    /// The program has closed the socket for reading. Bytes that come all the same can be read, as
    /// on Linux.
    pub(super) is_deaf: bool,
    /// A probe for room is under way.
    pub(super) asks_for_room: bool,
    /// When the last packet came.
    pub(super) heard: Duration,
    /// Counts the restarts of keep-alive.
    pub(super) keep_alive_round: u32,
    /// How many keep-alive probes are not answered.
    pub(super) unanswered: u32,
}

/// The phase of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sim) enum Phase {
    /// This end calls the other.
    Calling,
    /// A listener of this end was called, and has answered.
    Called {
        listener: SocketKey,
    },
    Standing,
    /// The connection has failed.
    Dead,
}

impl Stream {
    pub(super) fn new(
        phase: Phase,
        remote: SocketAddr,
        remote_host: SimHost,
        socket: &Socket,
    ) -> Self {
        Self {
            phase,
            remote,
            remote_host,
            peer: None,
            outgoing: Outgoing::new(socket.options.send_buffer),
            incoming: Incoming::new(socket.options.receive_buffer),
            is_orphan: false,
            is_deaf: false,
            asks_for_room: false,
            heard: Duration::ZERO,
            keep_alive_round: 0,
            unanswered: 0,
        }
    }

    /// Returns true if this end is connected, which lasts until both directions are closed.
    pub(in crate::sim) fn is_connected(&self) -> bool {
        let is_over = self.incoming.has_ended() && self.outgoing.is_done();
        self.phase == Phase::Standing && !is_over
    }
}

/// Calls of programs.
impl Wire {
    /// Begins to connect.
    pub(in crate::sim) fn connect_stream(
        &mut self,
        key: SocketKey,
        to: SocketAddr,
    ) -> Result<(), Errno> {
        let socket = &self.sockets[key];
        match &socket.role {
            Role::Idle => {}
            Role::Stream(stream) if stream.phase == Phase::Calling => return Err(Errno::ALREADY),
            // After a failed call the socket can call again.
            Role::Stream(stream) if stream.phase == Phase::Dead && stream.peer.is_none() => {}
            _ => return Err(Errno::ISCONN),
        }
        let host = socket.host;
        let to = self.connectable(key, to)?;
        let to_host = self.owner(host, to.ip());
        match to_host.map(|to_host| self.route(host, to_host)) {
            Some(Route::Unreachable) => return Err(Errno::NETUNREACH),
            Some(Route::Prohibited) => return Err(Errno::ACCESS),
            _ => {}
        }
        self.settle_to_send(key, to)?;
        let remote_host = to_host.unwrap_or(host);
        let packet = self.link(host, remote_host).mtu();
        let socket = &mut self.sockets[key];
        socket.options.fit_send_buffer(packet);
        let stream = Stream::new(Phase::Calling, to, remote_host, socket);
        socket.role = Role::Stream(Box::new(stream));
        match to_host {
            Some(to_host) => self.place_call(Call { from: key, to_host, to, attempt: 0 }),
            None => self.agenda.write(NOBODY_THERE, Event::NobodyThere(key)),
        }
        Ok(())
    }

    /// Binds a socket that will send to `to` to an address and a port, if it has none.
    pub(super) fn settle_to_send(&mut self, key: SocketKey, to: SocketAddr) -> Result<(), Errno> {
        let socket = &self.sockets[key];
        let (host, kind, local) = (socket.host, socket.kind, socket.local);
        let address = match local.filter(|local| !local.ip().is_unspecified()) {
            Some(local) => local.ip(),
            None => self.host(host).source_towards(to.ip())?,
        };
        let port = match local {
            Some(local) => local.port(),
            None => self.any_port(host, kind).ok_or(Errno::ADDRNOTAVAIL)?,
        };
        self.settle(key, SocketAddr::new(address, port));
        Ok(())
    }

    /// Returns the effective address of `to`, without its scope, if the socket can connect to it.
    /// Binds the socket to the interface of the scope if the address is link-local.
    pub(super) fn connectable(
        &mut self,
        key: SocketKey,
        to: SocketAddr,
    ) -> Result<SocketAddr, Errno> {
        let meant = self.reachable(key, to)?;
        let socket = &mut self.sockets[key];
        if is_link_local(meant.ip()) {
            let interface = match (scope_id(to), socket.interface) {
                (0, None) if meant.ip().is_multicast() => socket.interface_for_groups(),
                (0, bound) => bound,
                (scope, Some(bound)) if scope != bound => None,
                (scope, _) => Some(scope),
            };
            socket.interface = Some(interface.ok_or(Errno::INVAL)?);
        }
        check_way(meant.ip(), socket.interface)?;
        Ok(meant)
    }

    /// Returns the effective address of `to`, without its scope, if a socket of this family can
    /// reach it.
    pub(super) fn reachable(&self, key: SocketKey, to: SocketAddr) -> Result<SocketAddr, Errno> {
        let socket = &self.sockets[key];
        let mut address = to.ip().to_canonical();
        if to.is_ipv6() && !socket.is_v6 {
            return Err(Errno::AFNOSUPPORT);
        }
        if !socket.speaks(address) {
            return Err(Errno::NETUNREACH);
        }
        if address.is_unspecified() {
            // To Linux, the unspecified address is this host's.
            address = match address.is_ipv4() {
                true => std::net::Ipv4Addr::LOCALHOST.into(),
                false => std::net::Ipv6Addr::LOCALHOST.into(),
            };
        }
        if socket.kind == SocketType::Tcp && address.is_multicast() {
            return Err(Errno::NETUNREACH);
        }
        Ok(SocketAddr::new(address, to.port()))
    }

    /// Begins to listen.
    pub(in crate::sim) fn listen(&mut self, key: SocketKey, backlog: u32) -> Result<(), Errno> {
        let backlog = usize::try_from(backlog).unwrap_or(usize::MAX);
        match &mut self.sockets[key].role {
            Role::Listener(listener) => {
                listener.backlog = backlog;
                return Ok(());
            }
            Role::Idle => {}
            _ => return Err(Errno::INVAL),
        }
        if self.sockets[key].local.is_none() {
            let at = SocketAddr::new(self.sockets[key].unspecified(), 0);
            self.bind(key, at)?;
        }
        if self.has_listener_beside(key) {
            return Err(Errno::ADDRINUSE);
        }
        let (begun, waiting) = Default::default();
        self.sockets[key].role = Role::Listener(Listener { backlog, begun, waiting });
        Ok(())
    }

    /// Takes the next established connection. It takes a descriptor if the listener has one.
    pub(in crate::sim) fn accept(
        &mut self,
        key: SocketKey,
    ) -> Result<(SocketKey, SocketAddr), Errno> {
        let socket = &mut self.sockets[key];
        let (host, counts) = (socket.host, socket.has_descriptor);
        let Role::Listener(listener) = &mut socket.role else { return Err(Errno::INVAL) };
        let next = *listener.waiting.front().ok_or(Errno::AGAIN)?;
        if counts {
            self.host_mut(host).take_descriptor()?;
        }
        if let Role::Listener(listener) = &mut self.sockets[key].role {
            listener.waiting.pop_front();
        }
        let accepted = self.sockets.get_mut(next).ok_or(Errno::CONNABORTED)?;
        accepted.has_descriptor = counts;
        let remote = accepted.stream().ok_or(Errno::CONNABORTED)?.remote;
        Ok((next, accepted.shown(remote)))
    }

    /// Queues as many bytes as there is room for, and sends those that may be sent.
    pub(in crate::sim) fn write_stream(
        &mut self,
        key: SocketKey,
        bytes: &[u8],
    ) -> Result<usize, Errno> {
        let socket = &mut self.sockets[key];
        let error = socket.error.take();
        let stream = socket.stream().ok_or(Errno::PIPE)?;
        match error {
            Some(error) => return Err(error),
            None if stream.phase == Phase::Dead || stream.outgoing.is_finished() => {
                return Err(Errno::PIPE);
            }
            None if stream.phase != Phase::Standing => return Err(Errno::AGAIN),
            None => {}
        }
        let count = stream.outgoing.write(bytes);
        if count == 0 && !bytes.is_empty() {
            return Err(Errno::AGAIN);
        }
        self.send_segments(key);
        Ok(count)
    }

    /// Takes bytes that have come.
    pub(in crate::sim) fn read_stream(
        &mut self,
        key: SocketKey,
        buffer: &mut [u8],
    ) -> Result<usize, Errno> {
        let count = self.peek_stream(key, buffer)?;
        if count > 0
            && let Some(stream) = self.sockets[key].stream()
        {
            stream.incoming.read(&mut buffer[..count]);
            if stream.incoming.has_news_of_room() && stream.phase == Phase::Standing {
                self.acknowledge(key);
            }
        }
        Ok(count)
    }

    /// Copies bytes that have come without taking them.
    pub(in crate::sim) fn peek_stream(
        &mut self,
        key: SocketKey,
        buffer: &mut [u8],
    ) -> Result<usize, Errno> {
        let socket = &mut self.sockets[key];
        let error = socket.error;
        let stream = socket.stream().ok_or(Errno::NOTCONN)?;
        let count = stream.incoming.peek(buffer);
        if count > 0 || buffer.is_empty() {
            return Ok(count);
        }
        // After the end, every read returns the end, even if the connection has failed since.
        if stream.incoming.has_ended() {
            return Ok(0);
        }
        if let Some(error) = error {
            socket.error = None;
            return Err(error);
        }
        match stream.phase {
            _ if stream.is_deaf => Ok(0),
            Phase::Dead => Ok(0),
            Phase::Standing => Err(Errno::AGAIN),
            Phase::Calling | Phase::Called { .. } => Err(Errno::AGAIN),
        }
    }

    /// Closes one direction or both.
    pub(in crate::sim) fn shut_down(&mut self, key: SocketKey, how: Shutdown) -> Result<(), Errno> {
        let stream = self.sockets[key].stream().ok_or(Errno::NOTCONN)?;
        if !stream.is_connected() {
            return Err(Errno::NOTCONN);
        }
        stream.is_deaf |= how != Shutdown::Write;
        if how != Shutdown::Read {
            stream.outgoing.finish();
            self.send_segments(key);
        }
        Ok(())
    }

    /// Closes a socket for its program.
    pub(in crate::sim) fn close(&mut self, key: SocketKey) {
        let Some(socket) = self.sockets.get_mut(key) else { return };
        socket.watch = None;
        if std::mem::take(&mut socket.has_descriptor) {
            let host = socket.host;
            let descriptors = &mut self.host_mut(host).descriptors;
            *descriptors = descriptors.saturating_sub(1);
        }
        match &mut self.sockets[key].role {
            Role::Listener(listener) => {
                let begun = std::mem::take(&mut listener.begun);
                let waiting = std::mem::take(&mut listener.waiting);
                for abandoned in begun.into_iter().chain(waiting) {
                    self.reset(abandoned);
                }
                self.forget(key);
            }
            Role::Stream(stream) if stream.phase == Phase::Standing => {
                // Closing a socket with unread bytes sends a reset.
                if stream.incoming.len() > 0 {
                    return self.reset(key);
                }
                stream.is_orphan = true;
                stream.outgoing.finish();
                self.send_segments(key);
                self.bury(key);
            }
            _ => self.forget(key),
        }
    }

    /// Ends a connection by a reset.
    pub(in crate::sim) fn reset(&mut self, key: SocketKey) {
        if matches!(self.sockets.get_mut(key).and_then(Socket::stream), Some(stream) if stream.phase != Phase::Dead)
        {
            self.send(key, Content::Reset(None), 0);
        }
        self.forget(key);
    }
}

/// Fails if there is no route to an IPv6 address by this interface.
pub(super) fn check_way(to: IpAddr, by: Option<u32>) -> Result<(), Errno> {
    match by {
        Some(index) if to.is_ipv6() && index != interface_towards(to) => Err(Errno::NETUNREACH),
        _ => Ok(()),
    }
}

/// Doubles `first` with each attempt, up to `LONGEST`.
pub(super) fn doubled(first: Duration, attempt: u32) -> Duration {
    first.saturating_mul(1 << attempt.min(20)).min(LONGEST)
}
