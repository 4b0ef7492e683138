//! `SslProtocol`: the versions of TLS.

use std::fmt;

use rustls::version::{TLS12, TLS13};
use rustls::{ProtocolVersion, SupportedProtocolVersion};

/// The versions of TLS that a configuration allows, or the version that a connection uses.
///
/// SSL 3, TLS 1.0, TLS 1.1 and DTLS do not exist here: RFC 7568 and RFC 8996 forbid the first three,
/// and the TLS library has none of them.
#[doc(alias = "QSsl::SslProtocol")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SslProtocol {
    /// TLS 1.2 alone (RFC 5246).
    #[doc(alias = "QSsl::TlsV1_2")]
    TlsV1_2,
    /// TLS 1.3 alone (RFC 8446).
    #[doc(alias = "QSsl::TlsV1_3")]
    TlsV1_3,
    /// TLS 1.2 and what came after it.
    #[doc(alias = "QSsl::TlsV1_2OrLater")]
    TlsV1_2OrLater,
    /// TLS 1.3 and what comes after it.
    #[doc(alias = "QSsl::TlsV1_3OrLater")]
    TlsV1_3OrLater,
    /// The versions that are known to be secure, which are TLS 1.2 and TLS 1.3 at present.
    #[default]
    #[doc(alias = "QSsl::SecureProtocols")]
    #[doc(alias = "QSsl::AnyProtocol")]
    SecureProtocols,
}

static ONLY_TLS12: [&SupportedProtocolVersion; 1] = [&TLS12];
static ONLY_TLS13: [&SupportedProtocolVersion; 1] = [&TLS13];
static BOTH: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];

impl SslProtocol {
    /// Returns the versions that this allows.
    pub(super) fn versions(self) -> &'static [&'static SupportedProtocolVersion] {
        match self {
            Self::TlsV1_2 => &ONLY_TLS12,
            Self::TlsV1_3 | Self::TlsV1_3OrLater => &ONLY_TLS13,
            Self::TlsV1_2OrLater | Self::SecureProtocols => &BOTH,
        }
    }

    /// Returns the protocol of a connection.
    pub(in crate::net) fn of(version: ProtocolVersion) -> Option<Self> {
        match version {
            ProtocolVersion::TLSv1_2 => Some(Self::TlsV1_2),
            ProtocolVersion::TLSv1_3 => Some(Self::TlsV1_3),
            _ => None,
        }
    }
}

/// Shows the name of the protocol, such as `TLS 1.3`.
impl fmt::Display for SslProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TlsV1_2 => "TLS 1.2",
            Self::TlsV1_3 => "TLS 1.3",
            Self::TlsV1_2OrLater | Self::SecureProtocols => "TLS 1.2 or later",
            Self::TlsV1_3OrLater => "TLS 1.3 or later",
        })
    }
}
