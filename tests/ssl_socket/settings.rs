//! What a socket sets and tells of its configuration by itself.

use slotwire::{
    PeerVerifyMode, QSslSocket, SslCipher, SslConfiguration, SslConfigurationError, SslProtocol,
};

use crate::parties::{Authority, Pair};
use support::*;

#[test]
fn settings_of_a_socket_are_those_of_its_configuration() {
    let proof = Authority::new().proves("localhost");
    let (chain, key) = (proof.local_certificate_chain(), proof.private_key().unwrap());
    let mut socket = QSslSocket::new();
    assert_eq!(*socket.ssl_configuration(), SslConfiguration::default());
    assert_eq!((socket.local_certificate(), socket.private_key()), (None, None));

    socket.set_local_certificate(chain.to_vec(), key.clone()).unwrap();
    socket.set_peer_verify_mode(PeerVerifyMode::Query);
    socket.set_peer_verify_depth(3);
    socket.set_protocol(SslProtocol::TlsV1_3).unwrap();
    assert_eq!(socket.local_certificate(), proof.local_certificate());
    assert_eq!(socket.local_certificate_chain(), chain);
    assert_eq!(socket.private_key(), Some(key));
    assert_eq!(socket.peer_verify_mode(), PeerVerifyMode::Query);
    assert_eq!(socket.peer_verify_depth(), 3);
    assert_eq!(socket.protocol(), SslProtocol::TlsV1_3);
    let expected = proof
        .with_peer_verify_mode(PeerVerifyMode::Query)
        .with_peer_verify_depth(3)
        .with_protocol(SslProtocol::TlsV1_3);
    assert_eq!(*socket.ssl_configuration(), expected.unwrap());
}

#[test]
fn a_setting_that_is_refused_changes_nothing() {
    let proof = Authority::new().proves("localhost");
    let another = Authority::new().proves("localhost");
    let of_tls13 = SslCipher::from_name("TLS_AES_256_GCM_SHA384").unwrap();
    let before = SslConfiguration::new().with_ciphers([of_tls13]).unwrap();
    let mut socket = QSslSocket::new();
    socket.set_ssl_configuration(before.clone());

    let chain = proof.local_certificate_chain().to_vec();
    let refused = socket.set_local_certificate(chain, another.private_key().unwrap().clone());
    assert!(matches!(refused, Err(SslConfigurationError::KeyOfAnotherCertificate { .. })));
    let refused = socket.set_protocol(SslProtocol::TlsV1_2);
    assert!(matches!(refused, Err(SslConfigurationError::NoCipher { .. })));
    assert_eq!(*socket.ssl_configuration(), before);
}

#[on_every_network]
fn a_socket_uses_the_protocol_that_was_set_on_it(net: &Net) {
    let mut pair = Pair::trusting(net);
    let client = pair.client;
    pair.rt[client].set_protocol(SslProtocol::TlsV1_2).unwrap();
    let pair = pair.connected();
    assert_eq!(pair.rt[client].session_protocol(), Some(SslProtocol::TlsV1_2));
    assert_eq!(pair.rt[pair.end()].session_protocol(), Some(SslProtocol::TlsV1_2));
}
