//! One of the kernel's sockets.

use std::cell::Cell;
use std::io::{self, IoSlice};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::rc::Rc;
use std::time::Duration;

use mio::Interest;
use mio::unix::SourceFd;
use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};
use rustix::net::{
    AddressFamily, RecvFlags, SendAncillaryBuffer, recv, recvfrom, send, sendmsg, sendto,
};
use socket2::{Domain, Protocol, Socket, Type};

use super::descriptor::family_of;
use super::system::{self, NO_SIGNAL};
use super::{message, multicast, option};
use crate::event_loop::Reactor;
use crate::net::engine::{
    Accepted, Address, Membership, Progress, Received, Settled, SocketEngine,
};
use crate::net::interface::NetworkInterface;
use crate::net::values::{
    BindAddress, BindMode, NetworkDatagram, OptionName, SocketOption, SocketType, canonical,
};
use crate::object::ObjectKey;
use crate::readiness::{Readiness, SourceId};

/// How many slices the kernels take in one call (`IOV_MAX` of Linux and the BSDs).
const MOST_SLICES: usize = 1024;

/// One of the kernel's sockets, which never blocks. Dropping this closes it.
#[derive(Debug)]
pub(super) struct NativeSocket {
    /// Comes before `socket`, so that it is dropped while the descriptor is still open.
    registration: Registration,
    socket: Socket,
    kind: SocketType,
    /// The socket is an IPv6 socket, which takes IPv4 addresses in their IPv4-mapped form.
    is_v6: bool,
}

/// The registration of a descriptor with the reactor. It ends right before the descriptor is
/// closed.
#[derive(Debug)]
struct Registration {
    reactor: Rc<Reactor>,
    source: Option<SourceId>,
    descriptor: RawFd,
    /// A duplicate of the descriptor may be open. Then closing the descriptor does not close the
    /// socket, and the kernel would go on watching it.
    may_be_shared: Cell<bool>,
}

impl NativeSocket {
    /// Opens a socket of the family of `towards`.
    pub(super) fn open(
        reactor: &Rc<Reactor>,
        kind: SocketType,
        towards: SocketAddr,
    ) -> io::Result<Self> {
        let (form, protocol) = match kind {
            SocketType::Udp => (Type::DGRAM, Protocol::UDP),
            _ => (Type::STREAM, Protocol::TCP),
        };
        let socket = system::open(Domain::for_address(towards), form, protocol)?;
        let is_v6 = towards.is_ipv6();
        Self::prepare(&socket, kind, is_v6)?;
        let registration = Registration::new(reactor, &socket);
        Ok(Self { registration, socket, kind, is_v6 })
    }

    /// Takes over a descriptor, of which there may be duplicates.
    pub(super) fn adopt(
        reactor: &Rc<Reactor>,
        kind: SocketType,
        descriptor: OwnedFd,
    ) -> io::Result<Self> {
        let family = family_of(kind, &descriptor).ok_or(io::ErrorKind::Unsupported)?;
        let socket = Socket::from(descriptor);
        socket.set_nonblocking(true)?;
        system::suppress_signals(&socket)?;
        let is_v6 = family == AddressFamily::INET6;
        Self::prepare(&socket, kind, is_v6)?;
        let registration = Registration::new(reactor, &socket);
        registration.may_be_shared.set(true);
        Ok(Self { registration, socket, kind, is_v6 })
    }

    /// Sets the options that Qt sets on every socket.
    fn prepare(socket: &Socket, kind: SocketType, is_v6: bool) -> io::Result<()> {
        match kind {
            SocketType::Udp => {
                socket.set_broadcast(true)?;
                message::describe_incoming(socket, is_v6)
            }
            // Urgent data stays in its place in the stream. Accepted sockets inherit this option.
            _ => match socket.set_out_of_band_inline(true) {
                // Multipath TCP has no urgent data.
                Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
                done => done,
            },
        }
    }

    /// Ends a connection by a reset, so that its port is free at once and the socket can connect
    /// again. On systems other than Linux, the reset may come only when the socket is closed, and
    /// the socket may not be able to connect again.
    fn disconnect(&self) {
        if rustix::net::connect_unspec(&self.socket).is_err() {
            // If this fails too, the connection ends without a reset, and the port is taken for a
            // while.
            let _ = self.socket.set_linger(Some(Duration::ZERO));
        }
    }

    /// Shares the port with other sockets among which the system spreads what arrives.
    #[cfg(not(any(target_os = "solaris", target_os = "illumos", target_os = "cygwin")))]
    fn reuse_port(&self) -> io::Result<()> {
        self.socket.set_reuse_port(true)
    }

    /// Fails: this system cannot do that.
    #[cfg(any(target_os = "solaris", target_os = "illumos", target_os = "cygwin"))]
    fn reuse_port(&self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Returns the address in the form that this socket takes: IPv4-mapped for an IPv6 socket.
    fn reach(&self, address: SocketAddr) -> SocketAddr {
        match address {
            SocketAddr::V4(v4) if self.is_v6 => {
                SocketAddr::new(v4.ip().to_ipv6_mapped().into(), v4.port())
            }
            other => other,
        }
    }

    /// Returns the length of the first datagram that waits; 0 if none waits.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn first_datagram_len(&self) -> io::Result<usize> {
        self.available()
    }

    /// Returns the length of the first datagram that waits; 0 if none waits. `FIONREAD` of these
    /// systems counts all datagrams that wait, or their headers too.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn first_datagram_len(&self) -> io::Result<usize> {
        match self.recv(&mut vec![0; usize::from(u16::MAX)], RecvFlags::PEEK) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            done => done,
        }
    }

    fn recv(&self, buffer: &mut [u8], flags: RecvFlags) -> io::Result<usize> {
        let (count, _) = retry_on_intr(|| recv(&self.socket, &mut *buffer, flags))?;
        Ok(count)
    }
}

impl SocketEngine for NativeSocket {
    fn watch(&mut self, owner: ObjectKey) -> io::Result<()> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        // A read ends before urgent data, so the readiness must include urgent data.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let interest = interest | Interest::PRIORITY;
        let Registration { reactor, source, descriptor, .. } = &mut self.registration;
        let socket = &mut SourceFd(descriptor);
        match *source {
            None => *source = Some(reactor.register(socket, interest, owner)?),
            Some(source) if reactor.hand_over(source, owner) => {
                reactor.rearm(source, socket, interest)?;
            }
            Some(_) => {}
        }
        Ok(())
    }

    fn source(&self) -> Option<SourceId> {
        self.registration.source
    }

    #[inline]
    fn ready(&mut self, _: Option<SourceId>, readiness: Readiness) -> Readiness {
        readiness
    }

    #[inline]
    fn ready_now(&self) -> Readiness {
        Readiness::default()
    }

    fn into_below(self: Box<Self>) -> Result<Settled, Box<dyn SocketEngine>> {
        Err(self)
    }

    fn bind(&mut self, address: BindAddress, port: u16, mode: BindMode) -> io::Result<()> {
        let at = address.with_port(port);
        if at.is_ipv6() {
            self.socket.set_only_v6(address != BindAddress::Any)?;
        }
        if mode.shares() {
            // On systems other than Linux, UDP sockets share a port by this newer option.
            #[cfg(not(any(target_os = "linux", target_os = "android")))]
            if self.kind == SocketType::Udp {
                self.socket.set_reuse_port(true)?;
            }
            self.socket.set_reuse_address(true)?;
        }
        if mode.spreads() {
            self.reuse_port()?;
        }
        self.socket.bind(&at.into())
    }

    fn connect(&mut self, peer: Address) -> io::Result<Progress> {
        let peer = self.reach(internet(peer)?);
        let connect = || retry_on_intr(|| rustix::net::connect(&self.socket, &peer));
        let connected = match connect() {
            // Linux reports once more that the attempt before has failed.
            Err(Errno::CONNABORTED) => connect(),
            done => done,
        };
        match connected {
            Ok(()) if self.kind == SocketType::Udp => Ok(Progress::Connected),
            Ok(()) => self.progress(),
            Err(Errno::INPROGRESS) => Ok(Progress::Pending),
            Err(error) => Err(error.into()),
        }
    }

    fn progress(&mut self) -> io::Result<Progress> {
        if let Some(error) = self.socket.take_error()? {
            return Err(error);
        }
        match self.peer_addr() {
            // A socket that connects to a free port of its own host may get that port, and then
            // connects to itself.
            Ok(peer) if self.kind == SocketType::Tcp && self.local_addr()? == peer => {
                self.disconnect();
                Err(Errno::CONNREFUSED.into())
            }
            Ok(_) => Ok(Progress::Connected),
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(Progress::Pending),
            Err(error) => Err(error),
        }
    }

    fn listen(&mut self, backlog: u32) -> io::Result<()> {
        self.socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))
    }

    fn accept(&mut self) -> io::Result<Accepted> {
        let (socket, peer) = loop {
            match system::accept(&self.socket) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => break done?,
            }
        };
        let registration = Registration::new(&self.registration.reactor, &socket);
        let engine = Self { registration, socket, kind: self.kind, is_v6: self.is_v6 };
        Ok(Accepted::new(Box::new(engine), peer.into()))
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.recv(buffer, RecvFlags::empty())
    }

    fn read_to(&mut self, buffer: &mut Vec<u8>, max: usize) -> io::Result<usize> {
        if max < buffer.capacity() - buffer.len() {
            return self.read_cleared(buffer, max);
        }
        let socket = &self.socket;
        let read = || recv(socket, spare_capacity(buffer), RecvFlags::empty());
        Ok(retry_on_intr(read)?.0)
    }

    fn peek(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.recv(buffer, RecvFlags::PEEK)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(retry_on_intr(|| send(&self.socket, bytes, NO_SIGNAL))?)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        if let [bytes] = slices {
            return self.write(bytes);
        }
        let first = &slices[..slices.len().min(MOST_SLICES)];
        let mut nothing = SendAncillaryBuffer::default();
        Ok(retry_on_intr(|| sendmsg(&self.socket, first, &mut nothing, NO_SIGNAL))?)
    }

    fn has_datagram(&self) -> io::Result<bool> {
        let mut waiting = [PollFd::new(&self.socket, PollFlags::IN)];
        retry_on_intr(|| poll(&mut waiting, Some(&Timespec::default())))?;
        Ok(waiting[0].revents().contains(PollFlags::IN))
    }

    fn datagram_size(&self) -> io::Result<Option<usize>> {
        Ok(match self.first_datagram_len()? {
            // An empty datagram, or none.
            0 => self.has_datagram()?.then_some(0),
            size => Some(size),
        })
    }

    fn receive_from(&mut self, buffer: &mut [u8]) -> io::Result<(usize, Address)> {
        let (count, _, sender) =
            retry_on_intr(|| recvfrom(&self.socket, &mut *buffer, RecvFlags::empty()))?;
        // Each family has a branch of its own, so that its address is written once, into the result.
        match sender.map(SocketAddr::try_from) {
            Some(Ok(SocketAddr::V4(sender))) => Ok((count, SocketAddr::V4(sender).into())),
            Some(Ok(sender)) => Ok((count, canonical(sender).into())),
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Received> {
        message::receive(&self.socket, buffer)
    }

    fn send_to(&mut self, bytes: &[u8], to: Address) -> io::Result<usize> {
        let to = self.reach(internet(to)?);
        Ok(retry_on_intr(|| sendto(&self.socket, bytes, NO_SIGNAL, &to))?)
    }

    fn send(&mut self, datagram: &NetworkDatagram) -> io::Result<usize> {
        let to = datagram.destination().map(|to| self.reach(to));
        message::send(&self.socket, datagram, to)
    }

    fn set_member(
        &mut self,
        group: IpAddr,
        interface: Option<&NetworkInterface>,
        membership: Membership,
    ) -> io::Result<()> {
        multicast::set_member(&self.socket, self.is_v6, group, interface, membership)
    }

    fn multicast_interface(&self) -> io::Result<Option<NetworkInterface>> {
        multicast::interface(&self.socket, self.is_v6)
    }

    fn set_multicast_interface(&mut self, interface: &NetworkInterface) -> io::Result<()> {
        multicast::set_interface(&self.socket, self.is_v6, interface)
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.socket.shutdown(std::net::Shutdown::Write)
    }

    fn reset(&mut self) -> io::Result<()> {
        // Closing the descriptor then sends the reset: socket(7), `SO_LINGER`.
        self.socket.set_linger(Some(Duration::ZERO))
    }

    fn available(&self) -> io::Result<usize> {
        let available = rustix::io::ioctl_fionread(&self.socket)?;
        Ok(usize::try_from(available).unwrap_or(usize::MAX))
    }

    fn option(&self, name: OptionName) -> io::Result<SocketOption> {
        option::read(self.socket.as_fd(), self.is_v6, name)
    }

    fn set_option(&mut self, option: SocketOption) -> io::Result<()> {
        option::write(self.socket.as_fd(), self.is_v6, option)
    }

    fn is_dual_stack(&self) -> io::Result<bool> {
        Ok(self.is_v6 && !self.socket.only_v6()?)
    }

    fn local_addr(&self) -> io::Result<Address> {
        shown(self.socket.local_addr()?).map(Address::from)
    }

    fn peer_addr(&self) -> io::Result<Address> {
        shown(self.socket.peer_addr()?).map(Address::from)
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        Some(self.socket.as_fd())
    }

    fn lend_descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.registration.may_be_shared.set(true);
        self.descriptor()
    }

    fn into_descriptor(self: Box<Self>) -> Result<OwnedFd, Box<dyn SocketEngine>> {
        let Self { registration, socket, .. } = *self;
        registration.may_be_shared.set(true);
        drop(registration);
        Ok(socket.into())
    }
}

impl Registration {
    fn new(reactor: &Rc<Reactor>, socket: &Socket) -> Self {
        Self {
            reactor: reactor.clone(),
            source: None,
            descriptor: socket.as_raw_fd(),
            may_be_shared: Cell::new(false),
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        match self.source {
            Some(source) if self.may_be_shared.get() => {
                self.reactor.deregister(source, &mut SourceFd(&self.descriptor));
            }
            // The descriptor is closed next, and then the kernel stops watching it.
            Some(source) => self.reactor.forget(source),
            None => {}
        }
    }
}

/// Returns the address, if it is an internet address.
#[inline]
fn internet(address: Address) -> io::Result<SocketAddr> {
    address.internet().ok_or_else(|| io::ErrorKind::Unsupported.into())
}

fn shown(address: socket2::SockAddr) -> io::Result<SocketAddr> {
    address.as_socket().ok_or_else(|| io::ErrorKind::Unsupported.into())
}
