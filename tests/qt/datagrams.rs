//! Datagrams: each comes whole, with its sender and its destination, in both directions.

use std::net::{IpAddr, Ipv4Addr};

use serde_json::json;
use slotwire::{NetworkDatagram, NetworkInterface};

use super::*;

const NAME: &str = "datagrams.py";

/// Empty, short, and longer than a frame of Ethernet.
fn contents() -> [Vec<u8>; 3] {
    [Vec::new(), b"ping".to_vec(), noise(8192)]
}

fn bound(rt: &mut Runtime) -> (Obj<QUdpSocket>, u16) {
    let socket = rt.add(QUdpSocket::new());
    rt[socket].bind(Ipv4Addr::LOCALHOST, 0, BindMode::DEFAULT).unwrap();
    (socket, rt[socket].local_port().unwrap())
}

fn received(rt: &mut Runtime, socket: Obj<QUdpSocket>) -> NetworkDatagram {
    wait_until(rt, |world| world[socket].has_pending_datagrams());
    rt[socket].receive_datagram(None).unwrap().unwrap()
}

#[test]
fn datagrams_have_their_sender_and_destination() {
    let Some(qt) = Qt::find() else { return };
    let mut rt = Runtime::new().unwrap();
    let mut peer = qt.start(&rt, NAME, &[]);
    let peer_port: u16 = peer.told(&mut rt, "port");
    let (socket, port) = bound(&mut rt);
    for data in contents() {
        rt[socket].write_datagram(&data, (Ipv4Addr::LOCALHOST, peer_port)).unwrap();
        let heard = peer.answer(&mut rt);
        assert_eq!(heard["data"], hex(&data));
        assert_eq!(heard["sender"], format!("127.0.0.1:{port}"));
        assert_eq!(heard["destination"], format!("127.0.0.1:{peer_port}"));

        let order = json!({"do": "send", "data": hex(&data), "to": "127.0.0.1", "port": port});
        peer.order(&order);
        let heard = received(&mut rt, socket);
        assert_eq!(heard.data(), data);
        assert_eq!(heard.sender(), Some((Ipv4Addr::LOCALHOST, peer_port).into()));
        assert_eq!(heard.destination_address(), Some(Ipv4Addr::LOCALHOST.into()));
    }
}

#[test]
fn a_reply_goes_back_to_the_sender() {
    let Some(qt) = Qt::find() else { return };
    let mut rt = Runtime::new().unwrap();
    let mut peer = qt.start(&rt, NAME, &[]);
    let peer_port: u16 = peer.told(&mut rt, "port");
    let (socket, port) = bound(&mut rt);
    peer.order(&json!({"do": "reply", "data": hex(b"pong")}));
    assert_eq!(peer.answer(&mut rt), json!({"ready": true}));
    rt[socket].write_datagram(b"ping", (Ipv4Addr::LOCALHOST, peer_port)).unwrap();
    let pong = received(&mut rt, socket);
    assert_eq!(pong.data(), b"pong");

    rt[socket].send_datagram(&pong.make_reply("ping")).unwrap();
    let heard = peer.answer(&mut rt);
    assert_eq!(heard["data"], hex(b"ping"));
    assert_eq!(heard["sender"], format!("127.0.0.1:{port}"));
}

#[test]
fn connected_sockets_write_and_read_datagrams() {
    let Some(qt) = Qt::find() else { return };
    let mut rt = Runtime::new().unwrap();
    let mut peer = qt.start(&rt, NAME, &[]);
    let peer_port: u16 = peer.told(&mut rt, "port");
    let (socket, port) = bound(&mut rt);
    peer.order(&json!({"do": "connect", "port": port}));
    assert_eq!(peer.answer(&mut rt), json!({"connected": port}));
    rt[socket].connect_to_host("127.0.0.1", peer_port);
    wait_until(&mut rt, |world| world[socket].state() == SocketState::Connected);
    for data in contents().into_iter().filter(|data| !data.is_empty()) {
        rt[socket].write_all(&data).unwrap();
        let heard = peer.answer(&mut rt);
        assert_eq!(heard["data"], hex(&data));
        assert_eq!(heard["sender"], format!("127.0.0.1:{port}"));

        peer.order(&json!({"do": "write", "data": hex(&data)}));
        wait_until(&mut rt, |world| world[socket].bytes_available() > 0);
        assert_eq!(rt[socket].read_all(), data);
    }
}

#[test]
fn what_is_sent_to_a_group_comes_to_qt_and_from_qt() {
    const GROUP: IpAddr = IpAddr::V4(Ipv4Addr::new(239, 255, 43, 91));
    let Some(qt) = Qt::find() else { return };
    let mut rt = Runtime::new().unwrap();
    let mut peer = qt.start(&rt, NAME, &[&GROUP.to_string()]);
    let peer_port: u16 = peer.told(&mut rt, "port");
    let socket = rt.add(QUdpSocket::new());
    rt[socket].bind(BindAddress::AnyIpv4, 0, BindMode::DEFAULT).unwrap();
    let loopback = NetworkInterface::from_name("lo").unwrap();
    rt[socket].join_multicast_group_on(GROUP, &loopback).unwrap();
    rt[socket].set_multicast_interface(&loopback).unwrap();
    let port = rt[socket].local_port().unwrap();

    rt[socket].write_datagram(b"to all", (GROUP, peer_port)).unwrap();
    let heard = peer.answer(&mut rt);
    assert_eq!(heard["data"], hex(b"to all"));
    assert_eq!(heard["sender"], format!("127.0.0.1:{port}"));
    assert_eq!(heard["destination"], format!("{GROUP}:{peer_port}"));
    assert_eq!(heard["hop_limit"], 1);

    let group = GROUP.to_string();
    peer.order(&json!({"do": "send", "data": hex(b"all"), "to": group, "port": port}));
    let heard = received(&mut rt, socket);
    assert_eq!(heard.data(), b"all");
    assert_eq!(heard.sender(), Some((Ipv4Addr::LOCALHOST, peer_port).into()));
    assert_eq!(heard.destination_address(), Some(GROUP));
    assert_eq!(heard.hop_limit(), Some(1));
}
