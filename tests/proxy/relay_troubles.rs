//! What goes wrong while a proxy relays datagrams: wrong datagrams, ends at bad moments, and peers
//! that the socket cannot name.

use std::cell::RefCell;
use std::net::Ipv4Addr;
use std::rc::Rc;

use slotwire::prelude::*;
use slotwire::{BindMode, NetworkProxy};

use super::relay::*;
use super::support::*;

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
