//! UDP sockets: datagrams stay what they are, and what a socket says of them.

mod connected;
mod empty;
mod groups;
mod looking;
mod relayed;

use std::io::{BufRead, ErrorKind, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use proptest::prelude::*;
use slotwire::prelude::*;
use slotwire::{
    BindAddress, BindMode, NetworkDatagram, NetworkLayerProtocol, OpenMode, OptionName,
    SocketOption,
};
use support::*;

const LOCALHOST: Ipv4Addr = Ipv4Addr::LOCALHOST;
const CONNECTING: [&str; 5] = ["HostLookup", "Connecting", "host_found", "Connected", "connected"];
const CLOSING: [&str; 4] = ["Closing", "Unconnected", "read_channel_finished", "disconnected"];

/// A bound socket, its journal which begins now, and its address.
fn bound(rt: &mut Runtime) -> (Obj<QUdpSocket>, Journal, SocketAddr) {
    bound_at(rt, LOCALHOST, BindMode::DEFAULT)
}

fn bound_at(
    rt: &mut Runtime,
    address: impl Into<BindAddress>,
    mode: BindMode,
) -> (Obj<QUdpSocket>, Journal, SocketAddr) {
    let socket = rt.add(QUdpSocket::new());
    rt[socket].bind(address, 0, mode).unwrap();
    rt.deliver();
    let port = rt[socket].local_port().unwrap();
    (socket, journal_of(rt, socket), (LOCALHOST, port).into())
}

/// A socket that is connected to the peer, and its journal which begins now.
fn connected(rt: &mut Runtime, to: SocketAddr) -> (Obj<QUdpSocket>, Journal) {
    let socket = rt.add(QUdpSocket::new());
    rt[socket].connect_to_host(&to.ip().to_string(), to.port());
    settle(rt);
    assert_eq!(rt[socket].state(), SocketState::Connected);
    (socket, journal_of(rt, socket))
}

/// A connected socket to which its peer has sent these, and its journal.
fn sent(
    net: &Net,
    rt: &mut Runtime,
    datagrams: &[&str],
) -> (Obj<QUdpSocket>, Journal, UdpPeer, SocketAddr) {
    let (peer, to) = net.udp_peer();
    let (socket, journal) = connected(rt, to);
    let at = (LOCALHOST, rt[socket].local_port().unwrap()).into();
    for datagram in datagrams {
        peer.send_to(datagram.as_bytes(), at).unwrap();
    }
    if !datagrams.is_empty() {
        wait_until(rt, |_| journal.has("ready_read"));
    }
    (socket, journal, peer, at)
}

/// What a read gives: the text, or that nothing is there.
fn read(rt: &mut Runtime, socket: Obj<QUdpSocket>) -> Option<String> {
    let mut place = [0; 100];
    match rt[socket].read(&mut place) {
        Ok(count) => Some(String::from_utf8(place[..count].to_vec()).unwrap()),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
            None
        }
    }
}

/// All that reads give until nothing is there.
fn read_on(rt: &mut Runtime, socket: Obj<QUdpSocket>) -> Vec<String> {
    std::iter::from_fn(|| read(rt, socket)).collect()
}

/// Takes the next datagram as text; none if nothing waits.
fn take(rt: &mut Runtime, socket: Obj<QUdpSocket>) -> Option<String> {
    let datagram = rt[socket].receive_datagram(None).unwrap()?;
    Some(String::from_utf8(datagram.into_data()).unwrap())
}

/// Takes the next datagram of a peer's.
fn heard(peer: &UdpPeer) -> Vec<u8> {
    let mut buffer = vec![0; 1 << 16];
    let (count, _) = peer.recv_from(&mut buffer).unwrap();
    buffer.truncate(count);
    buffer
}

/// A port where nobody is.
fn dead_port(net: &Net) -> SocketAddr {
    net.udp_peer().1
}

/// Binds a socket to this port.
fn bound_to(rt: &mut Runtime, port: u16, mode: BindMode) -> Result<Obj<QUdpSocket>, SocketError> {
    let socket = rt.add(QUdpSocket::new());
    let bound = rt[socket].bind(LOCALHOST, port, mode);
    bound.map(|()| socket).map_err(|error| error.kind())
}

#[on_every_network]
fn sockets_that_share_their_port_share_its_senders(net: &Net) {
    let mut rt = net.runtime();
    let one = bound_to(&mut rt, 0, BindMode::REUSE_PORT).unwrap();
    let port = rt[one].local_port().unwrap();
    let other = bound_to(&mut rt, port, BindMode::REUSE_PORT).unwrap();
    let peers: Vec<_> = (0..40).map(|_| net.udp_peer().0).collect();
    for round in [b"one", b"two"] {
        for peer in &peers {
            peer.send_to(round, (LOCALHOST, port)).unwrap();
        }
    }
    let mut came: [Vec<SocketAddr>; 2] = Default::default();
    wait_until(&mut rt, |world| world[one].has_pending_datagrams());
    wait_until(&mut rt, |world| world[other].has_pending_datagrams());
    for _ in 0..1000 {
        settle(&mut rt);
        for (socket, came) in [one, other].into_iter().zip(&mut came) {
            while let Some(datagram) = rt[socket].receive_datagram(None).unwrap() {
                came.extend(datagram.sender());
            }
        }
        if came[0].len() + came[1].len() == 80 {
            break;
        }
    }
    assert_eq!(came[0].len() + came[1].len(), 80);
    assert!(came.iter().all(|came| !came.is_empty()));
    let both = came[0].iter().filter(|sender| came[1].contains(sender)).count();
    assert_eq!(both, 0, "the datagrams of one sender go to one socket");
}

#[on_every_network]
fn sockets_share_a_port_only_if_all_of_them_ask_for_it_in_the_same_way(net: &Net) {
    let mut rt = net.runtime();
    let (share, reuse) = (BindMode::SHARE_ADDRESS, BindMode::REUSE_PORT);
    let modes = [BindMode::DEFAULT, share, reuse, share | reuse];
    for (first, second) in modes.iter().flat_map(|one| modes.map(|other| (*one, other))) {
        let one = bound_to(&mut rt, 0, first).unwrap();
        let port = rt[one].local_port().unwrap();
        let other = bound_to(&mut rt, port, second);
        let is_shared = (first & second).intersects(share | reuse);
        assert_eq!(other.is_ok(), is_shared, "{first:?} and {second:?}");
        assert!(is_shared || other == Err(SocketError::AddressInUse), "{other:?}");
        let _ = other.map(|other| rt.destroy(other));
        rt.destroy(one);
    }
}

#[on_every_network]
fn a_bound_socket_receives_from_anybody(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, at) = bound(&mut rt);
    assert_eq!((rt[socket].pending_datagram_size(), rt[socket].is_open()), (None, false));
    let (peer, from) = net.udp_peer();
    peer.send_to(b"hello", at).unwrap();
    wait_until(&mut rt, |_| journal.has("ready_read"));
    assert!(rt[socket].has_pending_datagrams());
    assert_eq!(rt[socket].pending_datagram_size(), Some(5));
    assert_eq!(rt[socket].bytes_available(), 5);
    let mut buffer = [0; 100];
    assert_eq!(rt[socket].read_datagram(&mut buffer).unwrap(), (5, from));
    assert_eq!(&buffer[..5], b"hello");
    assert_eq!((rt[socket].has_pending_datagrams(), rt[socket].bytes_available()), (false, 0));
    settle(&mut rt);
    assert_eq!(journal.take(), ["ready_read"]);
}

#[on_every_network]
fn an_unread_datagram_is_announced_once_and_any_read_announces_the_next(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, at) = bound(&mut rt);
    let (peer, _) = net.udp_peer();
    for text in ["one", "two", "three"] {
        peer.send_to(text.as_bytes(), at).unwrap();
        settle(&mut rt);
    }
    assert_eq!(journal.take(), ["ready_read"]);
    assert_eq!(take(&mut rt, socket).as_deref(), Some("one"));
    settle(&mut rt);
    assert_eq!(journal.take(), ["ready_read"]);
    assert_eq!(take(&mut rt, socket).as_deref(), Some("two"));
    assert_eq!(take(&mut rt, socket).as_deref(), Some("three"));
    assert_eq!(take(&mut rt, socket), None);
    settle(&mut rt);
    assert_eq!(journal.take(), [""; 0]);
    peer.send_to(b"four", at).unwrap();
    wait_until(&mut rt, |_| journal.has("ready_read"));
}

#[on_every_network]
fn whoever_reads_one_datagram_per_signal_gets_one_signal_per_datagram(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, at) = bound(&mut rt);
    let texts = Journal::new();
    let read = texts.clone();
    rt.connect_fn(socket, QUdpSocket::ready_read, move |world, _| {
        let mut buffer = [0; 8];
        let (count, _) = world[socket].read_datagram(&mut buffer)?;
        read.note(String::from_utf8_lossy(&buffer[..count]));
        Ok::<_, std::io::Error>(())
    });
    let (peer, _) = net.udp_peer();
    let sent: Vec<String> = (0..50).map(|number| number.to_string()).collect();
    for text in &sent {
        peer.send_to(text.as_bytes(), at).unwrap();
    }
    wait_until(&mut rt, |_| texts.len() == 50);
    settle(&mut rt);
    assert_eq!(texts.take(), sent);
    assert_eq!(journal.take(), vec!["ready_read"; 50]);
}

#[on_every_network]
fn reading_when_nothing_waits_is_a_temporary_error(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, _) = bound(&mut rt);
    let error = rt[socket].read_datagram(&mut [0; 8]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    settle(&mut rt);
    assert_eq!(journal.take(), ["Temporary while Bound"]);
    assert_eq!(rt[socket].receive_datagram(None).unwrap(), None);
    settle(&mut rt);
    assert_eq!(journal.take(), [""; 0]);
}

#[on_every_network]
fn a_reader_is_stopped_behind_the_last_datagram_without_an_error_and_not_called_again(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, address) = bound(&mut rt);
    let (peer, _) = net.udp_peer();
    for text in [b"one", b"two"] {
        peer.send_to(text, address).unwrap();
    }
    let heard = journal.clone();
    rt.connect_fn(socket, QUdpSocket::ready_read, move |world, ()| {
        let mut buffer = [0; 8];
        while let Ok((count, _)) = world[socket].read_datagram(&mut buffer) {
            heard.note(String::from_utf8_lossy(&buffer[..count]));
        }
    });
    wait_until(&mut rt, |_| journal.has("two"));
    assert!(!turn(&mut rt), "nothing is left to do");
    assert_eq!(journal.take(), ["ready_read", "one", "two"]);
    // What comes from now on is announced.
    peer.send_to(b"three", address).unwrap();
    wait_until(&mut rt, |_| journal.has("three"));
    // A further read is one too many.
    assert!(rt[socket].read_datagram(&mut [0; 8]).is_err());
    settle(&mut rt);
    assert_eq!(journal.take(), ["ready_read", "three", "Temporary while Bound"]);
}

#[on_every_network]
fn a_socket_without_address_reads_nothing(net: &Net) {
    let mut rt = net.runtime();
    let socket = rt.add(QUdpSocket::new());
    let error = rt[socket].read_datagram(&mut [0; 8]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotConnected);
    let error = rt[socket].receive_datagram(None).unwrap_err();
    assert_eq!(error.kind(), SocketError::Operation);
    assert_eq!((rt[socket].has_pending_datagrams(), rt[socket].error()), (false, None));
    assert!(QUdpSocket::new().write_datagram(b"x", any_port()).is_err());
}

#[on_every_network]
fn what_the_buffer_has_no_room_for_is_lost_with_its_datagram(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _, at) = bound(&mut rt);
    let (peer, from) = net.udp_peer();
    for text in ["0123456789", "dropped", "cut off", "whole"] {
        peer.send_to(text.as_bytes(), at).unwrap();
    }
    let mut buffer = [0; 4];
    assert_eq!(rt[socket].read_datagram(&mut buffer).unwrap(), (4, from));
    assert_eq!(&buffer, b"0123");
    assert_eq!(rt[socket].read_datagram(&mut []).unwrap(), (0, from));
    let cut = rt[socket].receive_datagram(Some(3)).unwrap().unwrap();
    assert_eq!((cut.data(), cut.is_truncated()), (&b"cut"[..], true));
    let whole = rt[socket].receive_datagram(Some(5)).unwrap().unwrap();
    assert_eq!((whole.data(), whole.is_truncated()), (&b"whole"[..], false));
}

#[on_every_network]
fn an_empty_datagram_is_a_datagram(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, at) = bound(&mut rt);
    let (peer, from) = net.udp_peer();
    peer.send_to(b"", at).unwrap();
    wait_until(&mut rt, |_| journal.has("ready_read"));
    assert!(rt[socket].has_pending_datagrams());
    assert_eq!(rt[socket].pending_datagram_size(), Some(0));
    assert_eq!(rt[socket].read_datagram(&mut [0; 9]).unwrap(), (0, from));
    assert!(!rt[socket].has_pending_datagrams());
    assert_eq!(rt[socket].write_datagram(b"", from).unwrap(), 0);
    settle(&mut rt);
    assert_eq!(heard(&peer), b"");
    assert_eq!(journal.take(), ["ready_read", "bytes_written 0"]);
}

#[on_every_network]
fn a_datagram_that_is_too_large_leaves_the_socket_usable(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, _) = bound(&mut rt);
    let (peer, to) = net.udp_peer();
    let error = rt[socket].write_datagram(&noise(65_508), to).unwrap_err();
    assert_eq!(error.kind(), SocketError::DatagramTooLarge);
    assert_eq!(rt[socket].write_datagram(b"ok", to).unwrap(), 2);
    settle(&mut rt);
    assert_eq!(journal.take(), ["DatagramTooLarge while Bound", "bytes_written 2"]);
    assert_eq!(heard(&peer), b"ok");
    let largest = noise(65_507);
    rt[socket].write_datagram(&largest, to).unwrap();
    assert_eq!(heard(&peer), largest);
}

#[on_every_network]
fn a_socket_without_address_is_bound_by_its_first_datagram(net: &Net) {
    let mut rt = net.runtime();
    let (peer, to) = net.udp_peer();
    let socket = rt.add(QUdpSocket::new());
    let journal = journal_of(&mut rt, socket);
    assert_eq!(rt[socket].write_datagram(b"ping", to).unwrap(), 4);
    settle(&mut rt);
    assert_eq!(journal.take(), ["Bound", "bytes_written 4"]);
    let (_, from) = peer.recv_from(&mut [0; 8]).unwrap();
    assert_eq!(Some(from.port()), rt[socket].local_port());
    peer.send_to(b"pong", from).unwrap();
    wait_until(&mut rt, |_| journal.has("ready_read"));
    assert_eq!(rt[socket].read_datagram(&mut [0; 8]).unwrap(), (4, to));
}

#[on_every_network]
fn a_socket_of_both_families_shows_ipv4_addresses(net: &Net) {
    let mut rt = net.runtime();
    let (socket, _, at) = bound_at(&mut rt, BindAddress::Any, BindMode::DEFAULT);
    let (peer, from) = net.udp_peer();
    peer.send_to(b"four", at).unwrap();
    let datagram = rt[socket].receive_datagram(None).unwrap().unwrap();
    assert_eq!((datagram.sender(), datagram.destination()), (Some(from), Some(at)));
    assert_eq!(datagram.hop_limit(), Some(64));
    rt[socket].send_datagram(&datagram.make_reply("reply")).unwrap();
    assert_eq!(heard(&peer), b"reply");

    let six = net.bind_udp((Ipv6Addr::LOCALHOST, 0)).unwrap();
    six.send_to(b"six", (Ipv6Addr::LOCALHOST, at.port())).unwrap();
    let datagram = rt[socket].receive_datagram(None).unwrap().unwrap();
    assert_eq!(datagram.sender(), Some(six.local_addr()));
    assert_eq!(datagram.destination_address(), Some(Ipv6Addr::LOCALHOST.into()));
    assert_eq!(
        (datagram.hop_limit(), datagram.interface_index()),
        (Some(64), Some(net.loopback().index()))
    );
    rt[socket].send_datagram(&datagram.make_reply("reply")).unwrap();
    assert_eq!(heard(&six), b"reply");
}

#[on_every_network]
fn a_datagram_goes_by_the_way_that_it_describes(net: &Net) {
    let mut rt = net.runtime();
    for (any, own) in [
        (BindAddress::AnyIpv4, IpAddr::from([127, 0, 0, 5])),
        (BindAddress::Any, IpAddr::from([127, 0, 0, 6])),
        (BindAddress::AnyIpv6, Ipv6Addr::LOCALHOST.into()),
    ] {
        let (socket, ..) = bound_at(&mut rt, any, BindMode::DEFAULT);
        let receiver = rt.add(QUdpSocket::new());
        rt[receiver].bind(any, 0, BindMode::DEFAULT).unwrap();
        let port = rt[receiver].local_port().unwrap();
        let mut datagram = NetworkDatagram::new("by the way", (own, port));
        datagram.set_hop_limit(Some(7));
        datagram.set_interface_index(Some(net.loopback().index()));
        datagram.set_sender(Some((own, 0).into()));
        rt[socket].send_datagram(&datagram).unwrap();
        let came = rt[receiver].receive_datagram(None).unwrap().unwrap();
        assert_eq!(came.data(), b"by the way");
        assert_eq!((came.hop_limit(), came.sender_address()), (Some(7), Some(own)), "{any:?}");
        assert_eq!(
            (came.destination_port(), came.interface_index()),
            (Some(port), Some(net.loopback().index()))
        );

        let of_the_other_family = match own {
            IpAddr::V4(_) => Ipv6Addr::LOCALHOST.into(),
            IpAddr::V6(_) => IpAddr::from([127, 0, 0, 5]),
        };
        for foreign in [IpAddr::from([203, 0, 113, 5]), of_the_other_family] {
            datagram.set_sender(Some((foreign, 0).into()));
            assert!(rt[socket].send_datagram(&datagram).is_err(), "{foreign} for {own}");
        }
        let homeless = NetworkDatagram::from(b"nowhere".to_vec());
        assert!(rt[socket].send_datagram(&homeless).is_err());
    }
}

#[on_every_network]
fn the_two_families_have_ports_of_their_own(net: &Net) {
    let mut rt = net.runtime();
    let four = rt.add(QUdpSocket::new());
    rt[four].bind(BindAddress::AnyIpv4, 0, BindMode::DEFAULT).unwrap();
    let port = rt[four].local_port().unwrap();
    let six = rt.add(QUdpSocket::new());
    rt[six].bind(BindAddress::AnyIpv6, port, BindMode::DEFAULT).unwrap();
    let sender = rt.add(QUdpSocket::new());
    rt[sender].bind(BindAddress::Any, 0, BindMode::DEFAULT).unwrap();
    rt[sender].write_datagram(b"by four", (LOCALHOST, port)).unwrap();
    rt[sender].write_datagram(b"by six", (Ipv6Addr::LOCALHOST, port)).unwrap();
    wait_until(&mut rt, |world| world[four].has_pending_datagrams());
    wait_until(&mut rt, |world| world[six].has_pending_datagrams());
    assert_eq!(take(&mut rt, four).as_deref(), Some("by four"));
    assert_eq!(take(&mut rt, six).as_deref(), Some("by six"));
    rt.destroy(four);
    let error = rt[sender].write_datagram(b"to nobody", (LOCALHOST, port)).err();
    settle(&mut rt);
    assert_eq!((error.is_some(), take(&mut rt, six)), (false, None));
}

#[on_every_network]
fn binding_fails_as_with_any_socket(net: &Net) {
    let mut rt = net.runtime();
    let (_peer, taken) = net.udp_peer();
    let socket = rt.add(QUdpSocket::new());
    let journal = journal_of(&mut rt, socket);
    for mode in [BindMode::DEFAULT, BindMode::DONT_SHARE_ADDRESS, BindMode::REUSE_ADDRESS_HINT] {
        let error = rt[socket].bind(LOCALHOST, taken.port(), mode).unwrap_err();
        assert_eq!(error.kind(), SocketError::AddressInUse);
    }
    let foreign = Ipv4Addr::new(203, 0, 113, 5);
    let error = rt[socket].bind(foreign, 0, BindMode::DEFAULT).unwrap_err();
    assert_eq!(error.kind(), SocketError::SocketAddressNotAvailable);
    settle(&mut rt);
    assert_eq!(journal.take().len(), 4);
    rt[socket].bind(LOCALHOST, 0, BindMode::DEFAULT).unwrap();
    let again = rt[socket].bind(LOCALHOST, 0, BindMode::DEFAULT).unwrap_err();
    assert_eq!(again.kind(), SocketError::Unknown);
    settle(&mut rt);
    assert_eq!(journal.take(), ["Bound", "Unknown while Bound"]);
}

#[on_every_network]
fn a_port_is_shared_only_if_both_sockets_ask_for_it(net: &Net) {
    let mut rt = net.runtime();
    for (first, second, shared) in [
        (BindMode::SHARE_ADDRESS, BindMode::SHARE_ADDRESS, true),
        (BindMode::SHARE_ADDRESS, BindMode::REUSE_ADDRESS_HINT, true),
        (BindMode::SHARE_ADDRESS, BindMode::DEFAULT, false),
        (BindMode::DEFAULT, BindMode::SHARE_ADDRESS, false),
    ] {
        let (_, _, at) = bound_at(&mut rt, LOCALHOST, first);
        let socket = rt.add(QUdpSocket::new());
        let result = rt[socket].bind(LOCALHOST, at.port(), second);
        assert_eq!(result.is_ok(), shared, "{first:?} {second:?}");
    }
}

#[on_every_network]
fn a_closed_socket_says_so_and_binds_again(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, at) = bound(&mut rt);
    rt[socket].close();
    settle(&mut rt);
    assert_eq!(journal.take(), CLOSING);
    assert_eq!((rt[socket].local_port(), rt[socket].is_valid()), (None, false));
    rt[socket].bind(LOCALHOST, at.port(), BindMode::DEFAULT).unwrap();
    net.udp_peer().0.send_to(b"x", at).unwrap();
    wait_until(&mut rt, |_| journal.has("ready_read"));
    assert_eq!(take(&mut rt, socket).as_deref(), Some("x"));
    journal.take();
    rt[socket].abort();
    settle(&mut rt);
    assert_eq!(journal.take(), ["Unconnected", "read_channel_finished"]);
}

#[on_every_network]
fn a_bound_socket_that_is_destroyed_gives_its_port_back(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, at) = bound(&mut rt);
    rt.destroy(socket);
    assert_eq!(journal.take(), ["Unconnected", "read_channel_finished"]);
    net.bind_udp(at).unwrap();
}

#[on_every_network]
fn waits_see_datagrams(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, at) = bound(&mut rt);
    assert!(!rt.wait_for_ready_read(socket, Some(Duration::from_millis(1))));
    assert_eq!(journal.take(), ["SocketTimeout while Bound"]);
    net.udp_peer().0.send_to(b"dg", at).unwrap();
    assert!(rt.wait_for_ready_read(socket, Some(DEADLINE)));
    assert!(rt.wait_for_ready_read(socket, Some(DEADLINE)), "it is still there");
    assert_eq!(journal.take(), ["ready_read"]);
    assert_eq!(take(&mut rt, socket).as_deref(), Some("dg"));
    assert!(!rt.wait_for_ready_read(socket, Some(Duration::from_millis(1))));
    assert!(!rt.wait_for_bytes_written(socket, None), "a datagram never waits to go out");
}

#[on_every_network]
fn a_wait_for_a_peer_that_is_not_there_ends(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal) = connected(&mut rt, dead_port(net));
    rt[socket].write_all(b"anyone?").unwrap();
    assert!(!rt.wait_for_ready_read(socket, None));
    assert_eq!(journal.take()[1..], ["ConnectionRefused while Connected"]);
}

#[on_every_network]
fn a_flood_that_nobody_reads_is_announced_once_and_keeps_nobody_waiting(net: &Net) {
    let mut rt = net.runtime();
    let (socket, journal, at) = bound(&mut rt);
    let ticks = Journal::new();
    let timer = rt.add(QTimer::new());
    let tick = ticks.clone();
    rt.connect_fn(timer, QTimer::timeout, move |_, _| tick.note("tick"));
    rt[timer].start_with(Duration::ZERO);
    let (peer, _) = net.udp_peer();
    for _ in 0..100 {
        for _ in 0..100 {
            peer.send_to(&[7; 512], at).unwrap();
        }
        turn(&mut rt);
    }
    assert_eq!(journal.take(), ["ready_read"]);
    assert!(ticks.len() >= 100, "{} ticks", ticks.len());
    rt[timer].stop();
    settle(&mut rt);
    assert!(!turn(&mut rt), "what is unread does not keep the loop busy");
    assert_eq!(rt[socket].pending_datagram_size(), Some(512));
}

#[on_every_network]
fn a_turn_tells_a_socket_of_datagrams_once_however_many_there_are(net: &Net) {
    let mut rt = net.runtime();
    let (loud, loud_journal, at) = bound(&mut rt);
    let (_quiet, quiet_journal, other) = bound(&mut rt);
    rt.connect_fn(loud, QUdpSocket::ready_read, move |world, _| {
        world[loud].receive_datagram(None).map(drop)
    });
    let (peer, _) = net.udp_peer();
    for _ in 0..50 {
        peer.send_to(b"loud", at).unwrap();
    }
    peer.send_to(b"quiet", other).unwrap();
    turn(&mut rt);
    assert!(quiet_journal.has("ready_read"));
    assert!(loud_journal.len() < 5, "{}", loud_journal.len());
    wait_until(&mut rt, |_| loud_journal.len() == 50);
}

#[on_every_network]
fn an_option_that_was_set_early_holds_however_the_socket_gets_its_address(net: &Net) {
    let mut rt = net.runtime();
    let (_peer, at) = net.udp_peer();
    type Way = fn(&mut Runtime, Obj<QUdpSocket>, SocketAddr);
    let ways: [Way; 3] = [
        |rt, socket, _| rt[socket].bind(LOCALHOST, 0, BindMode::DEFAULT).unwrap(),
        |rt, socket, at| assert_eq!(rt[socket].write_datagram(b"?", at).unwrap(), 1),
        |rt, socket, at| {
            rt[socket].connect_to_address(at, OpenMode::READ_WRITE);
            settle(rt);
        },
    ];
    for way in ways {
        let socket = rt.add(QUdpSocket::new());
        let options = [SocketOption::MulticastTtl(7), SocketOption::TypeOfService(96)];
        for option in options {
            rt[socket].set_socket_option(option).unwrap();
            assert_eq!(rt[socket].socket_option(option.name()).unwrap(), option);
        }
        way(&mut rt, socket, at);
        assert!(rt[socket].is_valid());
        for option in options {
            assert_eq!(rt[socket].socket_option(option.name()).unwrap(), option);
        }
    }
}

#[on_every_network]
fn an_option_that_the_system_refuses_fails_the_datagram_for_which_it_is_bound(net: &Net) {
    let mut rt = net.runtime();
    let (_peer, at) = net.udp_peer();
    let socket = rt.add(QUdpSocket::new());
    let journal = journal_of(&mut rt, socket);
    rt[socket].set_socket_option(SocketOption::SendBufferSize(usize::MAX)).unwrap();
    let refused = rt[socket].write_datagram(b"?", at).unwrap_err();
    assert_eq!(refused.kind(), SocketError::UnsupportedSocketOperation);
    rt.deliver();
    assert_eq!(journal.take(), ["UnsupportedSocketOperation while Unconnected"]);
    rt[socket].set_socket_option(SocketOption::SendBufferSize(10_000)).unwrap();
    assert_eq!(rt[socket].write_datagram(b"?", at).unwrap(), 1);
}

/// On the kernel's network alone, as descriptors are.
#[test]
fn a_descriptor_that_is_bound_is_taken_over() {
    let mut rt = Runtime::new().unwrap();
    let theirs = UdpSocket::bind(any_port()).unwrap();
    let at = theirs.local_addr().unwrap();
    UdpSocket::bind(any_port()).unwrap().send_to(b"early", at).unwrap();
    let socket = rt.add(QUdpSocket::new());
    let journal = journal_of(&mut rt, socket);
    let state = SocketState::Bound;
    rt[socket].set_socket_descriptor(theirs.into(), state, OpenMode::READ_WRITE).unwrap();
    wait_until(&mut rt, |_| journal.has("ready_read"));
    assert_eq!(take(&mut rt, socket).as_deref(), Some("early"));
    assert_eq!(journal.take(), ["Bound", "ready_read"]);
}

#[test]
fn what_is_no_udp_socket_is_refused() {
    let mut rt = Runtime::new().unwrap();
    let socket = rt.add(QUdpSocket::new());
    let journal = journal_of(&mut rt, socket);
    let (local, _peer) = UnixDatagram::pair().unwrap();
    let mut descriptors: Vec<OwnedFd> = vec![
        local.into(),
        std::net::TcpListener::bind(any_port()).unwrap().into(),
        std::fs::File::open("/dev/null").unwrap().into(),
    ];
    // Datagrams of other protocols, where the system lets this process have such.
    let (form, domain) = (socket2::Type::DGRAM, socket2::Domain::IPV4);
    let udp_lite = socket2::Protocol::from(136);
    for protocol in [socket2::Protocol::ICMPV4, udp_lite] {
        descriptors.extend(socket2::Socket::new(domain, form, Some(protocol)).map(OwnedFd::from));
    }
    for descriptor in descriptors {
        let refused = rt[socket]
            .set_socket_descriptor(descriptor, SocketState::Bound, OpenMode::READ_WRITE)
            .unwrap_err();
        assert_eq!(refused.kind(), SocketError::UnsupportedSocketOperation);
    }
    settle(&mut rt);
    assert_eq!((journal.len(), rt[socket].is_valid()), (0, false));
}

#[derive(QObject, Default)]
struct Beacon {
    #[qobject(base: QAbstractSocket)]
    socket: QUdpSocket,
    heard: Vec<Vec<u8>>,
}

#[slots]
impl Beacon {
    #[slot(self.ready_read)]
    fn hear(&mut self) -> Result<(), NetError> {
        while let Some(datagram) = self.socket.receive_datagram(None)? {
            self.heard.push(datagram.into_data());
        }
        Ok(())
    }
}

#[on_every_network]
fn a_class_extends_a_udp_socket(net: &Net) {
    let mut rt = net.runtime();
    let beacon = rt.add(Beacon::default());
    rt[beacon].bind(LOCALHOST, 0, BindMode::DEFAULT).unwrap();
    let port = rt[beacon].local_port().unwrap();
    net.udp_peer().0.send_to(b"light", (LOCALHOST, port)).unwrap();
    wait_until(&mut rt, |world| world[beacon].heard == [b"light"]);
    let meta = Beacon::static_meta_object();
    let classes = std::iter::successors(Some(meta), |class| class.super_class());
    let names: Vec<_> = classes.map(|class| class.class_name()).collect();
    assert_eq!(names, ["Beacon", "QUdpSocket", "QAbstractSocket", "QIODevice"]);
}

/// The system's buffer holds these at any time, so none is lost.
#[on_every_network]
fn datagrams_arrive_whole_and_one_by_one(net: &Net) {
    let size =
        prop_oneof![0_usize..=3, 1_400_usize..=1_500, 16_000_usize..=17_000, 65_500_usize..=65_507];
    let sizes = prop::collection::vec(size, 1..12);
    proptest!(ProptestConfig::with_cases(64), |(sizes in sizes, by_read in any::<bool>())| {
        let mut rt = net.runtime();
        let (socket, _, at) = bound(&mut rt);
        let sender = rt.add(QUdpSocket::new());
        let bytes = noise(65_507);
        for batch in sizes.chunks(2) {
            for &size in batch {
                prop_assert_eq!(rt[sender].write_datagram(&bytes[..size], at).unwrap(), size);
            }
            for &size in batch {
                prop_assert_eq!(rt[socket].pending_datagram_size(), Some(size));
                let came = if by_read {
                    let mut buffer = vec![0; 65_507];
                    let (count, _) = rt[socket].read_datagram(&mut buffer).unwrap();
                    buffer.truncate(count);
                    buffer
                } else {
                    let datagram = rt[socket].receive_datagram(None).unwrap().unwrap();
                    prop_assert!(!datagram.is_truncated());
                    datagram.into_data()
                };
                prop_assert!(came == bytes[..size], "{} of {}", came.len(), size);
            }
            prop_assert!(!rt[socket].has_pending_datagrams());
        }
    });
}

#[on_every_network]
fn an_unexpected_read_keeps_the_error_of_the_system(net: &Net) {
    let mut rt = net.runtime();
    let socket = rt.add(QUdpSocket::new());
    rt[socket].bind(Ipv4Addr::LOCALHOST, 0, BindMode::DEFAULT).unwrap();
    let error = rt[socket].read_datagram(&mut [0; 4]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    let kept = rt[socket].os_error().and_then(std::io::Error::raw_os_error);
    assert_eq!((kept.is_some(), kept), (true, error.raw_os_error()));
}

#[on_every_network]
fn datagrams_have_no_end_that_could_be_closed(net: &Net) {
    let mut rt = net.runtime();
    let (peer, to) = net.udp_peer();
    let (socket, _) = connected(&mut rt, to);
    rt[socket].shutdown_write();
    rt[socket].write_all(b"still here").unwrap();
    let mut buffer = [0; 16];
    let (count, _) = peer.recv_from(&mut buffer).unwrap();
    assert_eq!(&buffer[..count], b"still here");
}
