//! What a socket of datagrams does directly, and by the relay of a proxy in the same way.
//!
//! A relay has an address of its own: the peer answers to where a datagram has come from.

use super::*;

/// Datagrams of many sizes, which fit into one with the head of a proxy's relay.
const SIZES: [usize; 6] = [1, 2, 100, 1400, 8000, 0];

/// Receives what the socket has sent, and sends the same back.
#[track_caller]
fn echo(peer: &UdpPeer, expected: &[u8]) {
    let mut buffer = vec![0; 1 << 16];
    let (count, from) = peer.recv_from(&mut buffer).unwrap();
    assert_eq!(&buffer[..count], expected);
    peer.send_to(expected, from).unwrap();
}

#[on_every_network_and_layer(no_layer = "it is on streams", proxy_carries = "datagrams")]
fn a_bound_socket_is_answered_by_everybody_whom_it_asks(net: &Net) {
    let mut rt = net.runtime();
    let socket = rt.add(QUdpSocket::new());
    rt[socket].bind(LOCALHOST, 0, BindMode::DEFAULT).unwrap();
    wait_until(&mut rt, |world| world[socket].state() == SocketState::Bound);
    let peers = [net.udp_peer(), net.udp_peer()];
    for (size, (peer, at)) in SIZES.iter().flat_map(|size| peers.iter().map(move |it| (size, it))) {
        let question = noise(*size);
        assert_eq!(rt[socket].write_datagram(&question, *at).unwrap(), *size);
        echo(peer, &question);
        wait_until(&mut rt, |world| world[socket].has_pending_datagrams());
        let answer = rt[socket].receive_datagram(None).unwrap().unwrap();
        assert!(answer.data() == question, "{size} bytes");
        assert_eq!(answer.sender(), Some(*at));
        assert!(!rt[socket].has_pending_datagrams());
    }
}

#[on_every_network_and_layer(no_layer = "it is on streams", proxy_carries = "datagrams")]
fn a_connected_socket_is_answered_by_its_peer(net: &Net) {
    let mut rt = net.runtime();
    let (peer, at) = net.udp_peer();
    let socket = rt.add(QUdpSocket::new());
    rt[socket].connect_to_host(&at.ip().to_string(), at.port());
    wait_until(&mut rt, |world| world[socket].state() == SocketState::Connected);
    assert_eq!(rt[socket].peer_addr(), Some(at));
    for size in SIZES.into_iter().filter(|&size| size > 0) {
        let question = noise(size);
        rt[socket].write_all(&question).unwrap();
        echo(&peer, &question);
        wait_until(&mut rt, |world| world[socket].bytes_available() == size);
        assert!(rt[socket].read_all() == question, "{size} bytes");
    }
    rt[socket].disconnect_from_host();
    settle(&mut rt);
    assert_eq!(rt[socket].state(), SocketState::Unconnected);
}
