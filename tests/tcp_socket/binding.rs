//! Giving a socket its own address before it connects.

use super::*;
use slotwire::{BindAddress, BindMode, NetworkLayerProtocol, OpenMode, QTcpServer};
use std::cell::RefCell;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::rc::Rc;

#[on_every_network_and_layer(no_proxy = "a TCP socket that has a proxy cannot be bound")]
fn a_bound_socket_tells_both_families_from_one(net: &Net) {
    let mut rt = net.runtime();
    for address in [
        BindAddress::Any,
        BindAddress::AnyIpv4,
        BindAddress::AnyIpv6,
        Ipv4Addr::LOCALHOST.into(),
        Ipv6Addr::LOCALHOST.into(),
    ] {
        let tcp = rt.add(QTcpSocket::new());
        rt[tcp].bind(address, 0, BindMode::DEFAULT).unwrap();
        let udp = rt.add(QUdpSocket::new());
        rt[udp].bind(address, 0, BindMode::DEFAULT).unwrap();
        assert_eq!(
            (rt[tcp].bound_address(), rt[udp].bound_address()),
            (Some(address), Some(address))
        );
        assert_eq!(rt[udp].local_addr().map(|own| own.ip()), rt[udp].local_address());
        rt[udp].set_local_address(Some(Ipv6Addr::UNSPECIFIED.into()));
        assert_eq!(rt[udp].bound_address(), Some(BindAddress::AnyIpv6));
        rt[tcp].abort();
        settle(&mut rt);
        assert_eq!((rt[tcp].bound_address(), rt[tcp].local_addr()), (None, None));
    }
}

#[on_every_network_and_layer(no_proxy = "a TCP socket that has a proxy cannot be bound")]
fn a_bound_socket_says_so_and_connects_from_there(net: &Net) {
    for address in [BindAddress::Any, BindAddress::AnyIpv4, Ipv4Addr::LOCALHOST.into()] {
        let mut rt = net.runtime();
        let (listener, port) = net.listener();
        let (socket, journal) = socket(&mut rt);
        rt[socket].bind(address, 0, BindMode::DEFAULT).unwrap();
        rt.deliver();
        assert_eq!(journal.take(), ["Bound"]);
        assert_eq!(rt[socket].state(), SocketState::Bound);
        assert!(rt[socket].is_valid());
        assert_eq!(rt[socket].socket_descriptor().is_some(), net.has_descriptors());
        let own_port = rt[socket].local_port();
        assert!(own_port.is_some_and(|port| port > 0));
        rt[socket].connect_to_host("127.0.0.1", port);
        wait_until(&mut rt, |_| journal.has("connected") || journal.has("Unconnected"));
        assert_eq!(journal.take(), CONNECTING, "{address:?}");
        let (_peer, from) = listener.accept();
        assert_eq!(Some(from.port()), own_port, "{address:?}");
        assert_eq!(rt[socket].local_port(), own_port);
        assert_eq!(rt[socket].local_address(), Some(Ipv4Addr::LOCALHOST.into()));
        assert_eq!(rt[socket].peer_address(), Some(Ipv4Addr::LOCALHOST.into()));
    }
}

#[on_every_network]
fn a_socket_says_why_it_cannot_be_bound_now(net: &Net) {
    let bind = |socket: &mut dyn QAbstractSocket| {
        let error = socket.bind_port(0, BindMode::DEFAULT).unwrap_err();
        (error.kind(), error.to_string())
    };
    let early = "cannot bind to [::]:0 before the socket is in a runtime";
    for (kind, message) in [bind(&mut QTcpSocket::new()), bind(&mut QUdpSocket::new())] {
        assert_eq!(kind, SocketError::Operation);
        assert!(message.starts_with(early), "{message}");
    }
    let mut rt = net.runtime();
    let (socket, _journal) = socket(&mut rt);
    rt[socket].bind(Ipv4Addr::LOCALHOST, 0, BindMode::DEFAULT).unwrap();
    let (_, message) = bind(&mut rt[socket]);
    assert_eq!(message, "cannot bind to [::]:0 while the socket is Bound");
}

#[on_every_network_and_layer(no_proxy = "a TCP socket that has a proxy cannot be bound")]
fn a_port_in_use_is_not_given_and_the_socket_can_be_bound_elsewhere(net: &Net) {
    let mut rt = net.runtime();
    let (_listener, port) = net.listener();
    let (socket, journal) = socket(&mut rt);
    let in_use = rt[socket].bind(Ipv4Addr::LOCALHOST, port, BindMode::DEFAULT).unwrap_err();
    assert_eq!(in_use.kind(), SocketError::AddressInUse);
    assert!(in_use.to_string().contains(&format!("127.0.0.1:{port}")), "{in_use}");
    rt.deliver();
    assert_eq!(journal.take(), ["AddressInUse while Unconnected"]);
    assert_eq!(rt[socket].error(), Some(SocketError::AddressInUse));
    assert!(rt[socket].os_error().is_some() && !rt[socket].is_valid());
    rt[socket].bind(Ipv4Addr::LOCALHOST, 0, BindMode::DEFAULT).unwrap();
    assert_eq!(rt[socket].state(), SocketState::Bound);
}

#[on_every_network_and_layer(no_proxy = "a TCP socket that has a proxy cannot be bound")]
fn a_socket_is_bound_once_and_only_in_a_runtime(net: &Net) {
    let mut unborn = QTcpSocket::new();
    let too_early = unborn.bind(BindAddress::Any, 0, BindMode::DEFAULT).unwrap_err();
    assert_eq!(too_early.kind(), SocketError::Operation);
    let mut rt = net.runtime();
    let (socket, journal) = socket(&mut rt);
    rt[socket].bind(Ipv6Addr::LOCALHOST, 0, BindMode::DEFAULT).unwrap();
    let port = rt[socket].local_port();
    let again = rt[socket].bind(BindAddress::Any, 0, BindMode::DEFAULT).unwrap_err();
    assert_eq!(again.kind(), SocketError::Unknown);
    rt.deliver();
    assert_eq!(journal.take(), ["Bound", "Unknown while Bound"]);
    assert_eq!(rt[socket].local_port(), port);
}

#[on_every_network_and_layer(no_proxy = "a TCP socket that has a proxy cannot be bound")]
fn a_bound_socket_is_released_by_each_way_to_end_it(net: &Net) {
    let aborted = ["Unconnected", "read_channel_finished"];
    for way in ["disconnect_from_host", "close", "abort"] {
        let mut rt = net.runtime();
        let (socket, journal) = socket(&mut rt);
        rt[socket].bind(Ipv4Addr::LOCALHOST, 0, BindMode::DEFAULT).unwrap();
        let port = rt[socket].local_port().unwrap();
        settle(&mut rt);
        journal.take();
        match way {
            "close" => rt[socket].close(),
            "abort" => rt[socket].abort(),
            _ => rt[socket].disconnect_from_host(),
        }
        settle(&mut rt);
        let said = if way == "abort" { &aborted[..] } else { &CLOSING };
        assert_eq!(journal.take(), said, "{way}");
        assert_eq!(rt[socket].local_port(), None);
        net.listen_at((Ipv4Addr::LOCALHOST, port)).unwrap();
    }
}

#[on_every_network_and_layer(no_proxy = "a TCP socket that has a proxy cannot be bound")]
fn a_bound_socket_keeps_its_port_when_the_first_address_is_of_another_family(net: &Net) {
    let mut rt = net.runtime();
    let (listener, port) = net.listener();
    let (socket, journal) = socket(&mut rt);
    rt[socket].bind(Ipv4Addr::LOCALHOST, 0, BindMode::DEFAULT).unwrap();
    let own_port = rt[socket].local_port();
    rt[socket].connect_to_host("localhost", port);
    wait_until(&mut rt, |_| journal.has("connected") || journal.has("Unconnected"));
    assert!(journal.has("connected"), "{:?}", journal.take());
    assert_eq!(rt[socket].local_port(), own_port);
    assert_eq!(Some(listener.accept().1.port()), own_port);
}

#[on_every_network_and_layer(no_proxy = "a TCP socket that has a proxy cannot be bound")]
fn a_bound_socket_takes_nothing_to_send_though_it_is_open_from_before(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _peer, journal) = connected(net, &mut rt);
    rt[socket].disconnect_from_host();
    rt[socket].bind(Ipv4Addr::LOCALHOST, 0, BindMode::DEFAULT).unwrap();
    settle(&mut rt);
    journal.take();
    assert!(rt[socket].is_writable());
    let refused = rt[socket].write(b"to nobody").unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotConnected);
    rt[socket].disconnect_from_host();
    settle(&mut rt);
    assert_eq!(journal.take(), CLOSING);
}

#[on_every_network_and_layer(no_proxy = "a TCP socket that has a proxy cannot be bound")]
fn a_bound_socket_that_was_refused_has_no_address_any_more(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal) = socket(&mut rt);
    rt[socket].bind(Ipv4Addr::LOCALHOST, 0, BindMode::DEFAULT).unwrap();
    rt[socket].connect_to_host("127.0.0.1", net.closed_port());
    wait_until(&mut rt, |_| journal.has("ConnectionRefused while Unconnected"));
    settle(&mut rt);
    assert_eq!((rt[socket].local_port(), rt[socket].local_address()), (None, None));
    assert!(!rt[socket].is_valid());
    rt[socket].bind(Ipv4Addr::LOCALHOST, 0, BindMode::DEFAULT).unwrap();
}

#[on_every_network_and_layer]
fn addresses_of_the_wanted_family_alone_are_tried(net: &Net) {
    let mut rt = net.runtime();
    let (_listener, port) = net.listener();
    let families =
        [(NetworkLayerProtocol::Ipv4, "connected"), (NetworkLayerProtocol::Ipv6, "Unconnected")];
    for (family, end) in families {
        let (socket, journal) = socket(&mut rt);
        rt[socket].connect_to_host_with("127.0.0.1", port, OpenMode::READ_WRITE, family);
        wait_until(&mut rt, |_| journal.has(end));
    }
}

#[on_every_network_and_layer(no_proxy = "a TCP socket that has a proxy cannot be bound")]
fn a_socket_that_was_only_bound_is_closed_without_an_error_whatever_its_slots_try(net: &Net) {
    for mode in [OpenMode::READ_WRITE, OpenMode::READ_WRITE | OpenMode::UNBUFFERED] {
        let mut rt = net.runtime();
        let (_listener, port) = net.listener();
        let (socket, journal) = socket(&mut rt);
        // The device stays open after a connection that has ended.
        rt[socket].connect_to_address((Ipv4Addr::LOCALHOST, port).into(), mode);
        wait_until(&mut rt, |_| journal.has("connected"));
        rt[socket].disconnect_from_host();
        wait_until(&mut rt, |_| journal.has("disconnected"));
        journal.take();
        let answers = Rc::new(RefCell::new(Vec::new()));
        let heard = answers.clone();
        rt.connect_fn(socket, QTcpSocket::state_changed, move |world, state| {
            if *state == SocketState::Closing {
                let written = world[socket].write(b"for nobody").map_err(|error| error.kind());
                let read = world[socket].read(&mut [0; 8]).map_err(|error| error.kind());
                heard.borrow_mut().push((written, read));
            }
        });
        rt[socket].bind(Ipv4Addr::LOCALHOST, 0, BindMode::DEFAULT).unwrap();
        rt.deliver();
        rt[socket].disconnect_from_host();
        settle(&mut rt);
        let said = ["Bound", "Closing", "Unconnected", "read_channel_finished", "disconnected"];
        assert_eq!(journal.take(), said, "{mode:?}");
        let is_unbuffered = mode.contains(OpenMode::UNBUFFERED);
        let nothing = if is_unbuffered { Ok(0) } else { Err(ErrorKind::WouldBlock) };
        assert_eq!(answers.take(), [(Err(ErrorKind::BrokenPipe), nothing)], "{mode:?}");
        assert_eq!(rt[socket].error(), None, "{mode:?}");
    }
}

#[on_every_network_and_layer(no_proxy = "a TCP socket that has a proxy cannot be bound")]
fn a_socket_that_calls_its_own_port_is_refused_and_leaves_the_port_to_a_server(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal) = socket(&mut rt);
    rt[socket].bind(Ipv4Addr::LOCALHOST, 0, BindMode::DEFAULT).unwrap();
    let port = rt[socket].local_port().unwrap();
    rt[socket].connect_to_host("127.0.0.1", port);
    wait_until(&mut rt, |_| journal.has("ConnectionRefused while Unconnected"));
    assert!(!journal.has("Connected"));
    let server = rt.add(QTcpServer::new());
    rt[server].listen((Ipv4Addr::LOCALHOST, port)).unwrap();
    rt[socket].connect_to_host("127.0.0.1", port);
    wait_until(&mut rt, |_| journal.has("connected"));
}
