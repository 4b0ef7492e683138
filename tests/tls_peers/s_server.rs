//! Our client, and OpenSSL's `s_server`.

use std::process::Command;

use slotwire::prelude::*;
use slotwire::{SslConfiguration, SslErrorKind, SslProtocol};

use crate::counterpart::Counterpart;
use crate::ours::Beginning;
use crate::papers::Papers;
use crate::talk::Talk;
use crate::tool::Tool;

const VERSIONS: [(&str, SslProtocol); 2] =
    [("-tls1_2", SslProtocol::TlsV1_2), ("-tls1_3", SslProtocol::TlsV1_3)];

/// A server that proves to be who this certificate names.
fn s_server(tool: Tool, papers: &Papers, name: &str, more: &[&str]) -> Command {
    let (certificate, key) = (format!("{name}.pem"), format!("{name}.key"));
    let mut command = tool.command();
    command
        .args(["s_server", "-accept", "127.0.0.1:0"])
        .args(["-cert", &papers.path(&certificate), "-key", &papers.path(&key)])
        .args(more);
    command
}

/// Finds the port in `ACCEPT 127.0.0.1:12345`.
fn port(peer: &mut Counterpart) -> Option<u16> {
    loop {
        let line = peer.next_line()?;
        if let Some(port) = line.strip_prefix("ACCEPT 127.0.0.1:") {
            return Some(port.parse().expect("a port"));
        }
    }
}

#[track_caller]
fn talk_to(tool: Tool, papers: &Papers, name: &str, ours: SslConfiguration, more: &[&str]) -> Talk {
    Talk::with_server(&mut s_server(tool, papers, name, more), port, ours, Beginning::Encrypted)
}

#[track_caller]
fn talk(tool: Tool, papers: &Papers, ours: SslConfiguration, more: &[&str]) -> Talk {
    talk_to(tool, papers, "server", ours, more)
}

#[test]
fn both_versions_are_spoken() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    for (option, version) in VERSIONS {
        let mut talk = talk(tool, &papers, papers.trusting("root"), &[option]);
        talk.until_encrypted();
        assert_eq!(talk.socket().session_protocol(), Some(version));
        let cipher = talk.socket().session_cipher().expect("it is encrypted").name();
        let cipher = openssl_name(cipher);
        talk.until_said(&format!("CIPHER is {cipher}"));
        let peer = talk.socket().peer_certificate().expect("a server has one");
        assert_eq!(peer.to_pem().replace("\r\n", "\n").trim(), pem(&papers, "server.pem"));
        talk.talk();
    }
}

/// Returns OpenSSL's name of a cipher suite.
fn openssl_name(name: &str) -> String {
    match name.strip_prefix("TLS_ECDHE_ECDSA_WITH_") {
        None => name.replace("TLS13_", "TLS_"),
        Some(rest) => format!("ECDHE-ECDSA-{}", rest.replace("AES_", "AES").replace('_', "-")),
    }
}

fn pem(papers: &Papers, file: &str) -> String {
    papers.text(file).replace("\r\n", "\n").trim().to_owned()
}

#[test]
fn a_megabyte_goes_both_ways_at_once() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    for (option, _) in VERSIONS {
        let mut talk = talk(tool, &papers, papers.trusting("root"), &[option]);
        talk.until_encrypted();
        talk.until_said("Secure Renegotiation");
        talk.exchange_a_megabyte();
    }
}

#[test]
fn a_protocol_of_the_application_is_agreed_on() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    let ours = papers.trusting("root").with_allowed_next_protocols(["h2", "http/1.1"]).unwrap();
    let mut talk = talk(tool, &papers, ours, &["-alpn", "http/1.1,h2"]);
    talk.until_encrypted();
    talk.until_said("ALPN protocols advertised by the client: h2, http/1.1");
    assert_eq!(talk.socket().next_negotiated_protocol(), Some(&b"http/1.1"[..]));
}

#[test]
fn without_a_common_protocol_of_the_application_there_is_no_session() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    let ours = papers.trusting("root").with_allowed_next_protocols(["h2"]).unwrap();
    let mut talk = talk(tool, &papers, ours, &["-alpn", "http/1.1"]);
    talk.until_refused("NoApplicationProtocol");
    assert!(talk.ours.journal.has("alert_received Fatal NoApplicationProtocol"));
}

#[test]
fn a_client_proves_who_it_is() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    let root = papers.path("root.pem");
    for (option, _) in VERSIONS {
        let more = [option, "-Verify", "1", "-verify_return_error", "-CAfile", &root];
        let mut talk = talk(tool, &papers, papers.proving("client"), &more);
        talk.until_encrypted();
        talk.until_said("subject=CN = client");
        talk.talk();
    }
}

/// With TLS 1.3 a client knows that the handshake is over before the server has seen its certificate.
#[test]
fn a_server_refuses_a_client_without_a_certificate() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    let root = papers.path("root.pem");
    let cases = [
        ("HandshakeFailure", SocketError::SslHandshakeFailed, false),
        ("CertificateRequired", SocketError::SslInternal, true),
    ];
    for ((option, _), (alert, error, is_encrypted)) in VERSIONS.into_iter().zip(cases) {
        let more = [option, "-Verify", "1", "-verify_return_error", "-CAfile", &root];
        let mut talk = talk(tool, &papers, papers.trusting("root"), &more);
        let (failed, text) = talk.until_failed();
        assert_eq!(failed, error, "{text}");
        assert!(text.contains(alert), "{text}");
        assert!(talk.ours.journal.has(&format!("alert_received Fatal {alert}")));
        assert_eq!(talk.ours.journal.has("encrypted"), is_encrypted);
        talk.until_said("peer did not return a certificate");
    }
}

/// The certificates with errors: what our client reports, and the alert that the server prints.
#[test]
fn a_certificate_with_errors_is_refused() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    let no_issuer: &[SslErrorKind] = &[
        SslErrorKind::UnableToGetLocalIssuerCertificate,
        SslErrorKind::UnableToVerifyFirstCertificate,
    ];
    let wrong_name: &[SslErrorKind] = &[SslErrorKind::HostNameMismatch];
    let expired: &[SslErrorKind] = &[SslErrorKind::CertificateExpired];
    let cases = [
        ("server", "root", "example.org", wrong_name, "bad certificate"),
        ("server", "stranger", "localhost", no_issuer, "unknown ca"),
        ("expired", "root", "localhost", expired, "certificate expired"),
        ("below", "root", "localhost", no_issuer, "unknown ca"),
    ];
    for (option, _) in VERSIONS {
        for (certificate, root, name, expected, alert) in cases {
            let command = &mut s_server(tool, &papers, certificate, &[option]);
            let ours = papers.trusting(root);
            let mut talk = Talk::with_server(command, port, ours, Beginning::Plain);
            talk.until_noted("connected");
            talk.socket().set_peer_verify_name(name);
            talk.socket().start_client_encryption();
            talk.until_refused("");
            let errors = talk.socket().ssl_handshake_errors();
            let kinds: Vec<SslErrorKind> = errors.iter().map(|error| error.kind()).collect();
            assert_eq!(kinds, expected, "{certificate} {root} {name}");
            talk.until_said(&format!("alert {alert}"));
        }
    }
}

#[test]
fn a_chain_has_its_intermediate() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    let inner = papers.path("inner.pem");
    let ours = papers.trusting("root");
    let mut talk = talk_to(tool, &papers, "below", ours, &["-cert_chain", &inner]);
    talk.until_encrypted();
    let names = talk.socket().peer_certificate_chain().iter().map(|it| it.subject_name());
    assert_eq!(names.collect::<Vec<_>>(), ["CN=localhost", "CN=slotwire inner"]);
    talk.talk();
}

#[test]
fn a_session_is_resumed() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    for (option, version) in VERSIONS {
        let mut talk = talk(tool, &papers, papers.trusting("root"), &[option]);
        talk.until_encrypted();
        assert!(!talk.socket().is_session_resumed());
        if version == SslProtocol::TlsV1_3 {
            talk.until_noted("ticket");
        }
        talk.talk();
        let before = talk.ours.clone();
        talk.connect_again();
        talk.rt[before.socket].disconnect_from_host();
        talk.until_encrypted();
        talk.until_said("Reused session-id");
        assert!(talk.socket().is_session_resumed(), "{}", talk.told());
        let peer = talk.socket().peer_certificate().map(|it| it.subject_name());
        assert_eq!(peer.as_deref(), Some("CN=localhost"));
        talk.talk();
    }
}

#[test]
fn keys_are_updated() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    let mut talk = talk(tool, &papers, papers.trusting("root"), &["-tls1_3", "-msg"]);
    talk.until_encrypted();
    talk.talk();
    // `k` updates its own keys, and `K` demands the same of us.
    for order in ["k", "K", "K"] {
        talk.peer.type_line(order);
        talk.until_said("KeyUpdate");
        talk.talk();
    }
    let orders = talk.ours.journal.take();
    assert!(!orders.iter().any(|it| it.starts_with("alert")), "{orders:?}");
}

#[test]
fn an_orderly_end_of_the_server_is_an_end() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    for (option, _) in VERSIONS {
        let mut talk = talk(tool, &papers, papers.trusting("root"), &[option, "-www"]);
        talk.until_encrypted();
        talk.write(b"GET / HTTP/1.0\r\n\r\n");
        talk.until_noted("disconnected");
        assert!(talk.ours.journal.has("alert_received Warning CloseNotify"));
        let (error, text) = talk.until_failed();
        assert_eq!(error, SocketError::RemoteHostClosed, "{text}");
        let received = talk.ours.received.take();
        assert!(memchr::memmem::find(&received, b"</HTML>").is_some());
    }
}

/// After the order `q` the server closes the connection and sends no `close_notify`.
#[test]
fn an_end_without_a_word_is_no_orderly_one() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    for (option, _) in VERSIONS {
        let mut talk = talk(tool, &papers, papers.trusting("root"), &[option]);
        talk.until_encrypted();
        talk.talk();
        talk.peer.type_line("q");
        let (error, text) = talk.until_failed();
        assert_eq!(error, SocketError::Network, "{text}");
        assert!(text.contains("close_notify"), "{text}");
    }
}

/// One read takes the message and all that has come: there is no further readiness for the end.
#[test]
fn an_end_behind_a_message_that_is_none_of_the_programs_is_noticed() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    let more = ["-tls1_3", "-msg", "-naccept", "1"];
    let mut talk = talk(tool, &papers, papers.trusting("root"), &more);
    talk.until_encrypted();
    talk.talk();
    talk.peer.type_line("k");
    talk.peer.await_said("KeyUpdate");
    talk.peer.type_line("q");
    talk.peer.await_end();
    let (error, text) = talk.until_failed();
    assert_eq!(error, SocketError::Network, "{text}");
    assert!(text.contains("close_notify"), "{text}");
}

#[test]
fn our_end_is_orderly_for_the_server() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    for (option, _) in VERSIONS {
        let mut talk = talk(tool, &papers, papers.trusting("root"), &[option, "-naccept", "1"]);
        talk.until_encrypted();
        talk.write(b"last words\n");
        talk.socket().disconnect_from_host();
        talk.until_ended();
        talk.until_said("last words\nDONE\n");
        assert!(!talk.peer.said().contains("unexpected eof"), "{}", talk.told());
        talk.until_noted("disconnected");
        assert_eq!(talk.socket().error(), None);
    }
}

#[test]
fn the_end_of_a_killed_server_is_no_orderly_one() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    for (option, _) in VERSIONS {
        let mut talk = talk(tool, &papers, papers.trusting("root"), &[option]);
        talk.until_encrypted();
        talk.talk();
        talk.peer.kill();
        let (error, text) = talk.until_failed();
        assert_eq!(error, SocketError::Network, "{text}");
        assert!(text.contains("close_notify"), "{text}");
    }
}

#[test]
fn the_server_notices_that_we_abort() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    for (option, _) in VERSIONS {
        let mut talk = talk(tool, &papers, papers.trusting("root"), &[option]);
        talk.until_encrypted();
        talk.talk();
        talk.socket().abort();
        talk.until_said("unexpected eof");
    }
}

/// TLS 1.2 lets a server ask for another handshake, which we refuse. OpenSSL gives up then.
#[test]
fn renegotiation_is_refused() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    let mut talk = talk(tool, &papers, papers.trusting("root"), &["-tls1_2"]);
    talk.until_encrypted();
    talk.talk();
    talk.peer.type_line("r");
    talk.until_said("no renegotiation");
    talk.until_noted("disconnected");
    assert_eq!(talk.ours.journal.count("encrypted"), 1);
}

#[test]
fn an_old_version_is_refused() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    let old = ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"];
    let mut talk = talk(tool, &papers, papers.trusting("root"), &old);
    talk.until_refused("no version of TLS");
}

#[test]
fn without_a_common_cipher_there_is_no_session() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    let old = ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA"];
    let mut talk = talk(tool, &papers, papers.trusting("root"), &old);
    talk.until_refused("HandshakeFailure");
    talk.until_said("no shared cipher");
}
