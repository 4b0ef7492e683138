//! Servers behind a SOCKS5 proxy, which listens for them: BIND (RFC 1928, section 4).

use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use slotwire::prelude::*;
use slotwire::{BindAddress, Incoming, NetworkProxy, ProxyQuery};

use super::{GREETING, hear, reply_with};
use support::*;

/// The request to listen at any address and port.
const BIND: &[u8] = b"\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00";

/// The proxy's first reply: it listens at 10.9.8.7, port 7777.
const LISTENS: &[u8] = b"\x05\x00\x00\x01\x0a\x09\x08\x07\x1e\x61";

/// The proxy's second reply: 10.1.2.3 has connected, from port 4000.
const COMES: &[u8] = b"\x05\x00\x00\x01\x0a\x01\x02\x03\x0f\xa0";

fn far() -> SocketAddr {
    ([10, 1, 2, 3], 4000).into()
}

fn place() -> SocketAddr {
    ([10, 9, 8, 7], 7777).into()
}

/// Notes every signal of a server, and whether it listens then.
fn journal_of_server(rt: &mut World, server: Obj<QTcpServer>) -> Journal {
    let journal = Journal::new();
    let note = |name: &'static str| {
        let journal = journal.clone();
        move |world: &mut World, _: &()| {
            let state = if world[server].is_listening() { ", which it does" } else { "" };
            journal.note(format!("{name}{state}"));
        }
    };
    rt.connect_fn(server, QTcpServer::listening, note("listening"));
    rt.connect_fn(server, QTcpServer::new_connection, note("new_connection"));
    let asked = journal.clone();
    rt.connect_fn(server, QTcpServer::proxy_authentication_required, move |_, _| {
        asked.note("asked");
    });
    let errors = journal.clone();
    rt.connect_fn(server, QTcpServer::accept_error, move |world, error| {
        let state = if world[server].is_listening() { ", and it listens" } else { "" };
        errors.note(format!("{error:?}{state}"));
    });
    journal
}

/// A server that asks the proxy to listen that listens here.
fn begin(
    net: &Net,
    rt: &mut Runtime,
    finish: impl FnOnce(NetworkProxy) -> NetworkProxy,
) -> (Obj<QTcpServer>, Journal, Listener) {
    let (listener, port) = net.listener();
    let server = rt.add(QTcpServer::new());
    let journal = journal_of_server(rt, server);
    rt[server].set_proxy(finish(NetworkProxy::socks5("127.0.0.1", port)));
    listen(rt, server);
    (server, journal, listener)
}

fn listen(world: &mut World, server: Obj<QTcpServer>) {
    world[server].listen_on(BindAddress::Any, 0).unwrap();
}

/// A server that a proxy listens for, and the control link.
fn listening(net: &Net, rt: &mut Runtime) -> (Obj<QTcpServer>, Journal, Peer) {
    let (server, journal, listener) = begin(net, rt, |proxy| proxy);
    let mut proxy = caller(rt, &listener);
    reply_with(rt, &mut proxy, BIND, LISTENS);
    wait_until(rt, |world| world[server].is_listening());
    settle(rt);
    assert_eq!(journal.take(), ["listening, which it does"]);
    (server, journal, proxy)
}

#[track_caller]
fn accepted(rt: &mut Runtime, server: Obj<QTcpServer>) -> Obj<QTcpSocket> {
    wait_until(rt, |world| world[server].has_pending_connections());
    rt[server].next_pending_connection().unwrap()
}

#[on_every_network]
fn a_server_listens_when_the_proxy_answers_and_accepts_one_connection(net: &Net) {
    let mut rt = net.runtime();
    let (server, journal, listener) = begin(net, &mut rt, |proxy| proxy);
    let is_deaf = |rt: &Runtime| {
        let server = &rt[server];
        !server.is_listening() && (server.server_port(), server.server_addr()) == (None, None)
    };
    assert!(is_deaf(&rt));
    let again = rt[server].listen(any_port()).unwrap_err();
    assert_eq!(again.kind(), SocketError::Operation);
    assert!(again.to_string().contains("while a proxy is asked to listen"), "{again}");
    let mut proxy = caller(&mut rt, &listener);
    assert!(is_deaf(&rt));
    reply_with(&mut rt, &mut proxy, BIND, LISTENS);
    wait_until(&mut rt, |world| world[server].is_listening());
    settle(&mut rt);
    assert_eq!(journal.take(), ["listening, which it does"]);
    assert_eq!(rt[server].server_addr(), Some(place()));
    assert_eq!(rt[server].server_address(), Some(Ipv4Addr::new(10, 9, 8, 7).into()));
    assert!(rt[server].socket_descriptor().is_none());

    proxy.write_all(COMES).unwrap();
    let socket = accepted(&mut rt, server);
    settle(&mut rt);
    assert_eq!(journal.take(), ["new_connection"]);
    assert!(is_deaf(&rt));
    assert_eq!(rt[socket].state(), SocketState::Connected);
    assert_eq!((rt[socket].peer_addr(), rt[socket].local_addr()), (Some(far()), Some(place())));
    rt[socket].write_all(b"hi").unwrap();
    hear(&mut rt, &mut proxy, b"hi");
    proxy.write_all(b"yo").unwrap();
    wait_until(&mut rt, |world| world[socket].bytes_available() == 2);
    rt[socket].disconnect_from_host();
    assert_eq!(read_to_end(&mut rt, &mut proxy), b"");
    assert_eq!(rt[socket].read_all(), b"yo");
    assert!(listener.accept_now().is_none());
    assert_eq!((journal.take(), rt[server].server_error()), (vec![], None));
}

/// The proxy says all of this in one piece, in two, or byte by byte.
#[on_every_network]
fn replies_may_come_in_any_pieces_and_what_follows_is_the_peers(net: &Net) {
    let name = b"\x05\x00\x00\x03\x04gate\x0f\xa0".as_slice();
    let v6 = [b"\x05\x00\x00\x04".as_slice(), &[0x20; 16], b"\x0f\xa0"].concat();
    for second in [COMES, name, &v6] {
        let all = [LISTENS, second, b"more"].concat();
        let cuts = (0..=all.len()).map(|cut| vec![cut]);
        let in_bytes = std::iter::once((0..all.len()).collect());
        for cuts in cuts.chain(in_bytes) {
            let mut rt = net.runtime();
            let (server, journal, listener) = begin(net, &mut rt, |proxy| proxy);
            let mut proxy = caller(&mut rt, &listener);
            let heard = journal.clone();
            rt.connect_fn(server, QTcpServer::new_connection, move |world, _| {
                let socket = world[server].next_pending_connection().unwrap();
                let (ready, heard) = (heard.clone(), heard.clone());
                world.connect_fn(socket, QTcpSocket::ready_read, move |world, _| {
                    ready.note(String::from_utf8(world[socket].read_all()).unwrap());
                });
                world.connect_fn(socket, QTcpSocket::disconnected, move |_, _| {
                    heard.note("end");
                });
            });
            hear(&mut rt, &mut proxy, GREETING);
            proxy.write_all(b"\x05\x00").unwrap();
            hear(&mut rt, &mut proxy, BIND);
            let ends = cuts.iter().copied().chain([all.len()]);
            let mut begin = 0;
            for end in ends {
                proxy.write_all(&all[begin..end]).unwrap();
                settle(&mut rt);
                begin = end;
            }
            drop(proxy);
            wait_until(&mut rt, |_| journal.has("end"));
            let told = journal.take();
            assert_eq!(told[..2], ["listening, which it does", "new_connection"], "{cuts:?}");
            assert_eq!(told[2..].concat(), "moreend", "{cuts:?}");
            assert!(!told.contains(&String::new()), "{told:?}");
        }
    }
}

#[on_every_network]
fn a_peer_of_which_the_proxy_tells_no_address_has_none(net: &Net) {
    let mapped = b"\x05\x00\x00\x04\0\0\0\0\0\0\0\0\0\0\xff\xff\0\0\0\0\x0f\xa0";
    for reply in [
        b"\x05\x00\x00\x03\x04gate\x0f\xa0",
        b"\x05\x00\x00\x01\0\0\0\0\x0f\xa0".as_slice(),
        mapped,
    ] {
        let mut rt = net.runtime();
        let (server, _, mut proxy) = listening(net, &mut rt);
        proxy.write_all(reply).unwrap();
        let socket = accepted(&mut rt, server);
        assert_eq!((rt[socket].peer_address(), rt[socket].peer_port()), (None, Some(4000)));
    }
}

#[on_every_network]
fn a_proxy_that_tells_no_address_listens_at_its_own(net: &Net) {
    for reply in
        [b"\x05\x00\x00\x01\0\0\0\0\x1e\x61", b"\x05\x00\x00\x03\x04gate\x1e\x61".as_slice()]
    {
        let mut rt = net.runtime();
        let (server, _, listener) = begin(net, &mut rt, |proxy| proxy);
        let mut proxy = caller(&mut rt, &listener);
        reply_with(&mut rt, &mut proxy, BIND, reply);
        wait_until(&mut rt, |world| world[server].is_listening());
        assert_eq!(rt[server].server_addr(), Some((Ipv4Addr::LOCALHOST, 7777).into()));
    }
}

#[on_every_network]
fn the_proxy_is_told_the_address_and_the_port(net: &Net) {
    let v6 = |last: u8| [b"\x05\x02\x00\x04".as_slice(), &[0; 15], &[last, 0, 0]].concat();
    let cases: [(BindAddress, u16, Vec<u8>); 4] = [
        (BindAddress::AnyIpv4, 7777, b"\x05\x02\x00\x01\x00\x00\x00\x00\x1e\x61".to_vec()),
        (place().ip().into(), 80, b"\x05\x02\x00\x01\x0a\x09\x08\x07\x00\x50".to_vec()),
        (BindAddress::AnyIpv6, 0, v6(0)),
        (Ipv6Addr::LOCALHOST.into(), 0, v6(1)),
    ];
    for (address, port, request) in cases {
        let mut rt = net.runtime();
        let (listener, proxy_port) = net.listener();
        let server = rt.add(QTcpServer::new());
        rt[server].set_proxy(NetworkProxy::socks5("127.0.0.1", proxy_port));
        rt[server].listen_on(address, port).unwrap();
        let mut proxy = caller(&mut rt, &listener);
        reply_with(&mut rt, &mut proxy, &request, LISTENS);
        wait_until(&mut rt, |world| world[server].is_listening());
    }
}

#[on_every_network]
fn the_name_of_the_proxy_is_looked_up(net: &Net) {
    let mut rt = net.runtime();
    let (listener, port) = net.listener();
    let server = rt.add(QTcpServer::new());
    rt[server].set_proxy(NetworkProxy::socks5("localhost", port));
    listen(&mut rt, server);
    let mut proxy = caller(&mut rt, &listener);
    reply_with(&mut rt, &mut proxy, BIND, LISTENS);
    wait_until(&mut rt, |world| world[server].is_listening());
}

#[on_every_network]
fn only_the_proxy_of_a_server_concerns_it(net: &Net) {
    for own in [NetworkProxy::default(), NetworkProxy::none()] {
        let mut rt = net.runtime();
        rt.set_application_proxy(NetworkProxy::socks5("127.0.0.1", 1).for_loopback());
        let server = rt.add(QTcpServer::new());
        let journal = journal_of_server(&mut rt, server);
        rt[server].set_proxy(own.clone());
        assert_eq!(*rt[server].proxy(), own);
        rt[server].listen(any_port()).unwrap();
        assert!(rt[server].is_listening());
        rt.deliver();
        assert_eq!(journal.take(), ["listening, which it does"]);

        rt.set_application_proxy_factory(|_: &ProxyQuery| -> Vec<NetworkProxy> {
            panic!("a factory is not asked about servers")
        });
        rt[server].close();
        rt[server].listen(any_port()).unwrap();
    }
}

#[on_every_network]
fn an_http_proxy_cannot_listen(net: &Net) {
    let mut rt = net.runtime();
    let (listener, port) = net.listener();
    let server = rt.add(QTcpServer::new());
    let journal = journal_of_server(&mut rt, server);
    rt[server].set_proxy(NetworkProxy::http("127.0.0.1", port));
    let error = rt[server].listen(any_port()).unwrap_err();
    assert_eq!(error.kind(), SocketError::UnsupportedSocketOperation);
    assert!(error.to_string().ends_with("an HTTP proxy cannot listen"), "{error}");
    assert_eq!(rt[server].server_error(), Some(SocketError::UnsupportedSocketOperation));
    settle(&mut rt);
    assert!(listener.accept_now().is_none());
    assert_eq!(journal.take(), [""; 0]);
    rt[server].set_proxy(NetworkProxy::none());
    rt[server].listen(any_port()).unwrap();
}

#[on_every_network]
fn a_slot_gives_the_credentials_that_the_proxy_wants(net: &Net) {
    let mut rt = net.runtime();
    let (server, journal, listener) = begin(net, &mut rt, |proxy| proxy);
    rt.connect_fn(server, QTcpServer::proxy_authentication_required, move |_, asked| {
        assert_eq!(asked.proxy.host_name(), "127.0.0.1");
        asked.authenticator.set_user("ann");
        asked.authenticator.set_password("pw");
    });
    let mut proxy = caller(&mut rt, &listener);
    hear(&mut rt, &mut proxy, GREETING);
    proxy.write_all(b"\x05\xff").unwrap();
    let mut again = caller(&mut rt, &listener);
    assert_eq!(read_to_end(&mut rt, &mut proxy), b"");
    hear(&mut rt, &mut again, b"\x05\x01\x02");
    again.write_all(b"\x05\x02").unwrap();
    hear(&mut rt, &mut again, b"\x01\x03ann\x02pw");
    again.write_all(b"\x01\x00").unwrap();
    hear(&mut rt, &mut again, BIND);
    again.write_all(&[LISTENS, COMES].concat()).unwrap();
    let socket = accepted(&mut rt, server);
    assert_eq!(rt[socket].peer_addr(), Some(far()));
    assert_eq!(journal.take(), ["asked", "listening, which it does", "new_connection"]);
}

#[on_every_network]
fn without_credentials_the_proxy_is_not_asked_to_listen(net: &Net) {
    let mut rt = net.runtime();
    let (server, journal, listener) = begin(net, &mut rt, |proxy| proxy);
    let mut proxy = caller(&mut rt, &listener);
    hear(&mut rt, &mut proxy, GREETING);
    proxy.write_all(b"\x05\xff").unwrap();
    assert_eq!(read_to_end(&mut rt, &mut proxy), b"");
    settle(&mut rt);
    assert_eq!(journal.take(), ["asked", "ProxyAuthenticationRequired"]);
    assert!(rt[server].error_string().contains("requires a user"));
}

/// The phases of a server behind a proxy, in each of which something may happen.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
enum Phase {
    Begun,
    Called,
    Greeted,
    Requested,
    /// Some bytes of the first reply have come.
    HalfAnswered,
    Listening,
    /// Some bytes of the second reply have come.
    HalfCome,
}

const PHASES: [Phase; 7] = [
    Phase::Begun,
    Phase::Called,
    Phase::Greeted,
    Phase::Requested,
    Phase::HalfAnswered,
    Phase::Listening,
    Phase::HalfCome,
];

/// Plays the proxy up to this phase. Returns the control link.
fn play(
    rt: &mut Runtime,
    server: Obj<QTcpServer>,
    listener: &Listener,
    phase: Phase,
) -> Option<Peer> {
    if phase == Phase::Begun {
        return None;
    }
    let mut proxy = caller(rt, listener);
    if phase >= Phase::Greeted {
        hear(rt, &mut proxy, GREETING);
        proxy.write_all(b"\x05\x00").unwrap();
    }
    if phase >= Phase::Requested {
        hear(rt, &mut proxy, BIND);
    }
    if phase >= Phase::HalfAnswered {
        proxy.write_all(&LISTENS[..4]).unwrap();
    }
    if phase >= Phase::Listening {
        proxy.write_all(&LISTENS[4..]).unwrap();
        wait_until(rt, |world| world[server].is_listening());
    }
    if phase >= Phase::HalfCome {
        proxy.write_all(&COMES[..4]).unwrap();
    }
    settle(rt);
    Some(proxy)
}

#[on_every_network]
fn closing_in_any_phase_ends_it_in_silence_and_the_server_may_listen_again(net: &Net) {
    for phase in PHASES {
        let mut rt = net.runtime();
        let (server, journal, listener) = begin(net, &mut rt, |proxy| proxy);
        let proxy = play(&mut rt, server, &listener, phase);
        journal.take();
        rt[server].close();
        assert!(!rt[server].is_listening() && rt[server].server_port().is_none());
        if let Some(mut proxy) = proxy {
            read_to_end(&mut rt, &mut proxy);
        }
        settle(&mut rt);
        assert!(listener.accept_now().is_none(), "{phase:?}");
        assert!(rt.next_deadline().is_none(), "{phase:?}: nothing is waited for");
        assert_eq!((journal.take(), rt[server].server_error()), (vec![], None), "{phase:?}");

        listen(&mut rt, server);
        let mut proxy = caller(&mut rt, &listener);
        reply_with(&mut rt, &mut proxy, BIND, &[LISTENS, COMES].concat());
        accepted(&mut rt, server);
        assert_eq!(journal.take(), ["listening, which it does", "new_connection"], "{phase:?}");
    }
}

#[on_every_network]
fn a_server_that_closes_and_listens_at_once_asks_anew(net: &Net) {
    let mut rt = net.runtime();
    let (server, journal, listener) = begin(net, &mut rt, |proxy| proxy);
    for _ in 0..3 {
        rt[server].close();
        listen(&mut rt, server);
    }
    let mut proxy = caller(&mut rt, &listener);
    reply_with(&mut rt, &mut proxy, BIND, LISTENS);
    wait_until(&mut rt, |world| world[server].is_listening());
    settle(&mut rt);
    assert_eq!(journal.take(), ["listening, which it does"]);
    assert!(listener.accept_now().is_none());
}

#[on_every_network]
fn a_server_that_is_destroyed_in_any_phase_leaves_nothing_behind(net: &Net) {
    const NAME: &str = "listening::a_server_that_is_destroyed_in_any_phase_leaves_nothing_behind";
    net.in_own_process(NAME, || {
        for phase in PHASES {
            let mut rt = net.runtime();
            let before = net.open_descriptors();
            let (server, journal, listener) = begin(net, &mut rt, |proxy| proxy);
            let proxy = play(&mut rt, server, &listener, phase);
            journal.take();
            rt.destroy(server);
            if let Some(mut proxy) = proxy {
                read_to_end(&mut rt, &mut proxy);
            }
            drop(listener);
            settle(&mut rt);
            assert!(rt.next_deadline().is_none(), "{phase:?}");
            assert_eq!(journal.take(), [""; 0], "{phase:?}");
            assert_eq!(net.open_descriptors(), before, "{phase:?}");
        }
    });
}

/// A slot of each signal destroys the server, closes it, or listens again.
#[on_every_network]
fn slots_may_do_anything_to_the_server(net: &Net) {
    type Deed = fn(&mut World, Obj<QTcpServer>);
    let deeds: [Deed; 3] = [
        |world, server| {
            world.destroy(server);
        },
        |world, server| world[server].close(),
        |world, server| {
            world[server].close();
            listen(world, server);
        },
    ];
    for deed in deeds {
        for signal in ["asked", "listening", "new_connection", "failure"] {
            let mut rt = net.runtime();
            let (server, _, listener) = begin(net, &mut rt, |proxy| proxy);
            match signal {
                "asked" => rt.connect_fn(
                    server,
                    QTcpServer::proxy_authentication_required,
                    move |world, asked| {
                        asked.authenticator.set_user("ann");
                        deed(world, server);
                    },
                ),
                "listening" => rt.connect_fn(server, QTcpServer::listening, move |world, _| {
                    deed(world, server);
                }),
                "new_connection" => {
                    rt.connect_fn(server, QTcpServer::new_connection, move |world, _| {
                        deed(world, server);
                    })
                }
                _ => rt.connect_fn(server, QTcpServer::accept_error, move |world, _| {
                    deed(world, server);
                }),
            };
            let mut proxy = caller(&mut rt, &listener);
            hear(&mut rt, &mut proxy, GREETING);
            let said = match signal {
                "asked" => b"\x05\xff".to_vec(),
                "failure" => b"\x05\x00\x05\x01".to_vec(),
                _ => [b"\x05\x00".as_slice(), LISTENS, COMES, b"hello"].concat(),
            };
            proxy.write_all(&said).unwrap();
            let left = if signal == "asked" { 0 } else { BIND.len() };
            read_exactly(&mut rt, &mut proxy, left);
            let is_again = deed as usize == deeds[2] as usize;
            let _again = is_again.then(|| {
                let mut again = caller(&mut rt, &listener);
                hear(&mut rt, &mut again, GREETING);
                again
            });
            read_to_end(&mut rt, &mut proxy);
            settle(&mut rt);
            assert!(listener.accept_now().is_none(), "{signal}");
            assert_eq!(rt.next_deadline().is_some(), is_again, "{signal}");
        }
    }
}

#[on_every_network]
fn a_slot_of_the_connection_listens_for_the_next(net: &Net) {
    let mut rt = net.runtime();
    let (server, journal, listener) = begin(net, &mut rt, |proxy| proxy);
    rt.connect_fn(server, QTcpServer::new_connection, move |world, _| listen(world, server));
    let mut links = Vec::new();
    for _ in 0..3 {
        let mut proxy = caller(&mut rt, &listener);
        reply_with(&mut rt, &mut proxy, BIND, &[LISTENS, COMES, b"hello"].concat());
        let socket = accepted(&mut rt, server);
        wait_until(&mut rt, |world| world[socket].bytes_available() == 5);
        assert_eq!(journal.take(), ["listening, which it does", "new_connection"]);
        links.push((socket, proxy));
    }
    for (socket, proxy) in &mut links {
        proxy.write_all(b" again").unwrap();
        wait_until(&mut rt, |world| world[*socket].bytes_available() == 11);
    }
}

/// Plays a proxy that says this as its first or its second reply. Returns the error and its text.
fn failed(net: &Net, is_second: bool, reply: &[u8]) -> (SocketError, String) {
    let mut rt = net.runtime();
    let (server, journal, listener) = begin(net, &mut rt, |proxy| proxy);
    let mut proxy = caller(&mut rt, &listener);
    reply_with(&mut rt, &mut proxy, BIND, if is_second { LISTENS } else { b"" });
    if is_second {
        wait_until(&mut rt, |world| world[server].is_listening());
    }
    proxy.write_all(reply).unwrap();
    assert_eq!(read_to_end(&mut rt, &mut proxy), b"");
    settle(&mut rt);
    let error = rt[server].server_error().unwrap();
    let told = journal.take();
    assert_eq!(told.last().unwrap(), &format!("{error:?}"));
    assert_eq!(told.len(), 1 + usize::from(is_second), "the error is told once: {told:?}");
    assert!(!rt[server].is_listening() && rt[server].server_port().is_none());
    assert!(rt.next_deadline().is_none(), "it does not try again");
    (error, rt[server].error_string())
}

#[on_every_network]
fn a_refusal_in_either_reply_is_told_once(net: &Net) {
    for is_second in [false, true] {
        for (code, expected) in [
            (1, SocketError::Network),
            (2, SocketError::SocketAccess),
            (3, SocketError::Network),
            (4, SocketError::HostNotFound),
            (5, SocketError::ConnectionRefused),
            (6, SocketError::Network),
            (7, SocketError::UnsupportedSocketOperation),
            (8, SocketError::UnsupportedSocketOperation),
            (9, SocketError::Unknown),
            (255, SocketError::Unknown),
        ] {
            let (error, text) = failed(net, is_second, &[5, code, 0, 1, 0, 0, 0, 0, 0, 0]);
            assert_eq!(error, expected, "{code}");
            assert!(text.ends_with(&format!("(SOCKS5 reply {code})")), "{text}");
        }
    }
}

#[on_every_network]
fn a_reply_that_is_not_socks_is_an_error_of_the_protocol(net: &Net) {
    for is_second in [false, true] {
        for reply in [
            b"HTTP/1.1 400 Bad Request\r\n\r\n".as_slice(),
            b"\x05\x00\x01\x01\x0a\x09\x08\x07\x00\x50",
            b"\x05\x00\x00\x02\x0a\x09\x08\x07\x00\x50",
            b"\x04\x5a\x00\x00\x00\x00\x00\x00",
            &[0; 900],
        ] {
            assert_eq!(failed(net, is_second, reply).0, SocketError::ProxyProtocol);
        }
    }
    let without_port = b"\x05\x00\x00\x01\x0a\x09\x08\x07\x00\x00";
    let (error, text) = failed(net, false, without_port);
    assert_eq!(error, SocketError::ProxyProtocol);
    assert_eq!(text, "the proxy did not say where it listens");
}

#[on_every_network]
fn a_proxy_that_goes_in_any_phase_has_closed_early(net: &Net) {
    for phase in PHASES.into_iter().skip(1) {
        for end in [drop, reset as fn(Peer)] {
            let mut rt = net.runtime();
            let (server, journal, listener) = begin(net, &mut rt, |proxy| proxy);
            let proxy = play(&mut rt, server, &listener, phase).unwrap();
            journal.take();
            end(proxy);
            wait_until(&mut rt, |_| journal.len() > 0);
            settle(&mut rt);
            assert_eq!(journal.take(), ["ProxyConnectionClosed"], "{phase:?}");
            assert!(!rt[server].is_listening());
            assert!(rt.next_deadline().is_none());
        }
    }
}

#[on_every_network]
fn a_proxy_that_is_not_there_has_refused(net: &Net) {
    for (host, port, expected) in [
        ("127.0.0.1", net.closed_port(), "ProxyConnectionRefused"),
        ("no proxy", 1080, "ProxyNotFound"),
    ] {
        let mut rt = net.runtime();
        let server = rt.add(QTcpServer::new());
        let journal = journal_of_server(&mut rt, server);
        rt[server].set_proxy(NetworkProxy::socks5(host, port));
        listen(&mut rt, server);
        wait_until(&mut rt, |_| journal.len() > 0);
        assert_eq!(journal.take(), [expected]);
    }
}

#[on_every_network]
fn a_proxy_that_says_nothing_takes_too_long_and_a_peer_may_take_as_long_as_it_likes(net: &Net) {
    let (mut rt, stopwatch) = net.timed_runtime();
    let (server, journal, listener) = begin(net, &mut rt, |proxy| proxy);
    wait_until(&mut rt, |world| world[server].server_error().is_some());
    rt.deliver();
    assert_eq!(journal.take(), ["ProxyConnectionTimeout"]);
    assert!(stopwatch.elapsed() >= Duration::from_secs(30));

    drop(caller(&mut rt, &listener));
    listen(&mut rt, server);
    let mut proxy = caller(&mut rt, &listener);
    reply_with(&mut rt, &mut proxy, BIND, LISTENS);
    wait_until(&mut rt, |world| world[server].is_listening());
    settle(&mut rt);
    assert!(rt.next_deadline().is_none());
}

#[on_every_network]
fn a_paused_server_accepts_the_connection_when_it_is_resumed(net: &Net) {
    let mut rt = net.runtime();
    let (server, journal, listener) = begin(net, &mut rt, |proxy| proxy);
    rt[server].pause_accepting();
    let mut proxy = caller(&mut rt, &listener);
    reply_with(&mut rt, &mut proxy, BIND, &[LISTENS, COMES, b"hello"].concat());
    wait_until(&mut rt, |world| world[server].is_listening());
    settle(&mut rt);
    assert_eq!(journal.take(), ["listening, which it does"]);
    rt[server].resume_accepting();
    let socket = accepted(&mut rt, server);
    wait_until(&mut rt, |world| world[socket].bytes_available() == 5);
}

/// As many as are read with the news, and more than that, which were reported to the server alone.
#[on_every_network]
fn bytes_that_come_with_the_news_are_announced_however_many_there_are(net: &Net) {
    for count in [5, 5000] {
        let mut rt = net.runtime();
        let (server, _, mut proxy) = listening(net, &mut rt);
        let heard = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
        let hears = heard.clone();
        rt.connect_fn(server, QTcpServer::new_connection, move |world, _| {
            let socket = world[server].next_pending_connection().unwrap();
            let hears = hears.clone();
            world.connect_fn(socket, QTcpSocket::ready_read, move |world, _| {
                hears.borrow_mut().extend(world[socket].read_all());
            });
        });
        let sent = noise(count);
        proxy.write_all(&[COMES, &sent].concat()).unwrap();
        wait_until(&mut rt, |_| heard.borrow().len() == count);
        assert_eq!(heard.take(), sent);
    }
}

/// The control link was the server's, whose slots run while it becomes the socket's.
#[on_every_network]
fn what_comes_while_the_connection_is_announced_reaches_the_socket(net: &Net) {
    let mut rt = net.runtime();
    let (server, _, listener) = begin(net, &mut rt, |proxy| proxy);
    let mut proxy = caller(&mut rt, &listener);
    reply_with(&mut rt, &mut proxy, BIND, LISTENS);
    wait_until(&mut rt, |world| world[server].is_listening());
    proxy.write_all(COMES).unwrap();
    let journal = Journal::new();
    let heard = journal.clone();
    let link = std::cell::RefCell::new(Some(proxy));
    rt.connect_fn(server, QTcpServer::new_connection, move |world, _| {
        let socket = world[server].next_pending_connection().unwrap();
        world.set_parent(socket, None::<Obj<QTcpServer>>);
        world.destroy(server);
        let heard = heard.clone();
        world.connect_fn(socket, QTcpSocket::ready_read, move |world, _| {
            heard.note(String::from_utf8(world[socket].read_all()).unwrap());
            world[socket].write_all(b"answer").unwrap();
            world[socket].disconnect_from_host();
        });
        let mut proxy = link.take().unwrap();
        proxy.write_all(b"hello").unwrap();
        link.replace(Some(proxy));
    });
    wait_until(&mut rt, |_| journal.has("hello"));
    assert!(!rt.contains(server));
}

#[derive(QObject)]
struct Watchman {
    #[qobject(base)]
    server: QTcpServer,
    journal: Journal,
    keeps: bool,
}

#[slots]
impl Watchman {
    fn new(journal: &Journal, keeps: bool) -> Self {
        let server = QTcpServer::with_incoming(Self::incoming_connection);
        Self { server, journal: journal.clone(), keeps }
    }

    fn incoming_connection(&mut self, cx: &mut Context<Self>, incoming: Incoming) {
        self.journal.note(format!("{:?}", incoming.peer_addr()));
        if self.keeps {
            let socket = cx.add_child(incoming.into_socket());
            self.server.add_pending_connection(socket);
        } else if let Err(incoming) = incoming.into_descriptor() {
            self.journal.note("no descriptor");
            drop(incoming);
        }
    }
}

#[on_every_network]
fn a_class_of_ones_own_decides_what_becomes_of_the_connection(net: &Net) {
    for (keeps, early) in [(true, b"hello".as_slice()), (false, b"hello"), (false, b"")] {
        let mut rt = net.runtime();
        let journal = Journal::new();
        let (listener, port) = net.listener();
        let watchman = rt.add(Watchman::new(&journal, keeps));
        rt[watchman].server.set_proxy(NetworkProxy::socks5("127.0.0.1", port));
        rt[watchman].server.listen(any_port()).unwrap();
        let mut proxy = caller(&mut rt, &listener);
        hear(&mut rt, &mut proxy, GREETING);
        proxy.write_all(b"\x05\x00").unwrap();
        read_exactly(&mut rt, &mut proxy, BIND.len());
        proxy.write_all(&[LISTENS, COMES, early].concat()).unwrap();
        wait_until(&mut rt, |_| journal.len() > 0);
        if keeps {
            let socket = accepted(&mut rt, watchman.upcast());
            wait_until(&mut rt, |world| world[socket].bytes_available() == early.len());
            assert_eq!(rt[socket].local_addr(), Some(place()));
        } else {
            read_to_end(&mut rt, &mut proxy);
        }
        let gives_descriptor = keeps || early.is_empty() && net.has_descriptors();
        assert_eq!(journal.has("no descriptor"), !gives_descriptor);
        assert!(journal.has(&format!("{:?}", Some(far()))));
        assert!(!rt[watchman].server.is_listening());
    }
}

/// Waits that are long enough, and too short.
const LATE: Option<Duration> = Some(DEADLINE);
const SOON: Option<Duration> = Some(Duration::from_millis(20));

#[on_every_network]
fn a_wait_gets_the_connection_through_the_whole_conversation(net: &Net) {
    for (together, apart) in [
        ([LISTENS, COMES, b"hello"].concat(), vec![]),
        (LISTENS.to_vec(), [COMES, b"hello"].concat()),
    ] {
        let mut rt = net.runtime();
        let (server, journal, listener) = begin(net, &mut rt, |proxy| proxy);
        let plays = caller(&mut rt, &listener).go([
            Deed::Read(3),
            Deed::Write(b"\x05\x00".to_vec()),
            Deed::Read(BIND.len()),
            Deed::Write(together),
            Deed::Write(apart),
            Deed::ReadToEnd,
        ]);
        assert!(rt.wait_for_new_connection(server, LATE));
        assert_eq!(journal.take(), ["listening, which it does", "new_connection"]);
        let socket = rt[server].next_pending_connection().unwrap();
        assert_eq!(rt[socket].peer_addr(), Some(far()));
        assert!(rt[socket].bytes_available() == 5 || rt.wait_for_ready_read(socket, LATE));
        assert_eq!(rt[socket].read_all(), b"hello");
        rt[socket].disconnect_from_host();
        assert!(rt.wait_for_disconnected(socket, LATE));
        assert_eq!(plays.end(&mut rt), [GREETING, BIND].concat());
        assert!(!rt.wait_for_new_connection(server, None), "it listens no more");
    }
}

#[on_every_network]
fn a_wait_looks_the_name_of_the_proxy_up(net: &Net) {
    let (mut rt, _) = net.timed_runtime();
    let (listener, port) = net.listener();
    let server = rt.add(QTcpServer::new());
    rt[server].set_proxy(NetworkProxy::socks5("localhost", port));
    listen(&mut rt, server);
    assert!(!rt.wait_for_new_connection(server, Some(Duration::from_secs(1))));
    assert!(listener.accept_now().is_some(), "the proxy was called, and said nothing");
}

#[on_every_network]
fn a_wait_knows_when_the_proxy_listens(net: &Net) {
    let mut rt = net.runtime();
    let (server, journal, listener) = begin(net, &mut rt, |proxy| proxy);
    let proxy = caller(&mut rt, &listener);
    assert!(!rt.wait_for_listening(server, SOON));
    assert_eq!(rt[server].server_error(), Some(SocketError::SocketTimeout));
    let plays = proxy.go([
        Deed::Read(3),
        Deed::Write(b"\x05\x00".to_vec()),
        Deed::Read(BIND.len()),
        Deed::Write([LISTENS, b"\x05\x01"].concat()),
        Deed::ReadToEnd,
    ]);
    assert!(rt.wait_for_listening(server, LATE));
    assert!(rt.wait_for_listening(server, None), "it does already");
    assert_eq!(rt[server].server_port(), Some(7777));
    assert!(!rt.wait_for_new_connection(server, LATE));
    assert!(!rt.wait_for_listening(server, None), "it does no more");
    assert_eq!(journal.take(), ["listening, which it does", "Network"]);
    plays.end_or_fail(&mut rt);
}

#[on_every_network]
fn a_wait_that_is_too_short_leaves_the_server_asking(net: &Net) {
    let (mut rt, _) = net.timed_runtime();
    let (server, journal, listener) = begin(net, &mut rt, |proxy| proxy);
    assert!(!rt.wait_for_new_connection(server, SOON));
    assert_eq!(rt[server].server_error(), Some(SocketError::SocketTimeout));
    let mut proxy = caller(&mut rt, &listener);
    reply_with(&mut rt, &mut proxy, BIND, LISTENS);
    wait_until(&mut rt, |world| world[server].is_listening());
    assert!(!rt.wait_for_new_connection(server, SOON));
    proxy.write_all(COMES).unwrap();
    assert!(rt.wait_for_new_connection(server, LATE));
    assert_eq!(journal.take(), ["listening, which it does", "new_connection"]);
}

#[on_every_network]
fn a_wait_ends_when_the_proxy_fails(net: &Net) {
    let said: [(&[u8], &[u8], SocketError); 4] = [
        (b"\x05\x00", b"\x05\x02\x00\x01", SocketError::SocketAccess),
        (b"\x05\x00", &[LISTENS, b"\x05\x05"].concat(), SocketError::ConnectionRefused),
        (b"\x05\xff", b"", SocketError::ProxyAuthenticationRequired),
        (b"HTTP", b"", SocketError::ProxyProtocol),
    ];
    for (method, reply, expected) in said {
        let mut rt = net.runtime();
        let (server, journal, listener) = begin(net, &mut rt, |proxy| proxy);
        let plays = caller(&mut rt, &listener).go([
            Deed::Read(3),
            Deed::Write(method.to_vec()),
            Deed::Read(if reply.is_empty() { 0 } else { BIND.len() }),
            Deed::Write(reply.to_vec()),
            Deed::ReadToEnd,
        ]);
        assert!(!rt.wait_for_new_connection(server, LATE));
        assert_eq!(rt[server].server_error(), Some(expected));
        assert_eq!(journal.take().last().unwrap(), &format!("{expected:?}"));
        plays.end_or_fail(&mut rt);
    }
    let (mut rt, stopwatch) = net.timed_runtime();
    let (server, journal, _listener) = begin(net, &mut rt, |proxy| proxy);
    assert!(!rt.wait_for_new_connection(server, None));
    assert_eq!(journal.take(), ["ProxyConnectionTimeout"]);
    assert!(stopwatch.elapsed() >= Duration::from_secs(30));
    assert_eq!(rt[server].server_error(), Some(SocketError::ProxyConnectionTimeout));
}

#[on_every_network]
fn a_wait_takes_the_credentials_of_a_slot(net: &Net) {
    let mut rt = net.runtime();
    let (server, journal, listener) =
        begin(net, &mut rt, |proxy| proxy.with_credentials("joe", "wrong"));
    rt.connect_fn(server, QTcpServer::proxy_authentication_required, move |_, asked| {
        asked.authenticator.set_user("ann");
        asked.authenticator.set_password("pw");
    });
    let first = caller(&mut rt, &listener).go([
        Deed::Read(3),
        Deed::Write(b"\x05\x02".to_vec()),
        Deed::Read(11),
        Deed::Write(b"\x01\x01".to_vec()),
        Deed::ReadToEnd,
    ]);
    let again = loop {
        assert!(!rt.wait_for_new_connection(server, SOON));
        if let Some(again) = listener.accept_now() {
            break again;
        }
    };
    let second = again.go([
        Deed::Read(3),
        Deed::Write(b"\x05\x02".to_vec()),
        Deed::Read(8),
        Deed::Write(b"\x01\x00".to_vec()),
        Deed::Read(BIND.len()),
        Deed::Write([LISTENS, COMES].concat()),
    ]);
    assert!(rt.wait_for_new_connection(server, LATE));
    assert_eq!(journal.take(), ["asked", "listening, which it does", "new_connection"]);
    first.end(&mut rt);
    second.end(&mut rt);
}

#[on_every_network]
fn a_pause_lasts_beyond_the_connection_that_a_wait_accepts(net: &Net) {
    for second in [COMES, b"\x05\x01"] {
        let mut rt = net.runtime();
        let (server, _, listener) = begin(net, &mut rt, |proxy| proxy);
        rt[server].pause_accepting();
        let mut proxy = caller(&mut rt, &listener);
        reply_with(&mut rt, &mut proxy, BIND, &[LISTENS, second].concat());
        assert_eq!(rt.wait_for_new_connection(server, LATE), second == COMES);
        assert!(!rt[server].is_listening());
        rt[server].next_pending_connection();

        listen(&mut rt, server);
        let mut again = caller(&mut rt, &listener);
        reply_with(&mut rt, &mut again, BIND, &[LISTENS, COMES].concat());
        wait_until(&mut rt, |world| world[server].is_listening());
        settle(&mut rt);
        assert!(!rt[server].has_pending_connections(), "it is still paused");
        rt[server].resume_accepting();
        accepted(&mut rt, server);
    }
}
