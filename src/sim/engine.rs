//! The engine of sockets on a simulated network.

use std::io::{self, IoSlice};
use std::net::{IpAddr, Shutdown, SocketAddr};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::rc::Rc;

use super::kernel::{
    Arrived, Phase, Role, SimHost, Socket, SocketKey, Watch, WatcherKey, Way, Wire,
};
use super::network::SimNetwork;
use crate::event_loop::Reactor;
use crate::net::{
    Accepted, Address, BindAddress, BindMode, Membership, NetworkDatagram, NetworkInterface,
    OptionName, Progress, Received, Settled, SocketEngine, SocketOption, SocketType, canonical,
    scope_id,
};
use crate::object::ObjectKey;
use crate::readiness::{Readiness, SourceId};
use rustix::io::Errno;

/// A handle of a socket. Dropping it closes the socket.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) network: SimNetwork,
    pub(super) key: SocketKey,
}

impl Held {
    /// Calls `f` with the wire and the socket's key. Fails if the host has gone down.
    pub(super) fn with<T>(
        &self,
        f: impl FnOnce(&mut Wire, SocketKey) -> Result<T, Errno>,
    ) -> io::Result<T> {
        let wire = &mut *self.network.wire();
        wire.catch_up();
        if !wire.sockets.contains_key(self.key) {
            // The host went down, and this program has not been dropped yet.
            return Err(Errno::NETDOWN.into());
        }
        Ok(f(wire, self.key)?)
    }

    pub(super) fn look<T>(&self, f: impl FnOnce(&Socket) -> T) -> io::Result<T> {
        self.with(|wire, key| Ok(f(&wire.sockets[key])))
    }

    pub(super) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.look(Socket::local_shown)
    }

    pub(super) fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.with(|wire, key| {
            let socket = &wire.sockets[key];
            let remote = match &socket.role {
                Role::Stream(stream) if stream.is_connected() => Some(stream.remote),
                Role::Datagrams(datagrams) => datagrams.remote,
                _ => None,
            };
            remote.map(|remote| socket.shown(remote)).ok_or(Errno::NOTCONN)
        })
    }

    /// Returns the progress of connecting, or its error.
    pub(super) fn progress(&self) -> io::Result<Progress> {
        self.with(|wire, key| {
            let socket = &mut wire.sockets[key];
            if let Some(error) = socket.error.take() {
                return Err(error);
            }
            Ok(match &socket.role {
                Role::Stream(stream) if stream.phase == Phase::Standing => Progress::Connected,
                Role::Datagrams(datagrams) if datagrams.remote.is_some() => Progress::Connected,
                _ => Progress::Pending,
            })
        })
    }

    pub(super) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.with(|wire, key| match wire.sockets[key].kind {
            SocketType::Udp => Ok(wire.receive_datagram(key, buffer)?.count),
            _ => wire.read_stream(key, buffer),
        })
    }

    pub(super) fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.with(|wire, key| match wire.sockets[key].kind {
            SocketType::Udp => wire.peek_datagram(key, buffer),
            _ => wire.peek_stream(key, buffer),
        })
    }

    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.with(|wire, key| match wire.sockets[key].kind {
            SocketType::Udp => wire.send_datagram(key, bytes, None, Way::default()),
            _ => wire.write_stream(key, bytes),
        })
    }

    pub(super) fn receive(&self, buffer: &mut [u8]) -> io::Result<Received> {
        self.with(|wire, key| wire.receive_datagram(key, buffer))
    }

    pub(super) fn send_to(&self, bytes: &[u8], to: SocketAddr) -> io::Result<usize> {
        self.with(|wire, key| wire.send_datagram(key, bytes, Some(to), Way::default()))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut wire = self.network.wire();
        wire.catch_up();
        wire.close(self.key);
    }
}

/// A socket of a runtime.
#[derive(Debug)]
pub(super) struct SimSocket {
    held: Held,
    reactor: Rc<Reactor>,
    watcher: WatcherKey,
    source: Option<SourceId>,
}

impl SimSocket {
    pub(super) fn new(
        network: SimNetwork,
        key: SocketKey,
        reactor: Rc<Reactor>,
        watcher: WatcherKey,
    ) -> Self {
        Self { held: Held { network, key }, reactor, watcher, source: None }
    }

    /// Returns the current readiness of the socket.
    pub(super) fn readiness(&self) -> Readiness {
        self.held.look(Socket::readiness).unwrap_or(Readiness {
            readable: true,
            read_closed: true,
            writable: true,
            priority: false,
        })
    }

    pub(super) fn is_broken(&self) -> bool {
        self.held.look(Socket::is_broken).unwrap_or(true)
    }

    fn host(&self) -> io::Result<SimHost> {
        self.held.look(|socket| socket.host)
    }
}

impl SocketEngine for SimSocket {
    fn watch(&mut self, owner: ObjectKey) -> io::Result<()> {
        let source = match self.source {
            None => *self.source.insert(self.reactor.enlist(owner)?),
            Some(source) if self.reactor.hand_over(source, owner) => source,
            Some(_) => return Ok(()),
        };
        let watcher = self.watcher;
        self.held.with(|wire, key| {
            let socket = &mut wire.sockets[key];
            socket.watch.get_or_insert_with(|| Watch::new(watcher, source));
            if socket.readiness() != Readiness::default() {
                wire.stir(key);
            }
            Ok(())
        })
    }

    fn source(&self) -> Option<SourceId> {
        self.source
    }

    #[inline]
    fn ready_now(&self) -> Readiness {
        Readiness::default()
    }

    fn into_below(self: Box<Self>) -> Result<Settled, Box<dyn SocketEngine>> {
        Err(self)
    }

    fn bind(&mut self, address: BindAddress, port: u16, mode: BindMode) -> io::Result<()> {
        self.held.with(|wire, key| {
            let socket = &mut wire.sockets[key];
            socket.is_v6_only = socket.is_v6 && address != BindAddress::Any;
            (socket.shares, socket.spreads) = (mode.shares(), mode.spreads());
            wire.bind(key, address.with_port(port))
        })
    }

    fn connect(&mut self, peer: Address) -> io::Result<Progress> {
        let peer = internet(peer)?;
        self.held.with(|wire, key| match wire.sockets[key].kind {
            SocketType::Udp => wire.connect_datagrams(key, peer).map(|()| Progress::Connected),
            _ => wire.connect_stream(key, peer).map(|()| Progress::Pending),
        })
    }

    fn progress(&mut self) -> io::Result<Progress> {
        self.held.progress()
    }

    fn listen(&mut self, backlog: u32) -> io::Result<()> {
        self.held.with(|wire, key| wire.listen(key, backlog))
    }

    fn accept(&mut self) -> io::Result<Accepted> {
        let (key, peer) = self.held.with(Wire::accept)?;
        let network = self.held.network.clone();
        let engine = Self::new(network, key, self.reactor.clone(), self.watcher);
        Ok(Accepted::new(Box::new(engine), peer.into()))
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.held.read(buffer)
    }

    fn read_to(&mut self, buffer: &mut Vec<u8>, max: usize) -> io::Result<usize> {
        // One byte is needed to find the end.
        let most = self.available()?.max(1);
        self.read_cleared(buffer, max.min(most))
    }

    fn peek(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.held.peek(buffer)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match slices {
            [bytes] => self.held.write(bytes),
            _ => {
                let mut bytes = Vec::new();
                slices.iter().for_each(|slice| bytes.extend_from_slice(slice));
                self.held.write(&bytes)
            }
        }
    }

    fn has_datagram(&self) -> io::Result<bool> {
        Ok(self.datagram_size()?.is_some())
    }

    fn datagram_size(&self) -> io::Result<Option<usize>> {
        self.held.look(|socket| match &socket.role {
            Role::Datagrams(datagrams) => datagrams.waiting.front().map(Arrived::len),
            _ => None,
        })
    }

    fn receive_from(&mut self, buffer: &mut [u8]) -> io::Result<(usize, Address)> {
        let received = self.held.receive(buffer)?;
        Ok((received.count, received.sender))
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Received> {
        self.held.receive(buffer)
    }

    fn send_to(&mut self, bytes: &[u8], to: Address) -> io::Result<usize> {
        self.held.send_to(bytes, internet(to)?)
    }

    fn send(&mut self, datagram: &NetworkDatagram) -> io::Result<usize> {
        let sender = datagram.sender().map(canonical);
        // The scope id of a link-local sender is the interface to send by.
        let sender_scope = sender.map(scope_id).filter(|&scope| scope != 0);
        let way = Way {
            source: sender.map(|sender| sender.ip()),
            interface: datagram.interface_index().or(sender_scope),
            hops: datagram.hop_limit(),
        };
        let to = datagram.destination();
        self.held.with(|wire, key| wire.send_datagram(key, datagram.data(), to, way))
    }

    fn set_member(
        &mut self,
        group: IpAddr,
        interface: Option<&NetworkInterface>,
        membership: Membership,
    ) -> io::Result<()> {
        let index = interface.map(NetworkInterface::index);
        self.held.look(|_| ())?;
        self.held.network.wire().set_member(self.held.key, group, index, membership)
    }

    fn multicast_interface(&self) -> io::Result<Option<NetworkInterface>> {
        let host = self.host()?;
        let index = self.held.look(Socket::interface_for_groups)?;
        let interfaces = self.held.network.interfaces(host);
        Ok(interfaces.into_iter().find(|interface| Some(interface.index()) == index))
    }

    fn set_multicast_interface(&mut self, interface: &NetworkInterface) -> io::Result<()> {
        let index = interface.index();
        self.held.with(|wire, key| {
            let socket = &mut wire.sockets[key];
            if socket.is_v6 && socket.interface.is_some_and(|bound| bound != index) {
                return Err(Errno::INVAL);
            }
            if let Some(datagrams) = socket.datagrams() {
                datagrams.interface = Some(index);
            }
            Ok(())
        })
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.held.with(|wire, key| wire.shut_down(key, Shutdown::Write))
    }

    fn reset(&mut self) -> io::Result<()> {
        self.held.with(|wire, key| {
            wire.reset(key);
            Ok(())
        })
    }

    fn available(&self) -> io::Result<usize> {
        self.held.look(|socket| match &socket.role {
            Role::Stream(stream) => stream.incoming.len(),
            Role::Datagrams(datagrams) => datagrams.waiting.front().map_or(0, Arrived::len),
            _ => 0,
        })
    }

    fn option(&self, option: OptionName) -> io::Result<SocketOption> {
        self.held.with(|wire, key| wire.option(key, option))
    }

    fn set_option(&mut self, option: SocketOption) -> io::Result<()> {
        self.held.with(|wire, key| wire.set_option(key, option))
    }

    fn is_dual_stack(&self) -> io::Result<bool> {
        self.held.look(|socket| socket.is_v6 && !socket.is_v6_only)
    }

    fn local_addr(&self) -> io::Result<Address> {
        self.held.local_addr().map(Address::from)
    }

    fn peer_addr(&self) -> io::Result<Address> {
        self.held.peer_addr().map(Address::from)
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

/// Returns the IP address. Fails for another kind of address, which the network does not have.
fn internet(address: Address) -> io::Result<SocketAddr> {
    address.internet().ok_or_else(|| io::ErrorKind::Unsupported.into())
}

impl Drop for SimSocket {
    fn drop(&mut self) {
        if let Some(source) = self.source {
            self.reactor.strike(source);
        }
    }
}
