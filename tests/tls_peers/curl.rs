//! Our server, and curl.

use std::process::Command;

use slotwire::prelude::*;
use slotwire::{PeerVerifyMode, SslConfiguration, SslProtocol};

use crate::ours::Beginning;
use crate::papers::Papers;
use crate::talk::Talk;
use crate::tool::Tool;
use support::noise;

/// A client that trusts `root`, and asks `localhost` for something.
fn curl(tool: Tool, papers: &Papers, port: u16, more: &[&str]) -> Command {
    let mut command = tool.command();
    command
        .args(["--silent", "--show-error", "--noproxy", "*", "--max-time", "30"])
        .args(["--cacert", &papers.path("root.pem")])
        .args(["--resolve", &format!("localhost:{port}:127.0.0.1")])
        .args(more)
        .arg(format!("https://localhost:{port}/"));
    command
}

#[track_caller]
fn talk(tool: Tool, papers: &Papers, ours: SslConfiguration, more: &[&str]) -> Talk {
    let client = |port| curl(tool, papers, port, more);
    Talk::with_client(client, ours, Beginning::Encrypted)
}

/// Waits for the head of a request and returns what came with it.
#[track_caller]
fn request(talk: &mut Talk) -> String {
    let received = talk.ours.received.clone();
    talk.until("request", |_, _| received.borrow().windows(4).any(|it| it == b"\r\n\r\n"));
    String::from_utf8_lossy(&talk.ours.received.take()).into_owned()
}

/// Answers, and ends the connection, which is the end of the answer.
fn answer(talk: &mut Talk, body: &[u8]) {
    talk.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    talk.write(body);
    talk.socket().disconnect_from_host();
}

#[test]
fn an_answer_is_fetched() {
    let Some(tool) = Tool::curl() else { return };
    let papers = Papers::new();
    let versions = [
        (["--tlsv1.2", "--tls-max", "1.2"], SslProtocol::TlsV1_2),
        (["--tlsv1.3", "--tls-max", "1.3"], SslProtocol::TlsV1_3),
    ];
    for (options, version) in versions {
        let mut talk = talk(tool, &papers, papers.proving("server"), &options);
        talk.until_encrypted();
        assert_eq!(talk.socket().session_protocol(), Some(version));
        assert!(request(&mut talk).starts_with("GET / HTTP/1.1\r\n"));
        answer(&mut talk, b"hello\n");
        assert!(talk.until_ended().success());
        assert_eq!(talk.peer.said(), "hello\n");
    }
}

#[test]
fn a_megabyte_goes_each_way() {
    let Some(tool) = Tool::curl() else { return };
    let papers = Papers::new();
    let (sent, fetched) = (papers.path("sent"), papers.path("fetched"));
    let much = noise(1 << 20);
    std::fs::write(&sent, &much).unwrap();
    let upload = format!("@{sent}");
    let more = ["--data-binary", &upload, "-H", "Expect:", "--output", &fetched];
    let mut talk = talk(tool, &papers, papers.proving("server"), &more);
    let received = talk.ours.received.clone();
    talk.until("upload", |_, _| received.borrow().ends_with(&much));
    answer(&mut talk, &much);
    assert!(talk.until_ended().success());
    assert!(std::fs::read(&fetched).unwrap() == much);
}

#[test]
fn a_protocol_of_the_application_is_agreed_on() {
    let Some(tool) = Tool::curl() else { return };
    let papers = Papers::new();
    let ours = papers.proving("server").with_allowed_next_protocols(["http/1.1"]).unwrap();
    let mut talk = talk(tool, &papers, ours, &[]);
    talk.until_encrypted();
    assert_eq!(talk.socket().next_negotiated_protocol(), Some(&b"http/1.1"[..]));
    request(&mut talk);
    answer(&mut talk, b"");
    assert!(talk.until_ended().success());
}

#[test]
fn a_client_proves_who_it_is() {
    let Some(tool) = Tool::curl() else { return };
    let papers = Papers::new();
    let (certificate, key) = (papers.path("client.pem"), papers.path("client.key"));
    let ours = papers.proving("server").with_peer_verify_mode(PeerVerifyMode::Verify);
    let mut proven = talk(tool, &papers, ours.clone(), &["--cert", &certificate, "--key", &key]);
    proven.until_encrypted();
    let peer = proven.socket().peer_certificate().map(|it| it.subject_name());
    assert_eq!(peer.as_deref(), Some("CN=client"));
    request(&mut proven);
    answer(&mut proven, b"");
    assert!(proven.until_ended().success());

    let mut unknown = talk(tool, &papers, ours, &[]);
    unknown.until_refused("certificate");
    assert!(!unknown.until_ended().success());
}

/// 60 is curl's number for a certificate that it does not accept.
#[test]
fn a_certificate_with_errors_is_refused() {
    let Some(tool) = Tool::curl() else { return };
    let papers = Papers::new();
    let stranger = papers.path("stranger.pem");
    let root: &[&str] = &["--cacert", &stranger];
    let cases = [("expired", &[][..], "CertificateExpired"), ("server", root, "UnknownCa")];
    for (certificate, more, alert) in cases {
        let mut talk = talk(tool, &papers, papers.proving(certificate), more);
        assert_eq!(talk.until_ended().code(), Some(60), "{}", talk.peer.said());
        talk.until_noted(&format!("alert_received Fatal {alert}"));
        talk.until_refused("");
    }
}

/// 18 is curl's number for an answer of which a part is missing.
#[test]
fn an_answer_that_is_cut_is_an_error() {
    let Some(tool) = Tool::curl() else { return };
    let papers = Papers::new();
    let mut talk = talk(tool, &papers, papers.proving("server"), &["--no-buffer"]);
    request(&mut talk);
    talk.write(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf");
    talk.until_said("half");
    talk.socket().abort();
    let status = talk.until_ended();
    assert!(matches!(status.code(), Some(18 | 56)), "{status}: {}", talk.peer.said());
}

#[test]
fn plain_text_is_refused() {
    let Some(tool) = Tool::curl() else { return };
    let papers = Papers::new();
    let client = |port| {
        let mut command = tool.command();
        command.args(["--silent", "--show-error", "--noproxy", "*", "--max-time", "30"]);
        command.arg(format!("http://127.0.0.1:{port}/"));
        command
    };
    let mut talk = Talk::with_client(client, papers.proving("server"), Beginning::Encrypted);
    talk.until_refused("does not speak TLS");
    assert!(!talk.until_ended().success());
    assert!(talk.ours.received.borrow().is_empty());
    assert_eq!(talk.socket().state(), SocketState::Unconnected);
}
