//! `ChainCheck`: finds what is wrong with the certificates of a peer.
//!
//! `webpki` decides, and stops at the first error. So this check goes on by itself: it looks at the
//! validity of each certificate of the chain, checks the rest of the chain once more at a time at
//! which its certificates are valid, and compares the name in any case.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use webpki::{
    EndEntityCert, Error, ExpirationPolicy, KeyUsage, RevocationCheckDepth,
    RevocationOptionsBuilder, UnknownStatusPolicy, VerifiedPath,
};

use super::certificate::SslCertificate;
use super::error::{SslError, SslErrorKind};
use super::revocation_list::RevocationList;
use super::roots::Anchors;

/// How many certificates of a chain an error can name.
const LONGEST_CHAIN: usize = 10;

/// The certificates that a peer has sent.
#[derive(Clone, Copy)]
pub(super) struct Sent<'a> {
    pub(super) end_entity: &'a CertificateDer<'a>,
    pub(super) intermediates: &'a [CertificateDer<'a>],
}

impl Sent<'_> {
    /// Returns the certificates that can be parsed, the peer's own first.
    pub(super) fn certificates(&self) -> Vec<SslCertificate> {
        let all = std::iter::once(self.end_entity).chain(self.intermediates);
        all.filter_map(|der| SslCertificate::from_rustls(der).ok()).collect()
    }
}

/// What to check the certificates of a peer against.
#[derive(Debug)]
pub(super) struct ChainCheck {
    pub(super) algorithms: WebPkiSupportedAlgorithms,
    pub(super) roots: Anchors,
    pub(super) revoked: Vec<Arc<RevocationList>>,
    /// The greatest number of certificates without the root; zero for no limit.
    pub(super) depth: usize,
}

impl ChainCheck {
    /// Returns the errors in the certificate of a server of this name.
    pub(super) fn errors_of_server(
        &self,
        sent: Sent<'_>,
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Vec<SslError> {
        self.errors(sent, KeyUsage::server_auth(), Some(name), now)
    }

    /// Returns the errors in the certificate of a client.
    pub(super) fn errors_of_client(&self, sent: Sent<'_>, now: UnixTime) -> Vec<SslError> {
        self.errors(sent, KeyUsage::client_auth(), None, now)
    }

    fn errors(
        &self,
        sent: Sent<'_>,
        usage: KeyUsage,
        name: Option<&ServerName<'_>>,
        now: UnixTime,
    ) -> Vec<SslError> {
        let unreadable = |error: &dyn ToString, leaf| {
            let error =
                SslError::new(SslErrorKind::UnspecifiedError, leaf).with_detail(error.to_string());
            vec![error]
        };
        let leaf = match SslCertificate::from_rustls(sent.end_entity) {
            Ok(leaf) => leaf,
            Err(error) => return unreadable(&error, None),
        };
        let parsed = match EndEntityCert::try_from(sent.end_entity) {
            Ok(parsed) => parsed,
            Err(error) => return unreadable(&error, Some(leaf)),
        };
        let mut errors = match self.roots.given.contains(&leaf) {
            true => validity_errors(std::slice::from_ref(&leaf), now),
            false => self.errors_of_chain(&parsed, &leaf, sent, usage, now),
        };
        if let Some(Err(error)) = name.map(|name| parsed.verify_is_valid_for_subject_name(name)) {
            errors.push(explained_name(error, &leaf));
        }
        errors
    }

    fn errors_of_chain(
        &self,
        parsed: &EndEntityCert<'_>,
        leaf: &SslCertificate,
        sent: Sent<'_>,
        usage: KeyUsage,
        now: UnixTime,
    ) -> Vec<SslError> {
        let verify = |time, policy| self.verify(parsed, sent, usage, time, policy);
        let Err(error) = verify(now, ExpirationPolicy::Enforce) else { return Vec::new() };
        let chain = chain_of(leaf, sent.intermediates);
        let mut errors = validity_errors(&chain, now);
        if !is_of_validity(&error) {
            errors.extend(self.explained(&error, &chain));
            return errors;
        }
        if errors.is_empty() {
            // Only a certificate that is not in the chain of names can be meant.
            errors.push(SslError::new(kind(&error), Some(leaf.clone())));
        }
        // The lists may be older than this time, or newer.
        let again = verify(common_time(&chain), ExpirationPolicy::Ignore);
        if let Err(error) = again
            && !is_of_validity(&error)
        {
            errors.extend(self.explained(&error, &chain));
        }
        errors
    }

    /// Lets `webpki` look for a way from the certificate to a root.
    fn verify(
        &self,
        parsed: &EndEntityCert<'_>,
        sent: Sent<'_>,
        usage: KeyUsage,
        time: UnixTime,
        policy: ExpirationPolicy,
    ) -> Result<(), Error> {
        let lists: Vec<_> = self.revoked.iter().map(|list| &list.parsed).collect();
        let revocation = RevocationOptionsBuilder::new(&lists).ok().map(|options| {
            options
                .with_depth(RevocationCheckDepth::Chain)
                .with_status_policy(UnknownStatusPolicy::Allow)
                .with_expiration_policy(policy)
                .build()
        });
        let is_short = |path: &VerifiedPath<'_>| {
            let length = 1 + path.intermediate_certificates().count();
            match self.depth {
                0 => Ok(()),
                depth if length <= depth => Ok(()),
                _ => Err(Error::MaximumPathDepthExceeded),
            }
        };
        let algorithms = self.algorithms.all;
        let anchors = &self.roots.anchors;
        let found = parsed.verify_for_usage(
            algorithms,
            anchors,
            sent.intermediates,
            time,
            usage,
            revocation,
            Some(&is_short),
        );
        found.map(|_| ())
    }

    /// Returns what an error means for this chain.
    fn explained(&self, error: &Error, chain: &[SslCertificate]) -> Vec<SslError> {
        use SslErrorKind as Kind;
        let [leaf, issuers @ ..] = chain else { return Vec::new() };
        let named =
            |kind, certificate: &SslCertificate| SslError::new(kind, Some(certificate.clone()));
        let is_unknown = matches!(error, Error::UnknownIssuer | Error::CaUsedAsEndEntity);
        if is_unknown && leaf.is_self_signed() {
            return vec![named(Kind::SelfSignedCertificate, leaf)];
        }
        let last = issuers.last().unwrap_or(leaf);
        match kind(error) {
            Kind::UnableToGetLocalIssuerCertificate if issuers.is_empty() => vec![
                named(Kind::UnableToGetLocalIssuerCertificate, leaf),
                named(Kind::UnableToVerifyFirstCertificate, leaf),
            ],
            Kind::UnableToGetLocalIssuerCertificate if last.is_self_signed() => {
                vec![named(Kind::SelfSignedCertificateInChain, last)]
            }
            Kind::UnableToGetLocalIssuerCertificate => {
                vec![named(Kind::UnableToGetLocalIssuerCertificate, last)]
            }
            Kind::CertificateRevoked => {
                let revoked = chain.iter().find(|certificate| self.is_listed(certificate));
                vec![named(Kind::CertificateRevoked, revoked.unwrap_or(leaf))]
            }
            Kind::InvalidCaCertificate => {
                let issuer = issuers.first().unwrap_or(leaf);
                vec![named(Kind::InvalidCaCertificate, issuer).with_detail(error.to_string())]
            }
            kind => vec![named(kind, leaf).with_detail(error.to_string())],
        }
    }

    /// Returns true if a list has the serial number of this certificate.
    fn is_listed(&self, certificate: &SslCertificate) -> bool {
        let serial = certificate.serial_number();
        self.revoked.iter().any(|list| matches!(list.parsed.find_serial(serial), Ok(Some(_))))
    }
}

/// Returns the certificate and its issuers, as far as they were sent.
fn chain_of(leaf: &SslCertificate, sent: &[CertificateDer<'_>]) -> Vec<SslCertificate> {
    let mut rest: Vec<_> =
        sent.iter().filter_map(|der| SslCertificate::from_rustls(der).ok()).collect();
    let mut chain = vec![leaf.clone()];
    while chain.len() < LONGEST_CHAIN
        && let Some(last) = chain.last()
        && let Some(next) = rest.iter().position(|issuer| last.is_issued_by(issuer))
    {
        chain.push(rest.swap_remove(next));
    }
    chain
}

/// Returns an error for each certificate of the chain that is not valid at this time.
fn validity_errors(chain: &[SslCertificate], now: UnixTime) -> Vec<SslError> {
    let error = |certificate: &SslCertificate| {
        let kind = match now {
            now if now > unix(certificate.expiry_date()) => SslErrorKind::CertificateExpired,
            now if now < unix(certificate.effective_date()) => SslErrorKind::CertificateNotYetValid,
            _ => return None,
        };
        Some(SslError::new(kind, Some(certificate.clone())))
    };
    chain.iter().filter_map(error).collect()
}

/// Returns a time at which the certificates of the chain are valid, if there is one.
fn common_time(chain: &[SslCertificate]) -> UnixTime {
    let begins = chain.iter().map(|certificate| unix(certificate.effective_date()));
    begins.max().unwrap_or_else(UnixTime::now)
}

/// Converts a time; one before 1970 becomes the beginning of 1970.
fn unix(time: SystemTime) -> UnixTime {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    UnixTime::since_unix_epoch(since)
}

fn is_of_validity(error: &Error) -> bool {
    let kind = kind(error);
    matches!(kind, SslErrorKind::CertificateExpired | SslErrorKind::CertificateNotYetValid)
}

fn explained_name(error: Error, leaf: &SslCertificate) -> SslError {
    let detail = match error {
        Error::CertNotValidForName(context) if context.presented.is_empty() => {
            format!("{} is wanted, and it names no host", context.expected.to_str())
        }
        Error::CertNotValidForName(context) => {
            let presented = context.presented.join(", ");
            format!("{} is wanted, and it is for {presented}", context.expected.to_str())
        }
        error => error.to_string(),
    };
    SslError::new(SslErrorKind::HostNameMismatch, Some(leaf.clone())).with_detail(detail)
}

/// Returns the kind of an error of `webpki`.
fn kind(error: &Error) -> SslErrorKind {
    use SslErrorKind as Kind;
    #[allow(deprecated, reason = "a variant that is not built any more is still a variant")]
    match error {
        Error::CertExpired { .. } | Error::InvalidCertValidity => Kind::CertificateExpired,
        Error::CertNotValidYet { .. } => Kind::CertificateNotYetValid,
        Error::CertNotValidForName(_) => Kind::HostNameMismatch,
        Error::CertRevoked => Kind::CertificateRevoked,
        Error::UnknownIssuer => Kind::UnableToGetLocalIssuerCertificate,
        Error::CrlExpired { .. }
        | Error::UnknownRevocationStatus
        | Error::IssuerNotCrlSigner
        | Error::InvalidCrlSignatureForPublicKey
        | Error::UnsupportedCrlSignatureAlgorithm
        | Error::UnsupportedCrlSignatureAlgorithmContext(_)
        | Error::UnsupportedCrlSignatureAlgorithmForPublicKey
        | Error::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(_) => {
            Kind::CertificateStatusUnknown
        }
        Error::InvalidSignatureForPublicKey
        | Error::SignatureAlgorithmMismatch
        | Error::UnsupportedSignatureAlgorithm
        | Error::UnsupportedSignatureAlgorithmContext(_)
        | Error::UnsupportedSignatureAlgorithmForPublicKey
        | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            Kind::CertificateSignatureFailed
        }
        Error::EndEntityUsedAsCa | Error::NameConstraintViolation => Kind::InvalidCaCertificate,
        Error::CaUsedAsEndEntity
        | Error::EmptyEkuExtension
        | Error::RequiredEkuNotFound
        | Error::RequiredEkuNotFoundContext(_) => Kind::InvalidPurpose,
        Error::PathLenConstraintViolated | Error::MaximumPathDepthExceeded => {
            Kind::PathLengthExceeded
        }
        Error::CertDistrusted => Kind::CertificateUntrusted,
        _ => Kind::UnspecifiedError,
    }
}
