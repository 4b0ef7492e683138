//! Certificates that a peer has damaged, or made of nothing.

use std::sync::LazyLock;

use proptest::prelude::*;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName};

use super::authority::{Authority, ca_params};
use super::pair::year;
use crate::net::tls::chain_check::{ChainCheck, Sent};
use crate::net::tls::roots::Roots;

/// A chain of three certificates, of which the last one is a known root.
struct Scene {
    check: ChainCheck,
    chain: Vec<Vec<u8>>,
}

impl Scene {
    fn new() -> Self {
        let root = Authority::root("Root");
        let middle = root.authority(ca_params("Middle"));
        let server = middle.issue_server().with(&middle);
        let roots = Roots { has_platform: false, given: vec![root.certificate.clone()] };
        let check = ChainCheck {
            algorithms: default_provider().signature_verification_algorithms,
            roots: roots.anchors(),
            revoked: Vec::new(),
            depth: 0,
        };
        let chain = server.chain.iter().map(|certificate| certificate.to_der().to_vec());
        Self { check, chain: chain.collect() }
    }

    /// Returns true if a client accepts these certificates.
    fn accepts(&self, chain: &[Vec<u8>]) -> bool {
        let chain: Vec<_> = chain.iter().map(|der| CertificateDer::from(&der[..])).collect();
        let sent = Sent { end_entity: &chain[0], intermediates: &chain[1..] };
        let name = ServerName::try_from("example.org").expect("it is a name");
        self.check.errors_of_server(sent, &name, year(2030)).is_empty()
    }
}

static SCENE: LazyLock<Scene> = LazyLock::new(Scene::new);

#[test]
fn the_undamaged_chain_is_accepted() {
    assert!(SCENE.accepts(&SCENE.chain));
}

proptest! {
    #[test]
    fn a_chain_with_a_damaged_certificate_is_never_accepted(
        which in 0..2_usize,
        at in any::<prop::sample::Index>(),
        flip in 1..=255_u8,
        is_cut in any::<bool>(),
    ) {
        let mut chain = SCENE.chain.clone();
        let certificate = &mut chain[which];
        let at = at.index(certificate.len());
        certificate[at] ^= flip;
        if is_cut {
            certificate.truncate(at);
        }
        prop_assert!(!SCENE.accepts(&chain));
    }

    #[test]
    fn certificates_made_of_nothing_are_never_accepted(
        chain in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..4),
    ) {
        prop_assert!(!SCENE.accepts(&chain));
    }
}
