//! What a server asks of its clients.

use rustls::{AlertDescription, Error};

use super::authority::{Authority, Identity, params, valid};
use super::pair::{Pair, Terms};
use crate::net::tls::SslErrorKind::{self, *};
use crate::net::tls::{PeerVerifyMode, SslConfiguration, SslProtocol};

/// A server, and the root of its certificate and of those of its clients.
struct Scene {
    root: Authority,
    server: Identity,
}

impl Scene {
    fn new() -> Self {
        let root = Authority::root("Root");
        let server = root.issue_server();
        Self { root, server }
    }

    fn server(&self, mode: PeerVerifyMode) -> SslConfiguration {
        self.server.of(self.root.trusted()).with_peer_verify_mode(mode)
    }

    /// Checks what the server notes about a client, and if the handshake ends well.
    #[track_caller]
    fn expect(
        &self,
        mode: PeerVerifyMode,
        client: Option<&Identity>,
        terms: Terms,
        expected: (&[SslErrorKind], bool),
    ) {
        for protocol in [SslProtocol::TlsV1_3, SslProtocol::TlsV1_2] {
            let client = match client {
                Some(identity) => identity.of(self.root.trusted()),
                None => self.root.trusted(),
            };
            let client = client.with_protocol(protocol).expect("there are ciphers for it");
            let pair = Pair::new(&client, &self.server(mode), terms);
            let found = (&*pair.server.kinds(), pair.is_established());
            assert_eq!(found, expected, "{protocol}, {mode:?}: {:?}", pair.server.error);
            assert_eq!(pair.client.kinds(), []);
        }
    }
}

#[test]
fn a_client_with_a_valid_certificate_is_accepted() {
    let scene = Scene::new();
    let client = scene.root.issue(params("Client", &["client.example"]));
    for mode in [PeerVerifyMode::Verify, PeerVerifyMode::Query, PeerVerifyMode::Auto] {
        scene.expect(mode, Some(&client), Terms::strict(), (&[], true));
        let client = client.of(scene.root.trusted());
        let pair = Pair::new(&client, &scene.server(mode), Terms::strict());
        let shown = pair.server.connection.peer_certificates().expect("the client shows one");
        assert_eq!(shown[0].as_ref(), client.local_certificate().expect("it has one").to_der());
    }
}

#[test]
fn a_server_that_verifies_requires_a_certificate() {
    let scene = Scene::new();
    let nobody = (&[NoPeerCertificate][..], false);
    scene.expect(PeerVerifyMode::Verify, None, Terms::strict(), nobody);
    scene.expect(PeerVerifyMode::Verify, None, Terms::lenient(), (&[NoPeerCertificate], true));
    scene.expect(PeerVerifyMode::Query, None, Terms::strict(), (&[], true));
    scene.expect(PeerVerifyMode::Auto, None, Terms::strict(), (&[], true));
    let server = scene.server(PeerVerifyMode::Verify);
    let pair = Pair::new(&scene.root.trusted(), &server, Terms::strict());
    assert_eq!(pair.server.error, Some(Error::NoCertificatesPresented));
    let alert = AlertDescription::CertificateRequired;
    assert_eq!(pair.client.error, Some(Error::AlertReceived(alert)));
}

#[test]
fn a_certificate_that_is_wrong_ends_the_handshake_of_a_server_that_verifies_alone() {
    let scene = Scene::new();
    let expired = scene.root.issue(valid(params("Client", &[]), 2020, 2025));
    let kinds = &[CertificateExpired][..];
    scene.expect(PeerVerifyMode::Verify, Some(&expired), Terms::strict(), (kinds, false));
    scene.expect(PeerVerifyMode::Verify, Some(&expired), Terms::lenient(), (kinds, true));
    scene.expect(PeerVerifyMode::Query, Some(&expired), Terms::strict(), (kinds, true));
    scene.expect(PeerVerifyMode::Auto, Some(&expired), Terms::strict(), (kinds, true));
    scene.expect(PeerVerifyMode::None, Some(&expired), Terms::strict(), (&[], true));
}

#[test]
fn a_client_of_an_unknown_issuer() {
    let scene = Scene::new();
    let client = Authority::root("Other").issue(params("Client", &[]));
    let kinds = &[UnableToGetLocalIssuerCertificate, UnableToVerifyFirstCertificate][..];
    scene.expect(PeerVerifyMode::Verify, Some(&client), Terms::strict(), (kinds, false));
    scene.expect(PeerVerifyMode::Verify, Some(&client), Terms::lenient(), (kinds, true));
}

#[test]
fn a_server_that_does_not_ask_gets_no_certificate() {
    let scene = Scene::new();
    let client = scene.root.issue(params("Client", &[])).of(scene.root.trusted());
    let pair = Pair::new(&client, &scene.server(PeerVerifyMode::None), Terms::strict());
    assert!(pair.is_established());
    assert_eq!(pair.server.connection.peer_certificates(), None);
}
