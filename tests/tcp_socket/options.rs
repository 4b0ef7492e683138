//! Options: when they can be set, and which of the system's sockets have them.

use super::*;
use slotwire::{BindMode, OpenMode, OptionName, SocketOption};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};

/// Options that are read as they were written.
const EARLY: [SocketOption; 5] = [
    SocketOption::LowDelay(true),
    SocketOption::KeepAlive(true),
    SocketOption::TypeOfService(96),
    SocketOption::KeepAliveIdle(Duration::from_secs(30)),
    SocketOption::KeepAliveCount(3),
];

/// One that no system takes, of which only the system knows that.
const REFUSED: SocketOption = SocketOption::KeepAliveCount(u32::MAX);

#[track_caller]
fn assert_has(rt: &Runtime, socket: Obj<QTcpSocket>, options: &[SocketOption]) {
    for &option in options {
        assert_eq!(rt[socket].socket_option(option.name()).unwrap(), option);
    }
}

fn connect(rt: &mut Runtime, socket: Obj<QTcpSocket>, port: u16) {
    rt[socket].connect_to_host("127.0.0.1", port);
    wait_until(rt, |world| world[socket].state() == SocketState::Connected);
    settle(rt);
}

fn disconnect(rt: &mut Runtime, socket: Obj<QTcpSocket>) {
    rt[socket].disconnect_from_host();
    wait_until(rt, is_unconnected(socket));
    settle(rt);
}

#[on_every_network_and_layer]
fn options_are_read_as_they_were_written(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _peer) = net.connected_pair(&mut rt);
    let options = [
        SocketOption::LowDelay(true),
        SocketOption::KeepAlive(true),
        SocketOption::TypeOfService(96),
        SocketOption::KeepAliveIdle(Duration::from_secs(30)),
        SocketOption::KeepAliveInterval(Duration::from_secs(5)),
        SocketOption::KeepAliveCount(3),
    ];
    for option in options {
        rt[socket].set_socket_option(option).unwrap();
        assert_eq!(rt[socket].socket_option(option.name()).unwrap(), option);
    }
    rt[socket].set_socket_option(SocketOption::KeepAliveIdle(Duration::from_millis(1))).unwrap();
    let idle = rt[socket].socket_option(OptionName::KeepAliveIdle).unwrap();
    assert_eq!(idle, SocketOption::KeepAliveIdle(Duration::from_secs(1)));
    for name in [OptionName::SendBufferSize, OptionName::ReceiveBufferSize] {
        let asked = match name {
            OptionName::SendBufferSize => SocketOption::SendBufferSize(50_000),
            _ => SocketOption::ReceiveBufferSize(50_000),
        };
        rt[socket].set_socket_option(asked).unwrap();
        let (SocketOption::SendBufferSize(size) | SocketOption::ReceiveBufferSize(size)) =
            rt[socket].socket_option(name).unwrap()
        else {
            panic!("another option")
        };
        assert!(size >= 50_000, "{name:?}: {size}");
    }
    // Not every system knows.
    match rt[socket].socket_option(OptionName::PathMtu) {
        Ok(mtu) => assert!(matches!(mtu, SocketOption::PathMtu(1280..)), "{mtu:?}"),
        Err(error) => assert_eq!(error.kind(), SocketError::UnsupportedSocketOperation),
    }
}

#[on_every_network_and_layer]
fn an_option_that_cannot_be_is_refused(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _peer) = net.connected_pair(&mut rt);
    let options = [
        SocketOption::PathMtu(1500),
        SocketOption::KeepAliveIdle(Duration::ZERO),
        SocketOption::KeepAliveIdle(Duration::MAX),
        SocketOption::KeepAliveInterval(Duration::from_secs(u64::MAX)),
        SocketOption::KeepAliveIdle(Duration::from_secs(32_768)),
        SocketOption::KeepAliveCount(u32::MAX),
        SocketOption::KeepAliveCount(128),
        SocketOption::KeepAliveCount(0),
        SocketOption::SendBufferSize(usize::MAX),
        SocketOption::MulticastTtl(2),
    ];
    for option in options {
        let refused = rt[socket].set_socket_option(option).unwrap_err();
        assert_eq!(refused.kind(), SocketError::UnsupportedSocketOperation, "{option:?}");
    }
    assert_eq!(rt[socket].state(), SocketState::Connected);
}

#[on_every_network_and_layer]
fn a_socket_that_the_system_knows_nothing_of_has_the_options_alone_that_were_set(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _) = socket(&mut rt);
    let unknown = rt[socket].socket_option(OptionName::LowDelay).unwrap_err();
    assert_eq!(unknown.kind(), SocketError::Operation);
    rt[socket].set_socket_option(SocketOption::LowDelay(true)).unwrap();
    assert_has(&rt, socket, &[SocketOption::LowDelay(true)]);
    assert!(rt[socket].socket_option(OptionName::KeepAlive).is_err());
    assert!(rt[socket].socket_descriptor().is_none() && !rt[socket].is_valid());
}

#[on_every_network_and_layer(no_proxy = "a TCP socket that has a proxy cannot be bound")]
fn what_is_set_early_is_told_and_every_connection_has_it(net: &Net) {
    let mut rt = net.runtime();
    let (_listener, port) = net.listener();
    // Before it has a runtime, too.
    let mut unborn = QTcpSocket::new();
    for option in [SocketOption::LowDelay(false), SocketOption::ReceiveBufferSize(50_000)] {
        unborn.set_socket_option(option).unwrap();
    }
    for option in EARLY {
        unborn.set_socket_option(option).unwrap();
        assert_eq!(unborn.socket_option(option.name()).unwrap(), option);
    }
    let socket = rt.add(unborn);
    assert_has(&rt, socket, &EARLY);
    assert_has(&rt, socket, &[SocketOption::ReceiveBufferSize(50_000)]);
    for _ in 0..2 {
        connect(&mut rt, socket, port);
        assert_has(&rt, socket, &EARLY);
        // The system says what it makes of it.
        let size = rt[socket].socket_option(OptionName::ReceiveBufferSize).unwrap();
        assert!(matches!(size, SocketOption::ReceiveBufferSize(50_000..=100_000)), "{size:?}");
        disconnect(&mut rt, socket);
    }
    rt[socket].bind(Ipv4Addr::LOCALHOST, 0, BindMode::DEFAULT).unwrap();
    assert_has(&rt, socket, &EARLY);
    connect(&mut rt, socket, port);
    assert_has(&rt, socket, &EARLY);
}

#[on_every_network_and_layer]
fn what_is_set_while_the_host_is_looked_up_is_set_early(net: &Net) {
    let mut rt = net.runtime();
    let (_listener, port) = net.listener();
    let (socket, journal) = socket(&mut rt);
    rt[socket].connect_to_host("localhost", port);
    assert_eq!(rt[socket].state(), SocketState::HostLookup);
    for option in EARLY {
        rt[socket].set_socket_option(option).unwrap();
    }
    wait_until(&mut rt, |_| journal.has("connected"));
    assert_has(&rt, socket, &EARLY);
}

#[on_every_network_and_layer]
fn what_is_set_later_is_the_connections_and_not_kept(net: &Net) {
    let mut rt = net.runtime();
    let (_listener, port) = net.listener();
    let (socket, _) = socket(&mut rt);
    rt[socket].set_socket_option(SocketOption::LowDelay(true)).unwrap();
    connect(&mut rt, socket, port);
    rt[socket].set_socket_option(SocketOption::LowDelay(false)).unwrap();
    rt[socket].set_socket_option(SocketOption::KeepAlive(true)).unwrap();
    assert_has(&rt, socket, &[SocketOption::LowDelay(false), SocketOption::KeepAlive(true)]);
    disconnect(&mut rt, socket);
    assert_has(&rt, socket, &[SocketOption::LowDelay(true)]);
    let unknown = rt[socket].socket_option(OptionName::KeepAlive).unwrap_err();
    assert_eq!(unknown.kind(), SocketError::Operation);
    connect(&mut rt, socket, port);
    assert_has(&rt, socket, &[SocketOption::LowDelay(true), SocketOption::KeepAlive(false)]);
}

#[on_every_network_and_layer(no_proxy = "a TCP socket that has a proxy cannot be bound")]
fn what_the_system_refuses_fails_the_attempt_before_it_calls_anybody(net: &Net) {
    let mut rt = net.runtime();
    let (listener, port) = net.listener();
    let (socket, journal) = socket(&mut rt);
    rt[socket].set_socket_option(SocketOption::LowDelay(true)).unwrap();
    rt[socket].set_socket_option(REFUSED).unwrap();
    assert_has(&rt, socket, &[REFUSED]);
    rt[socket].connect_to_host("127.0.0.1", port);
    wait_until(&mut rt, |_| journal.has("UnsupportedSocketOperation while Unconnected"));
    assert_eq!(journal.take()[..4], ["HostLookup", "Connecting", "host_found", "Unconnected"]);
    let why = rt[socket].error_string();
    assert!(why.contains("KeepAliveCount") && why.contains("nvalid"), "{why}");
    let system = rt[socket].os_error().unwrap();
    assert_eq!(system.kind(), ErrorKind::InvalidInput);

    let refused = rt[socket].bind(Ipv4Addr::LOCALHOST, 0, BindMode::DEFAULT).unwrap_err();
    assert_eq!(refused.kind(), SocketError::UnsupportedSocketOperation);
    assert!(refused.to_string().contains("KeepAliveCount"), "{refused}");
    rt.deliver();
    assert_eq!(journal.take(), ["UnsupportedSocketOperation while Unconnected"]);
    assert!(rt[socket].error_string().contains("KeepAliveCount"));
    assert!(!rt[socket].is_valid());

    rt[socket].set_socket_option(SocketOption::KeepAliveCount(3)).unwrap();
    connect(&mut rt, socket, port);
    let (_, from) = listener.accept();
    assert_eq!(Some(from.port()), rt[socket].local_port(), "the first that called");
    assert_has(&rt, socket, &[SocketOption::LowDelay(true), SocketOption::KeepAliveCount(3)]);
}

#[test]
fn what_can_never_be_is_refused_at_once_and_not_kept() {
    let mut tcp = QTcpSocket::new();
    let mut udp = QUdpSocket::new();
    let zero = Duration::ZERO;
    let refused = [
        (tcp.set_socket_option(SocketOption::PathMtu(1500)), OptionName::PathMtu),
        (tcp.set_socket_option(SocketOption::KeepAliveIdle(zero)), OptionName::KeepAliveIdle),
        (
            tcp.set_socket_option(SocketOption::KeepAliveInterval(zero)),
            OptionName::KeepAliveInterval,
        ),
        (udp.set_socket_option(SocketOption::PathMtu(1500)), OptionName::PathMtu),
        (udp.set_socket_option(SocketOption::LowDelay(true)), OptionName::LowDelay),
        (
            udp.set_socket_option(SocketOption::KeepAliveIdle(Duration::from_secs(1))),
            OptionName::KeepAliveIdle,
        ),
    ];
    for (refused, name) in refused {
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), SocketError::UnsupportedSocketOperation, "{name:?}");
        assert!(error.os_error().is_some(), "{name:?}: the reason");
        assert_eq!(tcp.socket_option(name).unwrap_err().kind(), SocketError::Operation);
        assert_eq!(udp.socket_option(name).unwrap_err().kind(), SocketError::Operation);
    }
}

/// On the kernel's network alone, as descriptors are.
#[test]
fn a_descriptor_that_is_taken_over_gets_what_was_set_early() {
    let mut rt = Runtime::new().unwrap();
    let (listener, _) = std_listener();
    let (socket, journal) = socket(&mut rt);
    let (state, mode) = (SocketState::Connected, OpenMode::READ_WRITE);
    let dial = |listener: &TcpListener| {
        let address: SocketAddr = listener.local_addr().unwrap();
        TcpStream::connect(address).unwrap()
    };
    for option in EARLY {
        rt[socket].set_socket_option(option).unwrap();
    }
    rt[socket].set_socket_descriptor(dial(&listener).into(), state, mode).unwrap();
    assert_has(&rt, socket, &EARLY);
    disconnect(&mut rt, socket);
    journal.take();

    rt[socket].set_socket_option(REFUSED).unwrap();
    let _first = listener.accept().unwrap();
    let error = rt[socket].set_socket_descriptor(dial(&listener).into(), state, mode).unwrap_err();
    assert_eq!(error.kind(), SocketError::UnsupportedSocketOperation);
    assert!(error.to_string().contains("KeepAliveCount"), "{error}");
    settle(&mut rt);
    assert_eq!((journal.len(), rt[socket].state()), (0, SocketState::Unconnected));
    let mut second = listener.accept().unwrap().0;
    assert_eq!(second.read(&mut [0]).unwrap(), 0, "it was closed");
}
