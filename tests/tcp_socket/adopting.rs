//! Descriptors that come from elsewhere, and what a class may set by itself.
//!
//! Descriptors are on the kernel's network alone.

use super::*;
use slotwire::{OpenMode, PauseMode};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

#[test]
fn a_connected_descriptor_becomes_a_connected_socket() {
    let mut rt = Runtime::new().unwrap();
    let (listener, port) = std_listener();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let number = stream.as_raw_fd();
    let mut peer = listener.accept().unwrap().0;
    peer.write_all(b"early").unwrap();
    let (socket, journal) = socket(&mut rt);
    rt[socket]
        .set_socket_descriptor(stream.into(), SocketState::Connected, OpenMode::READ_WRITE)
        .unwrap();
    assert_eq!(rt[socket].socket_descriptor().map(|fd| fd.as_raw_fd()), Some(number));
    assert_eq!(rt[socket].peer_port(), Some(port));
    assert_eq!(rt[socket].local_port(), Some(peer.peer_addr().unwrap().port()));
    wait_until(&mut rt, |world| world[socket].bytes_available() == 5);
    assert_eq!(journal.take(), ["Connected", "ready_read"]);
    rt[socket].write_all(b"hello").unwrap();
    assert_eq!(read_exactly(&mut rt, &mut peer, 5), b"hello");
}

#[test]
fn a_descriptor_that_is_taken_over_takes_the_place_of_the_host_that_was_asked_for() {
    let mut rt = Runtime::new().unwrap();
    let (listener, port) = std_listener();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (socket, _journal) = socket(&mut rt);
    rt[socket].connect_to_host("localhost", closed_port());
    assert_eq!(rt[socket].peer_name(), "localhost");
    rt[socket]
        .set_socket_descriptor(stream.into(), SocketState::Connected, OpenMode::READ_WRITE)
        .unwrap();
    settle(&mut rt);
    assert_eq!((rt[socket].peer_name(), rt[socket].peer_port()), ("", Some(port)));
    assert_eq!(rt[socket].state(), SocketState::Connected);
}

#[test]
fn a_bound_descriptor_is_bound_and_connects_from_there() {
    let mut rt = Runtime::new().unwrap();
    let (listener, port) = std_listener();
    let bound = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    bound.bind(&any_port().into()).unwrap();
    let own_port = bound.local_addr().unwrap().as_socket().unwrap().port();
    let (socket, journal) = socket(&mut rt);
    rt[socket]
        .set_socket_descriptor(bound.into(), SocketState::Bound, OpenMode::READ_WRITE)
        .unwrap();
    settle(&mut rt);
    assert_eq!(journal.take(), ["Bound"]);
    assert_eq!(rt[socket].local_port(), Some(own_port));
    rt[socket].connect_to_host("127.0.0.1", port);
    wait_until(&mut rt, |_| journal.has("connected"));
    assert_eq!(listener.accept().unwrap().1.port(), own_port);
}

#[test]
fn a_descriptor_that_is_connecting_connects_or_fails() {
    let (listener, open) = std_listener();
    for (port, end) in [(open, "connected"), (closed_port(), "ConnectionRefused while Unconnected")]
    {
        for waits in [false, true] {
            let mut rt = Runtime::new().unwrap();
            let stream = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
            let stream = stream.unwrap();
            stream.set_nonblocking(true).unwrap();
            let _under_way = stream.connect(&SocketAddr::from(([127, 0, 0, 1], port)).into());
            let (socket, journal) = socket(&mut rt);
            rt[socket]
                .set_socket_descriptor(stream.into(), SocketState::Connecting, OpenMode::READ_WRITE)
                .unwrap();
            if waits {
                assert_eq!(rt.wait_for_connected(socket, Some(DEADLINE)), port == open);
            }
            wait_until(&mut rt, |_| journal.has(end));
            let (state, peer) = match port == open {
                true => ("Connected", Some(port)),
                false => ("Unconnected", None),
            };
            assert_eq!(journal.take()[..2], ["Connecting", state]);
            assert_eq!(rt[socket].peer_port(), peer);
        }
    }
    drop(listener);
}

#[test]
fn what_is_no_tcp_socket_is_refused_and_closed() {
    let mut rt = Runtime::new().unwrap();
    let (socket, journal) = socket(&mut rt);
    let (local, _peer) = UnixStream::pair().unwrap();
    let descriptors: [OwnedFd; 4] = [
        UdpSocket::bind(any_port()).unwrap().into(),
        std::fs::File::open("/dev/null").unwrap().into(),
        local.into(),
        // It takes connections and is none.
        TcpListener::bind(any_port()).unwrap().into(),
    ];
    for descriptor in descriptors {
        let refused = rt[socket]
            .set_socket_descriptor(descriptor, SocketState::Connected, OpenMode::READ_WRITE)
            .unwrap_err();
        assert_eq!(refused.kind(), SocketError::UnsupportedSocketOperation);
        assert_eq!(rt[socket].error(), Some(SocketError::UnsupportedSocketOperation));
    }
    settle(&mut rt);
    assert_eq!((journal.len(), rt[socket].state()), (0, SocketState::Unconnected));
    assert!(!rt[socket].is_valid());
}

#[cfg(target_os = "linux")]
#[test]
fn a_descriptor_of_multipath_tcp_is_one_of_tcp() {
    use socket2::{Domain, Protocol, Type};
    // A kernel may be without it.
    let Ok(stream) = socket2::Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::MPTCP)) else {
        return;
    };
    let (listener, port) = std_listener();
    stream.connect(&listener.local_addr().unwrap().into()).unwrap();
    let mut rt = Runtime::new().unwrap();
    let (socket, _journal) = socket(&mut rt);
    rt[socket]
        .set_socket_descriptor(stream.into(), SocketState::Connected, OpenMode::READ_WRITE)
        .unwrap();
    assert_eq!(rt[socket].peer_port(), Some(port));
    listener.accept().unwrap().0.write_all(b"hello").unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 5);
}

#[test]
fn a_descriptor_is_taken_over_in_a_runtime_and_in_a_state_that_it_can_have() {
    let mode = OpenMode::READ_WRITE;
    let mut rt = Runtime::new().unwrap();
    let (socket, journal) = socket(&mut rt);
    let (listener, _) = std_listener();
    let stream = || TcpStream::connect(listener.local_addr().unwrap()).unwrap().into();
    let mut unborn = QTcpSocket::new();
    let early = unborn.set_socket_descriptor(stream(), SocketState::Connected, mode);
    assert_eq!(early.unwrap_err().kind(), SocketError::Operation);
    for state in [SocketState::HostLookup, SocketState::Listening, SocketState::Closing] {
        let refused = rt[socket].set_socket_descriptor(stream(), state, mode).unwrap_err();
        assert_eq!(refused.kind(), SocketError::Operation, "{state:?}");
        assert!(refused.to_string().contains(&format!("{state:?}")), "{refused}");
    }
    settle(&mut rt);
    assert_eq!((journal.len(), rt[socket].state()), (0, SocketState::Unconnected));
}

/// A peer may have reset a connection before it is taken over, and it is no more connected then.
#[test]
fn a_descriptor_that_is_not_connected_as_was_said_is_lost_in_the_loop() {
    let (listener, _) = std_listener();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    reset(listener.accept().unwrap().0);
    let never = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    let descriptors: [(OwnedFd, &str); 2] = [
        (stream.into(), "RemoteHostClosed while Connected"),
        (never.into(), "Network while Connected"),
    ];
    for (descriptor, error) in descriptors {
        let mut rt = Runtime::new().unwrap();
        let (socket, journal) = socket(&mut rt);
        let mode = OpenMode::READ_WRITE;
        rt[socket].set_socket_descriptor(descriptor, SocketState::Connected, mode).unwrap();
        wait_until(&mut rt, is_unconnected(socket));
        settle(&mut rt);
        let mut said = journal.take();
        assert_eq!(said.remove(0), "Connected");
        assert_eq!(said.remove(0), error);
        assert_eq!(said, LOST[1..]);
    }
}

#[test]
fn a_descriptor_takes_the_place_of_a_connection() {
    let mut rt = Runtime::new().unwrap();
    let (socket, mut first, journal) = connected(&Net::native(), &mut rt);
    first.write_all(b"stale").unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 5);
    rt[socket].write_all(b"never sent").unwrap();
    let (listener, _) = std_listener();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let mut second = listener.accept().unwrap().0;
    journal.take();
    rt[socket]
        .set_socket_descriptor(stream.into(), SocketState::Connected, OpenMode::READ_WRITE)
        .unwrap();
    settle(&mut rt);
    assert_eq!(journal.take(), [""; 0]);
    assert_eq!(rt[socket].bytes_available(), 0);
    assert_eq!(first.read(&mut [0]).unwrap(), 0);
    second.write_all(b"fresh").unwrap();
    rt[socket].write_all(b"hello").unwrap();
    assert_eq!(read_exactly(&mut rt, &mut second, 5), b"hello");
    wait_until(&mut rt, |world| world[socket].bytes_available() == 5);
    assert_eq!(rt[socket].read_all(), b"fresh");
}

#[test]
fn a_descriptor_that_is_taken_over_as_a_connection_ends_does_not_end_with_it() {
    for peer_closes in [true, false] {
        let mut rt = Runtime::new().unwrap();
        let (socket, first, _journal) = connected(&Net::native(), &mut rt);
        let (listener, port) = std_listener();
        let adopt = move |world: &mut World| {
            let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
            let (state, mode) = (SocketState::Connected, OpenMode::READ_WRITE);
            world[socket].set_socket_descriptor(stream.into(), state, mode).unwrap();
        };
        // Either way there are states that the socket has still to go through.
        if peer_closes {
            once_at(&mut rt, socket, "error", adopt);
            drop(first);
        } else {
            once_at(&mut rt, socket, "Closing", adopt);
            rt[socket].disconnect_from_host();
        }
        wait_until(&mut rt, |world| world[socket].peer_port() == Some(port));
        settle(&mut rt);
        let mut second = listener.accept().unwrap().0;
        second.write_all(b"fresh").unwrap();
        wait_until(&mut rt, |world| world[socket].bytes_available() == 5);
        assert_eq!(rt[socket].state(), SocketState::Connected);
    }
}

#[test]
fn an_unconnected_descriptor_that_was_taken_over_is_closed_by_an_abort() {
    let mut rt = Runtime::new().unwrap();
    let bound = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    bound.bind(&any_port().into()).unwrap();
    let at = bound.local_addr().unwrap().as_socket().unwrap();
    let (socket, journal) = socket(&mut rt);
    let (state, mode) = (SocketState::Unconnected, OpenMode::READ_WRITE);
    rt[socket].set_socket_descriptor(bound.into(), state, mode).unwrap();
    assert!(rt[socket].is_valid());
    rt[socket].abort();
    settle(&mut rt);
    assert_eq!(journal.take(), ["about_to_close"]);
    assert!(!rt[socket].is_valid() && rt[socket].socket_descriptor().is_none());
    TcpListener::bind(at).expect("nobody has the port");
}

#[test]
fn a_descriptor_takes_the_place_of_an_attempt() {
    let mut rt = Runtime::new().unwrap();
    let (listener, port) = std_listener();
    let (socket, journal) = socket(&mut rt);
    rt[socket].connect_to_host("localhost", port);
    let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    rt[socket]
        .set_socket_descriptor(stream.into(), SocketState::Connected, OpenMode::READ_WRITE)
        .unwrap();
    settle(&mut rt);
    assert_eq!(journal.take(), ["HostLookup, but it is Connected", "Connected"]);
    assert_eq!(rt.next_deadline(), None);
}

#[on_every_network_and_layer(no_proxy = "nothing is connected")]
fn a_class_may_say_what_it_knows_better(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal) = socket(&mut rt);
    let this = &mut rt[socket];
    this.set_local_address(Some([10, 0, 0, 1].into()));
    this.set_local_port(Some(1));
    this.set_peer_address(Some([10, 0, 0, 2].into()));
    this.set_peer_port(Some(2));
    this.set_peer_name("elsewhere");
    this.set_socket_state(SocketState::Connected);
    this.set_socket_error(Some(SocketError::Temporary));
    assert_eq!((this.local_address(), this.local_port()), (Some([10, 0, 0, 1].into()), Some(1)));
    assert_eq!((this.peer_address(), this.peer_port()), (Some([10, 0, 0, 2].into()), Some(2)));
    assert_eq!(this.peer_name(), "elsewhere");
    assert_eq!(this.state(), SocketState::Connected);
    assert_eq!(this.error(), Some(SocketError::Temporary));
    settle(&mut rt);
    assert_eq!(journal.len(), 0);
    rt[socket].abort();
    settle(&mut rt);
    assert_eq!(rt[socket].state(), SocketState::Unconnected);
}

#[test]
fn a_class_may_say_addresses_with_their_scope_or_a_part_of_them() {
    let mut socket = QTcpSocket::new();
    let link_local: SocketAddr = "[fe80::1%3]:80".parse().unwrap();
    socket.set_local_addr(Some(link_local));
    socket.set_peer_addr(Some(link_local));
    assert_eq!((socket.local_addr(), socket.peer_addr()), (Some(link_local), Some(link_local)));
    assert_eq!((socket.peer_address(), socket.peer_port()), (Some(link_local.ip()), Some(80)));

    // A port alone keeps the scope, another address does not.
    let mut other = link_local;
    other.set_port(81);
    socket.set_local_port(Some(81));
    socket.set_peer_port(Some(81));
    assert_eq!((socket.local_addr(), socket.peer_addr()), (Some(other), Some(other)));
    let global: SocketAddr = "[fd00::1]:81".parse().unwrap();
    socket.set_local_address(Some(global.ip()));
    socket.set_peer_address(Some(global.ip()));
    assert_eq!((socket.local_addr(), socket.peer_addr()), (Some(global), Some(global)));

    // What is known in part is no socket address.
    socket.set_local_port(None);
    socket.set_peer_address(None);
    assert_eq!((socket.local_addr(), socket.peer_addr()), (None, None));
    assert_eq!((socket.local_address(), socket.local_port()), (Some(global.ip()), None));
    assert_eq!((socket.peer_address(), socket.peer_port()), (None, Some(81)));
    socket.set_local_addr(None);
    socket.set_peer_addr(None);
    assert_eq!((socket.local_address(), socket.peer_port()), (None, None));
}

#[test]
fn what_is_set_is_what_is_asked_for() {
    let mut socket = QTcpSocket::new();
    assert_eq!(socket.protocol_tag(), "");
    socket.set_protocol_tag("imap");
    assert_eq!(socket.protocol_tag(), "imap");
    assert_eq!(socket.pause_mode(), PauseMode::NEVER);
    socket.set_pause_mode(PauseMode::ON_SSL_ERRORS);
    assert_eq!(socket.pause_mode(), PauseMode::ON_SSL_ERRORS);
    socket.resume();
    assert_eq!(socket.connect_timeout(), Some(Duration::from_secs(30)));
    socket.set_connect_timeout(None);
    assert_eq!(socket.connect_timeout(), None);
    assert!(socket.happy_eyeballs());
    socket.set_happy_eyeballs(false);
    assert!(!socket.happy_eyeballs());
    socket.set_read_buffer_size(Some(0));
    socket.set_write_buffer_limit(Some(0));
    assert_eq!((socket.read_buffer_size(), socket.write_buffer_limit()), (None, None));
}
