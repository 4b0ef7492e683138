//! `AlertLevel` and `AlertType`: the messages by which an end says that something is wrong.

use std::fmt;

use rustls::AlertDescription;

/// How serious an alert is (RFC 8446, section 6).
#[doc(alias = "QSsl::AlertLevel")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AlertLevel {
    /// The connection goes on, or ends in order.
    Warning,
    /// The connection ends at once.
    Fatal,
    /// The level has no meaning.
    Unknown,
}

macro_rules! alert_types {
    ($($(#[$doc:meta])* $name:ident = $alert:ident: $text:literal,)*) => {
        /// What an alert says (RFC 8446, section 6).
        #[doc(alias = "QSsl::AlertType")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum AlertType {
            $($(#[$doc])* $name,)*
            /// An alert that has no name here.
            #[doc(alias = "UnknownAlertMessage")]
            Unknown,
        }

        impl AlertType {
            /// Takes an alert of the TLS library.
            pub(in crate::net) fn of(alert: AlertDescription) -> Self {
                match alert {
                    $(AlertDescription::$alert => Self::$name,)*
                    _ => Self::Unknown,
                }
            }

            fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                    Self::Unknown => "an unknown alert",
                }
            }
        }
    };
}

alert_types! {
    /// The end writes no more.
    CloseNotify = CloseNotify: "close notify",
    /// A message came at the wrong time.
    UnexpectedMessage = UnexpectedMessage: "unexpected message",
    /// A record could not be decrypted.
    BadRecordMac = BadRecordMac: "bad record MAC",
    /// A record is too long.
    RecordOverflow = RecordOverflow: "record overflow",
    /// Both ends have no parameters in common.
    HandshakeFailure = HandshakeFailure: "handshake failure",
    /// The certificate is damaged.
    BadCertificate = BadCertificate: "bad certificate",
    /// The certificate is of a kind that is not supported.
    UnsupportedCertificate = UnsupportedCertificate: "unsupported certificate",
    /// The certificate was revoked.
    CertificateRevoked = CertificateRevoked: "certificate revoked",
    /// The certificate is not valid any more.
    CertificateExpired = CertificateExpired: "certificate expired",
    /// The certificate is not accepted for another reason.
    CertificateUnknown = CertificateUnknown: "certificate unknown",
    /// A field of the handshake has a value that is not allowed.
    IllegalParameter = IllegalParameter: "illegal parameter",
    /// The authority that issued the certificate is not known.
    UnknownCa = UnknownCA: "unknown certificate authority",
    /// The certificate is valid, but its owner is not allowed to connect.
    AccessDenied = AccessDenied: "access denied",
    /// A message could not be parsed.
    DecodeError = DecodeError: "decode error",
    /// A signature or another proof of the handshake is wrong.
    DecryptError = DecryptError: "decrypt error",
    /// Both ends have no version of the protocol in common.
    ProtocolVersion = ProtocolVersion: "protocol version",
    /// The parameters are too weak for the end.
    InsufficientSecurity = InsufficientSecurity: "insufficient security",
    /// The end failed for a reason of its own.
    InternalError = InternalError: "internal error",
    /// The client has tried a lower version than it had to.
    InappropriateFallback = InappropriateFallback: "inappropriate fallback",
    /// The user has cancelled the handshake.
    UserCancelled = UserCanceled: "user cancelled",
    /// The end does not begin a second handshake.
    NoRenegotiation = NoRenegotiation: "no renegotiation",
    /// An extension is missing.
    MissingExtension = MissingExtension: "missing extension",
    /// An extension was not allowed.
    UnsupportedExtension = UnsupportedExtension: "unsupported extension",
    /// The server does not have the name that the client asked for.
    UnrecognizedName = UnrecognisedName: "unrecognized name",
    /// The status of the certificate that the server sent is not valid.
    BadCertificateStatusResponse = BadCertificateStatusResponse: "bad certificate status response",
    /// The pre-shared key is not known.
    UnknownPskIdentity = UnknownPSKIdentity: "unknown PSK identity",
    /// The server requires a certificate of the client.
    CertificateRequired = CertificateRequired: "certificate required",
    /// Both ends have no application protocol in common.
    NoApplicationProtocol = NoApplicationProtocol: "no application protocol",
}

/// Shows the name of the alert as in RFC 8446, with spaces.
impl fmt::Display for AlertType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}
