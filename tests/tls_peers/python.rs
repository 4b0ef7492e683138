//! Python's `ssl` on either side, by the orders of a test.

use std::process::Command;

use serde_json::{Value, json};
use slotwire::prelude::*;
use slotwire::{PeerVerifyMode, SslConfiguration, SslProtocol};

use crate::counterpart::Counterpart;
use crate::ours::Beginning;
use crate::papers::Papers;
use crate::talk::{Talk, megabyte};
use crate::tool::Tool;

const VERSIONS: [(&str, &str, SslProtocol); 2] =
    [("1.2", "TLSv1.2", SslProtocol::TlsV1_2), ("1.3", "TLSv1.3", SslProtocol::TlsV1_3)];

/// Which end of a connection is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Client,
    Server,
}

const ROLES: [Role; 2] = [Role::Client, Role::Server];

fn program(tool: Tool, arguments: &[&str]) -> Command {
    let mut command = tool.command();
    command.arg("-B").arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tls_peers/peers/tls.py"));
    command.args(arguments);
    command
}

fn port(peer: &mut Counterpart) -> Option<u16> {
    let answer: Value = serde_json::from_str(&peer.next_line()?).expect("an answer");
    u16::try_from(answer["port"].as_u64().expect("a port")).ok()
}

/// A connection that is not encrypted yet.
#[track_caller]
fn plain(tool: Tool, role: Role, ours: SslConfiguration) -> Talk {
    match role {
        Role::Client => {
            let command = &mut program(tool, &["listen"]);
            let mut talk = Talk::with_server(command, port, ours, Beginning::Plain);
            talk.until_noted("connected");
            assert_eq!(answer(&mut talk), json!({"accepted": true}));
            talk
        }
        Role::Server => {
            let client = |port: u16| program(tool, &["connect", &port.to_string()]);
            Talk::with_client(client, ours, Beginning::Plain)
        }
    }
}

/// What we prove and trust in this role.
fn configuration(papers: &Papers, role: Role) -> SslConfiguration {
    match role {
        Role::Client => papers.trusting("root"),
        Role::Server => papers.proving("server"),
    }
}

/// Begins to encrypt, at our end first.
fn start(talk: &mut Talk, role: Role) {
    match role {
        Role::Client => talk.socket().start_client_encryption(),
        Role::Server => talk.socket().start_server_encryption(),
    }
}

/// The order by which Python's end encrypts, while ours has this role.
fn order(papers: &Papers, role: Role, version: &str) -> Value {
    let (chain, key) = (papers.path("server.pem"), papers.path("server.key"));
    match role {
        Role::Client => json!({"do": "encrypt", "version": version, "chain": chain, "key": key}),
        Role::Server => json!({
            "do": "encrypt", "version": version, "root": papers.path("root.pem"), "name": "localhost",
        }),
    }
}

fn give(talk: &mut Talk, order: &Value) {
    talk.peer.type_line(&order.to_string());
}

/// Runs the loop until there is an answer.
#[track_caller]
fn answer(talk: &mut Talk) -> Value {
    let mut line = None;
    talk.until("answer", |_, peer| {
        line = peer.next_line();
        line.is_some()
    });
    let line = line.unwrap();
    serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}: {}", talk.told()))
}

#[track_caller]
fn ask(talk: &mut Talk, order: &Value) -> Value {
    give(talk, order);
    answer(talk)
}

/// An encrypted connection.
#[track_caller]
fn encrypted(tool: Tool, papers: &Papers, role: Role, version: &str) -> Talk {
    let mut talk = plain(tool, role, configuration(papers, role));
    start(&mut talk, role);
    let agreed = ask(&mut talk, &order(papers, role, version));
    assert!(agreed["version"].is_string(), "{agreed}");
    talk.until_encrypted();
    talk
}

#[test]
fn both_versions_are_spoken() {
    let Some(tool) = Tool::python() else { return };
    let papers = Papers::new();
    for role in ROLES {
        for (version, name, protocol) in VERSIONS {
            let mut talk = plain(tool, role, configuration(&papers, role));
            start(&mut talk, role);
            let agreed = ask(&mut talk, &order(&papers, role, version));
            assert_eq!(agreed["version"], name);
            talk.until_encrypted();
            assert_eq!(talk.socket().session_protocol(), Some(protocol));
            talk.write(b"from ours");
            assert_eq!(ask(&mut talk, &json!({"do": "read", "count": 9}))["read"], "from ours");
            give(&mut talk, &json!({"do": "write", "text": "from the peer"}));
            talk.until_received(b"from the peer");
        }
    }
}

#[test]
fn a_megabyte_is_echoed() {
    let Some(tool) = Tool::python() else { return };
    let papers = Papers::new();
    let lines = megabyte();
    for role in ROLES {
        for (version, ..) in VERSIONS {
            let mut talk = encrypted(tool, &papers, role, version);
            give(&mut talk, &json!({"do": "echo", "count": lines.len()}));
            talk.write(lines.as_bytes());
            talk.until_received(lines.as_bytes());
        }
    }
}

/// Encryption begins in the middle of a conversation, as by SMTP's `STARTTLS`.
#[test]
fn a_plain_conversation_becomes_an_encrypted_one() {
    let Some(tool) = Tool::python() else { return };
    let papers = Papers::new();
    for (version, ..) in VERSIONS {
        let mut client = plain(tool, Role::Client, papers.trusting("root"));
        give(&mut client, &json!({"do": "write", "text": "220 ready\r\n"}));
        client.until_received(b"220 ready\r\n");
        assert_eq!(answer(&mut client)["written"], 11);
        client.write(b"STARTTLS\r\n");
        assert_eq!(ask(&mut client, &json!({"do": "read", "count": 10}))["read"], "STARTTLS\r\n");
        give(&mut client, &json!({"do": "write", "text": "220 go ahead\r\n"}));
        client.until_received(b"220 go ahead\r\n");
        assert_eq!(answer(&mut client)["written"], 14);
        assert!(!client.socket().is_encrypted());
        client.socket().start_client_encryption();
        client.write(b"secret");
        assert!(ask(&mut client, &order(&papers, Role::Client, version))["version"].is_string());
        assert_eq!(ask(&mut client, &json!({"do": "read", "count": 6}))["read"], "secret");

        let mut server = plain(tool, Role::Server, papers.proving("server"));
        give(&mut server, &json!({"do": "write", "text": "STARTTLS\r\n"}));
        server.until_received(b"STARTTLS\r\n");
        assert_eq!(answer(&mut server)["written"], 10);
        // The answer goes out unencrypted, although it is sent after this call.
        server.write(b"220 go ahead\r\n");
        server.socket().start_server_encryption();
        server.write(b"secret");
        let read = ask(&mut server, &json!({"do": "read", "count": 14}));
        assert_eq!(read["read"], "220 go ahead\r\n");
        assert!(ask(&mut server, &order(&papers, Role::Server, version))["version"].is_string());
        assert_eq!(ask(&mut server, &json!({"do": "read", "count": 6}))["read"], "secret");
    }
}

#[test]
fn a_protocol_of_the_application_is_agreed_on() {
    let Some(tool) = Tool::python() else { return };
    let papers = Papers::new();
    for role in ROLES {
        let ours = configuration(&papers, role);
        let ours = ours.with_allowed_next_protocols(["mine", "common"]).unwrap();
        let mut talk = plain(tool, role, ours);
        start(&mut talk, role);
        let mut order = order(&papers, role, "1.3");
        order["alpn"] = json!(["other", "common"]);
        assert_eq!(ask(&mut talk, &order)["alpn"], "common");
        talk.until_encrypted();
        assert_eq!(talk.socket().next_negotiated_protocol(), Some(&b"common"[..]));
    }
}

/// Takes what the peer says, and ends the session in order.
#[track_caller]
fn end_in_order(talk: &mut Talk) {
    // A ticket comes with the first bytes at the latest.
    give(talk, &json!({"do": "write", "text": "bytes"}));
    talk.until_received(b"bytes");
    assert_eq!(answer(talk)["written"], 5);
    talk.write(b"answer");
    assert_eq!(ask(talk, &json!({"do": "read", "count": 6}))["read"], "answer");
    assert_eq!(ask(talk, &json!({"do": "end"})), json!({"ended": true}));
}

#[test]
fn a_session_is_resumed() {
    let Some(tool) = Tool::python() else { return };
    let papers = Papers::new();
    for (version, ..) in VERSIONS {
        let ours = configuration(&papers, Role::Client);
        let mut client = plain(tool, Role::Client, ours);
        for is_resumed in [false, true, true] {
            if is_resumed {
                client.connect_again();
                assert_eq!(ask(&mut client, &json!({"do": "again"})), json!({"again": true}));
            } else {
                client.socket().start_client_encryption();
            }
            let agreed = ask(&mut client, &order(&papers, Role::Client, version));
            client.until_encrypted();
            assert_eq!(agreed["resumed"], is_resumed, "{version}");
            assert_eq!(client.socket().is_session_resumed(), is_resumed, "{version}");
            assert!(client.socket().peer_certificate().is_some());
            // The socket is still needed, for its port.
            give(&mut client, &json!({"do": "write", "text": "bytes"}));
            client.until_received(b"bytes");
            assert_eq!(answer(&mut client)["written"], 5);
        }

        let mut server = plain(tool, Role::Server, configuration(&papers, Role::Server));
        for is_resumed in [false, true, true] {
            if is_resumed {
                assert_eq!(ask(&mut server, &json!({"do": "again"})), json!({"again": true}));
                server.next_connection();
            }
            server.socket().start_server_encryption();
            let agreed = ask(&mut server, &order(&papers, Role::Server, version));
            server.until_encrypted();
            assert_eq!(agreed["resumed"], is_resumed, "{version}");
            assert_eq!(server.socket().is_session_resumed(), is_resumed, "{version}");
            end_in_order(&mut server);
        }
    }
}

#[test]
fn a_client_proves_who_it_is() {
    let Some(tool) = Tool::python() else { return };
    let papers = Papers::new();
    for (version, ..) in VERSIONS {
        let mut client = plain(tool, Role::Client, papers.proving("client"));
        client.socket().start_client_encryption();
        let mut demand = order(&papers, Role::Client, version);
        demand["root"] = papers.path("root.pem").into();
        demand["demands"] = true.into();
        let peer = &ask(&mut client, &demand)["peer"];
        assert_eq!(peer["subject"], json!([[["commonName", "client"]]]));
        client.until_encrypted();

        let ours = papers.proving("server").with_peer_verify_mode(PeerVerifyMode::Verify);
        let mut server = plain(tool, Role::Server, ours);
        server.socket().start_server_encryption();
        let mut proof = order(&papers, Role::Server, version);
        proof["chain"] = papers.path("client.pem").into();
        proof["key"] = papers.path("client.key").into();
        ask(&mut server, &proof);
        server.until_encrypted();
        let peer = server.socket().peer_certificate().map(|it| it.subject_name());
        assert_eq!(peer.as_deref(), Some("CN=client"));
    }
}

/// What Python's client finds wrong with our certificate.
#[test]
fn a_client_refuses_a_certificate_with_errors() {
    let Some(tool) = Tool::python() else { return };
    let papers = Papers::new();
    let cases = [
        ("server", "root", "example.org", "Hostname mismatch"),
        ("server", "stranger", "localhost", "unable to get local issuer certificate"),
        ("expired", "root", "localhost", "certificate has expired"),
    ];
    for (version, ..) in VERSIONS {
        for (certificate, root, name, reason) in cases {
            let mut talk = plain(tool, Role::Server, papers.proving(certificate));
            talk.socket().start_server_encryption();
            let mut order = order(&papers, Role::Server, version);
            order["root"] = papers.path(&format!("{root}.pem")).into();
            order["name"] = name.into();
            let failed = ask(&mut talk, &order);
            assert!(failed["failed"].as_str().is_some_and(|it| it.contains(reason)), "{failed}");
            talk.until_refused("");
        }
    }
}

#[test]
fn an_orderly_end_of_the_peer_is_an_end() {
    let Some(tool) = Tool::python() else { return };
    let papers = Papers::new();
    for role in ROLES {
        for (version, ..) in VERSIONS {
            let mut talk = encrypted(tool, &papers, role, version);
            give(&mut talk, &json!({"do": "end"}));
            talk.until_noted("disconnected");
            assert_eq!(answer(&mut talk), json!({"ended": true}));
            assert!(talk.ours.journal.has("alert_received Warning CloseNotify"));
            assert_eq!(talk.until_failed().0, SocketError::RemoteHostClosed);
        }
    }
}

#[test]
fn an_orderly_end_of_ours_is_an_end_for_the_peer() {
    let Some(tool) = Tool::python() else { return };
    let papers = Papers::new();
    for role in ROLES {
        for (version, ..) in VERSIONS {
            let mut talk = encrypted(tool, &papers, role, version);
            talk.write(b"last words");
            talk.socket().disconnect_from_host();
            // More than there is: so it reads up to the end, which would be an error if it were a cut.
            let read = ask(&mut talk, &json!({"do": "read", "count": 100}));
            assert_eq!(read, json!({"read": "last words"}));
            ask(&mut talk, &json!({"do": "end"}));
            talk.until_noted("disconnected");
            assert_eq!(talk.socket().error(), None);
        }
    }
}

#[test]
fn a_connection_that_is_cut_is_an_error_at_both_ends() {
    let Some(tool) = Tool::python() else { return };
    let papers = Papers::new();
    for role in ROLES {
        for (version, ..) in VERSIONS {
            let mut talk = encrypted(tool, &papers, role, version);
            talk.socket().abort();
            let cut = ask(&mut talk, &json!({"do": "read", "count": 100}));
            assert!(cut["failed"].as_str().is_some_and(|it| it.contains("EOF")), "{cut}");

            let mut talk = encrypted(tool, &papers, role, version);
            give(&mut talk, &json!({"do": "close"}));
            let (error, text) = talk.until_failed();
            assert_eq!(error, SocketError::Network, "{text}");
            assert!(text.contains("close_notify"), "{text}");
        }
    }
}

#[test]
fn a_peer_that_leaves_in_the_handshake_is_an_error() {
    let Some(tool) = Tool::python() else { return };
    let papers = Papers::new();
    for role in ROLES {
        let mut talk = plain(tool, role, configuration(&papers, role));
        start(&mut talk, role);
        talk.until_noted(&format!("mode_changed {role:?}"));
        if role == Role::Client {
            // It has our first message, so that the end is no reset.
            ask(&mut talk, &json!({"do": "take"}));
        }
        give(&mut talk, &json!({"do": "close"}));
        let (error, text) = talk.until_failed();
        assert_eq!(error, SocketError::RemoteHostClosed, "{text}");
        assert!(text.contains("handshake"), "{text}");
        assert!(!talk.ours.journal.has("encrypted"));
    }
}

#[test]
fn plain_text_is_refused() {
    let Some(tool) = Tool::python() else { return };
    let papers = Papers::new();
    for role in ROLES {
        let mut talk = plain(tool, role, configuration(&papers, role));
        start(&mut talk, role);
        give(&mut talk, &json!({"do": "write", "text": "220 hello, this is no TLS\r\n"}));
        talk.until_refused("does not speak TLS");
        assert!(talk.ours.received.borrow().is_empty());
    }
}
