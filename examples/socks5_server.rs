//! A small SOCKS5 proxy: it connects to whatever its clients name, or listens for a peer of theirs, and
//! carries bytes both ways. Each direction ends by itself, as it does without a proxy.
//!
//! Run it with `cargo run --example socks5_server -- 1080`, or without a port, then
//! `cargo run --example proxy_client -- socks5://127.0.0.1 example.org 80`. It prints where it listens
//! and each peer that it connects to. It asks for no password, so keep it on the loopback interface.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use slotwire::message::{Decoder, Incoming, MessageError, Messages};
use slotwire::prelude::*;

/// How many bytes wait in each direction before the sender has to wait.
const MOST_WAITING: usize = 64 * 1024;

/// What a client says before its bytes are carried (RFC 1928, sections 3 and 4).
#[derive(Debug)]
enum Said {
    Greeting { needs_no_password: bool },
    Request { command: u8, host: String, port: u16 },
}

/// Finds what a client says: a greeting, and then a request.
#[derive(Debug, Default)]
struct Handshake {
    has_greeted: bool,
}

impl Decoder for Handshake {
    type Message = Said;

    fn decode(&mut self, incoming: &mut Incoming<'_>) -> Result<Option<Said>, MessageError> {
        let parse = if self.has_greeted { request } else { greeting };
        let bytes = incoming.peek(MOST_WAITING);
        if bytes.first().is_some_and(|&version| version != 5) {
            return Err(MessageError::invalid("it does not speak SOCKS5"));
        }
        let Some((said, length)) = parse(bytes) else { return Ok(None) };
        incoming.consume(length);
        self.has_greeted = true;
        Ok(Some(said))
    }
}

/// Returns the greeting, and how many bytes it has, if all of them have come.
fn greeting(bytes: &[u8]) -> Option<(Said, usize)> {
    let methods = bytes.get(2..2 + usize::from(*bytes.get(1)?))?;
    Some((Said::Greeting { needs_no_password: methods.contains(&0) }, 2 + methods.len()))
}

/// Returns the request, and how many bytes it has, if all of them have come.
fn request(bytes: &[u8]) -> Option<(Said, usize)> {
    let &[_, command, _, kind, ref rest @ ..] = bytes else { return None };
    let (host, length) = match kind {
        1 => (IpAddr::from(Ipv4Addr::from(*rest.first_chunk::<4>()?)).to_string(), 4),
        4 => (IpAddr::from(Ipv6Addr::from(*rest.first_chunk::<16>()?)).to_string(), 16),
        _ => {
            let length = usize::from(*rest.first()?);
            (String::from_utf8_lossy(rest.get(1..1 + length)?).into_owned(), 1 + length)
        }
    };
    let port = u16::from_be_bytes(*rest.get(length..)?.first_chunk()?);
    Some((Said::Request { command, host, port }, 4 + length + 2))
}

#[derive(QObject)]
struct Socks5Server {
    #[child]
    listener: Obj<QTcpServer>,
}

#[slots]
impl Socks5Server {
    #[slot(listener.new_connection)]
    fn greet(&mut self, cx: &mut Context<Self>) {
        while let Some(client) = cx[self.listener].next_pending_connection() {
            cx[client].set_read_buffer_size(Some(MOST_WAITING));
            let handshake = Messages::new(client, Handshake::default());
            let handshake = cx.add_child_of(client, handshake);
            cx.on(handshake, Messages::received, Self::hear);
            cx.connect_fn(client, QTcpSocket::disconnected, move |world, ()| {
                world.delete_later(client);
            });
        }
    }

    #[slot]
    fn hear(&mut self, cx: &mut Context<Self>, said: &Said) -> io::Result<()> {
        let Some(handshake) = cx.sender_as::<Messages<Handshake>>() else { return Ok(()) };
        let device = cx[handshake].device();
        let Some(client) = cx.downcast::<QTcpSocket>(device) else { return Ok(()) };
        match said {
            Said::Greeting { needs_no_password: true } => cx[client].write_all(&[5, 0]),
            Said::Greeting { .. } => cx[client].write_all(&[5, 0xff]),
            Said::Request { command, host, port } => {
                cx.destroy(handshake); // what follows is carried
                match command {
                    1 => connect(cx, client, host, *port),
                    2 => listen(cx, client),
                    _ => {
                        cx[client].write_all(&reply(7, None))?; // no such command
                        cx[client].disconnect_from_host();
                    }
                }
                Ok(())
            }
        }
    }
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
    let server = rt.add_with(Socks5Server::declared);
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
