//! The networks that the tests of sockets run on: the kernel's, and the simulated one.
//!
//! A test is written once, for a [`Net`], and `#[on_every_network]` runs it on each. What a test
//! does to the other end is in `peer.rs` and `errand.rs`. What each network does for it is in
//! `native_network.rs` and `simulated_network.rs`.

use std::any::Any;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use slotwire::prelude::*;
use slotwire::{NetworkInterface, NetworkProxy};

use super::layered_network::LayeredNetwork;
use super::native_network::NativeNetwork;
use super::peer::{End, Listener, ListenerEnd, Peer, UdpEnd, UdpPeer};
use super::proxied_network::simulated_proxy_carries;
use super::proxied_network::{ProxiedNetwork, proxy_carries};
use super::secret::SECRET;
use super::simulated_network::SimulatedNetwork;
use super::speech::Speech;
use super::tls::TLS;
use super::{any_port, turn, wait_until, watched};

/// The network of a test: runtimes on it, and peers for their sockets.
pub struct Net {
    make: fn() -> Box<dyn Ground>,
    ground: Box<dyn Ground>,
}

/// What a network does for a test.
pub(crate) trait Ground {
    fn runtime(&self) -> Runtime;

    /// A runtime for which time jumps to its next timer, and what tells how much has passed.
    fn timed_runtime(&self) -> (Runtime, Box<dyn Fn() -> Duration>);

    /// What the tests on this network are called.
    fn name(&self) -> &'static str;

    /// The proxy that listens for servers.
    fn server_proxy(&self) -> NetworkProxy {
        NetworkProxy::default()
    }

    /// Runs the proxy of `examples/socks5_server.rs` on this host. Returns its port, and what ends it
    /// when it is dropped.
    fn run_proxy(&self) -> (u16, Box<dyn Any>);

    fn listen(&self, at: SocketAddr) -> io::Result<Box<dyn ListenerEnd>>;

    /// Listens, and greets whoever calls as a layer wants it, whose other end `speech` makes.
    fn listen_and_greet(
        &self,
        at: SocketAddr,
        speech: fn() -> Box<dyn Speech>,
    ) -> io::Result<Box<dyn ListenerEnd>>;

    fn connect(&self, to: SocketAddr) -> io::Result<Box<dyn End>>;

    fn bind_udp(&self, at: SocketAddr) -> io::Result<Box<dyn UdpEnd>>;

    fn closed_port(&self) -> u16;

    fn full_listener(&self) -> (SocketAddr, Box<dyn Any>);

    fn loopback(&self) -> NetworkInterface;

    fn has_descriptors(&self) -> bool;

    fn open_descriptors(&self) -> usize;

    /// Runs the body of a test by its whole name where nobody else opens and closes sockets.
    fn in_own_process(&self, test: &str, body: &mut dyn FnMut());

    /// Lets the runtimes open `more` sockets and no further one; as many as they like if `None`.
    fn leave_room(&self, more: Option<usize>);
}

/// Writes the methods of [`Ground`] that a network which stands on another one, `self.ground`, leaves to
/// it: all but those that make runtimes and listen.
macro_rules! leave_to_ground {
    () => {
        fn run_proxy(&self) -> (u16, Box<dyn ::std::any::Any>) {
            self.ground.run_proxy()
        }

        fn listen_and_greet(
            &self,
            at: ::std::net::SocketAddr,
            speech: fn() -> Box<dyn $crate::speech::Speech>,
        ) -> ::std::io::Result<Box<dyn $crate::peer::ListenerEnd>> {
            self.ground.listen_and_greet(at, speech)
        }

        fn connect(
            &self,
            to: ::std::net::SocketAddr,
        ) -> ::std::io::Result<Box<dyn $crate::peer::End>> {
            self.ground.connect(to)
        }

        fn bind_udp(
            &self,
            at: ::std::net::SocketAddr,
        ) -> ::std::io::Result<Box<dyn $crate::peer::UdpEnd>> {
            self.ground.bind_udp(at)
        }

        fn closed_port(&self) -> u16 {
            self.ground.closed_port()
        }

        fn full_listener(&self) -> (::std::net::SocketAddr, Box<dyn ::std::any::Any>) {
            self.ground.full_listener()
        }

        fn loopback(&self) -> ::slotwire::NetworkInterface {
            self.ground.loopback()
        }

        fn has_descriptors(&self) -> bool {
            self.ground.has_descriptors()
        }

        fn open_descriptors(&self) -> usize {
            self.ground.open_descriptors()
        }

        fn in_own_process(&self, test: &str, body: &mut dyn FnMut()) {
            self.ground.in_own_process(test, body);
        }

        fn leave_room(&self, more: Option<usize>) {
            self.ground.leave_room(more);
        }
    };
}
pub(super) use leave_to_ground;

impl Net {
    /// The kernel's.
    pub fn native() -> Self {
        Self::of(|| Box::new(NativeNetwork))
    }

    /// A host in memory, to which time is what it is told. What it sends to itself takes no time,
    /// as with the kernel.
    pub fn simulated() -> Self {
        Self::of(|| Box::new(SimulatedNetwork::new()))
    }

    /// The kernel's, with a layer on the connections to the listeners of a test.
    pub fn native_with_layer() -> Self {
        Self::of(|| Box::new(LayeredNetwork::new(Box::new(NativeNetwork), SECRET)))
    }

    /// A host in memory, with a layer on the connections to the listeners of a test.
    pub fn simulated_with_layer() -> Self {
        Self::of(|| Box::new(LayeredNetwork::new(Box::new(SimulatedNetwork::new()), SECRET)))
    }

    /// The kernel's, with TLS on the connections to the listeners of a test.
    pub fn native_with_tls() -> Self {
        Self::of(|| Box::new(LayeredNetwork::new(Box::new(NativeNetwork), TLS)))
    }

    /// A host in memory, with TLS on the connections to the listeners of a test.
    pub fn simulated_with_tls() -> Self {
        Self::of(|| Box::new(LayeredNetwork::new(Box::new(SimulatedNetwork::new()), TLS)))
    }

    /// The kernel's, where every socket connects through a proxy; `None` if that does not carry what
    /// these words name.
    pub fn native_with_proxy(carried: &str) -> Option<Self> {
        proxy_carries(carried)
            .then(|| Self::of(|| Box::new(ProxiedNetwork::new(Box::new(NativeNetwork)))))
    }

    /// The same of a host in memory.
    pub fn simulated_with_proxy(carried: &str) -> Option<Self> {
        simulated_proxy_carries(carried)
            .then(|| Self::of(|| Box::new(ProxiedNetwork::new(Box::new(SimulatedNetwork::new())))))
    }

    fn of(make: fn() -> Box<dyn Ground>) -> Self {
        Self { make, ground: make() }
    }

    /// A runtime whose sockets are on this network.
    pub fn runtime(&self) -> Runtime {
        self.ground.runtime()
    }

    /// A runtime for which time jumps to its next timer, and a stopwatch that begins now.
    pub fn timed_runtime(&self) -> (Runtime, Stopwatch) {
        let (runtime, now) = self.ground.timed_runtime();
        (runtime, Stopwatch { begin: now(), now })
    }

    /// A plain listener on any port, and that port.
    pub fn listener(&self) -> (Listener, u16) {
        let listener = self.listen_at(any_port()).unwrap();
        let port = listener.local_addr().port();
        (listener, port)
    }

    /// A plain listener at this address, unless somebody has it.
    pub fn listen_at(&self, at: impl Into<SocketAddr>) -> io::Result<Listener> {
        Ok(Listener::new(self.ground.listen(at.into())?))
    }

    /// A plain connection to a port of this host.
    #[track_caller]
    pub fn dial(&self, port: u16) -> Peer {
        self.try_dial(port).unwrap()
    }

    /// A plain connection to a port of this host, if somebody listens there.
    pub fn try_dial(&self, port: u16) -> io::Result<Peer> {
        Ok(Peer::new(self.ground.connect((Ipv4Addr::LOCALHOST, port).into())?))
    }

    /// As many plain connections to a port of this host.
    pub fn dial_many(&self, port: u16, count: usize) -> Vec<Peer> {
        (0..count).map(|_| self.dial(port)).collect()
    }

    /// A socket and its peer, connected to each other.
    pub fn connected_pair(&self, rt: &mut Runtime) -> (Obj<QTcpSocket>, Peer) {
        let (listener, port) = self.listener();
        let socket = rt.add(QTcpSocket::new());
        rt[socket].connect_to_host("127.0.0.1", port);
        wait_until(rt, |world| world[socket].state() == SocketState::Connected);
        turn(rt);
        (socket, listener.accept().0)
    }

    /// A server that listens for peers of this host, behind the proxy if there is one, and its port.
    pub fn server(&self, rt: &mut Runtime) -> (Obj<QTcpServer>, u16) {
        let server = rt.add(QTcpServer::new());
        let port = self.let_listen(rt, server);
        (server, port)
    }

    /// Lets a server listen for peers of this host, behind the proxy if there is one. Returns its port.
    pub fn let_listen(&self, rt: &mut Runtime, server: Obj<QTcpServer>) -> u16 {
        rt[server].set_proxy(self.ground.server_proxy());
        rt[server].listen(any_port()).unwrap();
        wait_until(rt, |world| world[server].is_listening());
        rt[server].server_port().unwrap()
    }

    /// Whether a server listens for one connection only: behind a proxy.
    pub fn listens_for_one(&self) -> bool {
        self.ground.server_proxy() != NetworkProxy::default()
    }

    /// A plain socket for datagrams, and its address.
    pub fn udp_peer(&self) -> (UdpPeer, SocketAddr) {
        let peer = self.bind_udp(any_port()).unwrap();
        let address = peer.local_addr();
        (peer, address)
    }

    /// A plain socket for datagrams at this address, unless somebody has it.
    pub fn bind_udp(&self, at: impl Into<SocketAddr>) -> io::Result<UdpPeer> {
        Ok(UdpPeer::new(self.ground.bind_udp(at.into())?))
    }

    /// A port that nobody listens on.
    pub fn closed_port(&self) -> u16 {
        self.ground.closed_port()
    }

    /// The address of a listener whose queue is full, so that nobody is answered there any more, and
    /// what keeps it so.
    pub fn full_listener(&self) -> (SocketAddr, Box<dyn Any>) {
        self.ground.full_listener()
    }

    /// This host's interface to itself.
    pub fn loopback(&self) -> NetworkInterface {
        self.ground.loopback()
    }

    /// What a socket reports if its peer resets the connection. With TLS, a reset is no end that the
    /// peer has told of.
    pub fn error_of_reset(&self) -> SocketError {
        match self.ground.name().ends_with("_with_tls") {
            true => SocketError::Network,
            false => SocketError::RemoteHostClosed,
        }
    }

    /// Whether there is a descriptor behind a socket of this network.
    pub fn has_descriptors(&self) -> bool {
        self.ground.has_descriptors()
    }

    /// Runs the body of the test named `test` where nobody else opens and closes sockets.
    #[track_caller]
    pub fn in_own_process(&self, test: &str, mut body: impl FnMut()) {
        self.ground.in_own_process(&format!("{test}::{}", self.ground.name()), &mut body);
    }

    /// How many descriptors this process has open; on the simulated network, how many sockets are
    /// left on the host, somebody's or nobody's.
    pub fn open_descriptors(&self) -> usize {
        self.ground.open_descriptors()
    }

    /// Lets the runtimes open `more` sockets and no further one.
    pub fn leave_room_for_descriptors(&self, more: usize) {
        self.ground.leave_room(Some(more));
    }

    /// Lets the runtimes open as many sockets as they could at the start.
    pub fn leave_room_for_many_descriptors(&self) {
        self.ground.leave_room(None);
    }

    /// Runs `work` on another network of this kind, in a thread, and fails if it has not come back by
    /// the deadline: for what may hang.
    #[track_caller]
    pub fn watched(&self, work: fn(&Net)) {
        let make = self.make;
        watched(move || work(&Self::of(make)));
    }
}

/// Tells how much time passes for a runtime.
pub struct Stopwatch {
    begin: Duration,
    now: Box<dyn Fn() -> Duration>,
}

impl Stopwatch {
    pub fn elapsed(&self) -> Duration {
        (self.now)() - self.begin
    }
}
