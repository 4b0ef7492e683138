//! What can go wrong with a TCP socket, each provoked by the real thing.
//!
//! Elsewhere: `DatagramTooLarge` and `Temporary` belong to datagrams. The errors of proxies are in
//! `tests/proxy/`, those of encrypted connections come with those. `Network` by a read or write needs a network that fails
//! while it is used, which one host alone cannot bring about. `SocketAccess` needs a process
//! without privileges, which a test that may run as root is not.

use std::io::Write;
use std::net::{Ipv4Addr, UdpSocket};
use std::time::Duration;

use slotwire::prelude::*;
use slotwire::{BindAddress, BindMode, OpenMode, SocketOption};
use support::*;

/// What a socket says that connects there and fails.
fn connecting_to(net: &Net, host: &str, port: u16) -> SocketError {
    let mut rt = net.runtime();
    let socket = rt.add(QTcpSocket::new());
    let errors = rt.spy(socket, QTcpSocket::error_occurred);
    rt[socket].connect_to_host(host, port);
    wait_until(&mut rt, |_| errors.len() == 1);
    assert_eq!(rt[socket].state(), SocketState::Unconnected);
    let error = errors.take()[0];
    assert_eq!(rt[socket].error(), Some(error));
    let said = rt[socket].os_error().map_or_else(|| error.to_string(), |system| system.to_string());
    assert_eq!(rt[socket].error_string(), said);
    error
}

/// What binding there says.
fn binding_to(net: &Net, address: impl Into<BindAddress>, port: u16) -> SocketError {
    let mut rt = net.runtime();
    let socket = rt.add(QTcpSocket::new());
    let errors = rt.spy(socket, QTcpSocket::error_occurred);
    let error = rt[socket].bind(address, port, BindMode::DEFAULT).unwrap_err();
    rt.deliver();
    assert_eq!(errors.take(), [error.kind()]);
    error.kind()
}

#[on_every_network]
fn nobody_listens(net: &Net) {
    assert_eq!(connecting_to(net, "127.0.0.1", net.closed_port()), SocketError::ConnectionRefused);
}

#[on_every_network]
fn there_is_no_such_host(net: &Net) {
    assert_eq!(connecting_to(net, "no-such-host.invalid", 1), SocketError::HostNotFound);
}

#[on_every_network]
fn there_is_no_way_there(net: &Net) {
    assert_eq!(connecting_to(net, "224.0.0.1", 1), SocketError::Network);
}

#[on_every_network]
fn the_peer_closes_or_resets(net: &Net) {
    for resets in [false, true] {
        let mut rt = net.runtime();
        let (socket, peer) = net.connected_pair(&mut rt);
        let errors = rt.spy(socket, QTcpSocket::error_occurred);
        if resets {
            reset(peer)
        } else {
            drop(peer)
        }
        wait_until(&mut rt, |_| errors.len() == 1);
        settle(&mut rt);
        assert_eq!(errors.take(), [SocketError::RemoteHostClosed]);
    }
}

#[on_every_network]
fn the_address_is_in_use(net: &Net) {
    let (_listener, port) = net.listener();
    assert_eq!(binding_to(net, Ipv4Addr::LOCALHOST, port), SocketError::AddressInUse);
}

#[on_every_network]
fn the_address_is_not_of_this_host(net: &Net) {
    let address = Ipv4Addr::new(192, 0, 2, 1);
    assert_eq!(binding_to(net, address, 0), SocketError::SocketAddressNotAvailable);
}

#[on_every_network]
fn the_peer_takes_too_long(net: &Net) {
    let (address, _full) = net.full_listener();
    let (mut rt, _) = net.timed_runtime();
    let socket = rt.add(QTcpSocket::new());
    let errors = rt.spy(socket, QTcpSocket::error_occurred);
    rt[socket].connect_to_address(address, OpenMode::READ_WRITE);
    assert!(rt.run_until(Duration::from_secs(60), |_| errors.len() == 1).unwrap());
    assert_eq!(errors.take(), [SocketError::SocketTimeout]);
}

#[on_every_network]
fn the_process_has_no_descriptors_left(net: &Net) {
    net.in_own_process("the_process_has_no_descriptors_left", || {
        let mut rt = net.runtime();
        let (_listener, port) = net.listener();
        let socket = rt.add(QTcpSocket::new());
        let errors = rt.spy(socket, QTcpSocket::error_occurred);
        net.leave_room_for_descriptors(0);
        rt[socket].connect_to_host("127.0.0.1", port);
        wait_until(&mut rt, |_| errors.len() == 1);
        assert_eq!(errors.take(), [SocketError::SocketResource]);
        let bound = rt[socket].bind(Ipv4Addr::LOCALHOST, 0, BindMode::DEFAULT).unwrap_err();
        assert_eq!(bound.kind(), SocketError::SocketResource);
        net.leave_room_for_many_descriptors();
        rt[socket].connect_to_host("127.0.0.1", port);
        wait_until(&mut rt, |world| world[socket].state() == SocketState::Connected);
    });
}

#[on_every_network]
fn the_state_is_wrong(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _peer) = net.connected_pair(&mut rt);
    let errors = rt.spy(socket, QTcpSocket::error_occurred);
    rt[socket].connect_to_host("127.0.0.1", 1);
    let again = rt[socket].bind(BindAddress::Any, 0, BindMode::DEFAULT).unwrap_err();
    rt.deliver();
    assert_eq!(errors.take(), [SocketError::Operation, SocketError::Unknown]);
    assert_eq!(again.kind(), SocketError::Unknown);
}

#[on_every_network]
fn the_system_cannot_do_it(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _peer) = net.connected_pair(&mut rt);
    let datagrams = UdpSocket::bind(any_port()).unwrap().into();
    let (state, mode) = (SocketState::Connected, OpenMode::READ_WRITE);
    let refused = [
        rt[socket].set_socket_descriptor(datagrams, state, mode).unwrap_err(),
        rt[socket].set_socket_option(SocketOption::PathMtu(1)).unwrap_err(),
    ];
    assert!(refused.iter().all(|e| e.kind() == SocketError::UnsupportedSocketOperation));
}

#[on_every_network]
fn it_is_too_early_to_write_past_the_buffer(net: &Net) {
    let mut rt = net.runtime();
    let (address, _full) = net.full_listener();
    let socket = rt.add(QTcpSocket::new());
    rt[socket].connect_to_address(address, OpenMode::READ_WRITE | OpenMode::UNBUFFERED);
    rt[socket].write(b"x").unwrap_err();
    assert_eq!(rt[socket].error(), Some(SocketError::UnfinishedSocketOperation));
}
