//! Calls: listening, connecting and calling back.

use slotwire::{BindAddress, Incoming, NetworkInterface};

use super::*;

/// A server at an end that listens on an address, and its port.
fn server_at(ends: &mut Ends, at: SocketAddr) -> (Obj<QTcpServer>, u16) {
    let server = ends[Far].add(QTcpServer::new());
    ends[Far][server].listen(at).unwrap();
    let port = ends[Far][server].server_port().unwrap();
    (server, port)
}

/// Connects a socket of the near end, and gives the connection that the far end's server took.
fn connect(
    ends: &mut Ends,
    socket: Obj<QTcpSocket>,
    server: Obj<QTcpServer>,
    to: SocketAddr,
) -> Obj<QTcpSocket> {
    ends[Near][socket].connect_to_address(to, OpenMode::READ_WRITE);
    ends.until(|ends| {
        ends[Near][socket].state() == SocketState::Connected
            && ends[Far][server].has_pending_connections()
    });
    ends[Far][server].next_pending_connection().unwrap()
}

/// The address of a link-local entry of an interface.
fn entry_of(interface: &NetworkInterface) -> BindAddress {
    let mut entries = interface.address_entries().iter();
    entries.find(|entry| entry.scope_id() != 0).unwrap().into()
}

#[on_every_network]
fn a_server_tells_the_scope_of_its_address(net: &Net) {
    net.between("calls::a_server_tells_the_scope_of_its_address", |ends| {
        let own = ends.own(Far, 0);
        let (server, port) = server_at(ends, own);
        let server = &ends[Far][server];
        assert_eq!(server.server_addr(), Some(ends.own(Far, port)));
        assert_eq!(server.server_address(), Some(own.into()));
        let index = ends.interface(Far).index();
        assert_eq!(server.server_address().unwrap().to_string(), format!("fe80::2%{index}"));
    });
}

#[on_every_network]
fn a_server_listens_on_the_address_of_an_interface(net: &Net) {
    net.between("calls::a_server_listens_on_the_address_of_an_interface", |ends| {
        let address = entry_of(&ends.interface(Far));
        let server = ends[Far].add(QTcpServer::new());
        ends[Far][server].listen_on(address, 0).unwrap();
        assert_eq!(ends[Far][server].server_address(), Some(address));
        let to = ends.other(Near, ends[Far][server].server_port().unwrap());
        let socket = ends[Near].add(QTcpSocket::new());
        connect(ends, socket, server, to);
    });
}

#[on_every_network]
fn both_ends_of_a_connection_know_their_addresses(net: &Net) {
    net.between("calls::both_ends_of_a_connection_know_their_addresses", |ends| {
        for at in [ends.own(Far, 0), (Ipv6Addr::UNSPECIFIED, 0).into()] {
            let (server, port) = server_at(ends, at);
            let to = ends.other(Near, port);
            let socket = ends[Near].add(QTcpSocket::new());
            let accepted = connect(ends, socket, server, to);
            let from = ends[Near][socket].local_port().unwrap();
            assert_eq!(ends[Near][socket].peer_addr(), Some(to));
            assert_eq!(ends[Near][socket].local_addr(), Some(ends.own(Near, from)));
            assert_eq!(ends[Far][accepted].peer_addr(), Some(ends.other(Far, from)));
            assert_eq!(ends[Far][accepted].local_addr(), Some(ends.own(Far, port)));
            // What Qt has in pairs is the same without the scope.
            assert_eq!(ends[Far][accepted].peer_address(), Some(ends.own(Near, 0).ip()));
            assert_eq!(ends[Far][accepted].peer_port(), Some(from));

            ends[Near][socket].write_all(b"by the link").unwrap();
            ends.until(|ends| ends[Far][accepted].bytes_available() == 11);
            assert_eq!(ends[Far][accepted].read_all(), b"by the link");
        }
    });
}

#[on_every_network]
fn a_peer_is_called_back_at_the_address_that_it_called_from(net: &Net) {
    net.between("calls::a_peer_is_called_back_at_the_address_that_it_called_from", |ends| {
        let (server, port) = server_at(ends, (Ipv6Addr::UNSPECIFIED, 0).into());
        let to = ends.other(Near, port);
        let socket = ends[Near].add(QTcpSocket::new());
        let accepted = connect(ends, socket, server, to);

        let home = ends[Near].add(QTcpServer::new());
        ends[Near][home].listen((Ipv6Addr::UNSPECIFIED, 0)).unwrap();
        let mut back = ends[Far][accepted].peer_addr().unwrap();
        back.set_port(ends[Near][home].server_port().unwrap());
        let caller = ends[Far].add(QTcpSocket::new());
        ends[Far][caller].connect_to_address(back, OpenMode::READ_WRITE);
        ends.until(|ends| ends[Near][home].has_pending_connections());
        let called = ends[Near][home].next_pending_connection().unwrap();
        let from = ends[Far][caller].local_port().unwrap();
        assert_eq!(ends[Near][called].peer_addr(), Some(ends.other(Near, from)));
    });
}

#[on_every_network]
fn a_socket_connects_from_a_link_local_address(net: &Net) {
    net.between("calls::a_socket_connects_from_a_link_local_address", |ends| {
        let (server, port) = server_at(ends, (Ipv6Addr::UNSPECIFIED, 0).into());
        let own = entry_of(&ends.interface(Near));
        // Bound to the link, the socket knows which is meant without a scope.
        let unscoped = SocketAddr::new(ends.own(Far, port).ip(), port);
        for to in [ends.other(Near, port), unscoped] {
            let socket = ends[Near].add(QTcpSocket::new());
            ends[Near][socket].bind(own, 0, BindMode::DEFAULT).unwrap();
            let bound = ends[Near][socket].local_addr().unwrap();
            assert_eq!(bound, ends.own(Near, bound.port()));
            let accepted = connect(ends, socket, server, to);
            assert_eq!(ends[Near][socket].local_addr(), Some(bound));
            assert_eq!(ends[Near][socket].peer_addr(), Some(ends.other(Near, port)));
            assert_eq!(ends[Far][accepted].peer_addr(), Some(ends.other(Far, bound.port())));
        }
    });
}

#[on_every_network]
fn a_host_calls_itself_at_its_link_local_address(net: &Net) {
    net.between("calls::a_host_calls_itself_at_its_link_local_address", |ends| {
        let (server, port) = server_at(ends, ends.own(Far, 0));
        let socket = ends[Far].add(QTcpSocket::new());
        let to = ends.own(Far, port);
        ends[Far][socket].connect_to_address(to, OpenMode::READ_WRITE);
        ends.until(|ends| ends[Far][server].has_pending_connections());
        let accepted = ends[Far][server].next_pending_connection().unwrap();
        assert_eq!(ends[Far][accepted].peer_addr(), ends[Far][socket].local_addr());
        assert_eq!(ends[Far][socket].local_addr().map(scope_of), Some(scope_of(to)));
    });
}

#[derive(QObject)]
struct Doorman {
    #[qobject(base)]
    server: QTcpServer,
    callers: Vec<SocketAddr>,
}

impl Doorman {
    fn new() -> Self {
        Self { server: QTcpServer::with_incoming(Self::note), callers: Vec::new() }
    }

    fn note(&mut self, _: &mut Context<Self>, incoming: Incoming) {
        self.callers.push(incoming.peer_addr().expect("it has an IP address"));
    }
}

#[on_every_network]
fn a_class_of_ones_own_is_handed_a_connection_with_its_scope(net: &Net) {
    net.between("calls::a_class_of_ones_own_is_handed_a_connection_with_its_scope", |ends| {
        let doorman = ends[Far].add(Doorman::new());
        ends[Far][doorman].server.listen_on(BindAddress::Any, 0).unwrap();
        let port = ends[Far][doorman].server.server_port().unwrap();
        let socket = ends[Near].add(QTcpSocket::new());
        let to = ends.other(Near, port);
        ends[Near][socket].connect_to_address(to, OpenMode::READ_WRITE);
        ends.until(|ends| !ends[Far][doorman].callers.is_empty());
        assert_eq!(scope_of(ends[Far][doorman].callers[0]), ends.interface(Far).index());
        assert_eq!(ends[Far][doorman].callers[0].ip(), ends.own(Near, 0).ip());
    });
}

#[on_every_network]
fn a_scope_that_means_nothing_is_dropped(net: &Net) {
    net.between("calls::a_scope_that_means_nothing_is_dropped", |ends| {
        for scope_id in [ends.interface(Far).index(), 99] {
            let (server, port) = server_at(ends, scoped("::1", 0, scope_id));
            let localhost = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
            assert_eq!(ends[Far][server].server_addr(), Some(localhost));
            assert_eq!(ends[Far][server].server_address(), Some(localhost.into()));
            let socket = ends[Far].add(QTcpSocket::new());
            let to = scoped("::1", port, scope_id);
            ends[Far][socket].connect_to_address(to, OpenMode::READ_WRITE);
            ends.until(|ends| ends[Far][socket].state() == SocketState::Connected);
            assert_eq!(ends[Far][socket].peer_addr(), Some(localhost));
            assert_eq!(ends[Far][socket].peer_name(), "::1");
        }
    });
}
