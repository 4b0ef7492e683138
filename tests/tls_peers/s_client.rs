//! Our server, and OpenSSL's `s_client`.

use std::process::Command;

use slotwire::prelude::*;
use slotwire::{PeerVerifyMode, SslConfiguration, SslProtocol};

use crate::ours::Beginning;
use crate::papers::Papers;
use crate::talk::Talk;
use crate::tool::Tool;

const VERSIONS: [(&str, &str, SslProtocol); 2] =
    [("-tls1_2", "TLSv1.2", SslProtocol::TlsV1_2), ("-tls1_3", "TLSv1.3", SslProtocol::TlsV1_3)];

/// A client that trusts `root`, and insists on `localhost`.
fn s_client(tool: Tool, papers: &Papers, port: u16, more: &[&str]) -> Command {
    let mut command = tool.command();
    command
        .args(["s_client", "-connect", &format!("127.0.0.1:{port}")])
        .args(["-servername", "localhost", "-verify_hostname", "localhost"])
        .args(["-verify_return_error", "-CAfile", &papers.path("root.pem")])
        .args(more);
    command
}

#[track_caller]
fn talk(tool: Tool, papers: &Papers, ours: SslConfiguration, more: &[&str]) -> Talk {
    let client = |port| s_client(tool, papers, port, more);
    Talk::with_client(client, ours, Beginning::Encrypted)
}

#[test]
fn both_versions_are_spoken() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    for (option, name, version) in VERSIONS {
        let mut talk = talk(tool, &papers, papers.proving("server"), &[option, "-brief"]);
        talk.until_encrypted();
        talk.until_said(&format!("Protocol version: {name}"));
        talk.until_said("Verification: OK");
        assert_eq!(talk.socket().session_protocol(), Some(version));
        talk.talk();
    }
}

#[test]
fn a_megabyte_goes_both_ways_at_once() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    for (option, ..) in VERSIONS {
        let mut talk = talk(tool, &papers, papers.proving("server"), &[option, "-quiet"]);
        talk.exchange_a_megabyte();
    }
}

#[test]
fn a_protocol_of_the_application_is_agreed_on() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    let ours = papers.proving("server").with_allowed_next_protocols(["http/1.1", "old"]).unwrap();
    let mut talk = talk(tool, &papers, ours, &["-alpn", "h2,old,http/1.1"]);
    talk.until_encrypted();
    talk.until_said("ALPN protocol: http/1.1");
    assert_eq!(talk.socket().next_negotiated_protocol(), Some(&b"http/1.1"[..]));
}

#[test]
fn without_a_common_protocol_of_the_application_there_is_no_session() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    let ours = papers.proving("server").with_allowed_next_protocols(["http/1.1"]).unwrap();
    let mut talk = talk(tool, &papers, ours, &["-alpn", "h2"]);
    talk.until_refused("no protocol of the application");
    talk.until_said("no application protocol");
    assert!(!talk.until_ended().success());
}

#[test]
fn a_client_proves_who_it_is() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    let (certificate, key) = (papers.path("client.pem"), papers.path("client.key"));
    for (option, ..) in VERSIONS {
        let ours = papers.proving("server").with_peer_verify_mode(PeerVerifyMode::Verify);
        let more = [option, "-brief", "-cert", &certificate, "-key", &key];
        let mut talk = talk(tool, &papers, ours, &more);
        talk.until_encrypted();
        let peer = talk.socket().peer_certificate().expect("it was asked for one");
        assert_eq!(peer.subject_name(), "CN=client");
        talk.talk();
    }
}

#[test]
fn a_client_without_a_certificate_is_refused_where_one_is_demanded() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    for (option, ..) in VERSIONS {
        let ours = papers.proving("server").with_peer_verify_mode(PeerVerifyMode::Verify);
        let mut talk = talk(tool, &papers, ours, &[option]);
        talk.until_refused("the peer sent no certificate");
        assert!(talk.ours.journal.has("peer_verify_error NoPeerCertificate"));
        talk.until_said("alert certificate required");
        assert!(!talk.until_ended().success());
    }
}

#[test]
fn a_client_of_a_stranger_is_refused() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    let (certificate, key) = (papers.path("strange.pem"), papers.path("strange.key"));
    for (option, ..) in VERSIONS {
        let ours = papers.proving("server").with_peer_verify_mode(PeerVerifyMode::Verify);
        let mut talk = talk(tool, &papers, ours, &[option, "-cert", &certificate, "-key", &key]);
        talk.until_refused("issuer");
        talk.until_said("alert unknown ca");
        assert!(!talk.until_ended().success());
    }
}

/// What a client may have against our certificate, the alert that it sends, and what it says.
#[test]
fn a_client_that_refuses_our_certificate_says_why() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    let stranger = papers.path("stranger.pem");
    let wrong_name = ["-verify_hostname", "example.org"];
    let unknown_root = ["-CAfile", &stranger];
    let cases: [(&str, &[&str], &str, &str); 3] = [
        ("server", &wrong_name, "BadCertificate", "hostname mismatch"),
        ("server", &unknown_root, "UnknownCa", "unable to get local issuer certificate"),
        ("expired", &[], "CertificateExpired", "certificate has expired"),
    ];
    for (option, ..) in VERSIONS {
        for (certificate, more, alert, words) in cases {
            let more = [&[option], more].concat();
            let mut talk = talk(tool, &papers, papers.proving(certificate), &more);
            talk.until_noted(&format!("alert_received Fatal {alert}"));
            let (error, text) = talk.until_failed();
            // Without a certificate of its own, a client of TLS 1.3 ends the handshake for us first.
            assert_eq!(error, SocketError::SslHandshakeFailed, "{text}");
            talk.until_said(words);
            assert!(!talk.until_ended().success());
        }
    }
}

#[test]
fn a_chain_has_its_intermediate() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    let ours = papers.proving_by("chain.pem", "below");
    let mut complete = talk(tool, &papers, ours, &["-brief"]);
    complete.until_encrypted();
    complete.until_said("Verification: OK");

    let mut broken = talk(tool, &papers, papers.proving("below"), &[]);
    broken.until_failed();
    broken.until_said("unable to get local issuer certificate");
}

#[test]
fn a_session_is_resumed() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    for (option, name, _) in VERSIONS {
        let session = papers.path(name);
        let mut talk =
            talk(tool, &papers, papers.proving("server"), &[option, "-sess_out", &session]);
        talk.until_encrypted();
        assert!(!talk.socket().is_session_resumed());
        // It has read the ticket before it reads this.
        talk.write(b"after the ticket\n");
        talk.until_said("after the ticket");
        talk.peer.type_line("Q");
        talk.until_ended();

        talk.next_client(|port| s_client(tool, &papers, port, &[option, "-sess_in", &session]));
        talk.until_encrypted();
        talk.until_said("Reused, TLSv1");
        assert!(talk.socket().is_session_resumed(), "{}", talk.told());
        talk.talk();
    }
}

#[test]
fn keys_are_updated() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    let mut talk = talk(tool, &papers, papers.proving("server"), &["-tls1_3", "-brief"]);
    talk.until_encrypted();
    talk.talk();
    // `k` updates its own keys, and `K` demands the same of us.
    for order in ["k", "K", "K"] {
        talk.peer.type_line(order);
        talk.until_said("KEYUPDATE");
        talk.talk();
    }
    let orders = talk.ours.journal.take();
    assert!(!orders.iter().any(|it| it.starts_with("alert")), "{orders:?}");
}

#[test]
fn an_orderly_end_of_the_client_is_an_end() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    for (option, ..) in VERSIONS {
        let mut talk = talk(tool, &papers, papers.proving("server"), &[option, "-brief"]);
        talk.until_encrypted();
        talk.talk();
        talk.peer.type_line("Q");
        talk.until_noted("disconnected");
        assert!(talk.ours.journal.has("alert_received Warning CloseNotify"));
        let (error, text) = talk.until_failed();
        assert_eq!(error, SocketError::RemoteHostClosed, "{text}");
        assert!(talk.until_ended().success());
    }
}

#[test]
fn our_end_is_orderly_for_the_client() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    for (option, ..) in VERSIONS {
        let mut talk = talk(tool, &papers, papers.proving("server"), &[option]);
        talk.until_encrypted();
        talk.write(b"last words\n");
        talk.socket().disconnect_from_host();
        talk.until_said("last words\n");
        talk.until_said("closed\n");
        assert!(talk.until_ended().success());
        talk.until_noted("disconnected");
        assert_eq!(talk.socket().error(), None);
    }
}

#[test]
fn the_end_of_a_killed_client_is_no_orderly_one() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    for (option, ..) in VERSIONS {
        let mut talk = talk(tool, &papers, papers.proving("server"), &[option, "-brief"]);
        talk.until_encrypted();
        talk.talk();
        talk.peer.kill();
        let (error, text) = talk.until_failed();
        assert_eq!(error, SocketError::Network, "{text}");
        assert!(text.contains("close_notify"), "{text}");
    }
}

#[test]
fn the_client_notices_that_we_abort() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    for (option, ..) in VERSIONS {
        let mut talk = talk(tool, &papers, papers.proving("server"), &[option]);
        talk.until_encrypted();
        talk.talk();
        talk.socket().abort();
        talk.until_said("unexpected eof");
        assert!(!talk.until_ended().success());
    }
}

/// TLS 1.2 lets a client begin another handshake, which we refuse. OpenSSL gives up then.
#[test]
fn renegotiation_is_refused() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    let mut talk = talk(tool, &papers, papers.proving("server"), &["-tls1_2"]);
    talk.until_encrypted();
    talk.talk();
    talk.peer.type_line("R");
    talk.until_said("RENEGOTIATING");
    talk.until_said("no renegotiation");
    talk.until_noted("disconnected");
    talk.until_ended();
    assert_eq!(talk.ours.journal.count("encrypted"), 1);
}

#[test]
fn an_old_version_is_refused() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    let old = ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"];
    let mut talk = talk(tool, &papers, papers.proving("server"), &old);
    talk.until_refused("no version of TLS");
    talk.until_said("alert handshake failure");
}

#[test]
fn without_a_common_cipher_there_is_no_session() {
    let Some(tool) = Tool::openssl() else { return };
    let papers = Papers::new();
    let old = ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA"];
    let mut talk = talk(tool, &papers, papers.proving("server"), &old);
    talk.until_refused("no cipher suite");
    talk.until_said("handshake failure");
}
