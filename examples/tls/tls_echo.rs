//! A TLS echo server with a certificate that is made on the spot, and a client that trusts this
//! certificate and no other.
//!
//! Run it with `cargo run --features tls --example tls_echo`. It prints with whom the client speaks
//! and how, what comes back, and that the server has noticed the end:
//!
//! ```text
//! encrypted by TLS 1.3, TLS13_AES_256_GCM_SHA384, with CN=rcgen self signed cert
//! echo: Somebody is waiting for your signal.
//! server: the remote host closed the connection
//! ```
//!
//! With a port and a file, `-- 7007 cert.pem`, the server alone runs and writes its certificate to the
//! file for other clients: `openssl s_client -connect localhost:7007 -CAfile cert.pem`. The last line
//! comes for each connection that ends in good order.

use std::env;
use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::process::ExitCode;

use slotwire::prelude::*;
use slotwire::{Incoming, QSslSocket, SslCertificate, SslConfiguration, SslKey};

#[derive(QObject)]
struct EchoServer {
    #[qobject(base)]
    server: QTcpServer,
    configuration: SslConfiguration,
}

#[slots]
impl EchoServer {
    fn new(configuration: SslConfiguration) -> Self {
        Self { server: QTcpServer::with_incoming(Self::welcome), configuration }
    }

    fn welcome(&mut self, cx: &mut Context<Self>, incoming: Incoming) {
        let mut peer = QSslSocket::of(incoming.into_socket());
        peer.set_ssl_configuration(self.configuration.clone()); // all resume each other's sessions
        peer.set_write_buffer_limit(Some(64 * 1024));
        peer.set_read_buffer_size(Some(64 * 1024));
        let peer = cx.add_child(peer);
        cx[peer].start_server_encryption();
        cx.on(peer, QSslSocket::ready_read, Self::echo);
        cx.on(peer, QSslSocket::bytes_written, Self::echo);
        cx.on_fn(peer, QSslSocket::error_occurred, move |_, cx, _| {
            println!("server: {}", cx[peer].error_string());
        });
        cx.on_fn(peer, QSslSocket::disconnected, move |_, cx, ()| {
            cx.destroy(peer);
        });
    }

    #[slot]
    fn echo(&mut self, cx: &mut Context<Self>) -> io::Result<()> {
        match cx.sender_mut::<QSslSocket>() {
            Some(peer) => peer.echo().map(drop),
            None => Ok(()),
        }
    }
}

#[derive(QObject)]
struct EchoClient {
    socket: Obj<QSslSocket>,
}

#[slots]
impl EchoClient {
    #[slot(socket.encrypted)]
    fn speak(&mut self, cx: &mut Context<Self>) -> io::Result<()> {
        let socket = &mut cx[self.socket];
        if let (Some(protocol), Some(cipher), Some(peer)) =
            (socket.session_protocol(), socket.session_cipher(), socket.peer_certificate())
        {
            println!("encrypted by {protocol}, {cipher}, with {peer}");
        }
        socket.write_all(b"Somebody is waiting for your signal.\n")
    }

    #[slot(socket.ready_read)]
    fn hear(&mut self, cx: &mut Context<Self>) {
        if let Some(line) = cx[self.socket].read_line_string() {
            println!("echo: {line}");
            cx[self.socket].disconnect_from_host();
        }
    }

    #[slot(socket.disconnected)]
    fn end(&mut self, cx: &mut Context<Self>) {
        cx.quit();
    }

    #[slot(socket.error_occurred)]
    fn fail(&mut self, cx: &mut Context<Self>) {
        eprintln!("{}", cx[self.socket].error_string());
        cx.exit(1);
    }
}

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let certificate = SslCertificate::from_der(made.cert.der().to_vec())?;
    let key = SslKey::from_der(made.signing_key.serialized_der())?;
    let proof = SslConfiguration::new().with_local_certificate([certificate.clone()], key)?;

    let mut rt = Runtime::new()?;
    let server = rt.add(EchoServer::new(proof));
    let mut arguments = env::args().skip(1);
    let port = arguments.next().map_or(Ok(0), |port| port.parse())?;
    rt[server].server.listen((Ipv4Addr::LOCALHOST, port))?;
    let port = rt[server].server.server_port().unwrap_or_default();
    if let Some(file) = arguments.next() {
        fs::write(file, certificate.to_pem())?;
        println!("listening on {port}");
    } else {
        let mut socket = QSslSocket::new();
        let trust = SslConfiguration::new().with_ca_certificates([certificate])?;
        socket.set_ssl_configuration(trust);
        socket.connect_to_host_encrypted("localhost", port);
        rt.add_with(|cx| EchoClient { socket: cx.add_child(socket) });
    }
    Ok(ExitCode::from(u8::try_from(rt.exec()?)?))
}
