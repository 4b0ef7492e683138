//! Connections through proxies that follow a script, on every network: SOCKS5 here and in most
//! modules, HTTP in `http.rs`.

#[allow(dead_code, reason = "the peers of the tests of `QSslSocket`")]
#[path = "../ssl_socket/by_hand.rs"]
mod by_hand;
#[allow(dead_code, reason = "the parties of the tests of `QSslSocket`")]
#[path = "../ssl_socket/parties.rs"]
mod parties;

mod answers;
mod as_in_qt;
mod asking;
mod choosing;
mod demands;
mod encrypted;
mod environment;
mod faults;
mod http;
mod listening;
mod phases;
mod relay;
mod relay_troubles;
mod steps;

use std::io::Write;
use std::time::Duration;

use slotwire::prelude::*;
use slotwire::{BindMode, NetworkProxy, SocketOption};
use support::*;

/// What a socket says when it connects to a name through a proxy: nobody looks the name up here.
const CONNECTED: [&str; 4] = ["HostLookup", "Connecting", "Connected", "connected"];

/// What a socket says when an attempt fails, before the error.
const FAILED: [&str; 3] = ["HostLookup", "Connecting", "Unconnected"];

/// What a client without credentials says first.
const GREETING: &[u8] = b"\x05\x01\x00";

/// The request to connect to `example.invalid`, port 80.
const REQUEST: &[u8] = b"\x05\x01\x00\x03\x0fexample.invalid\x00\x50";

/// The proxy's reply: it has connected, from 10.9.8.7, port 80.
const SUCCESS: &[u8] = b"\x05\x00\x00\x01\x0a\x09\x08\x07\x00\x50";

/// A socket that begins to connect to a host through the proxy that listens here.
fn begin(
    net: &Net,
    rt: &mut Runtime,
    host: &str,
    finish: impl FnOnce(NetworkProxy) -> NetworkProxy,
) -> (Obj<QTcpSocket>, Journal, Listener) {
    begin_to(net, rt, (host, 80), |port| finish(NetworkProxy::socks5("127.0.0.1", port)))
}

/// A socket that begins to connect to a host and its port, by the proxy made of the port of the
/// listener. The journal has `asked` for each time that the proxy asks for credentials.
fn begin_to(
    net: &Net,
    rt: &mut Runtime,
    (host, at): (&str, u16),
    proxy: impl FnOnce(u16) -> NetworkProxy,
) -> (Obj<QTcpSocket>, Journal, Listener) {
    let (listener, port) = net.listener();
    let socket = rt.add(QTcpSocket::new());
    let journal = journal_of(rt, socket);
    let asked = journal.clone();
    rt.connect_fn(socket, QTcpSocket::proxy_authentication_required, move |_, _| {
        asked.note("asked");
    });
    rt[socket].set_proxy(proxy(port));
    rt[socket].connect_to_host(host, at);
    (socket, journal, listener)
}

/// Runs the loop until the proxy has heard this.
#[track_caller]
fn hear(rt: &mut Runtime, proxy: &mut Peer, expected: &[u8]) {
    assert_eq!(read_exactly(rt, proxy, expected.len()), expected);
}

/// Plays a proxy that lets everybody through.
#[track_caller]
fn let_through(rt: &mut Runtime, proxy: &mut Peer, request: &[u8]) {
    reply_with(rt, proxy, request, SUCCESS);
}

/// Plays a proxy that wants no password, and replies with this to the request.
#[track_caller]
fn reply_with(rt: &mut Runtime, proxy: &mut Peer, request: &[u8], reply: &[u8]) {
    hear(rt, proxy, GREETING);
    proxy.write_all(b"\x05\x00").unwrap();
    hear(rt, proxy, request);
    proxy.write_all(reply).unwrap();
}

/// Plays a proxy that lets the user `joe` through, whose password is `secret`.
#[track_caller]
fn let_joe_through(rt: &mut Runtime, proxy: &mut Peer) {
    hear(rt, proxy, b"\x05\x01\x02");
    proxy.write_all(b"\x05\x02").unwrap();
    hear(rt, proxy, b"\x01\x03joe\x06secret");
    proxy.write_all(b"\x01\x00").unwrap();
    hear(rt, proxy, REQUEST);
    proxy.write_all(SUCCESS).unwrap();
}

#[on_every_network]
fn a_socket_connects_through_a_proxy_which_looks_the_name_up(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, listener) = begin(net, &mut rt, "example.invalid", |proxy| proxy);
    let mut proxy = caller(&mut rt, &listener);
    assert_eq!(rt[socket].local_addr(), None);
    let_through(&mut rt, &mut proxy, REQUEST);
    wait_until(&mut rt, is(SocketState::Connected, socket));
    settle(&mut rt);
    assert_eq!(journal.take(), CONNECTED);
    assert_eq!(rt[socket].peer_name(), "example.invalid");
    assert_eq!((rt[socket].peer_address(), rt[socket].peer_port()), (None, Some(80)));
    assert_eq!(rt[socket].local_addr(), Some(([10, 9, 8, 7], 80).into()));

    rt[socket].write_all(b"hi").unwrap();
    hear(&mut rt, &mut proxy, b"hi");
    proxy.write_all(b"yo").unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 2);
    assert_eq!(rt[socket].read_all(), b"yo");
    rt[socket].disconnect_from_host();
    assert_eq!(read_to_end(&mut rt, &mut proxy), b"");
    assert_eq!(rt[socket].state(), SocketState::Unconnected);
}

#[on_every_network]
fn an_address_is_told_to_the_proxy_as_one(net: &Net) {
    let v4 = b"\x05\x01\x00\x01\x0a\x01\x02\x03\x00\x50".as_slice();
    let v6 = [b"\x05\x01\x00\x04\x20\x01\x0d\xb8".as_slice(), &[0; 11], b"\x01\x00\x50"].concat();
    for (host, request) in [("10.1.2.3", v4), ("2001:db8::1", &v6)] {
        let mut rt = net.runtime();
        let (socket, journal, listener) = begin(net, &mut rt, host, |proxy| proxy);
        let mut proxy = caller(&mut rt, &listener);
        let_through(&mut rt, &mut proxy, request);
        wait_until(&mut rt, is(SocketState::Connected, socket));
        rt.deliver();
        let found = ["HostLookup", "Connecting", "host_found", "Connected", "connected"];
        assert_eq!(journal.take(), found);
        assert_eq!(
            rt[socket].peer_addr(),
            Some((host.parse::<std::net::IpAddr>().unwrap(), 80).into())
        );
    }
}

#[on_every_network]
fn a_name_beyond_ascii_is_told_in_its_ascii_form(net: &Net) {
    let mut rt = net.runtime();
    let (_, _, listener) = begin(net, &mut rt, "bücher.test", |proxy| proxy);
    let mut proxy = caller(&mut rt, &listener);
    let_through(&mut rt, &mut proxy, b"\x05\x01\x00\x03\x12xn--bcher-kva.test\x00\x50");
}

#[on_every_network]
fn credentials_of_the_proxy_are_given_at_once(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, listener) =
        begin(net, &mut rt, "example.invalid", |proxy| proxy.with_credentials("joe", "secret"));
    let mut proxy = caller(&mut rt, &listener);
    let_joe_through(&mut rt, &mut proxy);
    wait_until(&mut rt, is(SocketState::Connected, socket));
    rt.deliver();
    assert_eq!(journal.take(), CONNECTED);
}

#[on_every_network]
fn what_is_written_early_follows_the_handshake(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _, listener) = begin(net, &mut rt, "example.invalid", |proxy| proxy);
    rt[socket].write_all(b"early").unwrap();
    let mut proxy = caller(&mut rt, &listener);
    let_through(&mut rt, &mut proxy, REQUEST);
    hear(&mut rt, &mut proxy, b"early");
}

#[on_every_network]
fn both_directions_end_apart_through_a_proxy(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, listener) = begin(net, &mut rt, "example.invalid", |proxy| proxy);
    rt[socket].set_allow_half_open(true);
    let mut proxy = caller(&mut rt, &listener);
    let_through(&mut rt, &mut proxy, REQUEST);
    wait_until(&mut rt, is(SocketState::Connected, socket));
    proxy.write_all(b"all").unwrap();
    proxy.shutdown(std::net::Shutdown::Write).unwrap();
    wait_until(&mut rt, |_| journal.has("read_channel_finished"));
    rt[socket].write_all(b"answer").unwrap();
    rt[socket].shutdown_write();
    assert_eq!(read_to_end(&mut rt, &mut proxy), b"answer");
    assert_eq!(rt[socket].read_all(), b"all");
}

#[on_every_network]
fn options_are_those_of_the_connection_to_the_proxy(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _, listener) = begin(net, &mut rt, "example.invalid", |proxy| proxy);
    let option = SocketOption::LowDelay(true);
    rt[socket].set_socket_option(option).unwrap();
    let mut proxy = caller(&mut rt, &listener);
    let_through(&mut rt, &mut proxy, REQUEST);
    wait_until(&mut rt, is(SocketState::Connected, socket));
    assert_eq!(rt[socket].socket_option(option.name()).unwrap(), option);
}

#[on_every_network]
fn a_wait_connects_through_a_proxy(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _, listener) = begin(net, &mut rt, "example.invalid", |proxy| proxy);
    let proxy = caller(&mut rt, &listener);
    let plays = proxy.go([
        Deed::Read(3),
        Deed::Write(b"\x05\x00".to_vec()),
        Deed::Read(22),
        Deed::Write([SUCCESS, b"hello"].concat()),
    ]);
    assert!(rt.wait_for_connected(socket, Some(DEADLINE)));
    assert!(rt[socket].bytes_available() == 5 || rt.wait_for_ready_read(socket, Some(DEADLINE)));
    assert_eq!(rt[socket].peek(5), b"hello");
    assert_eq!(plays.end(&mut rt), [GREETING, REQUEST].concat());
}

#[on_every_network]
fn a_wait_looks_the_name_of_the_proxy_up(net: &Net) {
    let (mut rt, _) = net.timed_runtime();
    let (listener, port) = net.listener();
    let socket = rt.add(QTcpSocket::new());
    rt[socket].set_proxy(NetworkProxy::socks5("localhost", port));
    rt[socket].connect_to_host("example.invalid", 80);
    assert!(!rt.wait_for_connected(socket, Some(Duration::from_secs(1))));
    assert!(listener.accept_now().is_some(), "the proxy was called, and said nothing");
}
