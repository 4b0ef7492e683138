//! Fetches a page over HTTPS, with HTTP/1.0.
//!
//! Run it with `cargo run --features tls --example https_get -- https://example.org/`. The server has to
//! prove who it is to the platform's certificate authorities. Without an argument, the program fetches
//! a page from a server of its own. It prints how the connection is encrypted, the status line and the
//! headers to standard error, and the page to standard output. The exit code is 1 if the page has not
//! come whole.

use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::{env, io};

use slotwire::message::{LineCodec, MessageError, Messages};
use slotwire::prelude::*;
use slotwire::{Incoming, QSslSocket, SslCertificate, SslConfiguration, SslKey};

/// The most bytes that a line before the page may have.
const LINE_LIMIT: usize = 8 * 1024;

#[derive(QObject)]
struct Fetch {
    socket: Obj<QSslSocket>,
    head: Obj<Messages<LineCodec>>,
    in_page: bool,
}

#[slots]
impl Fetch {
    fn new(cx: &mut Context<Self>, socket: QSslSocket) -> Self {
        let socket = cx.add_child(socket);
        cx[socket].set_read_buffer_size(Some(2 * LINE_LIMIT)); // a page may have any size
        let head = cx.add_child(Messages::new(socket, LineCodec::new()));
        cx[head].set_max_length(LINE_LIMIT);
        Self { socket, head, in_page: false }
    }

    #[slot(socket.encrypted)]
    fn show(&mut self, cx: &mut Context<Self>) {
        if let Some(protocol) = cx[self.socket].session_protocol() {
            eprintln!("{protocol} with {}", cx[self.socket].peer_name());
        }
    }

    #[slot(head.received)]
    fn read_head(&mut self, cx: &mut Context<Self>, line: &str) -> io::Result<()> {
        eprintln!("{line}");
        if line.is_empty() {
            cx.destroy(self.head); // the rest is no lines
            self.in_page = true;
            self.take_page(cx)?;
        }
        Ok(())
    }

    #[slot(head.error_occurred)]
    fn refuse_head(&mut self, error: MessageError) -> Result<(), MessageError> {
        Err(error)
    }

    #[slot(socket.ready_read)]
    #[slot(socket.read_channel_finished)]
    fn take_page(&mut self, cx: &mut Context<Self>) -> io::Result<()> {
        match self.in_page {
            true => io::stdout().write_all(&cx[self.socket].read_all()),
            false => Ok(()),
        }
    }

    /// The server ends the page by closing the connection. If it was cut on the way, the error is
    /// another one.
    #[slot(socket.error_occurred)]
    fn end(&mut self, cx: &mut Context<Self>, error: SocketError) -> io::Result<()> {
        self.take_page(cx)?;
        if error == SocketError::RemoteHostClosed && self.in_page {
            cx.quit();
            return Ok(());
        }
        Err(io::Error::other(cx[self.socket].error_string()))
    }
}

/// A server with one page, so that the program has somebody to talk to without a network.
#[derive(QObject)]
struct Server {
    #[qobject(base)]
    server: QTcpServer,
    proof: SslConfiguration,
}

impl Server {
    fn answer(&mut self, cx: &mut Context<Self>, incoming: Incoming) {
        let mut socket = QSslSocket::of(incoming.into_socket());
        socket.set_ssl_configuration(self.proof.clone());
        let socket = cx.add_child(socket);
        cx[socket].start_server_encryption();
        cx.on_fn(socket, QSslSocket::ready_read, move |_, cx, ()| {
            while let Some(line) = cx[socket].read_line_string() {
                if line.is_empty() {
                    cx[socket].write_all(b"HTTP/1.0 200 OK\r\n\r\nIt is encrypted.\n")?;
                    cx[socket].disconnect_from_host();
                }
            }
            io::Result::Ok(())
        });
    }
}

/// Starts the server, and returns its port and the certificate that it shows.
fn start_server(rt: &mut Runtime) -> Result<(u16, SslCertificate), Box<dyn std::error::Error>> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let certificate = SslCertificate::from_der(made.cert.der().to_vec())?;
    let key = SslKey::from_der(made.signing_key.serialized_der())?;
    let proof = SslConfiguration::new().with_local_certificate([certificate.clone()], key)?;
    let server = QTcpServer::with_incoming(Server::answer);
    let server = rt.add(Server { server, proof });
    rt[server].server.listen((Ipv4Addr::LOCALHOST, 0))?;
    Ok((rt[server].server.server_port().unwrap_or_default(), certificate))
}

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut rt = Runtime::new()?;
    rt.on_slot_error(|world, error| {
        eprintln!("{}", error.error());
        world.exit(1);
    });
    let mut socket = QSslSocket::new(); // trusts the platform's authorities
    let url = match env::args().nth(1) {
        Some(url) => url,
        None => {
            let (port, certificate) = start_server(&mut rt)?;
            let trust = SslConfiguration::new().with_ca_certificates([certificate])?;
            socket.set_ssl_configuration(trust);
            format!("https://localhost:{port}/")
        }
    };
    let rest = url.strip_prefix("https://").ok_or("only https:// is spoken here")?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, port.parse()?),
        None => (authority, 443),
    };
    socket.connect_to_host_encrypted(host, port);
    let request = format!("GET /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n");
    socket.write_all(request.as_bytes())?; // waits for the end of the handshake
    rt.add_with(|cx| Fetch::new(cx, socket));
    Ok(ExitCode::from(u8::try_from(rt.exec()?)?))
}
