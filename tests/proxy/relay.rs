//! Datagrams through a SOCKS5 proxy: a socket is bound by the proxy's answer, and a relay of the
//! proxy's sends and receives for it.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use slotwire::prelude::*;
use slotwire::{BindMode, NetworkDatagram, NetworkProxy};

use super::{GREETING, hear, reply_with};
use support::*;

/// The request to relay datagrams from an address that is not known yet.
pub(super) const ASSOCIATE: &[u8] = b"\x05\x03\x00\x01\x00\x00\x00\x00\x00\x00";

/// What a socket says while a proxy binds it.
const BOUND: [&str; 3] = ["HostLookup", "Connecting", "Bound"];

/// Somebody far away, and the head that names him.
const FAR: ([u8; 4], u16) = ([10, 1, 2, 3], 53);
pub(super) const HEAD: &[u8] = b"\x00\x00\x00\x01\x0a\x01\x02\x03\x00\x35";

pub(super) fn far() -> SocketAddr {
    FAR.into()
}

/// The proxy's reply: it relays what is sent to this address.
pub(super) fn relays_at(at: SocketAddr) -> Vec<u8> {
    let SocketAddr::V4(at) = at else { panic!("the relay has an IPv4 address") };
    let port = at.port().to_be_bytes();
    [b"\x05\x00\x00\x01".as_slice(), &at.ip().octets(), &port].concat()
}

/// A socket that knows a proxy, what it says, and where the proxy listens.
pub(super) fn behind_proxy(net: &Net, rt: &mut Runtime) -> (Obj<QUdpSocket>, Journal, Listener) {
    let (listener, port) = net.listener();
    let socket = rt.add(QUdpSocket::new());
    let journal = journal_of(rt, socket);
    let drained = journal.clone();
    rt.connect_fn(socket, QUdpSocket::write_buffer_drained, move |_, _| drained.note("drained"));
    rt[socket].set_proxy(NetworkProxy::socks5("127.0.0.1", port));
    (socket, journal, listener)
}

/// Plays a proxy that relays datagrams by this relay. Returns the control link.
#[track_caller]
pub(super) fn let_relay(rt: &mut Runtime, listener: &Listener, relay: &UdpPeer) -> Peer {
    let mut control = caller(rt, listener);
    reply_with(rt, &mut control, ASSOCIATE, &relays_at(relay.local_addr()));
    control
}

/// A socket that a proxy has bound.
pub(super) struct Relayed {
    pub(super) socket: Obj<QUdpSocket>,
    pub(super) journal: Journal,
    pub(super) listener: Listener,
    pub(super) control: Peer,
    pub(super) relay: UdpPeer,
    /// Where the socket's datagrams come from.
    pub(super) at: SocketAddr,
}

impl Relayed {
    pub(super) fn bound(net: &Net, rt: &mut Runtime) -> Self {
        let (socket, journal, listener) = behind_proxy(net, rt);
        let (relay, _) = net.udp_peer();
        rt[socket].bind(Ipv4Addr::UNSPECIFIED, 0, BindMode::DEFAULT).unwrap();
        let control = let_relay(rt, &listener, &relay);
        wait_until(rt, |world| world[socket].state() == SocketState::Bound);
        settle(rt);
        let at = (Ipv4Addr::LOCALHOST, rt[socket].local_port().unwrap()).into();
        Self { socket, journal, listener, control, relay, at }
    }

    /// Relays these bytes behind this head.
    pub(super) fn relay(&self, head: &[u8], bytes: &[u8]) {
        self.relay.send_to(&[head, bytes].concat(), self.at).unwrap();
    }

    /// The datagrams that the socket receives until none is left.
    pub(super) fn received(&self, rt: &mut Runtime) -> Vec<(Vec<u8>, SocketAddr)> {
        let mut buffer = [0; 64];
        let mut all = Vec::new();
        while let Ok((count, from)) = rt[self.socket].read_datagram(&mut buffer) {
            all.push((buffer[..count].to_vec(), from));
        }
        all
    }
}

#[track_caller]
pub(super) fn relayed_to(relay: &UdpPeer) -> Vec<u8> {
    let mut buffer = [0; 512];
    let (count, _) = relay.recv_from(&mut buffer).unwrap();
    buffer[..count].to_vec()
}

#[on_every_network]
fn a_socket_is_bound_when_the_proxy_answers(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, listener) = behind_proxy(net, &mut rt);
    let (relay, _) = net.udp_peer();
    rt[socket].bind(Ipv4Addr::UNSPECIFIED, 0, BindMode::DEFAULT).unwrap();
    assert_eq!(rt[socket].local_port(), None);
    let _control = let_relay(&mut rt, &listener, &relay);
    wait_until(&mut rt, |world| world[socket].state() == SocketState::Bound);
    settle(&mut rt);
    assert_eq!(journal.take(), BOUND);
    assert_ne!(rt[socket].local_port(), None);
    assert_eq!((rt[socket].peer_addr(), rt[socket].peer_name()), (None, ""));
}

#[on_every_network]
fn datagrams_go_to_and_come_from_anybody_by_the_relay(net: &Net) {
    let mut rt = net.runtime();
    let relayed = Relayed::bound(net, &mut rt);
    let socket = relayed.socket;
    rt[socket].write_datagram(b"hi", far()).unwrap();
    assert_eq!(relayed_to(&relayed.relay), [HEAD, b"hi"].concat());
    let v6: SocketAddr = "[2001:db8::1]:80".parse().unwrap();
    let v6_head = [b"\0\0\0\x04\x20\x01\x0d\xb8".as_slice(), &[0; 11], b"\x01\x00\x50"].concat();
    rt[socket].send_datagram(&NetworkDatagram::new("", v6)).unwrap();
    assert_eq!(relayed_to(&relayed.relay), v6_head);
    relayed.relay(HEAD, b"yo");
    relayed.relay(&v6_head, b"");
    wait_until(&mut rt, |_| relayed.journal.has("ready_read"));
    assert_eq!(relayed.received(&mut rt), [(b"yo".to_vec(), far()), (vec![], v6)]);
    settle(&mut rt);
    let said = ["bytes_written 2", "bytes_written 0", "ready_read"];
    assert!(relayed.journal.take().ends_with(&said.map(str::to_owned)));
}

#[on_every_network]
fn a_socket_has_a_peer_that_only_the_proxy_knows(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, listener) = behind_proxy(net, &mut rt);
    let (relay, _) = net.udp_peer();
    rt[socket].connect_to_host("example.invalid", 53);
    let _control = let_relay(&mut rt, &listener, &relay);
    wait_until(&mut rt, |_| journal.has("connected"));
    assert_eq!((rt[socket].peer_addr(), rt[socket].peer_port()), (None, Some(53)));
    rt[socket].write_all(b"ping").unwrap();
    let mut buffer = [0; 64];
    let (count, at) = relay.recv_from(&mut buffer).unwrap();
    assert_eq!(buffer[..count], *b"\0\0\0\x03\x0fexample.invalid\x00\x35ping");
    for (head, text) in [
        (b"\0\0\0\x01\x0a\x01\x02\x03\x00\x36".as_slice(), b"other port".as_slice()),
        (HEAD, b"pong"),
        (b"\0\0\0\x03\x04name\x00\x35", b"named"),
    ] {
        relay.send_to(&[head, text].concat(), at).unwrap();
    }
    wait_until(&mut rt, |_| journal.has("ready_read"));
    assert_eq!(rt[socket].peek(9), b"pong");
    assert_eq!(rt[socket].read_bytes(9), b"pong");
    assert_eq!(rt[socket].read_bytes(9), b"named");
}

#[on_every_network]
fn a_socket_that_has_a_peer_receives_nothing_of_others(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, listener) = behind_proxy(net, &mut rt);
    let (relay, _) = net.udp_peer();
    rt[socket].connect_to_host("10.1.2.3", 53);
    let _control = let_relay(&mut rt, &listener, &relay);
    wait_until(&mut rt, |_| journal.has("connected"));
    assert_eq!(rt[socket].peer_addr(), Some(far()));
    let at = (Ipv4Addr::LOCALHOST, rt[socket].local_port().unwrap());
    for host in [4, 3, 5] {
        let head = [0, 0, 0, 1, 10, 1, 2, host, 0, 53];
        relay.send_to(&[&head[..], b"from ", &[b'0' + host]].concat(), at).unwrap();
    }
    wait_until(&mut rt, |_| journal.has("ready_read"));
    assert_eq!(rt[socket].read_all(), b"from 3");
}

#[on_every_network]
fn a_first_datagram_binds_the_socket_and_is_sent_again(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, listener) = behind_proxy(net, &mut rt);
    let (relay, _) = net.udp_peer();
    for _ in 0..2 {
        let refused = rt[socket].write_datagram(b"hi", far()).unwrap_err();
        assert_eq!(refused.kind(), SocketError::Temporary);
        assert!(refused.to_string().contains("before the proxy"), "{refused}");
    }
    let _control = let_relay(&mut rt, &listener, &relay);
    wait_until(&mut rt, |_| journal.has("drained"));
    settle(&mut rt);
    assert_eq!(journal.count("drained"), 1);
    rt[socket].write_datagram(b"hi", far()).unwrap();
    assert_eq!(relayed_to(&relay), [HEAD, b"hi"].concat());
}

#[on_every_network]
fn only_right_datagrams_of_the_relay_count(net: &Net) {
    let mut rt = net.runtime();
    let relayed = Relayed::bound(net, &mut rt);
    let (stranger, _) = net.udp_peer();
    // On the simulated network nobody else can reach a connected socket either.
    let _ = stranger.send_to(&[HEAD, b"forged"].concat(), relayed.at);
    let wrong: [&[u8]; 7] = [
        b"",
        b"\0\0",
        b"\0\0\x01\x01\x0a\x01\x02\x03\x00\x35a fragment",
        b"\0\x01\0\x01\x0a\x01\x02\x03\x00\x35reserved",
        b"\0\0\0\x01\x0a\x01",
        b"\0\0\0\x05\x0a\x01\x02\x03\x00\x35of no kind",
        b"\0\0\0\x03\x04name\x00\x35of a name that nobody can answer",
    ];
    for bytes in wrong {
        relayed.relay(bytes, b"");
        relayed.relay(HEAD, b"right");
    }
    let mut right = 0;
    wait_until(&mut rt, |_| relayed.journal.has("ready_read"));
    while right < wrong.len() {
        for (bytes, from) in relayed.received(&mut rt) {
            assert_eq!((&bytes[..], from), (&b"right"[..], far()));
            right += 1;
        }
        turn(&mut rt);
    }
    settle(&mut rt);
    assert!(!rt[relayed.socket].has_pending_datagrams());
}

#[on_every_network]
fn a_relay_that_sends_nothing_right_is_reported_and_starves_nobody(net: &Net) {
    let mut rt = net.runtime();
    let relayed = Relayed::bound(net, &mut rt);
    let socket = relayed.socket;
    for _ in 0..100 {
        relayed.relay(b"nonsense", b"");
    }
    relayed.relay(HEAD, b"right");
    wait_until(&mut rt, |_| relayed.journal.has("ready_read"));
    let mut errors = Vec::new();
    let mut buffer = [0; 64];
    let count = loop {
        match rt[socket].read_datagram(&mut buffer) {
            Ok((count, _)) => break count,
            Err(error) => errors.push(error.kind()),
        }
        turn(&mut rt);
    };
    assert_eq!(buffer[..count], *b"right");
    rt.deliver();
    assert_eq!(relayed.journal.count("ProxyProtocol while Bound"), 1);
    assert_eq!(rt[socket].error(), Some(SocketError::ProxyProtocol));
}

#[on_every_network]
fn a_proxy_that_does_not_tell_the_relay_s_address_means_its_own(net: &Net) {
    for reply in [b"\x05\x00\x00\x01\0\0\0\0".as_slice(), b"\x05\x00\x00\x03\x05relay"] {
        let mut rt = net.runtime();
        let (socket, _, listener) = behind_proxy(net, &mut rt);
        let (relay, at) = net.udp_peer();
        rt[socket].bind(Ipv4Addr::UNSPECIFIED, 0, BindMode::DEFAULT).unwrap();
        let mut control = caller(&mut rt, &listener);
        let reply = [reply, &at.port().to_be_bytes()].concat();
        reply_with(&mut rt, &mut control, ASSOCIATE, &reply);
        wait_until(&mut rt, |world| world[socket].state() == SocketState::Bound);
        rt[socket].write_datagram(b"hi", far()).unwrap();
        assert_eq!(relayed_to(&relay), [HEAD, b"hi"].concat());
    }
}

#[on_every_network]
fn the_relay_ends_with_the_control_link(net: &Net) {
    let mut rt = net.runtime();
    let Relayed { socket, journal, listener, control, relay, at } = Relayed::bound(net, &mut rt);
    // What the proxy says there has no meaning.
    let mut control = control;
    control.write_all(b"hello?").unwrap();
    relay.send_to(&[HEAD, b"last"].concat(), at).unwrap();
    wait_until(&mut rt, |_| journal.has("ready_read"));
    assert_eq!(rt[socket].read_datagram(&mut [0; 16]).unwrap(), (4, far()));
    journal.take();
    drop(control);
    wait_until(&mut rt, |world| world[socket].state() == SocketState::Unconnected);
    settle(&mut rt);
    assert_eq!(journal.take()[0], "ProxyConnectionClosed while Bound");
    // The socket can be bound again.
    rt[socket].bind(Ipv4Addr::UNSPECIFIED, 0, BindMode::DEFAULT).unwrap();
    let _control = let_relay(&mut rt, &listener, &relay);
    wait_until(&mut rt, |world| world[socket].state() == SocketState::Bound);
    settle(&mut rt);
    assert_eq!(journal.take(), BOUND);
}

#[on_every_network]
fn a_refusal_ends_the_binding_with_its_error(net: &Net) {
    use SocketError::*;
    for (code, kind) in [
        (1, Network),
        (2, SocketAccess),
        (5, ConnectionRefused),
        (7, UnsupportedSocketOperation),
        (9, Unknown),
    ] {
        let mut rt = net.runtime();
        let (socket, journal, listener) = behind_proxy(net, &mut rt);
        rt[socket].bind(Ipv4Addr::UNSPECIFIED, 0, BindMode::DEFAULT).unwrap();
        let mut control = caller(&mut rt, &listener);
        reply_with(&mut rt, &mut control, ASSOCIATE, &[5, code, 0, 1, 0, 0, 0, 0, 0, 0]);
        wait_until(&mut rt, |world| world[socket].error() == Some(kind));
        rt.deliver();
        assert_eq!(journal.count(&format!("{kind:?} while Unconnected")), 1);
        assert_eq!(rt[socket].local_port(), None);
    }
}

#[on_every_network]
fn a_proxy_may_ask_for_a_password_before_it_relays(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _, listener) = behind_proxy(net, &mut rt);
    let (relay, at) = net.udp_peer();
    rt.connect_fn(socket, QUdpSocket::proxy_authentication_required, |_, asked| {
        asked.authenticator.set_user("joe");
    });
    rt[socket].bind(Ipv4Addr::UNSPECIFIED, 0, BindMode::DEFAULT).unwrap();
    let mut first = caller(&mut rt, &listener);
    hear(&mut rt, &mut first, GREETING);
    first.write_all(b"\x05\xff").unwrap();
    let mut control = caller(&mut rt, &listener);
    hear(&mut rt, &mut control, b"\x05\x01\x02");
    control.write_all(b"\x05\x02").unwrap();
    hear(&mut rt, &mut control, b"\x01\x03joe\x00");
    control.write_all(b"\x01\x00").unwrap();
    hear(&mut rt, &mut control, ASSOCIATE);
    control.write_all(&relays_at(at)).unwrap();
    wait_until(&mut rt, |world| world[socket].state() == SocketState::Bound);
    rt[socket].write_datagram(b"hi", far()).unwrap();
    assert_eq!(relayed_to(&relay), [HEAD, b"hi"].concat());
}

#[on_every_network]
fn the_size_of_a_datagram_is_that_of_its_text(net: &Net) {
    let mut rt = net.runtime();
    let relayed = Relayed::bound(net, &mut rt);
    let socket = relayed.socket;
    relayed.relay(HEAD, b"twelve bytes");
    relayed.relay(HEAD, b"");
    wait_until(&mut rt, |_| relayed.journal.has("ready_read"));
    assert_eq!(rt[socket].pending_datagram_size(), Some(12));
    assert_eq!(rt[socket].bytes_available(), 12);
    let cut = rt[socket].receive_datagram(Some(6)).unwrap().unwrap();
    assert_eq!((cut.data(), cut.is_truncated()), (&b"twelve"[..], true));
    assert_eq!((cut.sender(), cut.destination()), (Some(far()), None));
    wait_until(&mut rt, |world| world[socket].has_pending_datagrams());
    assert_eq!(rt[socket].pending_datagram_size(), Some(0));
    assert!(rt[socket].receive_datagram(None).unwrap().unwrap().data().is_empty());
    assert!(rt[socket].receive_datagram(None).unwrap().is_none());
    rt[socket].send_datagram(&cut.make_reply("back")).unwrap();
    assert_eq!(relayed_to(&relayed.relay), [HEAD, b"back"].concat());
    let large = rt[socket].write_datagram(&[0; 65_507], far()).unwrap_err();
    assert_eq!(large.kind(), SocketError::DatagramTooLarge);
}

#[on_every_network]
fn what_a_relay_cannot_do_is_refused(net: &Net) {
    let mut rt = net.runtime();
    let socket = Relayed::bound(net, &mut rt).socket;
    let unsupported = SocketError::UnsupportedSocketOperation;
    let group = Ipv4Addr::new(239, 1, 2, 3);
    for ip in [group, Ipv4Addr::BROADCAST] {
        assert_eq!(rt[socket].write_datagram(b"all", (ip, 7)).unwrap_err().kind(), unsupported);
    }
    assert!(rt[socket].join_multicast_group(group.into()).is_err());
    let mut datagram = NetworkDatagram::new("near", far());
    datagram.set_hop_limit(Some(1));
    assert_eq!(rt[socket].send_datagram(&datagram).unwrap_err().kind(), unsupported);
}

#[on_every_network]
fn waits_know_that_a_proxy_binds_the_socket(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _, listener) = behind_proxy(net, &mut rt);
    let (_relay, at) = net.udp_peer();
    assert!(!rt.wait_for_bound(socket, Some(DEADLINE)), "nobody binds it");
    rt[socket].bind(Ipv4Addr::UNSPECIFIED, 0, BindMode::DEFAULT).unwrap();
    let plays = caller(&mut rt, &listener).go([
        Deed::Read(GREETING.len()),
        Deed::Write(b"\x05\x00".to_vec()),
        Deed::Read(ASSOCIATE.len()),
        Deed::Write(relays_at(at)),
    ]);
    assert!(rt.wait_for_bound(socket, Some(DEADLINE)));
    assert_ne!(rt[socket].local_port(), None);
    assert_eq!(plays.end(&mut rt), [GREETING, ASSOCIATE].concat());
}

#[on_every_network]
fn a_wait_gives_a_silent_proxy_up(net: &Net) {
    let (mut rt, _) = net.timed_runtime();
    let (socket, _, _listener) = behind_proxy(net, &mut rt);
    rt[socket].bind(Ipv4Addr::UNSPECIFIED, 0, BindMode::DEFAULT).unwrap();
    assert!(!rt.wait_for_bound(socket, Some(Duration::from_secs(1))));
    assert_eq!(rt[socket].error(), Some(SocketError::SocketTimeout));
    assert_eq!(rt[socket].state(), SocketState::Unconnected);
}

#[on_every_network]
fn the_connect_timeout_covers_the_binding(net: &Net) {
    let (mut rt, stopwatch) = net.timed_runtime();
    let (socket, journal, _listener) = behind_proxy(net, &mut rt);
    rt[socket].set_connect_timeout(Some(Duration::from_secs(7)));
    rt[socket].bind(Ipv4Addr::UNSPECIFIED, 0, BindMode::DEFAULT).unwrap();
    wait_until(&mut rt, |world| world[socket].error().is_some());
    rt.deliver();
    assert_eq!(stopwatch.elapsed(), Duration::from_secs(7));
    assert!(journal.has("ProxyConnectionTimeout while Unconnected"), "{:?}", journal.take());
}

#[on_every_network]
fn the_address_on_this_side_is_the_one_that_was_asked_for(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _, listener) = behind_proxy(net, &mut rt);
    let (other, taken) = net.udp_peer();
    let refused = rt[socket].bind(taken.ip(), taken.port(), BindMode::DEFAULT).unwrap_err();
    assert_eq!(refused.kind(), SocketError::AddressInUse);
    assert_eq!(rt[socket].state(), SocketState::Unconnected);
    drop(other);
    let (relay, _) = net.udp_peer();
    rt[socket].bind(taken.ip(), taken.port(), BindMode::DEFAULT).unwrap();
    let _control = let_relay(&mut rt, &listener, &relay);
    wait_until(&mut rt, |world| world[socket].state() == SocketState::Bound);
    assert_eq!(rt[socket].local_addr(), Some(taken));
}

#[on_every_network]
fn a_socket_that_was_bound_by_a_proxy_can_get_a_peer(net: &Net) {
    let mut rt = net.runtime();
    let Relayed { socket, journal, listener, mut control, relay, .. } =
        Relayed::bound(net, &mut rt);
    rt[socket].connect_to_host("10.1.2.3", 53);
    let _second = let_relay(&mut rt, &listener, &relay);
    wait_until(&mut rt, |_| journal.has("connected"));
    assert_eq!(control.read(&mut [0]).unwrap(), 0, "the first relay is given up");
    rt[socket].write_all(b"hi").unwrap();
    assert_eq!(relayed_to(&relay), [HEAD, b"hi"].concat());
}

#[on_every_network]
fn nothing_is_left_of_a_socket_that_is_given_up_while_it_is_bound(net: &Net) {
    net.in_own_process(
        "relay::nothing_is_left_of_a_socket_that_is_given_up_while_it_is_bound",
        || {
            let mut rt = net.runtime();
            let (listener, port) = net.listener();
            let (relay, at) = net.udp_peer();
            let proxy = NetworkProxy::socks5("127.0.0.1", port);
            // The first one makes what the runtime keeps.
            let before = (0..2).map(|_| {
                for step in 0..4 {
                    for destroys in [false, true] {
                        let socket = rt.add(QUdpSocket::new());
                        rt[socket].set_proxy(proxy.clone());
                        rt[socket].bind(Ipv4Addr::UNSPECIFIED, 0, BindMode::DEFAULT).unwrap();
                        let mut control = (step > 0).then(|| caller(&mut rt, &listener));
                        if let (Some(control), 2..) = (&mut control, step) {
                            hear(&mut rt, control, GREETING);
                            control.write_all(b"\x05\x00").unwrap();
                            hear(&mut rt, control, ASSOCIATE);
                        }
                        if let (Some(control), 3) = (&mut control, step) {
                            control.write_all(&relays_at(at)).unwrap();
                            let is_bound =
                                |world: &World| world[socket].state() == SocketState::Bound;
                            wait_until(&mut rt, is_bound);
                        }
                        if !destroys {
                            rt[socket].abort();
                            settle(&mut rt);
                            assert_eq!(rt[socket].state(), SocketState::Unconnected);
                        }
                        rt.destroy(socket);
                        settle(&mut rt);
                        assert_eq!(rt.next_deadline(), None);
                    }
                }
                net.open_descriptors()
            });
            let [first, second] = before.collect::<Vec<_>>()[..] else { unreachable!() };
            assert_eq!(first, second);
            assert_eq!(relay.recv_now(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
        },
    );
}
