//! `SslKey`: a private key.
//!
//! Keeps one promise: the secret never leaves the value again. It is parsed when the value is made,
//! and from then on only the TLS library uses it, to sign.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rustls::SignatureAlgorithm;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::{self, PemObject};
use rustls::sign::SigningKey;

use super::parse_error::SslParseError;
use super::pem_text;

/// The algorithm of an [`SslKey`].
#[doc(alias = "QSsl::KeyAlgorithm")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyAlgorithm {
    /// RSA.
    #[doc(alias = "QSsl::Rsa")]
    Rsa,
    /// ECDSA, on the curves P-256 and P-384.
    #[doc(alias = "QSsl::Ec")]
    Ec,
    /// Ed25519.
    Ed25519,
    /// An algorithm that this crate does not name yet.
    #[doc(alias = "QSsl::Opaque")]
    Opaque,
}

/// A private key, by which a socket proves that its certificate is its own.
///
/// RSA keys of 2048 to 8192 bits, ECDSA keys on P-256 and P-384, and Ed25519 keys can be used. The
/// secret cannot be read back, and [`Debug`] does not show it. Keys with a pass phrase are not
/// supported. A clone is cheap.
#[doc(alias = "QSslKey")]
#[derive(Clone)]
pub struct SslKey {
    signing: Arc<dyn SigningKey>,
}

impl SslKey {
    /// Parses a key in DER: in PKCS#8, PKCS#1 (RSA) or SEC1 (ECDSA).
    ///
    /// # Errors
    ///
    /// Fails if the bytes are no key, and if the key is of a kind that cannot be used.
    pub fn from_der(der: &[u8]) -> Result<Self, SslParseError> {
        let key = PrivateKeyDer::try_from(der)
            .map_err(|reason| SslParseError::der("a private key", reason))?;
        Self::new(&key)
    }

    /// Parses the first key of a text in PEM. Other sections, such as certificates, are skipped.
    ///
    /// # Errors
    ///
    /// Fails if the text is not valid or has no key, if the key is encrypted, and if it is of a kind
    /// that cannot be used.
    pub fn from_pem(pem: impl AsRef<[u8]>) -> Result<Self, SslParseError> {
        let pem = pem.as_ref();
        match PrivateKeyDer::from_pem_slice(pem) {
            // The older form has a header of this name in the section.
            _ if memchr::memmem::find(pem, b"Proc-Type: 4,ENCRYPTED").is_some() => {
                Err(SslParseError::EncryptedKey)
            }
            Ok(key) => Self::new(&key),
            Err(pem::Error::NoItemsFound)
                if pem_text::has_section(pem, "ENCRYPTED PRIVATE KEY") =>
            {
                Err(SslParseError::EncryptedKey)
            }
            Err(pem::Error::NoItemsFound) => {
                Err(SslParseError::NothingFound { thing: "a private key", label: "PRIVATE KEY" })
            }
            Err(error) => Err(pem_text::fault(error)),
        }
    }

    /// Reads the key of a file, in PEM or in DER.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read, and as [`from_pem`](Self::from_pem) and
    /// [`from_der`](Self::from_der).
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, SslParseError> {
        let bytes = pem_text::read(path.as_ref())?;
        if pem_text::is_pem(&bytes) { Self::from_pem(&bytes) } else { Self::from_der(&bytes) }
    }

    fn new(key: &PrivateKeyDer<'_>) -> Result<Self, SslParseError> {
        let signing = any_supported_type(key)
            .map_err(|error| SslParseError::UnsupportedKey { reason: error.to_string() })?;
        Ok(Self { signing })
    }

    /// Returns the algorithm of the key.
    pub fn algorithm(&self) -> KeyAlgorithm {
        match self.signing.algorithm() {
            SignatureAlgorithm::RSA => KeyAlgorithm::Rsa,
            SignatureAlgorithm::ECDSA => KeyAlgorithm::Ec,
            SignatureAlgorithm::ED25519 => KeyAlgorithm::Ed25519,
            _ => KeyAlgorithm::Opaque,
        }
    }

    /// Returns the key as the TLS library takes it.
    pub(super) fn signing(&self) -> &Arc<dyn SigningKey> {
        &self.signing
    }

    /// Returns the public key that belongs to this one.
    fn public_key(&self) -> Option<Vec<u8>> {
        Some(self.signing.public_key()?.to_vec())
    }
}

/// Compares the public keys, which are equal only if the private ones are.
impl PartialEq for SslKey {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.signing, &other.signing)
            || self.public_key().is_some_and(|key| Some(key) == other.public_key())
    }
}

impl Eq for SslKey {}

/// Shows the algorithm alone.
impl fmt::Debug for SslKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SslKey").field("algorithm", &self.algorithm()).finish_non_exhaustive()
    }
}
