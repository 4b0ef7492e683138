//! `SslParseError`: why bytes are no certificate, no key and no revocation list.

use std::io;

/// The reason why bytes are not what they were to be: a certificate, a private key or a list of
/// revoked certificates.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SslParseError {
    /// The bytes are not valid DER of the thing.
    #[error("the bytes are no DER of {thing}: {reason}")]
    Der {
        /// What was expected, with its article: `a certificate`.
        thing: &'static str,
        /// What is wrong with the bytes.
        reason: String,
    },
    /// The text is not valid PEM.
    #[error("the text is no PEM: {reason}")]
    Pem {
        /// What is wrong with the text.
        reason: String,
    },
    /// The text is valid PEM, or no PEM at all, but has no section of the wanted kind.
    #[error("the text has no section with {thing} (a line \"-----BEGIN {label}-----\")")]
    NothingFound {
        /// What was expected, with its article: `a certificate`.
        thing: &'static str,
        /// The label of the section that was looked for.
        label: &'static str,
    },
    /// The key is encrypted with a pass phrase.
    #[error(
        "the private key is encrypted, which is not supported: decrypt it first, as by \
         `openssl pkcs8 -in key.pem -out plain.pem`"
    )]
    EncryptedKey,
    /// The key is of a kind that cannot be used.
    #[error(
        "the private key is not supported: {reason} (an RSA key of 2048 to 8192 bits, an ECDSA key on \
         P-256 or P-384, or an Ed25519 key is needed)"
    )]
    UnsupportedKey {
        /// What the TLS library says.
        reason: String,
    },
    /// The file could not be read.
    #[error("cannot read {path}: {cause}")]
    File {
        /// The path of the file.
        path: String,
        /// The system's error.
        cause: io::Error,
    },
}

impl SslParseError {
    pub(super) fn der(thing: &'static str, reason: impl ToString) -> Self {
        Self::Der { thing, reason: reason.to_string() }
    }

    pub(super) fn pem(reason: impl ToString) -> Self {
        Self::Pem { reason: reason.to_string() }
    }
}
