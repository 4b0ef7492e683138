//! A small SOCKS5 proxy: it connects to whatever its clients name, and carries bytes both ways.
//!
//! Run it with `cargo run --example socks5_server -- 1080`, or without a port, then
//! `cargo run --example proxy_client -- socks5://127.0.0.1 example.org 80`. It prints where it listens
//! and each peer that it connects to. It asks for no password, so keep it on the loopback interface.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use slotwire::prelude::*;

/// How many bytes wait in each direction before the sender has to wait.
const MOST_WAITING: usize = 64 * 1024;

#[derive(QObject)]
struct Socks5Server {
    listener: Obj<QTcpServer>,
    /// The clients, and how far each is.
    clients: BTreeMap<Obj<QTcpSocket>, Stage>,
}

/// What is expected of a client.
enum Stage {
    Greeting,
    Request,
    Connecting,
}

#[slots]
impl Socks5Server {
    fn new(cx: &mut Context<Self>) -> Self {
        Self { listener: cx.add_child(QTcpServer::new()), clients: BTreeMap::new() }
    }

    #[slot(listener.new_connection)]
    fn greet(&mut self, cx: &mut Context<Self>) {
        while let Some(client) = cx[self.listener].next_pending_connection() {
            cx[client].set_read_buffer_size(Some(MOST_WAITING));
            cx.on(client, QTcpSocket::ready_read, Self::hear);
            cx.on(client, QTcpSocket::disconnected, Self::forget);
            self.clients.insert(client, Stage::Greeting);
        }
    }

    #[slot]
    fn hear(&mut self, cx: &mut Context<Self>) -> io::Result<()> {
        let Some(client) = cx.sender_as::<QTcpSocket>() else { return Ok(()) };
        let heard = cx[client].peek(MOST_WAITING).to_vec();
        match self.clients.get(&client) {
            Some(Stage::Greeting) => {
                let [5, count, methods @ ..] = &heard[..] else {
                    return refuse(cx, client, &heard);
                };
                let Some(methods) = methods.get(..usize::from(*count)) else { return Ok(()) };
                cx[client].skip(2 + methods.len());
                cx[client].write_all(if methods.contains(&0) { &[5, 0] } else { &[5, 0xff] })?;
                self.clients.insert(client, Stage::Request);
                self.hear(cx)
            }
            Some(Stage::Request) => {
                let Some((host, port, length)) = request(&heard) else {
                    return refuse(cx, client, &heard);
                };
                cx[client].skip(length);
                self.clients.insert(client, Stage::Connecting);
                connect(cx, client, &host, port);
                Ok(())
            }
            Some(Stage::Connecting) | None => Ok(()),
        }
    }

    #[slot]
    fn forget(&mut self, cx: &mut Context<Self>) {
        if let Some(client) = cx.sender_as::<QTcpSocket>() {
            self.clients.remove(&client);
            cx.delete_later(client); // and its child, the connection to the peer
        }
    }
}

/// Closes the connection of a client that speaks something else, unless more may come.
fn refuse(cx: &mut World, client: Obj<QTcpSocket>, heard: &[u8]) -> io::Result<()> {
    match heard {
        [5, 2 | 3, ..] => cx[client].write_all(&[5, 7, 0, 1, 0, 0, 0, 0, 0, 0])?, // no such command
        [5, ..] if heard.len() <= 300 => return Ok(()),
        [] => return Ok(()),
        _ => {}
    }
    cx[client].disconnect_from_host();
    Err(ErrorKind::InvalidData.into())
}

/// Parses a request to connect: the host, the port, and how many bytes it has.
fn request(bytes: &[u8]) -> Option<(String, u16, usize)> {
    let [5, 1, 0, kind, rest @ ..] = bytes else { return None };
    let (host, length) = match kind {
        1 => (IpAddr::from(Ipv4Addr::from(*rest.first_chunk::<4>()?)).to_string(), 4),
        4 => (IpAddr::from(Ipv6Addr::from(*rest.first_chunk::<16>()?)).to_string(), 16),
        3 => {
            let length = usize::from(*rest.first()?);
            (String::from_utf8_lossy(rest.get(1..1 + length)?).into_owned(), 1 + length)
        }
        _ => return None,
    };
    let port = u16::from_be_bytes(*rest.get(length..)?.first_chunk()?);
    Some((host, port, 4 + length + 2))
}

/// Connects to a peer, and carries bytes both ways once the connection is established.
fn connect(cx: &mut World, client: Obj<QTcpSocket>, host: &str, port: u16) {
    let peer = cx.add_child_of(client, QTcpSocket::new());
    cx[peer].set_read_buffer_size(Some(MOST_WAITING));
    let name = format!("{host}:{port}");
    cx.connect_fn(peer, QTcpSocket::connected, move |world, ()| {
        println!("connected to {name}");
        let _ = world[client].write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
        carry(world, client, peer);
        carry(world, peer, client);
    });
    cx.connect_fn(peer, QTcpSocket::error_occurred, move |world, _| {
        if world[peer].peer_addr().is_none() {
            let _ = world[client].write_all(&[5, 5, 0, 1, 0, 0, 0, 0, 0, 0]);
        }
        world[client].disconnect_from_host();
    });
    cx[peer].connect_to_host(host, port);
}

/// Moves what one socket receives to the other, from now on.
fn carry(world: &mut World, from: Obj<QTcpSocket>, to: Obj<QTcpSocket>) {
    let pump = move |world: &mut World| {
        if let Some((source, sink)) = world.pair(from, to) {
            let _ = source.forward_to(sink);
        }
    };
    world[to].set_write_buffer_limit(Some(MOST_WAITING));
    pump(world);
    world.connect_fn(from, QTcpSocket::ready_read, move |world, ()| pump(world));
    world.connect_fn(to, QTcpSocket::write_buffer_drained, move |world, ()| pump(world));
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(0);
    let mut rt = Runtime::new()?;
    let server = rt.add_with(Socks5Server::new);
    let listener = rt[server].listener;
    rt[listener].listen((Ipv4Addr::LOCALHOST, port))?;
    println!("listening on {}", rt[listener].server_port().unwrap_or(port));
    std::process::exit(rt.exec()?);
}
