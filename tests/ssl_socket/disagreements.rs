//! Ends that do not agree: about the certificate of the client, the version, the ciphers or the protocol
//! of the application. Exactly which signals come, at both ends, and that both go on afterwards.

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, date_time_ymd};
use slotwire::prelude::*;
use slotwire::{
    AlertType, PeerVerifyMode, SslCipher, SslConfiguration, SslErrorKind, SslMode, SslProtocol,
};

use crate::parties::{Authority, Pair, all_signals_of, contents};
use support::*;

const REFUSED: &str = "SslHandshakeFailed while Connected";

/// Lets a client meet a server. The client tells `at_client`, and the server `at_server`, between the
/// beginning and the end of the connection. Afterwards it meets another server with the configuration
/// `agreeing`, and is encrypted.
#[track_caller]
fn meet(
    net: &Net,
    [client, server, agreeing]: [SslConfiguration; 3],
    at_client: &[&str],
    at_server: &[&str],
) {
    let mut pair = Pair::new(net, client, server);
    let client = pair.client;
    let told = all_signals_of(&mut pair.rt, client);
    pair.connect();
    pair.until(|_| told.has("disconnected"));
    let served = pair.rt[pair.server].journal.clone();
    pair.until(|_| served.has("disconnected"));
    settle(&mut pair.rt);
    assert_eq!(told.take(), [&CONNECTING, at_client, &ENDING].concat());
    assert_eq!(served.take(), [&["mode_changed Server"], at_server, &ENDING].concat());
    for socket in [client, pair.end()] {
        let socket = &pair.rt[socket];
        assert_eq!((socket.mode(), socket.is_encrypted()), (SslMode::Unencrypted, false));
        assert_eq!((socket.bytes_available(), socket.bytes_to_write()), (0, 0));
        assert_eq!(socket.encrypted_bytes_to_write() + socket.encrypted_bytes_available(), 0);
    }

    pair.rt[pair.server].set_configuration(agreeing);
    pair.connect();
    pair.until(|_| told.has("encrypted"));
    let served = pair.rt[pair.server].journal.clone();
    pair.until(|_| served.has("encrypted"));
    let mut noted = told.take();
    noted.retain(|entry| entry != "ticket");
    assert_eq!(noted, [&CONNECTING[..], &["encrypted"]].concat());
    assert_eq!(served.take(), ["mode_changed Server", "encrypted"]);
    assert_eq!(pair.rt[client].error(), None);
}

/// A server that demands a certificate of this authority.
fn demanding(root: &Authority, protocol: SslProtocol) -> SslConfiguration {
    root.proves("localhost")
        .with_ca_certificates([root.certificate()])
        .unwrap()
        .with_peer_verify_mode(PeerVerifyMode::Verify)
        .with_protocol(protocol)
        .unwrap()
}

#[on_every_network]
fn a_client_that_cannot_prove_what_is_demanded_is_refused(net: &Net) {
    use SslErrorKind as Kind;
    let root = Authority::named("root");
    let also_trusting =
        |proof: SslConfiguration| Some(proof.with_ca_certificates([root.certificate()]).unwrap());
    let proof_by = |change: fn(&mut CertificateParams)| {
        let mut params = contents("client");
        change(&mut params);
        also_trusting(root.proves_by(params, &[]))
    };
    let cases = [
        (None, &[Kind::NoPeerCertificate][..], AlertType::CertificateRequired),
        (
            also_trusting(Authority::named("stranger").proves("client")),
            &[Kind::UnableToGetLocalIssuerCertificate, Kind::UnableToVerifyFirstCertificate],
            AlertType::UnknownCa,
        ),
        (
            proof_by(|params| params.not_after = date_time_ymd(1990, 1, 1)),
            &[Kind::CertificateExpired],
            AlertType::CertificateExpired,
        ),
        (
            proof_by(|params| {
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            }),
            &[Kind::InvalidPurpose],
            AlertType::UnsupportedCertificate,
        ),
    ];
    for (client, errors, alert) in cases {
        for protocol in [SslProtocol::TlsV1_2, SslProtocol::TlsV1_3] {
            let client = client.clone().unwrap_or_else(|| root.trusted());
            let received = format!("alert_received Fatal {alert:?}");
            // By TLS 1.3, the handshake of the client is over before the server has seen its proof.
            let at_client = match protocol {
                SslProtocol::TlsV1_3 => {
                    vec!["encrypted", &received, "SslInternal while Connected"]
                }
                _ => vec![&*received, REFUSED],
            };
            let mut at_server: Vec<_> =
                errors.iter().map(|kind| format!("peer_verify_error {kind:?}")).collect();
            at_server.extend([format!("alert_sent Fatal {alert:?}"), REFUSED.to_owned()]);
            let at_server: Vec<_> = at_server.iter().map(String::as_str).collect();
            let agreeing = root.proves("localhost").with_peer_verify_mode(PeerVerifyMode::None);
            let all = [client, demanding(&root, protocol), agreeing];
            meet(net, all, &at_client, &at_server);
        }
    }
}

#[on_every_network]
fn a_client_that_proves_what_is_demanded_is_known_to_the_server(net: &Net) {
    let root = Authority::named("root");
    let proof = root.proves("client").with_ca_certificates([root.certificate()]).unwrap();
    for protocol in [SslProtocol::TlsV1_2, SslProtocol::TlsV1_3] {
        let pair = Pair::new(net, proof.clone(), demanding(&root, protocol)).connected();
        let shown = pair.rt[pair.end()].peer_certificate();
        assert_eq!(shown, proof.local_certificate());
        assert_eq!(pair.rt[pair.server].journal.take(), ["mode_changed Server", "encrypted"]);
    }
}

/// Lets ends meet that do not agree: the server says why by this alert.
#[track_caller]
fn disagree(net: &Net, configurations: [SslConfiguration; 3], alert: AlertType) {
    let sent = format!("alert_sent Fatal {alert:?}");
    let received = format!("alert_received Fatal {alert:?}");
    meet(net, configurations, &[&received, REFUSED], &[&sent, REFUSED]);
}

#[on_every_network]
fn ends_without_a_common_version_part(net: &Net) {
    let root = Authority::named("root");
    let versions = [SslProtocol::TlsV1_2, SslProtocol::TlsV1_3];
    for [ours, theirs] in [versions, [versions[1], versions[0]]] {
        let client = root.trusted().with_protocol(ours).unwrap();
        let server = root.proves("localhost");
        let stubborn = server.clone().with_protocol(theirs).unwrap();
        disagree(net, [client, stubborn, server], AlertType::ProtocolVersion);
    }
}

#[on_every_network]
fn ends_without_a_common_protocol_of_the_application_part(net: &Net) {
    let root = Authority::named("root");
    for version in [SslProtocol::TlsV1_2, SslProtocol::TlsV1_3] {
        let client = root.trusted().with_protocol(version).unwrap();
        let client = client.with_allowed_next_protocols(["h2", "http/1.1"]).unwrap();
        let server = root.proves("localhost");
        let other = server.clone().with_allowed_next_protocols(["imap", "pop3"]).unwrap();
        let common = server.with_allowed_next_protocols(["imap", "http/1.1"]).unwrap();
        disagree(net, [client, other, common], AlertType::NoApplicationProtocol);
    }
}

#[on_every_network]
fn ends_without_a_common_cipher_part(net: &Net) {
    let root = Authority::named("root");
    for [ours, theirs] in [
        ["TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"],
        [
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        ],
    ] {
        let [ours, theirs] = [ours, theirs].map(|name| SslCipher::from_name(name).unwrap());
        let client = root.trusted().with_ciphers([ours]).unwrap();
        let server = root.proves("localhost");
        let other = server.clone().with_ciphers([theirs]).unwrap();
        disagree(net, [client, other, server], AlertType::HandshakeFailure);
    }
}
