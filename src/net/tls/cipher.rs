//! `SslCipher`: a cipher suite.

use std::fmt;

use rustls::SupportedCipherSuite;
use rustls::crypto::ring::ALL_CIPHER_SUITES;

use super::protocol::SslProtocol;

/// A cipher suite: how the bytes of a connection are encrypted and authenticated.
///
/// ```
/// use slotwire::{SslCipher, SslProtocol};
///
/// let cipher = SslCipher::from_name("TLS13_AES_256_GCM_SHA384").unwrap();
/// assert_eq!(cipher.protocol(), SslProtocol::TlsV1_3);
/// assert_eq!(SslCipher::from_name("RC4-MD5"), None);
/// ```
#[doc(alias = "QSslCipher")]
#[derive(Clone, Copy, PartialEq)]
pub struct SslCipher {
    suite: SupportedCipherSuite,
}

impl SslCipher {
    /// Returns the suites that exist, the preferred ones first.
    #[doc(alias = "supportedCiphers")]
    pub fn supported() -> Vec<Self> {
        ALL_CIPHER_SUITES.iter().copied().map(Self::of).collect()
    }

    /// Returns the suite of this name; `None` if the TLS library does not have it. Suites of TLS 1.3
    /// begin with `TLS13_`; the name of the standard, which begins with `TLS_`, is known too.
    pub fn from_name(name: &str) -> Option<Self> {
        let is_it = |cipher: &Self| {
            cipher.name() == name
                || cipher.name().strip_prefix("TLS13_").is_some_and(|own| {
                    name.strip_prefix("TLS_").is_some_and(|standard| standard == own)
                })
        };
        Self::supported().into_iter().find(is_it)
    }

    /// Takes the suite of a connection.
    pub(in crate::net) fn of(suite: SupportedCipherSuite) -> Self {
        Self { suite }
    }

    pub(super) fn suite(self) -> SupportedCipherSuite {
        self.suite
    }

    /// Returns the name of the suite.
    pub fn name(&self) -> &'static str {
        self.suite.suite().as_str().unwrap_or("an unnamed suite")
    }

    /// Returns the protocol to which the suite belongs.
    pub fn protocol(&self) -> SslProtocol {
        match self.suite {
            SupportedCipherSuite::Tls12(_) => SslProtocol::TlsV1_2,
            _ => SslProtocol::TlsV1_3,
        }
    }
}

impl Eq for SslCipher {}

/// Shows the name.
impl fmt::Display for SslCipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for SslCipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SslCipher({})", self.name())
    }
}
