//! A small SOCKS5 proxy: it connects to whatever its clients name, or listens for a peer of theirs, and
//! carries bytes both ways. Each direction ends by itself, as it does without a proxy.
//!
//! Run it with `cargo run --example socks5_server -- 1080`, or without a port, then
//! `cargo run --example proxy_client -- socks5://127.0.0.1 example.org 80`. It prints where it listens
//! and each peer that it connects to. It asks for no password, so keep it on the loopback interface.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

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

/// What a client asks for.
enum Request {
    Connect(String, u16),
    /// To listen for one peer.
    Bind,
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
        let stage = match self.clients.get(&client) {
            Some(Stage::Connecting) | None => return Ok(()), // `carry` moves what comes
            Some(stage) => stage,
        };
        let heard = cx[client].peek(MOST_WAITING).to_vec();
        match stage {
            Stage::Greeting => {
                let [5, count, methods @ ..] = &heard[..] else {
                    return refuse(cx, client, &heard);
                };
                let Some(methods) = methods.get(..usize::from(*count)) else { return Ok(()) };
                cx[client].skip(2 + methods.len());
                cx[client].write_all(if methods.contains(&0) { &[5, 0] } else { &[5, 0xff] })?;
                self.clients.insert(client, Stage::Request);
                self.hear(cx)
            }
            _ => {
                let Some((request, length)) = request(&heard) else {
                    return refuse(cx, client, &heard);
                };
                cx[client].skip(length);
                self.clients.insert(client, Stage::Connecting);
                match request {
                    Request::Connect(host, port) => connect(cx, client, &host, port),
                    Request::Bind => listen(cx, client),
                }
                Ok(())
            }
        }
    }

    #[slot]
    fn forget(&mut self, cx: &mut Context<Self>) {
        if let Some(client) = cx.sender_as::<QTcpSocket>() {
            self.clients.remove(&client);
            cx.delete_later(client);
        }
    }
}

/// Closes the connection of a client that speaks something else, unless more may come.
fn refuse(cx: &mut World, client: Obj<QTcpSocket>, heard: &[u8]) -> io::Result<()> {
    match heard {
        [5, 3, ..] => cx[client].write_all(&reply(7, None))?, // no such command
        [5, ..] if heard.len() <= 300 => return Ok(()),
        [] => return Ok(()),
        _ => {}
    }
    cx[client].disconnect_from_host();
    Err(ErrorKind::InvalidData.into())
}

/// Parses a request, and tells how many bytes it has.
fn request(bytes: &[u8]) -> Option<(Request, usize)> {
    let [5, command @ (1 | 2), 0, kind, rest @ ..] = bytes else { return None };
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
    let request = if *command == 1 { Request::Connect(host, port) } else { Request::Bind };
    Some((request, 4 + length + 2))
}

/// Returns a reply, which tells this address.
fn reply(code: u8, address: Option<SocketAddr>) -> Vec<u8> {
    let address = address.unwrap_or((Ipv4Addr::UNSPECIFIED, 0).into());
    let mut reply = vec![5, code, 0, if address.is_ipv4() { 1 } else { 4 }];
    match address.ip() {
        IpAddr::V4(ip) => reply.extend(ip.octets()),
        IpAddr::V6(ip) => reply.extend(ip.octets()),
    }
    reply.extend(address.port().to_be_bytes());
    reply
}

/// Connects to a peer, and carries bytes both ways once the connection is established.
fn connect(cx: &mut World, client: Obj<QTcpSocket>, host: &str, port: u16) {
    let peer = cx.add(QTcpSocket::new());
    cx[peer].set_read_buffer_size(Some(MOST_WAITING));
    let name = format!("{host}:{port}");
    cx.connect_fn(peer, QTcpSocket::connected, move |world, ()| {
        println!("connected to {name}");
        join(world, client, peer, None);
    });
    cx.connect_fn(peer, QTcpSocket::error_occurred, move |world, error| {
        if world[peer].peer_addr().is_none() && world.contains(client) {
            let code = match error {
                SocketError::HostNotFound => 4,
                SocketError::ConnectionRefused => 5,
                _ => 1,
            };
            let _ = world[client].write_all(&reply(code, None));
        }
        end(world, client);
        end(world, peer);
    });
    end_together(cx, client, peer);
    cx[peer].connect_to_host(host, port);
}

/// Listens for one peer where the client has reached this proxy, and carries bytes both ways once the
/// peer has come.
fn listen(cx: &mut World, client: Obj<QTcpSocket>) {
    let server = cx.add_child_of(client, QTcpServer::new());
    let ip = cx[client].local_address().unwrap_or(Ipv4Addr::LOCALHOST.into());
    let code = u8::from(cx[server].listen((ip, 0)).is_err());
    let first = reply(code, cx[server].server_addr());
    let _ = cx[client].write_all(&first);
    cx.connect_fn(server, QTcpServer::new_connection, move |world, ()| {
        let Some(peer) = world[server].next_pending_connection() else { return };
        world.set_parent(peer, None::<Obj<QTcpServer>>);
        world.destroy(server);
        world[peer].set_read_buffer_size(Some(MOST_WAITING));
        end_together(world, client, peer);
        join(world, client, peer, world[peer].peer_addr());
    });
}

/// Ends each of two connections when the other has ended.
fn end_together(cx: &mut World, client: Obj<QTcpSocket>, peer: Obj<QTcpSocket>) {
    cx.connect_fn(client, QTcpSocket::disconnected, move |world, ()| end(world, peer));
    cx.connect_fn(peer, QTcpSocket::disconnected, move |world, ()| {
        end(world, client);
        world.delete_later(peer);
    });
}

/// Tells the client of its peer, and carries bytes both ways.
fn join(
    cx: &mut World,
    client: Obj<QTcpSocket>,
    peer: Obj<QTcpSocket>,
    address: Option<SocketAddr>,
) {
    let _ = cx[client].write_all(&reply(0, address));
    carry(cx, client, peer);
    carry(cx, peer, client);
}

/// Moves what one socket receives to the other, from now on, and then its end.
fn carry(world: &mut World, from: Obj<QTcpSocket>, to: Obj<QTcpSocket>) {
    let pump = move |world: &mut World| {
        if let Some((source, sink)) = world.pair(from, to) {
            let _ = source.forward_to(sink);
        }
    };
    world[from].set_allow_half_open(true);
    world[to].set_write_buffer_limit(Some(MOST_WAITING));
    pump(world);
    world.connect_fn(from, QTcpSocket::ready_read, move |world, ()| pump(world));
    world.connect_fn(to, QTcpSocket::write_buffer_drained, move |world, ()| pump(world));
    world.connect_fn(from, QTcpSocket::read_channel_finished, move |world, ()| {
        if let Some(sink) = world.get_mut(to) {
            // What is left is no more than the source has room for.
            sink.set_write_buffer_limit(None);
            pump(world);
            world[to].shutdown_write();
        }
    });
}

/// Ends a connection when all is sent; gives up one that is not established.
fn end(world: &mut World, socket: Obj<QTcpSocket>) {
    match world.get(socket).map(|socket| socket.state()) {
        Some(SocketState::Connected) => world[socket].disconnect_from_host(),
        Some(SocketState::Closing) | None => {}
        Some(_) => _ = world.delete_later(socket),
    }
}

/// Adds a proxy that listens at this port of the loopback interface, and returns the port.
pub(crate) fn serve(rt: &mut Runtime, port: u16) -> Result<u16, NetError> {
    let server = rt.add_with(Socks5Server::new);
    let listener = rt[server].listener;
    rt[listener].listen((Ipv4Addr::LOCALHOST, port))?;
    Ok(rt[listener].server_port().unwrap_or(port))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(0);
    let mut rt = Runtime::new()?;
    println!("listening on {}", serve(&mut rt, port)?);
    std::process::exit(rt.exec()?);
}
