//! Connections that become encrypted after they were plain.

use std::io::{Read, Write};

use slotwire::prelude::*;
use slotwire::{Incoming, OpenMode, QSslSocket, SslConfiguration, SslMode};

use crate::by_hand::{ByHand, Client};
use crate::parties::{Authority, Server, listen};
use support::*;

/// A plain connection of a client, and its server's end.
fn plain(net: &Net, mode: OpenMode) -> (Client, Peer) {
    let mut client = Client::new(net);
    let (socket, port) = (client.socket, client.port);
    let any = slotwire::NetworkLayerProtocol::Any;
    client.rt[socket].connect_to_host_with("127.0.0.1", port, mode, any);
    wait_until(&mut client.rt, |world| world[socket].state() == SocketState::Connected);
    settle(&mut client.rt);
    let peer = caller(&mut client.rt, &client.listener);
    (client, peer)
}

#[on_every_network]
fn what_is_written_before_goes_out_plain_and_what_is_written_after_does_not(net: &Net) {
    let (mut client, mut peer) = plain(net, OpenMode::READ_WRITE);
    let socket = client.socket;
    client.rt[socket].write_all(b"STARTTLS\n").unwrap();
    client.rt[socket].start_client_encryption();
    client.rt[socket].write_all(b"secret").unwrap();
    settle(&mut client.rt);
    let mut line = [0; 9];
    peer.read_exact(&mut line).unwrap();
    assert_eq!(&line, b"STARTTLS\n");
    let mut server = ByHand::server(peer, &client.authority);
    server.until(&mut client.rt, |_, server| server.heard == b"secret");
    let noted = client.journal.take();
    let counts: usize = noted
        .iter()
        .filter_map(|entry| entry.strip_prefix("bytes_written ")?.parse::<usize>().ok())
        .sum();
    assert_eq!(counts, 15, "{noted:?}");
}

/// A server whose connections are plain at first, and the port where it listens.
fn plain_server(rt: &mut Runtime, authority: &Authority) -> (Obj<Server>, u16) {
    let server = rt.add(Server::plain(authority.proves("localhost")));
    (server, listen(rt, server))
}

#[on_every_network]
fn bytes_behind_the_plain_line_belong_to_the_handshake(net: &Net) {
    let authority = Authority::new();
    let mut rt = net.runtime();
    let (server, port) = plain_server(&mut rt, &authority);
    let mut client = ByHand::client(net.dial(port), &authority);
    client.take_said();
    // The line and the first flight come in one packet.
    client.unsent.splice(..0, *b"STARTTLS\n");
    client.send();
    wait_until(&mut rt, |world| world[server].callers.len() == 1);
    let end = rt[server].callers[0];
    let lines = Journal::new();
    let noted = lines.clone();
    rt.connect_fn(end, QSslSocket::ready_read, move |world, _| {
        while let Some(line) = world[end].read_line_string() {
            noted.note(line.clone());
            if line == "STARTTLS" {
                world[end].start_server_encryption();
                assert_eq!(world[end].bytes_available(), 0);
                world[end].write_all(b"welcome\n").unwrap();
            }
        }
    });
    client
        .until(&mut rt, |world, client| world[end].is_encrypted() && client.heard == b"welcome\n");
    client.encrypt(b"NOOP\n");
    client.send();
    wait_until(&mut rt, |_| lines.len() == 2);
    assert_eq!(lines.take(), ["STARTTLS", "NOOP"]);
}

#[on_every_network]
fn plain_text_behind_the_plain_line_is_no_command(net: &Net) {
    let authority = Authority::new();
    let mut rt = net.runtime();
    let (server, port) = plain_server(&mut rt, &authority);
    let mut client = net.dial(port);
    // Somebody on the way has added a command.
    client.write_all(b"STARTTLS\nDELETE\n").unwrap();
    wait_until(&mut rt, |world| world[server].callers.len() == 1);
    let end = rt[server].callers[0];
    wait_until(&mut rt, |world| world[end].bytes_available() == 16);
    rt[end].start_transaction();
    rt[end].skip(12);
    rt[end].rollback_transaction();
    assert_eq!(rt[end].read_line_string().as_deref(), Some("STARTTLS"));
    rt[end].start_transaction();
    assert_eq!(rt[end].read_bytes(3), b"DEL");
    rt[end].start_server_encryption();
    assert!(!rt[end].is_transaction_started());
    wait_until(&mut rt, |world| world[end].state() == SocketState::Unconnected);
    assert_eq!(rt[end].error(), Some(SocketError::SslHandshakeFailed));
    assert_eq!(rt[end].read_all(), b"");
}

#[on_every_network]
fn an_unbuffered_socket_announces_what_is_decrypted(net: &Net) {
    let (mut client, mut peer) = plain(net, OpenMode::READ_WRITE | OpenMode::UNBUFFERED);
    let socket = client.socket;
    peer.write_all(b"go ahead").unwrap();
    let journal = client.journal.clone();
    wait_until(&mut client.rt, |_| journal.has("ready_read"));
    let mut line = [0; 8];
    assert_eq!(client.rt[socket].peek(4), b"go a");
    client.rt[socket].read_exact(&mut line).unwrap();
    client.rt[socket].start_client_encryption();
    let mut server = ByHand::server(peer, &client.authority);
    server.until(&mut client.rt, |world, server| {
        world[socket].is_encrypted() && !server.tls.is_handshaking()
    });
    journal.take();
    server.encrypt(b"secret");
    server.send();
    wait_until(&mut client.rt, |_| journal.has("ready_read"));
    let mut secret = [0; 6];
    client.rt[socket].read_exact(&mut secret).unwrap();
    assert_eq!(&secret, b"secret");
    client.rt[socket].write_all(b"answer").unwrap();
    server.until(&mut client.rt, |_, server| server.heard == b"answer");
}

#[on_every_network]
fn a_socket_that_has_closed_its_writing_end_cannot_begin(net: &Net) {
    let (mut client, _peer) = plain(net, OpenMode::READ_WRITE);
    let socket = client.socket;
    client.rt[socket].shutdown_write();
    settle(&mut client.rt);
    client.rt[socket].start_client_encryption();
    settle(&mut client.rt);
    assert_eq!(client.rt[socket].error(), Some(SocketError::Operation));
    assert_eq!(client.rt[socket].mode(), SslMode::Unencrypted);
}

#[on_every_network]
fn a_writing_end_that_is_closed_during_the_handshake_is_closed_after_it(net: &Net) {
    let mut client = Client::new(net);
    let socket = client.socket;
    client.connect();
    let mut server = client.server();
    client.rt[socket].shutdown_write();
    server.until(&mut client.rt, |world, server| world[socket].is_encrypted() && server.has_ended);
    assert_eq!(server.failure, None);
    server.encrypt(b"still heard");
    server.send();
    wait_until(&mut client.rt, |world| world[socket].bytes_available() == 11);
}

/// A server that begins to encrypt before the socket is in the runtime.
#[derive(QObject)]
struct Hasty {
    #[qobject(base)]
    server: QTcpServer,
    configuration: SslConfiguration,
    caller: Option<Obj<QSslSocket>>,
}

#[slots]
impl Hasty {
    fn take_in(&mut self, cx: &mut Context<Self>, incoming: Incoming) {
        let mut socket = QSslSocket::of(incoming.into_socket());
        socket.set_ssl_configuration(self.configuration.clone());
        socket.start_server_encryption();
        self.caller = Some(cx.add_child(socket));
    }
}

#[on_every_network]
fn a_socket_that_begins_before_it_is_in_a_runtime_has_a_deadline(net: &Net) {
    let (mut rt, stopwatch) = net.timed_runtime();
    let configuration = Authority::new().proves("localhost");
    let server = QTcpServer::with_incoming(Hasty::take_in);
    let server = rt.add(Hasty { server, configuration, caller: None });
    rt[server].server.listen(([127, 0, 0, 1], 0)).unwrap();
    let port = rt[server].server.server_port().unwrap();
    let _peer = net.dial(port);
    wait_until(&mut rt, |world| world[server].caller.is_some());
    let end = rt[server].caller.unwrap();
    let errors = rt.spy(end, QSslSocket::error_occurred);
    wait_until(&mut rt, |world| world[end].state() == SocketState::Unconnected);
    assert_eq!(errors.take(), [SocketError::SocketTimeout]);
    assert_eq!(stopwatch.elapsed().as_secs(), 30);
}
