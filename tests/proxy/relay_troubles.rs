//! What goes wrong while a proxy relays datagrams: wrong datagrams, ends at bad moments, and peers
//! that the socket cannot name.

use std::cell::RefCell;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

use slotwire::prelude::*;
use slotwire::{BindMode, NetworkProxy, OptionName, ProxyQuery, SocketOption};

use super::relay::*;
use super::{GREETING, hear, reply_with};
use support::*;

/// Has a slot on `ready_read` take one datagram each time, and returns what the slot takes.
fn one_at_a_time(rt: &mut Runtime, socket: Obj<QUdpSocket>) -> Rc<RefCell<Vec<Vec<u8>>>> {
    let taken = Rc::<RefCell<Vec<Vec<u8>>>>::default();
    let all = taken.clone();
    rt.connect_fn(socket, QUdpSocket::ready_read, move |world, _| {
        let mut buffer = [0; 64];
        if let Ok((count, _)) = world[socket].read_datagram(&mut buffer) {
            all.borrow_mut().push(buffer[..count].to_vec());
        }
    });
    taken
}

/// A socket that a proxy has given this peer, the control link, the relay and the socket's address.
fn connected(
    net: &Net,
    rt: &mut Runtime,
    host: &str,
) -> (Obj<QUdpSocket>, Journal, Peer, UdpPeer, SocketAddr) {
    let (socket, journal, listener) = behind_proxy(net, rt);
    let (relay, _) = net.udp_peer();
    rt[socket].connect_to_host(host, 53);
    let control = let_relay(rt, &listener, &relay);
    wait_until(rt, |_| journal.has("connected"));
    let at = (Ipv4Addr::LOCALHOST, rt[socket].local_port().unwrap()).into();
    (socket, journal, control, relay, at)
}

#[on_every_network]
fn a_slot_that_takes_one_datagram_at_a_time_gets_past_many_wrong_ones(net: &Net) {
    let mut rt = net.runtime();
    let relayed = Relayed::bound(net, &mut rt);
    let taken = one_at_a_time(&mut rt, relayed.socket);
    for _ in 0..64 {
        relayed.relay(b"nonsense", b"");
    }
    relayed.relay(HEAD, b"right");
    wait_until(&mut rt, |_| relayed.journal.has("ProxyProtocol while Bound"));
    settle(&mut rt);
    assert_eq!(*taken.borrow(), [b"right"]);
}

#[on_every_network]
fn an_error_that_waits_is_no_datagram(net: &Net) {
    let mut rt = net.runtime();
    let relayed = Relayed::bound(net, &mut rt);
    for _ in 0..64 {
        relayed.relay(b"nonsense", b"");
    }
    wait_until(&mut rt, |_| relayed.journal.has("ready_read"));
    assert!(!rt[relayed.socket].has_pending_datagrams());
    assert_eq!(rt[relayed.socket].pending_datagram_size(), None);
}

#[on_every_network]
fn a_relay_that_is_gone_is_reported_once_and_may_return(net: &Net) {
    let mut rt = net.runtime();
    let Relayed { socket, journal, control: _control, relay, .. } = Relayed::bound(net, &mut rt);
    let taken = one_at_a_time(&mut rt, socket);
    let at = relay.local_addr();
    drop(relay);
    rt[socket].write_datagram(b"hi", far()).unwrap();
    wait_until(&mut rt, |_| journal.has("ConnectionRefused while Bound"));
    settle(&mut rt);
    assert_eq!(journal.count("ConnectionRefused while Bound"), 1);
    assert_eq!(rt[socket].state(), SocketState::Bound);
    let relay = net.bind_udp(at).unwrap();
    rt[socket].write_datagram(b"hi", far()).unwrap();
    let mut buffer = [0; 64];
    let (count, from) = relay.recv_from(&mut buffer).unwrap();
    for _ in 0..3 {
        relay.send_to(&buffer[..count], from).unwrap();
    }
    wait_until(&mut rt, |_| taken.borrow().len() == 3);
}

#[on_every_network]
fn what_others_have_sent_before_the_socket_is_bound_is_dropped(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, listener) = behind_proxy(net, &mut rt);
    let (other, at) = net.udp_peer();
    drop(other);
    rt[socket].bind(at.ip(), at.port(), BindMode::DEFAULT).unwrap();
    let (relay, _) = net.udp_peer();
    let (stranger, _) = net.udp_peer();
    for _ in 0..3 {
        stranger.send_to(&[HEAD, b"forged"].concat(), at).unwrap();
    }
    // The relay may be early.
    relay.send_to(&[HEAD, b"right"].concat(), at).unwrap();
    let _control = let_relay(&mut rt, &listener, &relay);
    wait_until(&mut rt, |_| journal.has("ready_read"));
    settle(&mut rt);
    let mut buffer = [0; 64];
    let (count, from) = rt[socket].read_datagram(&mut buffer).unwrap();
    assert_eq!((&buffer[..count], from), (&b"right"[..], far()));
    assert!(!rt[socket].has_pending_datagrams());
}

#[on_every_network]
fn what_others_have_sent_to_a_socket_that_was_bound_directly_is_dropped(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, listener) = behind_proxy(net, &mut rt);
    let proxy = rt[socket].proxy().clone();
    rt[socket].set_proxy(NetworkProxy::none());
    rt[socket].bind(Ipv4Addr::UNSPECIFIED, 0, BindMode::DEFAULT).unwrap();
    let at = (Ipv4Addr::LOCALHOST, rt[socket].local_port().unwrap());
    let (stranger, _) = net.udp_peer();
    stranger.send_to(&[HEAD, b"forged"].concat(), at).unwrap();
    wait_until(&mut rt, |_| journal.has("ready_read"));
    journal.take();
    rt[socket].set_proxy(proxy);
    rt[socket].connect_to_host("10.1.2.3", 53);
    let (relay, _) = net.udp_peer();
    relay.send_to(&[HEAD, b"right"].concat(), at).unwrap();
    let _control = let_relay(&mut rt, &listener, &relay);
    wait_until(&mut rt, |_| journal.has("ready_read"));
    assert_eq!(rt[socket].read_all(), b"right");
}

#[on_every_network]
fn the_end_right_behind_the_reply_ends_the_binding(net: &Net) {
    for (more, connects) in [(0, false), (5000, false), (0, true), (5000, true)] {
        let mut rt = net.runtime();
        let (socket, journal, listener) = behind_proxy(net, &mut rt);
        let (relay, _) = net.udp_peer();
        match connects {
            true => rt[socket].connect_to_host("10.1.2.3", 53),
            false => rt[socket].bind(Ipv4Addr::UNSPECIFIED, 0, BindMode::DEFAULT).unwrap(),
        }
        let mut control = caller(&mut rt, &listener);
        hear(&mut rt, &mut control, GREETING);
        control.write_all(b"\x05\x00").unwrap();
        hear(&mut rt, &mut control, ASSOCIATE);
        control.write_all(&[relays_at(relay.local_addr()), vec![7; more]].concat()).unwrap();
        drop(control);
        wait_until(&mut rt, |world| world[socket].state() != SocketState::Connecting);
        settle(&mut rt);
        assert_eq!(
            rt[socket].error(),
            Some(SocketError::ProxyConnectionClosed),
            "{more} {connects}"
        );
        assert_eq!(rt[socket].state(), SocketState::Unconnected, "{:?}", journal.take());
    }
}

#[on_every_network]
fn a_control_link_that_is_flooded_ends_the_relay(net: &Net) {
    let mut rt = net.runtime();
    let Relayed { socket, journal, mut control, .. } = Relayed::bound(net, &mut rt);
    // Without room, the proxy's end could not follow.
    while rt[socket].state() == SocketState::Bound {
        while matches!(control.write_now(&[7; 1 << 16]), Ok(1..)) {}
        settle(&mut rt);
    }
    assert!(journal.has("ProxyProtocol while Bound"), "{:?}", journal.take());
}

#[on_every_network]
fn waits_find_the_end_of_the_relay(net: &Net) {
    for which in 0..3 {
        let mut rt = net.runtime();
        let Relayed { socket, control, .. } = Relayed::bound(net, &mut rt);
        match which {
            0 => drop(control),
            1 => reset(control),
            _ => {
                let mut control = control;
                control.write_all(&[7; 5000]).unwrap();
                drop(control);
            }
        }
        assert!(!rt.wait_for_ready_read(socket, None));
        assert_eq!(rt[socket].error(), Some(SocketError::ProxyConnectionClosed));
        let mut rt = net.runtime();
        let Relayed { socket, control, .. } = Relayed::bound(net, &mut rt);
        match which {
            0 => drop(control),
            1 => reset(control),
            _ => {
                let mut control = control;
                control.write_all(&[7; 5000]).unwrap();
                drop(control);
            }
        }
        rt.wait_for_disconnected(socket, None);
        assert_eq!(rt[socket].error(), Some(SocketError::ProxyConnectionClosed));
    }
}

/// Relays three datagrams, ends the relay, and looks whether the slots have taken them all.
#[track_caller]
fn takes_three_before_the_end(rt: &mut Runtime, relayed: Relayed, taken: &RefCell<Vec<Vec<u8>>>) {
    for text in [b"a", b"b", b"c"] {
        relayed.relay(HEAD, text);
    }
    let Relayed { socket, journal, control, .. } = relayed;
    drop(control);
    wait_until(rt, |world| world[socket].state() == SocketState::Unconnected);
    settle(rt);
    assert_eq!(*taken.borrow(), [b"a", b"b", b"c"], "{:?}", journal.take());
    assert_eq!(journal.count("ProxyConnectionClosed while Bound"), 1);
}

#[on_every_network]
fn a_slot_that_takes_one_datagram_at_a_time_gets_all_that_came_before_the_end(net: &Net) {
    let mut rt = net.runtime();
    let relayed = Relayed::bound(net, &mut rt);
    let taken = one_at_a_time(&mut rt, relayed.socket);
    takes_three_before_the_end(&mut rt, relayed, &taken);
}

#[on_every_network]
fn a_slot_that_takes_all_datagrams_gets_all_that_came_before_the_end(net: &Net) {
    let mut rt = net.runtime();
    let relayed = Relayed::bound(net, &mut rt);
    let socket = relayed.socket;
    let taken = Rc::<RefCell<Vec<Vec<u8>>>>::default();
    let all = taken.clone();
    rt.connect_fn(socket, QUdpSocket::ready_read, move |world, _| {
        let mut buffer = [0; 64];
        while let Ok((count, _)) = world[socket].read_datagram(&mut buffer) {
            all.borrow_mut().push(buffer[..count].to_vec());
        }
    });
    takes_three_before_the_end(&mut rt, relayed, &taken);
}

#[on_every_network]
fn a_wait_gets_what_came_before_the_end(net: &Net) {
    let mut rt = net.runtime();
    let relayed = Relayed::bound(net, &mut rt);
    let socket = relayed.socket;
    relayed.relay(HEAD, b"a");
    relayed.relay(HEAD, b"b");
    let Relayed { control, .. } = relayed;
    drop(control);
    let mut buffer = [0; 64];
    for _ in 0..2 {
        assert!(
            rt[socket].has_pending_datagrams() || rt.wait_for_ready_read(socket, Some(DEADLINE))
        );
        assert_eq!(rt[socket].read_datagram(&mut buffer).unwrap().0, 1);
    }
    assert!(!rt.wait_for_ready_read(socket, None));
    assert_eq!(rt[socket].error(), Some(SocketError::ProxyConnectionClosed));
    settle(&mut rt);
    assert_eq!(rt[socket].state(), SocketState::Unconnected);
}

#[on_every_network]
fn the_end_is_noticed_though_nobody_reads(net: &Net) {
    let mut rt = net.runtime();
    let relayed = Relayed::bound(net, &mut rt);
    let socket = relayed.socket;
    relayed.relay(HEAD, b"a");
    relayed.relay(HEAD, b"b");
    wait_until(&mut rt, |_| relayed.journal.has("ready_read"));
    let Relayed { control, .. } = relayed;
    drop(control);
    wait_until(&mut rt, |world| world[socket].state() == SocketState::Unconnected);
}

#[on_every_network]
fn a_blocking_view_reads_what_came_before_the_end(net: &Net) {
    use std::io::BufRead;
    for buffered in [false, true] {
        let mut rt = net.runtime();
        let (socket, _, control, relay, at) = connected(net, &mut rt, "10.1.2.3");
        for text in [b"a", b"b", b"c"] {
            relay.send_to(&[HEAD, text.as_slice()].concat(), at).unwrap();
        }
        drop(control);
        let mut view = rt.blocking(socket);
        for text in [b"a", b"b", b"c"] {
            match buffered {
                true => {
                    assert_eq!(view.fill_buf().unwrap(), text);
                    view.consume(1);
                }
                false => {
                    let mut buffer = [0; 4];
                    assert_eq!(view.read(&mut buffer).unwrap(), 1);
                    assert_eq!(buffer[..1], *text);
                }
            }
        }
        let error = view.read(&mut [0; 4]).unwrap_err();
        assert!(error.to_string().contains("closed the control link"), "{error}");
    }
}

#[on_every_network]
fn a_socket_that_only_writes_drops_what_comes_and_notices_the_end(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, listener) = behind_proxy(net, &mut rt);
    let (relay, _) = net.udp_peer();
    let mode = OpenMode::WRITE_ONLY;
    rt[socket].connect_to_host_with("10.1.2.3", 53, mode, slotwire::NetworkLayerProtocol::Any);
    let control = let_relay(&mut rt, &listener, &relay);
    wait_until(&mut rt, |_| journal.has("connected"));
    let at = (Ipv4Addr::LOCALHOST, rt[socket].local_port().unwrap());
    for _ in 0..200 {
        relay.send_to(&[HEAD, b"hello"].concat(), at).unwrap();
    }
    settle(&mut rt);
    assert!(!rt[socket].has_pending_datagrams());
    drop(control);
    wait_until(&mut rt, |world| world[socket].state() == SocketState::Unconnected);
    assert!(!journal.has("ready_read"));
}

#[on_every_network]
fn options_that_are_set_while_the_socket_is_bound_are_those_of_its_datagrams(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _, listener) = behind_proxy(net, &mut rt);
    let (relay, _) = net.udp_peer();
    rt[socket].bind(Ipv4Addr::UNSPECIFIED, 0, BindMode::DEFAULT).unwrap();
    rt[socket].set_socket_option(SocketOption::TypeOfService(32)).unwrap();
    let mut control = caller(&mut rt, &listener);
    hear(&mut rt, &mut control, GREETING);
    rt[socket].set_socket_option(SocketOption::KeepAlive(true)).unwrap();
    control.write_all(b"\x05\x00").unwrap();
    hear(&mut rt, &mut control, ASSOCIATE);
    control.write_all(&relays_at(relay.local_addr())).unwrap();
    wait_until(&mut rt, |world| world[socket].state() == SocketState::Bound);
    let tos = rt[socket].socket_option(OptionName::TypeOfService).unwrap();
    assert_eq!(tos, SocketOption::TypeOfService(32));
    let alive = rt[socket].socket_option(OptionName::KeepAlive).unwrap();
    assert_eq!(alive, SocketOption::KeepAlive(true));
}

#[on_every_network]
fn an_option_of_datagrams_does_not_keep_the_proxy_from_being_reached(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _, listener) = behind_proxy(net, &mut rt);
    let (relay, _) = net.udp_peer();
    rt[socket].set_socket_option(SocketOption::MulticastTtl(3)).unwrap();
    rt[socket].bind(Ipv4Addr::UNSPECIFIED, 0, BindMode::DEFAULT).unwrap();
    let mut control = caller(&mut rt, &listener);
    // While the proxy is spoken to, there is only the connection to it.
    rt[socket].set_socket_option(SocketOption::MulticastLoopback(false)).unwrap();
    reply_with(&mut rt, &mut control, ASSOCIATE, &relays_at(relay.local_addr()));
    wait_until(&mut rt, |world| world[socket].state() == SocketState::Bound);
    for option in [SocketOption::MulticastTtl(3), SocketOption::MulticastLoopback(false)] {
        assert_eq!(rt[socket].socket_option(option.name()).unwrap(), option);
    }
}

#[on_every_network]
fn an_option_of_connections_is_refused_and_does_not_keep_the_relay_from_being_reached(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, listener) = behind_proxy(net, &mut rt);
    let (relay, _) = net.udp_peer();
    rt[socket].connect_to_host("10.1.2.3", 53);
    let mut control = caller(&mut rt, &listener);
    hear(&mut rt, &mut control, GREETING);
    let refused = rt[socket].set_socket_option(SocketOption::LowDelay(true)).unwrap_err();
    assert_eq!(refused.kind(), SocketError::UnsupportedSocketOperation);
    control.write_all(b"\x05\x00").unwrap();
    hear(&mut rt, &mut control, ASSOCIATE);
    control.write_all(&relays_at(relay.local_addr())).unwrap();
    wait_until(&mut rt, |_| journal.has("connected"));
}

#[on_every_network]
fn a_relay_without_a_port_is_none(net: &Net) {
    for reply in [&b"\x05\x00\x00\x01\x7f\0\0\x01\0\0"[..], b"\x05\x00\x00\x01\0\0\0\0\0\0"] {
        let mut rt = net.runtime();
        let (socket, _, listener) = behind_proxy(net, &mut rt);
        rt[socket].set_connect_timeout(None);
        rt[socket].bind(Ipv4Addr::UNSPECIFIED, 0, BindMode::DEFAULT).unwrap();
        let mut control = caller(&mut rt, &listener);
        reply_with(&mut rt, &mut control, ASSOCIATE, reply);
        wait_until(&mut rt, |world| world[socket].error().is_some());
        assert_eq!(rt[socket].error(), Some(SocketError::ProxyProtocol));
    }
}

#[on_every_network]
fn a_relay_s_ipv4_address_in_ipv6_form_is_one(net: &Net) {
    for host in [b"\x7f\0\0\x01", b"\0\0\0\0"] {
        let mut rt = net.runtime();
        let (socket, _, listener) = behind_proxy(net, &mut rt);
        let (relay, at) = net.udp_peer();
        rt[socket].bind(Ipv4Addr::UNSPECIFIED, 0, BindMode::DEFAULT).unwrap();
        let mut control = caller(&mut rt, &listener);
        let mapped = [&[5, 0, 0, 4][..], &[0; 10], &[0xff, 0xff], host].concat();
        let reply = [&mapped[..], &at.port().to_be_bytes()].concat();
        reply_with(&mut rt, &mut control, ASSOCIATE, &reply);
        wait_until(&mut rt, |world| {
            world[socket].state() == SocketState::Bound || world[socket].error().is_some()
        });
        assert_eq!(rt[socket].error(), None, "{}", rt[socket].error_string());
        rt[socket].write_datagram(b"hi", far()).unwrap();
        assert_eq!(relayed_to(&relay), [HEAD, b"hi"].concat());
    }
}

#[on_every_network]
fn a_relay_of_another_family_than_the_local_address_cannot_be_reached(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, listener) = behind_proxy(net, &mut rt);
    rt[socket].bind(Ipv4Addr::UNSPECIFIED, 0, BindMode::DEFAULT).unwrap();
    let mut control = caller(&mut rt, &listener);
    let reply = [b"\x05\0\0\x04".as_slice(), &[0; 15], b"\x01\x10\x10"].concat();
    reply_with(&mut rt, &mut control, ASSOCIATE, &reply);
    wait_until(&mut rt, |world| world[socket].error().is_some());
    settle(&mut rt);
    assert_eq!(rt[socket].state(), SocketState::Unconnected);
    assert!(!journal.has("Bound"));
}

#[on_every_network]
fn the_debug_text_has_no_datagrams(net: &Net) {
    let mut rt = net.runtime();
    let relayed = Relayed::bound(net, &mut rt);
    let text = format!("{:?}", rt[relayed.socket]);
    assert!(text.len() < 4096, "{} bytes", text.len());
}

#[on_every_network]
fn an_interface_in_the_peer_s_address_means_nothing_to_the_relay(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, _control, relay, at) = connected(net, &mut rt, "fe80::1%3");
    let head = [b"\0\0\0\x04\xfe\x80".as_slice(), &[0; 13], b"\x01\x00\x35"].concat();
    relay.send_to(&[&head[..], b"hello"].concat(), at).unwrap();
    wait_until(&mut rt, |_| journal.has("ready_read"));
    assert_eq!(rt[socket].read_all(), b"hello");
}

#[on_every_network]
fn an_ipv4_receiver_in_ipv6_form_is_one(net: &Net) {
    let mut rt = net.runtime();
    let relayed = Relayed::bound(net, &mut rt);
    for host in ["::ffff:239.1.2.3", "::ffff:255.255.255.255"] {
        let to = SocketAddr::new(host.parse().unwrap(), 7);
        let refused = rt[relayed.socket].write_datagram(b"all", to).unwrap_err();
        assert_eq!(refused.kind(), SocketError::UnsupportedSocketOperation);
    }
    let to = SocketAddr::new("::ffff:10.1.2.3".parse().unwrap(), 53);
    rt[relayed.socket].write_datagram(b"hi", to).unwrap();
    assert_eq!(relayed_to(&relayed.relay), [HEAD, b"hi"].concat());
}

#[on_every_network]
fn a_factory_sees_the_tag_of_a_socket_that_is_bound(net: &Net) {
    let mut rt = net.runtime();
    let queries = Rc::new(RefCell::new(Vec::<ProxyQuery>::new()));
    let asked = queries.clone();
    rt.set_application_proxy_factory(move |query: &ProxyQuery| {
        asked.borrow_mut().push(query.clone());
        vec![]
    });
    let socket = rt.add(QUdpSocket::new());
    rt[socket].set_protocol_tag("news");
    rt[socket].bind(Ipv4Addr::UNSPECIFIED, 0, BindMode::DEFAULT).unwrap();
    assert_eq!(queries.borrow()[0].protocol_tag, "news");
}

#[on_every_network]
fn a_socket_that_a_proxy_has_bound_can_get_a_peer_without_it(net: &Net) {
    let mut rt = net.runtime();
    let Relayed { socket, journal, mut control, .. } = Relayed::bound(net, &mut rt);
    rt[socket].set_proxy(NetworkProxy::none());
    let (peer, at) = net.udp_peer();
    rt[socket].connect_to_host("127.0.0.1", at.port());
    wait_until(&mut rt, |world| {
        world[socket].state() == SocketState::Connected || world[socket].error().is_some()
    });
    settle(&mut rt);
    assert!(journal.has("connected"), "{:?} {}", journal.take(), rt[socket].error_string());
    rt[socket].write_all(b"hi").unwrap();
    assert_eq!(relayed_to(&peer), b"hi");
    assert_eq!(control.read(&mut [0]).unwrap(), 0, "the relay is given up");
}

#[on_every_network]
fn what_was_looked_at_of_a_peer_without_an_address_is_not_overtaken(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, _control, relay, at) = connected(net, &mut rt, "example.invalid");
    for text in [b"first", b"other"] {
        relay.send_to(&[HEAD, text.as_slice()].concat(), at).unwrap();
    }
    wait_until(&mut rt, |_| journal.has("ready_read"));
    assert_eq!(rt[socket].peek(9), b"first");
    // Its sender is not known.
    let mut buffer = [0; 64];
    let unknown = rt[socket].read_datagram(&mut buffer).unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::Unsupported);
    assert_eq!(rt[socket].read_datagram(&mut buffer).unwrap(), (5, far()));
    assert_eq!(buffer[..5], *b"other");
}

#[on_every_network]
fn what_was_looked_at_of_a_peer_without_an_address_is_pending(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, _control, relay, at) = connected(net, &mut rt, "example.invalid");
    relay.send_to(&[HEAD, b"first"].concat(), at).unwrap();
    wait_until(&mut rt, |_| journal.has("ready_read"));
    assert_eq!(rt[socket].peek(9), b"first");
    assert!(rt[socket].has_pending_datagrams());
    assert_eq!(rt[socket].pending_datagram_size(), Some(5));
}

#[on_every_network]
fn the_reply_to_a_datagram_that_was_looked_at_goes_by_the_relay(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, _control, relay, at) = connected(net, &mut rt, "10.1.2.3");
    relay.send_to(&[HEAD, b"hello"].concat(), at).unwrap();
    wait_until(&mut rt, |_| journal.has("ready_read"));
    assert_eq!(rt[socket].peek(9), b"hello");
    let datagram = rt[socket].receive_datagram(None).unwrap().unwrap();
    rt[socket].send_datagram(&datagram.make_reply("back")).unwrap();
    assert_eq!(relayed_to(&relay), [HEAD, b"back"].concat());
}

#[on_every_network]
fn lines_and_transactions_cross_datagrams_of_the_relay(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, _control, relay, at) = connected(net, &mut rt, "10.1.2.3");
    let send = |text: &[u8]| relay.send_to(&[HEAD, text].concat(), at).unwrap();
    send(b"one ");
    send(b"line\nand");
    wait_until(&mut rt, |_| journal.has("ready_read"));
    settle(&mut rt);
    assert_eq!(rt[socket].read_line_max(usize::MAX), b"one line\n");
    journal.take();
    send(b" more\n");
    wait_until(&mut rt, |_| journal.has("ready_read"));
    rt[socket].start_transaction();
    assert_eq!(rt[socket].read_line_max(usize::MAX), b"and more\n");
    rt[socket].rollback_transaction();
    assert!(rt[socket].has_pending_datagrams());
    assert_eq!(rt[socket].read_line_max(usize::MAX), b"and more\n");
    settle(&mut rt);
    journal.take();
    send(b"x");
    wait_until(&mut rt, |_| journal.has("ready_read"));
    assert_eq!(rt[socket].read_all(), b"x");
}

#[on_every_network]
fn anything_may_be_called_in_any_slot(net: &Net) {
    use slotwire::NetworkLayerProtocol::Any;
    const MOMENTS: [&str; 9] = [
        "HostLookup",
        "Connecting",
        "Bound",
        "drained",
        "ready_read",
        "error",
        "Closing",
        "Unconnected",
        "connected",
    ];
    for connects in [false, true] {
        for moment in MOMENTS {
            for action in 0..17 {
                let mut rt = net.runtime();
                let (listener, port) = net.listener();
                let (relay, _) = net.udp_peer();
                let socket = rt.add(QUdpSocket::new());
                let proxy = NetworkProxy::socks5("127.0.0.1", port);
                rt[socket].set_proxy(proxy.clone());
                let left = Rc::new(std::cell::Cell::new(2));
                let allowed = left.clone();
                let act = Rc::new(move |world: &mut World, seen: &str| {
                    if seen != moment || left.get() == 0 || world.get(socket).is_none() {
                        return;
                    }
                    left.set(left.get() - 1);
                    match action {
                        0 => world[socket].abort(),
                        1 => world[socket].close(),
                        2 => world[socket].disconnect_from_host(),
                        3 => assert!(world.destroy(socket)),
                        4 => world[socket].connect_to_host("10.1.2.3", 53),
                        5 => drop(world[socket].bind(Ipv4Addr::UNSPECIFIED, 0, BindMode::DEFAULT)),
                        6 => drop(world[socket].write_datagram(b"x", far())),
                        7 => world[socket].set_proxy(NetworkProxy::none()),
                        8 => {
                            world[socket].abort();
                            drop(world[socket].bind(Ipv4Addr::LOCALHOST, 0, BindMode::DEFAULT));
                        }
                        9 => {
                            world[socket].abort();
                            world[socket].set_proxy(NetworkProxy::none());
                            world[socket].connect_to_host_with(
                                "127.0.0.1",
                                9,
                                OpenMode::READ_WRITE,
                                Any,
                            );
                        }
                        10 => world[socket].set_socket_state(SocketState::Unconnected),
                        11 => world[socket].set_socket_state(SocketState::HostLookup),
                        12 => world[socket].set_socket_state(SocketState::Connecting),
                        13 => world[socket].set_socket_state(SocketState::Bound),
                        14 => world[socket].set_socket_state(SocketState::Connected),
                        15 => world[socket].set_socket_state(SocketState::Closing),
                        _ => {
                            let mut buffer = [0; 9];
                            let _ = world[socket].read_datagram(&mut buffer);
                            let _ = world[socket].receive_datagram(None);
                            let _ = world[socket].peek(4);
                            let _ = world[socket].read_all();
                            world[socket].set_proxy(proxy.clone());
                        }
                    }
                });
                let it = act.clone();
                rt.connect_fn(socket, QUdpSocket::state_changed, move |world, state| {
                    it(world, &format!("{state:?}"))
                });
                let it = act.clone();
                rt.connect_fn(socket, QUdpSocket::write_buffer_drained, move |world, _| {
                    it(world, "drained")
                });
                let it = act.clone();
                rt.connect_fn(socket, QUdpSocket::ready_read, move |world, _| {
                    it(world, "ready_read")
                });
                let it = act.clone();
                rt.connect_fn(socket, QUdpSocket::error_occurred, move |world, _| {
                    it(world, "error")
                });
                let it = act.clone();
                rt.connect_fn(socket, QUdpSocket::connected, move |world, _| {
                    it(world, "connected")
                });
                match connects {
                    true => rt[socket].connect_to_host("10.1.2.3", 53),
                    false => drop(rt[socket].write_datagram(b"first", far())),
                }
                settle(&mut rt);
                // A proxy that says all at once.
                let mut controls = Vec::new();
                for _ in 0..3 {
                    for _ in 0..20 {
                        turn(&mut rt);
                        if let Some(mut control) = listener.accept_now() {
                            let _ = control.write_now(b"\x05\x00");
                            let _ = control.write_now(&relays_at(relay.local_addr()));
                            controls.push(control);
                        }
                    }
                    let port = rt.get(socket).and_then(|socket| socket.local_port());
                    if let Some(port) = port {
                        for _ in 0..3 {
                            let _ = relay
                                .send_to(&[HEAD, b"data"].concat(), (Ipv4Addr::LOCALHOST, port));
                        }
                    }
                    for _ in 0..10 {
                        turn(&mut rt);
                    }
                    controls.clear();
                    for _ in 0..10 {
                        turn(&mut rt);
                    }
                }
                allowed.set(0);
                if rt.get(socket).is_some() {
                    rt[socket].abort();
                    for _ in 0..10 {
                        turn(&mut rt);
                    }
                    assert_eq!(rt[socket].state(), SocketState::Unconnected, "{moment} {action}");
                    assert!(rt.destroy(socket));
                }
                for _ in 0..50 {
                    turn(&mut rt);
                }
                assert!(!turn(&mut rt), "{moment} {action}");
                assert_eq!(rt.next_deadline(), None, "{moment} {action}");
            }
        }
    }
}

#[on_every_network]
fn a_proxy_that_goes_while_it_binds_the_socket_is_reported(net: &Net) {
    for end in [drop, reset as fn(Peer)] {
        for step in 0..4 {
            for waits in [false, true] {
                let mut rt = net.runtime();
                let (socket, journal, listener) = behind_proxy(net, &mut rt);
                rt[socket].bind(Ipv4Addr::UNSPECIFIED, 0, BindMode::DEFAULT).unwrap();
                let mut control = caller(&mut rt, &listener);
                hear(&mut rt, &mut control, GREETING);
                if step > 0 {
                    control.write_all(b"\x05\x00").unwrap();
                }
                if step > 1 {
                    hear(&mut rt, &mut control, ASSOCIATE);
                }
                if step > 2 {
                    control.write_all(b"\x05\x00\x00\x01\x7f").unwrap();
                    settle(&mut rt);
                }
                end(control);
                match waits {
                    true => assert!(!rt.wait_for_bound(socket, None)),
                    false => wait_until(&mut rt, |world| world[socket].error().is_some()),
                }
                settle(&mut rt);
                assert_eq!(rt[socket].error(), Some(SocketError::ProxyConnectionClosed));
                let said = journal.take();
                assert_eq!(
                    said.last().unwrap(),
                    "ProxyConnectionClosed while Unconnected",
                    "{said:?}"
                );
            }
        }
    }
}
