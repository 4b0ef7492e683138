//! The blocking view of a socket.

use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

use slotwire::NetworkLayerProtocol;
use slotwire::prelude::*;
use support::*;

const SOON: Option<Duration> = Some(Duration::from_millis(50));
const LATE: Option<Duration> = Some(DEADLINE);

#[on_every_network_and_layer]
fn a_blocking_view_reads_and_writes_until_the_end(net: &Net) {
    let mut rt = net.runtime();
    let (socket, peer) = net.connected_pair(&mut rt);
    rt[socket].set_write_buffer_limit(Some(10_000));
    rt[socket].set_read_buffer_size(Some(10_000));
    let echo = peer.go([Deed::Read(4 << 20), Deed::Answer(<[u8]>::to_vec), Deed::Close]);
    let mut view = rt.blocking(socket);
    view.write_all(&noise(4 << 20)).unwrap();
    view.flush().unwrap();
    let mut all = Vec::new();
    view.read_to_end(&mut all).unwrap();
    assert!(all == noise(4 << 20));
    assert_eq!(view.read(&mut [0]).unwrap(), 0);
    assert_eq!(view.write(b"x").unwrap_err().kind(), ErrorKind::NotConnected);
    echo.end(&mut rt);
}

#[on_every_network_and_layer]
fn a_blocking_view_waits_no_longer_than_it_may(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _peer) = net.connected_pair(&mut rt);
    rt[socket].set_write_buffer_limit(Some(1000));
    let mut view = rt.blocking(socket).with_timeout(SOON);
    assert_eq!(view.read(&mut [0]).unwrap_err().kind(), ErrorKind::TimedOut);
    // The kernel may find some more room between the write and the flush.
    let stuck = loop {
        let stuck = view.write_all(&noise(64 << 20)).unwrap_err();
        assert_eq!(stuck.kind(), ErrorKind::TimedOut);
        if let Err(stuck) = view.flush() {
            break stuck;
        }
    };
    assert_eq!(stuck.kind(), ErrorKind::TimedOut);
}

#[on_every_network_and_layer]
fn a_blocking_view_does_not_wait_for_what_cannot_come(net: &Net) {
    net.watched(|net| {
        let mut rt = net.runtime();
        let unconnected = rt.add(QTcpSocket::new());
        rt.blocking(unconnected).read(&mut [0]).unwrap_err();
        rt.blocking(unconnected).write(b"x").unwrap_err();
        let (socket, mut peer) = net.connected_pair(&mut rt);
        rt[socket].set_read_buffer_size(Some(4));
        rt[socket].start_transaction();
        peer.write_all(b"more than there is room for").unwrap();
        let mut eight = [0; 8];
        rt.blocking(socket).read_exact(&mut eight).unwrap_err();
        reset(peer);
        rt[socket].write_all(&noise(8 << 20)).unwrap();
        rt[socket].abort();
        rt.blocking(socket).flush().unwrap();
        rt.destroy(socket);
        assert_eq!(rt.blocking(socket).read(&mut [0]).unwrap_err().kind(), ErrorKind::NotConnected);
    });
}

#[on_every_network_and_layer(no_proxy = "the proxy may take what the peer does not")]
fn a_blocking_flush_fails_if_the_peer_is_gone(net: &Net) {
    let mut rt = net.runtime();
    let (socket, peer) = net.connected_pair(&mut rt);
    rt[socket].write_all(&noise(32 << 20)).unwrap();
    let leaving = peer.go([Deed::Read(1000), Deed::Reset]);
    rt.blocking(socket).with_timeout(LATE).flush().unwrap_err();
    leaving.end(&mut rt);
}

#[on_every_network_and_layer(no_proxy = "the proxy may take what the peer does not")]
fn a_blocking_flush_fails_if_a_read_has_found_that_the_peer_is_gone(net: &Net) {
    let mut rt = net.runtime();
    let (socket, peer) = net.connected_pair(&mut rt);
    rt[socket].write_all(&noise(32 << 20)).unwrap();
    reset(peer);
    let mut view = rt.blocking(socket).with_timeout(LATE);
    let _ = view.read(&mut [0]);
    view.flush().unwrap_err();
}

#[on_every_network_and_layer(proxy_carries = "half-close")]
fn an_end_that_is_closed_when_all_is_sent_already_is_told_to_the_peer(net: &Net) {
    net.watched(|net| {
        let mut rt = net.runtime();
        let (socket, peer) = net.connected_pair(&mut rt);
        let answering =
            peer.go([Deed::ReadToEnd, Deed::Answer(<[u8]>::to_ascii_uppercase), Deed::Close]);
        rt.blocking(socket).write_all(b"question").unwrap();
        rt.blocking(socket).flush().unwrap();
        rt[socket].shutdown_write();
        let mut answer = String::new();
        rt.blocking(socket).read_to_string(&mut answer).unwrap();
        assert_eq!(answer, "QUESTION");
        answering.end(&mut rt);
    });
}

#[on_every_network_and_layer(no_proxy = "a reset ends at the proxy")]
fn a_blocking_view_tells_a_reset_from_an_end(net: &Net) {
    let mut rt = net.runtime();
    let (socket, mut peer) = net.connected_pair(&mut rt);
    peer.write_all(b"half of it").unwrap();
    let mut view = rt.blocking(socket).with_timeout(LATE);
    view.read_exact(&mut [0; 10]).unwrap();
    reset(peer);
    let told = view.read_to_end(&mut Vec::new()).unwrap_err();
    assert_eq!(told.kind(), ErrorKind::ConnectionReset);
}

#[on_every_network_and_layer]
fn a_blocking_view_does_not_tell_of_the_same_time_out_twice(net: &Net) {
    let mut rt = net.runtime();
    let (socket, peer) = net.connected_pair(&mut rt);
    rt[socket].set_allow_half_open(true);
    let told = rt.blocking(socket).with_timeout(SOON).read(&mut [0]).unwrap_err();
    assert_eq!(told.kind(), ErrorKind::TimedOut);
    assert_eq!(rt[socket].error(), Some(SocketError::SocketTimeout));
    peer.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(rt.blocking(socket).with_timeout(LATE).read(&mut [0]).unwrap(), 0);
}

#[on_every_network_and_layer(proxy_carries = "refusals")]
fn a_blocking_view_says_that_nobody_listens(net: &Net) {
    let mut rt = net.runtime();
    let socket = rt.add(QTcpSocket::new());
    rt[socket].connect_to_host("127.0.0.1", net.closed_port());
    let told = rt.blocking(socket).with_timeout(LATE).read(&mut [0]).unwrap_err();
    assert_eq!(told.kind(), ErrorKind::ConnectionRefused);
    let reason = rt[socket].error_string();
    assert_eq!(told.to_string(), format!("cannot read from the socket: {reason}"));
}

#[on_every_network_and_layer(proxy_carries = "unknown-names")]
fn a_blocking_view_says_that_there_is_no_such_host(net: &Net) {
    for (host, protocol) in [
        ("no-such-host.invalid", NetworkLayerProtocol::Any),
        ("127.0.0.1", NetworkLayerProtocol::Ipv6),
    ] {
        let mut rt = net.runtime();
        let socket = rt.add(QTcpSocket::new());
        rt[socket].connect_to_host_with(host, 1, OpenMode::READ_WRITE, protocol);
        let told = rt.blocking(socket).with_timeout(LATE).read(&mut [0]).unwrap_err();
        assert_eq!(told.kind(), ErrorKind::NotFound, "{host}");
    }
}
