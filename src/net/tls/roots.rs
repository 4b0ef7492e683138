//! `Roots`: the certificates that a configuration trusts.

use std::sync::{Arc, OnceLock};

use rustls::pki_types::{CertificateDer, TrustAnchor};
use webpki::anchor_from_trusted_cert;

use super::certificate::SslCertificate;

/// The roots of a configuration: those of the platform, those that the program gives, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Roots {
    pub(super) has_platform: bool,
    pub(super) given: Vec<SslCertificate>,
}

/// The roots as the checks need them.
#[derive(Debug)]
pub(super) struct Anchors {
    pub(super) anchors: Arc<[TrustAnchor<'static>]>,
    /// A peer may have one of these certificates as its own.
    pub(super) given: Vec<SslCertificate>,
}

/// The roots of the platform, read once in the life of the process.
struct Platform {
    certificates: Vec<CertificateDer<'static>>,
    anchors: Arc<[TrustAnchor<'static>]>,
}

fn platform() -> &'static Platform {
    static PLATFORM: OnceLock<Platform> = OnceLock::new();
    PLATFORM.get_or_init(|| {
        // What cannot be read trusts nobody, so the handshake says that the issuer is not known.
        let certificates = rustls_native_certs::load_native_certs().certs;
        let anchors = certificates.iter().filter_map(anchor).collect();
        Platform { certificates, anchors }
    })
}

fn anchor(der: &CertificateDer<'_>) -> Option<TrustAnchor<'static>> {
    anchor_from_trusted_cert(der).ok().map(|anchor| anchor.to_owned())
}

impl Roots {
    /// Returns true if the checks can use this certificate as a root.
    pub(super) fn takes(certificate: &SslCertificate) -> bool {
        anchor(certificate.der()).is_some()
    }

    /// Returns all certificates. Those of the platform that cannot be parsed are left out.
    pub(super) fn certificates(&self) -> Vec<SslCertificate> {
        let platform = self.has_platform.then(|| &platform().certificates);
        let platform = platform.into_iter().flatten();
        let parsed = platform.filter_map(|der| SslCertificate::from_rustls(der).ok());
        parsed.chain(self.given.iter().cloned()).collect()
    }

    pub(super) fn anchors(&self) -> Anchors {
        let given = self.given.iter().filter_map(|certificate| anchor(certificate.der()));
        let anchors = match (self.has_platform, self.given.is_empty()) {
            (true, true) => platform().anchors.clone(),
            (true, false) => platform().anchors.iter().cloned().chain(given).collect(),
            (false, _) => given.collect(),
        };
        Anchors { anchors, given: self.given.clone() }
    }
}
