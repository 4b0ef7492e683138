//! `SslError`: what is wrong with the certificate of a peer.

use rustls::CertificateError;

use super::certificate::SslCertificate;

/// The kind of an [`SslError`].
#[doc(alias = "QSslError::SslError")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum SslErrorKind {
    /// The certificate is not valid any more.
    #[error("the certificate has expired: its owner must renew it (is the clock right?)")]
    CertificateExpired,
    /// The certificate is not valid yet.
    #[error("the certificate is not valid yet (is the clock right?)")]
    CertificateNotYetValid,
    /// The certificate is for other hosts.
    #[error("the certificate is not for the name of the peer")]
    HostNameMismatch,
    /// The certificate is signed with its own key, and is no root of the configuration.
    #[error("the certificate is self-signed, and is not among the configuration's CA certificates")]
    SelfSignedCertificate,
    /// The chain ends with a root that is none of the configuration.
    #[error(
        "the chain ends with a self-signed certificate that is not among the configuration's CA \
         certificates"
    )]
    SelfSignedCertificateInChain,
    /// The issuer of the last certificate of the chain is not known.
    #[error(
        "the issuer of the certificate is not known: it was not sent, and it is not among the \
         configuration's CA certificates"
    )]
    UnableToGetLocalIssuerCertificate,
    /// The peer has sent one certificate alone, and its issuer is not known.
    #[error(
        "the signature of the peer's own certificate cannot be checked: the peer sent no certificate \
         of the issuer"
    )]
    UnableToVerifyFirstCertificate,
    /// A signature in the chain is wrong.
    #[error("the signature of the certificate is wrong, or of a kind that is not accepted")]
    CertificateSignatureFailed,
    /// The issuer has revoked the certificate.
    #[error("the issuer has revoked the certificate")]
    CertificateRevoked,
    /// Whether the certificate was revoked is not known.
    #[error("it is not known if the certificate was revoked: the revocation list cannot be used")]
    CertificateStatusUnknown,
    /// A certificate of the chain is not that of an authority, or of one for other names.
    #[error("a certificate of the chain must not issue the next one")]
    InvalidCaCertificate,
    /// The certificate may not be used for this end of a connection.
    #[error("the certificate may not be used for this purpose")]
    InvalidPurpose,
    /// The chain is longer than allowed.
    #[error("the chain of certificates is longer than allowed")]
    PathLengthExceeded,
    /// The peer has sent no certificate.
    #[error("the peer sent no certificate")]
    NoPeerCertificate,
    /// The certificate is distrusted.
    #[error("the certificate is not trusted")]
    CertificateUntrusted,
    /// The certificate cannot be parsed, or is wrong in another way.
    #[error("the certificate cannot be used")]
    UnspecifiedError,
}

/// An error in the certificate of a peer, or in its chain.
///
/// The text says what is wrong and for which certificate.
#[doc(alias = "QSslError")]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}{}", described(.certificate.as_ref(), .detail))]
pub struct SslError {
    kind: SslErrorKind,
    certificate: Option<SslCertificate>,
    detail: String,
}

/// Returns the end of the text: the certificate, and what is known besides the kind.
fn described(certificate: Option<&SslCertificate>, detail: &str) -> String {
    match (certificate, detail) {
        (Some(certificate), "") => format!(" ({certificate})"),
        (Some(certificate), detail) => format!(" ({certificate}: {detail})"),
        (None, "") => String::new(),
        (None, detail) => format!(" ({detail})"),
    }
}

impl SslError {
    /// Creates the error that a program expects, to compare it or to ignore it. `certificate` is the
    /// certificate that is wrong, if there is one.
    pub fn new(kind: SslErrorKind, certificate: Option<SslCertificate>) -> Self {
        Self { kind, certificate, detail: String::new() }
    }

    pub(super) fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Returns what is wrong.
    #[doc(alias = "error")]
    pub fn kind(&self) -> SslErrorKind {
        self.kind
    }

    /// Returns the certificate that is wrong; `None` if the peer sent none, or one that cannot be
    /// parsed.
    pub fn certificate(&self) -> Option<&SslCertificate> {
        self.certificate.as_ref()
    }

    /// Returns the error of the TLS library that ends the handshake with the fitting alert.
    pub(super) fn to_rustls(&self) -> rustls::Error {
        use SslErrorKind as Kind;
        let error = match self.kind {
            Kind::CertificateExpired => CertificateError::Expired,
            Kind::CertificateNotYetValid => CertificateError::NotValidYet,
            Kind::HostNameMismatch => CertificateError::NotValidForName,
            Kind::CertificateRevoked => CertificateError::Revoked,
            Kind::CertificateStatusUnknown => CertificateError::UnknownRevocationStatus,
            Kind::CertificateSignatureFailed => CertificateError::BadSignature,
            Kind::InvalidPurpose => CertificateError::InvalidPurpose,
            Kind::NoPeerCertificate => return rustls::Error::NoCertificatesPresented,
            Kind::UnspecifiedError => CertificateError::BadEncoding,
            Kind::CertificateUntrusted => CertificateError::ApplicationVerificationFailure,
            Kind::SelfSignedCertificate
            | Kind::SelfSignedCertificateInChain
            | Kind::UnableToGetLocalIssuerCertificate
            | Kind::UnableToVerifyFirstCertificate
            | Kind::InvalidCaCertificate
            | Kind::PathLengthExceeded => CertificateError::UnknownIssuer,
        };
        error.into()
    }
}
