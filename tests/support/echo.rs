//! A socket that sends the messages of its peer back, on a connection that is direct or goes by a
//! proxy. Counted by `cost/tunnel.rs`, and by `benches/instructions.rs`.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use slotwire::NetworkProxy;
use slotwire::prelude::*;

/// A message.
pub const MESSAGE: [u8; 64] = [7; 64];

/// How long each message may take.
const LONG: Duration = Duration::from_secs(30);

/// How the socket reaches its peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Direct,
    Socks5,
    Http,
}

impl Way {
    /// Returns the proxy at this port, and all that it says.
    fn proxy(self, port: u16) -> (NetworkProxy, &'static [u8]) {
        match self {
            Self::Direct => (NetworkProxy::none(), b""),
            Self::Socks5 => {
                let said = b"\x05\x00\x05\x00\x00\x01\x0a\x01\x02\x03\x00\x50";
                (NetworkProxy::socks5("127.0.0.1", port), said)
            }
            Self::Http => (NetworkProxy::http("127.0.0.1", port), b"HTTP/1.1 200 OK\r\n\r\n"),
        }
    }
}

/// Has a socket echo this many messages.
pub fn echo(way: Way, count: usize) {
    let mut rt = Runtime::new().expect("a poller");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("it is bound").port();
    let socket = rt.add(QTcpSocket::new());
    let (proxy, said) = way.proxy(port);
    rt[socket].set_proxy(proxy);
    rt.connect_fn(socket, QTcpSocket::ready_read, move |world, ()| {
        world[socket].echo().expect("a socket without limits takes all");
    });
    rt[socket].connect_to_host("127.0.0.1", port);
    listener.set_nonblocking(true).expect("an option that all have");
    let mut peer = None;
    let is_called = |_: &World| {
        peer = listener.accept().ok();
        peer.is_some()
    };
    assert!(rt.run_until(LONG, is_called).expect("a poller that works"));
    let mut peer = peer.expect("the socket has called").0;
    peer.set_nodelay(true).expect("an option that all have");
    peer.write_all(said).expect("there is room");
    let is_connected = |world: &World| world[socket].state() == SocketState::Connected;
    assert!(rt.run_until(LONG, is_connected).expect("a poller that works"));
    assert_eq!(rt[socket].chosen_proxy().is_some(), way != Way::Direct);
    // What the socket has said to the proxy.
    peer.set_nonblocking(true).expect("an option that all have");
    while peer.read(&mut [0; 64]).is_ok() {}
    peer.set_nonblocking(false).expect("an option that all have");
    for _ in 0..count {
        peer.write_all(&MESSAGE).expect("there is room");
        rt.process_events(None).expect("a poller that works");
        take(&mut peer);
    }
}

/// Takes a message that has come back.
pub fn take(peer: &mut TcpStream) {
    let mut echoed = [0; MESSAGE.len()];
    peer.read_exact(&mut echoed).expect("the socket echoes");
    assert_eq!(echoed, MESSAGE);
}
