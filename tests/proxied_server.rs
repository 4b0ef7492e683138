//! What a server does for one peer at a time, with a proxy that listens for it and without: the same
//! tests run for a server of this host, behind the example `socks5_server`, and by `.ci/proxies` behind
//! proxies that other people wrote.
//!
//! What a proxy's answers mean is tested in `tests/proxy/listening.rs`, and servers with many peers in
//! `tests/tcp_server.rs`.

use std::io::Write;
use std::net::Shutdown;
use std::time::Duration;

use slotwire::Incoming;
use slotwire::prelude::*;
use support::*;

/// A connection that a server has accepted, and its peer.
struct Pair {
    socket: Obj<QTcpSocket>,
    peer: Peer,
}

/// Connects a peer to a server that listens at this port.
#[track_caller]
fn connect(net: &Net, rt: &mut Runtime, server: Obj<QTcpServer>, port: u16) -> Pair {
    let peer = net.dial(port);
    Pair { socket: accepted(rt, server), peer }
}

#[track_caller]
fn accepted(rt: &mut Runtime, server: Obj<QTcpServer>) -> Obj<QTcpSocket> {
    wait_until(rt, |world| world[server].has_pending_connections());
    rt[server].next_pending_connection().unwrap()
}

/// A server that listens, and the connection of its first peer.
#[track_caller]
fn pair(net: &Net, rt: &mut Runtime) -> Pair {
    let (server, port) = net.server(rt);
    connect(net, rt, server, port)
}

#[track_caller]
fn has_come(rt: &mut Runtime, socket: Obj<QTcpSocket>, expected: &[u8]) {
    wait_until(rt, |world| world[socket].bytes_available() >= expected.len());
    assert_eq!(rt[socket].read_all(), expected);
}

#[on_every_network_and_layer(no_layer = "servers have no layers", proxy_carries = "listening")]
fn bytes_go_both_ways_and_the_end_of_the_peer_is_told(net: &Net) {
    let mut rt = net.runtime();
    let Pair { socket, mut peer } = pair(net, &mut rt);
    assert_eq!(rt[socket].state(), SocketState::Connected);
    let journal = journal_of(&mut rt, socket);
    rt[socket].write_all(b"to the peer").unwrap();
    assert_eq!(read_exactly(&mut rt, &mut peer, 11), b"to the peer");
    peer.write_all(b"to the server").unwrap();
    has_come(&mut rt, socket, b"to the server");
    drop(peer);
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
    rt.deliver();
    assert_eq!(rt[socket].error(), Some(SocketError::RemoteHostClosed));
    assert_eq!(journal.count("disconnected"), 1);
}

#[on_every_network_and_layer(no_layer = "servers have no layers", proxy_carries = "listening")]
fn a_socket_that_disconnects_ends_the_connection_of_the_peer(net: &Net) {
    let mut rt = net.runtime();
    let Pair { socket, mut peer } = pair(net, &mut rt);
    rt[socket].write_all(b"last words").unwrap();
    rt[socket].disconnect_from_host();
    assert_eq!(read_to_end(&mut rt, &mut peer), b"last words");
    assert_eq!(rt[socket].state(), SocketState::Unconnected);
}

#[on_every_network_and_layer(no_layer = "servers have no layers", proxy_carries = "listening")]
fn what_the_peer_says_before_it_is_accepted_is_there(net: &Net) {
    let mut rt = net.runtime();
    let (server, port) = net.server(&mut rt);
    let mut peer = net.dial(port);
    peer.write_all(b"early").unwrap();
    let socket = accepted(&mut rt, server);
    has_come(&mut rt, socket, b"early");
}

#[on_every_network_and_layer(no_layer = "servers have no layers", proxy_carries = "listening")]
fn the_ends_have_the_addresses_of_the_peer_and_of_the_server(net: &Net) {
    let mut rt = net.runtime();
    let (server, port) = net.server(&mut rt);
    let address = rt[server].server_addr();
    assert_eq!(address, Some((any_port().ip(), port).into()));
    let Pair { socket, peer } = connect(net, &mut rt, server, port);
    assert_eq!(rt[socket].local_addr(), address);
    assert_eq!(rt[socket].peer_addr(), Some((any_port().ip(), peer.port()).into()));
}

#[on_every_network_and_layer(
    no_layer = "servers have no layers",
    proxy_carries = "listening half-close"
)]
fn each_direction_ends_by_itself(net: &Net) {
    let mut rt = net.runtime();
    let Pair { socket, mut peer } = pair(net, &mut rt);
    rt[socket].set_allow_half_open(true);
    let journal = journal_of(&mut rt, socket);
    peer.write_all(b"question").unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    wait_until(&mut rt, |_| journal.has("read_channel_finished"));
    assert_eq!(rt[socket].read_all(), b"question");
    assert_eq!(rt[socket].state(), SocketState::Connected);
    rt[socket].write_all(b"answer").unwrap();
    rt[socket].shutdown_write();
    assert_eq!(read_to_end(&mut rt, &mut peer), b"answer");
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
}

#[on_every_network_and_layer(
    no_layer = "servers have no layers",
    proxy_carries = "listening both-ways"
)]
fn much_goes_both_ways_at_once(net: &Net) {
    let mut rt = net.runtime();
    let Pair { socket, peer } = pair(net, &mut rt);
    let bytes = noise(500_000);
    let talks = peer.go([Deed::Write(bytes.clone()), Deed::Read(bytes.len())]);
    rt[socket].write_all(&bytes).unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == bytes.len());
    assert_eq!(rt[socket].read_all(), bytes);
    assert_eq!(talks.end(&mut rt), bytes);
}

#[on_every_network_and_layer(no_layer = "servers have no layers", proxy_carries = "listening")]
fn a_server_that_listens_again_gets_the_next_peer(net: &Net) {
    let mut rt = net.runtime();
    let server = rt.add(QTcpServer::new());
    let announced = rt.spy(server, QTcpServer::new_connection);
    let errors = rt.spy(server, QTcpServer::accept_error);
    let mut pairs = Vec::new();
    for round in 0..5_u8 {
        // Behind a proxy, it is closed already.
        rt[server].close();
        let port = net.let_listen(&mut rt, server);
        pairs.push(connect(net, &mut rt, server, port));
        assert_eq!(announced.len(), 1 + usize::from(round));
    }
    for (number, Pair { socket, peer }) in (0_u8..).zip(&mut pairs) {
        rt[*socket].write_all(&[number]).unwrap();
        assert_eq!(read_exactly(&mut rt, peer, 1), [number]);
    }
    assert!(errors.is_empty());
}

#[on_every_network_and_layer(no_layer = "servers have no layers", proxy_carries = "listening")]
fn servers_that_listen_at_the_same_time_have_a_port_and_a_peer_each(net: &Net) {
    let mut rt = net.runtime();
    let servers: Vec<_> = (0..5).map(|_| net.server(&mut rt)).collect();
    // The last one first.
    let mut peers: Vec<Peer> = servers.iter().rev().map(|&(_, port)| net.dial(port)).collect();
    for (number, (&(server, _), peer)) in (0_u8..).zip(servers.iter().zip(peers.iter_mut().rev())) {
        peer.write_all(&[number]).unwrap();
        let socket = accepted(&mut rt, server);
        has_come(&mut rt, socket, &[number]);
    }
}

#[on_every_network_and_layer(no_layer = "servers have no layers", proxy_carries = "listening")]
fn nobody_reaches_a_server_that_was_closed_or_destroyed(net: &Net) {
    for destroys in [false, true] {
        let mut rt = net.runtime();
        let (server, port) = net.server(&mut rt);
        if destroys {
            assert!(rt.destroy(server));
        } else {
            rt[server].close();
        }
        rt.deliver();
        // A proxy hears of it a little later.
        let mut tries = 0;
        while net.try_dial(port).is_ok() {
            assert!(!rt.run_until(Duration::from_millis(1), |_| false).unwrap());
            tries += 1;
            assert!(tries < 10_000, "the port stays open");
        }
    }
}

/// As Qt's own test does it: the greeting of the server reaches the client.
#[on_every_network_and_layer(no_layer = "servers have no layers", proxy_carries = "listening")]
fn a_socket_behind_the_proxy_reaches_a_server_behind_it(net: &Net) {
    let mut rt = net.runtime();
    let (server, port) = net.server(&mut rt);
    let client = rt.add(QTcpSocket::new());
    rt[client].connect_to_host("127.0.0.1", port);
    let socket = accepted(&mut rt, server);
    rt[socket].write_all(b"Greetings!").unwrap();
    wait_until(&mut rt, is(SocketState::Connected, client));
    has_come(&mut rt, client, b"Greetings!");
    assert_eq!(rt[socket].local_addr(), rt[client].peer_addr());
    rt[client].write_all(b"thanks").unwrap();
    has_come(&mut rt, socket, b"thanks");
    rt[client].disconnect_from_host();
    wait_until(&mut rt, is(SocketState::Unconnected, socket));
}

#[on_every_network_and_layer(no_layer = "servers have no layers", proxy_carries = "listening")]
fn a_paused_server_accepts_its_peer_when_it_is_resumed(net: &Net) {
    let mut rt = net.runtime();
    let (server, port) = net.server(&mut rt);
    rt[server].pause_accepting();
    let mut peer = net.dial(port);
    peer.write_all(b"early").unwrap();
    settle(&mut rt);
    assert!(!rt[server].has_pending_connections());
    rt[server].resume_accepting();
    let socket = accepted(&mut rt, server);
    has_come(&mut rt, socket, b"early");
}

/// Keeps its connections itself.
#[derive(QObject)]
struct Keeper {
    #[qobject(base)]
    server: QTcpServer,
    kept: Vec<Obj<QTcpSocket>>,
}

impl Keeper {
    fn new() -> Self {
        Self { server: QTcpServer::with_incoming(Self::keep), kept: Vec::new() }
    }

    fn keep(&mut self, cx: &mut Context<Self>, incoming: Incoming) {
        let socket = cx.add_child(incoming.into_socket());
        self.kept.push(socket);
    }
}

#[on_every_network_and_layer(no_layer = "servers have no layers", proxy_carries = "listening")]
fn a_class_of_ones_own_gets_the_connection(net: &Net) {
    let mut rt = net.runtime();
    let keeper = rt.add(Keeper::new());
    let port = net.let_listen(&mut rt, keeper.upcast());
    let mut peer = net.dial(port);
    wait_until(&mut rt, |world| !world[keeper].kept.is_empty());
    let socket = rt[keeper].kept[0];
    rt[socket].write_all(b"kept").unwrap();
    assert_eq!(read_exactly(&mut rt, &mut peer, 4), b"kept");
    assert!(!rt[keeper].server.has_pending_connections());
}

#[on_every_network_and_layer(no_layer = "servers have no layers", proxy_carries = "listening")]
fn waits_get_the_connection_and_what_the_peer_says(net: &Net) {
    let mut rt = net.runtime();
    let (server, port) = net.server(&mut rt);
    assert!(rt.wait_for_listening(server, None), "it does already");
    let talks = net.dial(port).go([Deed::Write(b"hello\n".to_vec()), Deed::Read(3), Deed::Close]);
    assert!(rt.wait_for_new_connection(server, Some(DEADLINE)));
    let socket = rt[server].next_pending_connection().unwrap();
    assert!(rt[socket].can_read_line() || rt.wait_for_ready_read(socket, Some(DEADLINE)));
    assert_eq!(rt[socket].read_line_string().as_deref(), Some("hello"));
    rt[socket].write_all(b"ok\n").unwrap();
    assert!(rt.wait_for_disconnected(socket, Some(DEADLINE)));
    assert_eq!(talks.end(&mut rt), b"ok\n");
}
