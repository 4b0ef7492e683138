//! What both ends agree on.

use rustls::{AlertDescription, Error, PeerIncompatible, ProtocolVersion};

#[cfg(feature = "idn")]
use super::authority::params;
use super::authority::{Authority, Identity};
use super::pair::{Pair, Terms};
use crate::net::SocketError;
use crate::net::tls::PeerVerifyMode::{Auto, None as Never, Query, Verify};
use crate::net::tls::{SslCipher, SslConfiguration, SslMode, SslProtocol};

fn scene() -> (SslConfiguration, Identity) {
    let root = Authority::root("Root");
    let server = root.issue_server();
    (root.trusted(), server)
}

#[test]
fn the_first_common_protocol_of_the_server_is_chosen() {
    let (client, server) = scene();
    let names = |names: &[&str], configuration: SslConfiguration| {
        let names = names.iter().map(|name| name.as_bytes());
        configuration.with_allowed_next_protocols(names).expect("the names are valid")
    };
    let client = names(&["http/1.1", "h2"], client);
    let pair = Pair::new(&client, &names(&["h2", "http/1.1"], server.server()), Terms::strict());
    assert_eq!(pair.client.connection.alpn_protocol(), Some(&b"h2"[..]));
    assert_eq!(pair.server.connection.alpn_protocol(), Some(&b"h2"[..]));
    let pair = Pair::new(&client, &server.server(), Terms::strict());
    assert!(pair.is_established());
    assert_eq!(pair.client.connection.alpn_protocol(), None);
    let pair = Pair::new(&client, &names(&["ftp"], server.server()), Terms::strict());
    assert_eq!(pair.server.error, Some(Error::NoApplicationProtocol));
    let alert = AlertDescription::NoApplicationProtocol;
    assert_eq!(pair.client.error, Some(Error::AlertReceived(alert)));
}

#[test]
fn ends_without_a_common_version_fail() {
    let (client, server) = scene();
    let client = client.with_protocol(SslProtocol::TlsV1_3OrLater).expect("it has ciphers");
    let old = server.server().with_protocol(SslProtocol::TlsV1_2).expect("it has ciphers");
    let pair = Pair::new(&client, &old, Terms::strict());
    let reason = PeerIncompatible::Tls12NotOfferedOrEnabled;
    assert_eq!(pair.server.error, Some(Error::PeerIncompatible(reason)));
    let both = server.server();
    let pair = Pair::new(&client, &both, Terms::strict());
    assert_eq!(pair.client.connection.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    let version = pair.client.connection.protocol_version().and_then(SslProtocol::of);
    assert_eq!(version, Some(SslProtocol::TlsV1_3));
}

#[test]
fn the_ciphers_of_a_configuration_are_the_only_ones() {
    let (client, server) = scene();
    let cipher = SslCipher::from_name("TLS13_CHACHA20_POLY1305_SHA256").expect("it exists");
    let client = client.with_ciphers([cipher]).expect("it belongs to TLS 1.3");
    let pair = Pair::new(&client, &server.server(), Terms::strict());
    let chosen = pair.server.connection.negotiated_cipher_suite().map(SslCipher::of);
    assert_eq!(chosen, Some(cipher));
}

#[test]
fn a_server_without_a_certificate_is_refused_with_the_reason() {
    let failure = SslConfiguration::new().server().expect_err("it has no certificate");
    assert!(failure.to_string().contains("needs a certificate and its private key"), "{failure}");
}

#[test]
fn a_name_that_no_certificate_can_have_is_refused() {
    for name in ["", "two words", "-", "name:443", "[::1]"] {
        let failure = SslConfiguration::new().client(name).expect_err("it is no name");
        assert!(failure.to_string().contains(&format!("{name:?}")), "{failure}");
        let error = std::io::Error::from(failure);
        assert_eq!(SocketError::of_transfer(&error), SocketError::SslInvalidUserData);
    }
}

#[test]
fn a_name_may_have_the_dot_of_the_root() {
    let (client, server) = scene();
    let pair = Pair::named("example.org.", &client, &server.server(), Terms::strict());
    assert!(pair.is_established(), "{:?}", pair.client.heard.errors);
}

#[cfg(feature = "idn")]
#[test]
fn a_name_beyond_ascii_is_compared_in_its_ascii_form() {
    let root = Authority::root("Root");
    let server = root.issue(params("Server", &["xn--bcher-kva.test"])).server();
    let pair = Pair::named("Bücher.test", &root.trusted(), &server, Terms::strict());
    assert!(pair.is_established(), "{:?}", pair.client.heard.errors);
}

#[test]
fn errors_are_fatal_where_the_peer_is_verified() {
    let is_fatal = |mode, end| SslConfiguration::new().with_peer_verify_mode(mode).is_fatal(end);
    for (mode, client, server) in
        [(Auto, true, false), (Verify, true, true), (Query, false, false), (Never, false, false)]
    {
        assert_eq!(is_fatal(mode, SslMode::Client), client, "{mode:?}");
        assert_eq!(is_fatal(mode, SslMode::Server), server, "{mode:?}");
        assert!(!is_fatal(mode, SslMode::Unencrypted), "{mode:?}");
    }
}
