//! The examples that encrypt, run as their heads say: as programs of their own over loopback.
//!
//! `cargo test` builds them first; `cargo test -p slotwire-tests --test tls_examples` does not, so
//! `cargo build --workspace --examples --all-features` goes before it.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use slotwire::prelude::*;
use slotwire::{QSslSocket, SslCertificate, SslConfiguration};
use support::program::{DEADLINE, Program};

/// Returns the path of a file of one test.
fn file_of(test: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}.pem"))
}

/// How the server of a test ends its connection.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Orderly,
    Cut,
}

/// A server for one connection, which answers a request with a page. Returns its port. Its authority's
/// certificate is in the file; the thread returns the request, if there was one.
fn https_server(authority_file: &Path, page: &str, end: End) -> (u16, JoinHandle<Option<String>>) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    fs::write(authority_file, authority.pem()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a port");
    let port = listener.local_addr().expect("it is bound").port();
    let answer = format!("HTTP/1.0 200 OK\r\n\r\n{page}");
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().expect("somebody connects");
        stream.set_read_timeout(Some(DEADLINE)).expect("a time-out can be set");
        let connection =
            ServerConnection::new(Arc::new(config)).expect("the configuration is valid");
        let mut stream = StreamOwned::new(connection, stream);
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).ok()?; // the client refuses
            request.extend(byte);
        }
        stream.write_all(answer.as_bytes()).expect("the client reads");
        if end == End::Orderly {
            stream.conn.send_close_notify();
        }
        stream.flush().expect("the client reads");
        String::from_utf8(request).ok()
    });
    (port, server)
}

/// Runs `https_get` with an authority in place of those of the platform.
fn https_get(authority: &Path, url: &str) -> Program {
    Program::run(Program::example("https_get").arg(url).env("SSL_CERT_FILE", authority))
}

#[test]
fn https_get_fetches_a_page_from_a_server_of_its_own() {
    let get = Program::start("https_get", &[]);
    assert_eq!(get.rest(), ["It is encrypted."]);
    assert!(get.end().success());
}

#[test]
fn https_get_trusts_the_authorities_of_the_platform() {
    let authority = file_of("https_get_trusts");
    let page: Vec<String> = (0..20_000).map(|line| format!("line {line}")).collect();
    let (port, server) = https_server(&authority, &page.join("\n"), End::Orderly);
    let get = https_get(&authority, &format!("https://localhost:{port}/some/page"));
    assert!(get.rest() == page, "the page is another");
    assert!(get.end().success());
    let request = server.join().expect("the server does not fail");
    let expected = "GET /some/page HTTP/1.0\r\nHost: localhost\r\n\r\n";
    assert_eq!(request.as_deref(), Some(expected));
}

#[test]
fn https_get_fails_if_the_page_is_cut() {
    let authority = file_of("https_get_cut");
    let (port, server) = https_server(&authority, "half of a pa", End::Cut);
    let get = https_get(&authority, &format!("https://localhost:{port}/"));
    assert_eq!(get.rest(), ["half of a pa"]);
    assert_eq!(get.end().code(), Some(1));
    assert!(server.join().expect("the server does not fail").is_some());
}

#[test]
fn https_get_tells_nothing_to_a_server_that_it_does_not_trust() {
    let (authority, other) = (file_of("https_get_stranger"), file_of("https_get_other"));
    let _ = https_server(&other, "", End::Orderly);
    let (port, server) = https_server(&authority, "secrets", End::Orderly);
    let get = https_get(&other, &format!("https://localhost:{port}/"));
    assert_eq!(get.rest(), [""; 0]);
    assert_eq!(get.end().code(), Some(1));
    assert_eq!(server.join().expect("the server does not fail"), None);
}

#[test]
fn an_encrypted_echo_comes_back_and_the_connection_ends_in_order() {
    let echo = Program::start("tls_echo", &[]);
    assert_eq!(
        echo.rest(),
        [
            "encrypted by TLS 1.3, TLS13_AES_256_GCM_SHA384, with CN=rcgen self signed cert",
            "echo: Somebody is waiting for your signal.",
            "server: the remote host closed the connection",
        ]
    );
    assert!(echo.end().success());
}

#[test]
fn an_encrypted_echo_server_proves_who_it_is_to_clients_that_have_its_certificate() {
    let file = file_of("tls_echo");
    let (server, port) = Program::serve("tls_echo", &["0", file.to_str().unwrap()]);
    let port = port.parse().unwrap();
    let certificates = SslCertificate::from_file(&file).unwrap();
    let trust = SslConfiguration::new().with_ca_certificates(certificates).unwrap();
    let mut rt = Runtime::new().unwrap();
    for configuration in [trust, SslConfiguration::new()] {
        let is_trusting = !configuration.has_system_ca_certificates();
        let mut socket = QSslSocket::new();
        socket.set_ssl_configuration(configuration);
        socket.connect_to_host_encrypted("localhost", port);
        let socket = rt.add(socket);
        let is_decided = |world: &World| {
            world[socket].is_encrypted() || world[socket].state() == SocketState::Unconnected
        };
        assert!(rt.run_until(DEADLINE, is_decided).unwrap(), "the handshake does not end");
        assert_eq!(rt[socket].is_encrypted(), is_trusting);
        if is_trusting {
            let sent: Vec<u8> = (0..2_000_000u32).map(|index| (index * 31) as u8).collect();
            rt[socket].write_all(&sent).unwrap();
            let mut back = vec![0; sent.len()];
            rt.blocking(socket).read_exact(&mut back).unwrap();
            assert!(back == sent, "other bytes came back");
            rt[socket].disconnect_from_host();
            assert!(rt.wait_for_disconnected(socket, Some(DEADLINE)));
            assert_eq!(server.line(), "server: the remote host closed the connection");
        } else {
            assert_eq!(rt[socket].error(), Some(SocketError::SslHandshakeFailed));
        }
    }
}

#[test]
fn a_line_protocol_goes_on_encrypted_after_starttls() {
    let starttls = Program::start("starttls", &[]);
    assert_eq!(
        starttls.rest(),
        [
            "client: 220 hello (plain)",
            "server: STARTTLS (plain)",
            "client: 220 go ahead (plain)",
            "server: FORTUNE (encrypted)",
            "client: 250 Somebody is waiting for your signal. (encrypted)",
            "server: QUIT (encrypted)",
        ]
    );
    assert!(starttls.end().success());
}
