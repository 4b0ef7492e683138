//! `alert_sent` tells of the alert that the peer gets.

use slotwire::prelude::*;
use slotwire::{
    AlertLevel, AlertType, PeerVerifyMode, QSslServer, QSslSocket, SignalSpy, SslCipher,
    SslConfiguration, SslProtocol,
};

use crate::parties::Authority;
use support::*;

type Alerts = Vec<(AlertLevel, AlertType)>;

/// Lets a client and a server shake hands in vain. Returns which alerts the client and the server
/// have sent, and checks that each is what the other one has received.
fn alerts_between(net: &Net, client: SslConfiguration, server: SslConfiguration) -> [Alerts; 2] {
    let mut rt = net.runtime();
    let listener = rt.add(QSslServer::new());
    rt[listener].set_ssl_configuration(server);
    rt[listener].listen(([127, 0, 0, 1], 0)).unwrap();
    let port = rt[listener].server_port().unwrap();
    let mut socket = QSslSocket::new();
    socket.set_ssl_configuration(client);
    socket.set_peer_verify_name("localhost");
    let socket = rt.add(socket);
    let of_client =
        [QSslSocket::alert_sent, QSslSocket::alert_received].map(|signal| rt.spy(socket, signal));
    let of_server =
        [QSslServer::alert_sent, QSslServer::alert_received].map(|signal| rt.spy(listener, signal));
    rt[socket].connect_to_host_encrypted("127.0.0.1", port);
    wait_until(&mut rt, |world| world[socket].error().is_some());
    settle(&mut rt);
    let [sent, received] = of_client.map(|spy: SignalSpy<_>| spy.take());
    let [sent_by_server, received_by_server] = of_server.map(|spy: SignalSpy<_>| {
        spy.take().into_iter().map(|(_, level, alert)| (level, alert)).collect::<Alerts>()
    });
    assert_eq!(sent, received_by_server);
    assert_eq!(sent_by_server, received);
    [sent, sent_by_server]
}

fn fatal(alert: AlertType) -> Alerts {
    vec![(AlertLevel::Fatal, alert)]
}

/// What a client and a server have that understand each other.
fn ends() -> (SslConfiguration, SslConfiguration) {
    let authority = Authority::new();
    (authority.trusted(), authority.proves("localhost"))
}

#[on_every_network]
fn a_version_that_the_server_does_not_have(net: &Net) {
    let (client, server) = ends();
    let client = client.with_protocol(SslProtocol::TlsV1_2).unwrap();
    let server = server.with_protocol(SslProtocol::TlsV1_3).unwrap();
    let alerts = alerts_between(net, client, server);
    assert_eq!(alerts, [vec![], fatal(AlertType::ProtocolVersion)]);
}

#[on_every_network]
fn no_cipher_in_common(net: &Net) {
    let (client, server) = ends();
    let [one, other] = ["TLS13_AES_128_GCM_SHA256", "TLS13_CHACHA20_POLY1305_SHA256"].map(|name| {
        SslCipher::supported()
            .into_iter()
            .filter(|cipher| cipher.name() == name)
            .collect::<Vec<_>>()
    });
    let client = client.with_ciphers(one).unwrap();
    let server = server.with_ciphers(other).unwrap();
    let alerts = alerts_between(net, client, server);
    assert_eq!(alerts, [vec![], fatal(AlertType::HandshakeFailure)]);
}

#[on_every_network]
fn no_application_protocol_in_common(net: &Net) {
    let (client, server) = ends();
    let client = client.with_allowed_next_protocols(["one"]).unwrap();
    let server = server.with_allowed_next_protocols(["other"]).unwrap();
    let alerts = alerts_between(net, client, server);
    assert_eq!(alerts, [vec![], fatal(AlertType::NoApplicationProtocol)]);
}

#[on_every_network]
fn a_certificate_that_nobody_vouches_for_and_one_with_a_wrong_signature(net: &Net) {
    let (_, server) = ends();
    let (_, other) = ends();
    let stranger = other.local_certificate().cloned();
    let trusts_a_stranger = SslConfiguration::default().with_ca_certificates(stranger).unwrap();
    // All authorities of these tests have the same name.
    let trusts_a_namesake = Authority::new().trusted();
    for protocol in [SslProtocol::TlsV1_3, SslProtocol::TlsV1_2] {
        for (client, alert) in [
            (&trusts_a_stranger, AlertType::UnknownCa),
            (&trusts_a_namesake, AlertType::DecryptError),
        ] {
            let client = client.clone().with_protocol(protocol).unwrap();
            let alerts = alerts_between(net, client, server.clone());
            assert_eq!(alerts, [fatal(alert), vec![]], "{protocol}");
        }
    }
}

#[on_every_network]
fn a_client_that_has_no_certificate(net: &Net) {
    for protocol in [SslProtocol::TlsV1_3, SslProtocol::TlsV1_2] {
        let (client, server) = ends();
        let client = client.with_protocol(protocol).unwrap();
        let server = server.with_peer_verify_mode(PeerVerifyMode::Verify);
        let alerts = alerts_between(net, client, server);
        assert_eq!(alerts, [vec![], fatal(AlertType::CertificateRequired)], "{protocol}");
    }
}
