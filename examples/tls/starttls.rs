//! A line protocol that begins in plain text and goes on encrypted, with both ends in one program.
//!
//! Run it with `cargo run --features tls --example starttls`. It prints each line that goes over the
//! connection, with the end that has received it, and how it has come:
//!
//! ```text
//! client: 220 hello (plain)
//! server: STARTTLS (plain)
//! client: 220 go ahead (plain)
//! server: FORTUNE (encrypted)
//! client: 250 Somebody is waiting for your signal. (encrypted)
//! server: QUIT (encrypted)
//! ```

use std::net::Ipv4Addr;
use std::process::ExitCode;

use slotwire::message::{LineCodec, MessageError, Messages};
use slotwire::prelude::*;
use slotwire::{Incoming, QSslSocket, SslCertificate, SslConfiguration, SslKey};

type Lines = Obj<Messages<LineCodec>>;

/// Reads the lines of a socket. Nothing is read ahead of a line: what comes behind `STARTTLS` in plain
/// text stays in the socket, which takes it for a part of the handshake.
fn lines_of(world: &mut World, socket: Obj<QSslSocket>) -> Lines {
    let lines = world.add_child_of(socket, Messages::new(socket, LineCodec::new()));
    world[lines].set_max_length(1024);
    lines
}

fn show(end: &str, line: &str, socket: &QSslSocket) {
    println!("{end}: {line} ({})", if socket.is_encrypted() { "encrypted" } else { "plain" });
}

#[derive(QObject)]
struct Server {
    #[qobject(base)]
    server: QTcpServer,
    configuration: SslConfiguration,
}

impl Server {
    fn welcome(&mut self, cx: &mut Context<Self>, incoming: Incoming) {
        let mut socket = QSslSocket::of(incoming.into_socket());
        socket.set_ssl_configuration(self.configuration.clone());
        let socket = cx.add_child(socket);
        let lines = lines_of(cx, socket);
        cx.on_fn(lines, Messages::received, move |_, cx, line| answer(cx, socket, lines, line));
        cx.on_fn(socket, QSslSocket::disconnected, move |_, cx, ()| {
            cx.destroy(socket);
        });
        cx[socket].write_all(b"220 hello\n").expect("a socket without a limit takes it");
    }
}

fn answer(
    world: &mut World,
    socket: Obj<QSslSocket>,
    lines: Lines,
    line: &str,
) -> Result<(), MessageError> {
    show("server", line, &world[socket]);
    let is_encrypted = world[socket].is_encrypted();
    match line {
        "STARTTLS" if !is_encrypted => {
            world.send(lines, "220 go ahead")?; // goes out in plain text
            world[socket].start_server_encryption();
            // If the client had said who it is, a server would have to forget it here.
            Ok(())
        }
        "FORTUNE" if is_encrypted => world.send(lines, "250 Somebody is waiting for your signal."),
        "QUIT" => {
            world[socket].disconnect_from_host();
            Ok(())
        }
        _ => world.send(lines, "530 STARTTLS first"),
    }
}

#[derive(QObject)]
struct Client {
    socket: Obj<QSslSocket>,
    lines: Lines,
}

#[slots]
impl Client {
    #[slot(lines.received)]
    fn hear(&mut self, cx: &mut Context<Self>, line: &str) -> Result<(), MessageError> {
        show("client", line, &cx[self.socket]);
        match line.split_once(' ') {
            Some(("220", "hello")) => cx.send(self.lines, "STARTTLS")?,
            Some(("220", _)) => cx[self.socket].start_client_encryption(),
            Some(("250", _)) => cx.send(self.lines, "QUIT")?,
            // Never goes on in plain text: who can change the answer would read the rest.
            _ => cx[self.socket].abort(),
        }
        Ok(())
    }

    #[slot(socket.encrypted)]
    fn ask(&mut self, cx: &mut Context<Self>) -> Result<(), MessageError> {
        cx.send(self.lines, "FORTUNE")
    }

    #[slot(socket.disconnected)]
    fn end(&mut self, cx: &mut Context<Self>) {
        cx.quit();
    }

    #[slot(socket.error_occurred)]
    fn fail(&mut self, cx: &mut Context<Self>, error: SocketError) {
        if error != SocketError::RemoteHostClosed {
            eprintln!("{}", cx[self.socket].error_string());
            cx.exit(1);
        }
    }
}

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let certificate = SslCertificate::from_der(made.cert.der().to_vec())?;
    let key = SslKey::from_der(made.signing_key.serialized_der())?;
    let trust = SslConfiguration::new().with_ca_certificates([certificate.clone()])?;

    let mut rt = Runtime::new()?;
    let configuration = SslConfiguration::new().with_local_certificate([certificate], key)?;
    let server = QTcpServer::with_incoming(Server::welcome);
    let server = rt.add(Server { server, configuration });
    rt[server].server.listen((Ipv4Addr::LOCALHOST, 0))?;
    let port = rt[server].server.server_port().unwrap_or_default();
    let mut socket = QSslSocket::new();
    socket.set_ssl_configuration(trust);
    socket.connect_to_host("localhost", port); // in plain text: the protocol begins so
    rt.add_with(|cx| {
        let socket = cx.add_child(socket);
        Client { socket, lines: lines_of(cx, socket) }
    });
    Ok(ExitCode::from(u8::try_from(rt.exec()?)?))
}
