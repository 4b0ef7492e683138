//! `SslConfigurationError`: why a setting is refused.

use super::protocol::SslProtocol;

/// The reason why a setting of an [`SslConfiguration`](crate::SslConfiguration) is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SslConfigurationError {
    /// There is a key, but no certificate.
    #[error("a private key needs the certificate of its public key, and the chain is empty")]
    NoCertificate,
    /// The private key does not belong to the first certificate of the chain.
    #[error(
        "the private key is not that of the certificate {certificate}: the first certificate of the \
         chain must be the own one, and those of its issuers follow"
    )]
    KeyOfAnotherCertificate {
        /// The name of the certificate.
        certificate: String,
    },
    /// A certificate cannot be used.
    #[error("the certificate {certificate} cannot be used: {reason}")]
    UnusableCertificate {
        /// The name of the certificate.
        certificate: String,
        /// What the TLS library says.
        reason: String,
    },
    /// The name of an application protocol is empty or too long.
    #[error("the name of an application protocol has {length} bytes, and may have 1 to 255 (ALPN)")]
    ProtocolName {
        /// The length of the name.
        length: usize,
    },
    /// The names of the application protocols are too long together.
    #[error(
        "the names of the application protocols have {length} bytes, and may have 65,535 (ALPN)"
    )]
    TooManyProtocols {
        /// The length of all names, each with one byte for its own length.
        length: usize,
    },
    /// None of the ciphers belongs to an allowed protocol.
    #[error("none of the ciphers belongs to {protocol}, which is what the configuration allows")]
    NoCipher {
        /// The allowed protocols.
        protocol: SslProtocol,
    },
}
