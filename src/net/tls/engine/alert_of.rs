//! The alerts that the TLS library sends for its errors.

use rustls::{AlertDescription, PeerIncompatible};

use crate::net::tls::alert::AlertType;

/// Returns the alert that the TLS library sends because of this error, where it is known.
pub(super) fn alert_for(error: &rustls::Error) -> Option<AlertType> {
    let alert = match error {
        rustls::Error::InvalidCertificate(reason) => AlertDescription::from(reason.clone()),
        rustls::Error::NoCertificatesPresented => AlertDescription::CertificateRequired,
        rustls::Error::InvalidMessage(reason) => AlertDescription::from(*reason),
        rustls::Error::InappropriateMessage { .. }
        | rustls::Error::InappropriateHandshakeMessage { .. } => {
            AlertDescription::UnexpectedMessage
        }
        rustls::Error::DecryptError => AlertDescription::BadRecordMac,
        rustls::Error::PeerSentOversizedRecord => AlertDescription::RecordOverflow,
        rustls::Error::NoApplicationProtocol => AlertDescription::NoApplicationProtocol,
        rustls::Error::PeerIncompatible(reason) => for_incompatible(reason)?,
        _ => return None,
    };
    Some(AlertType::of(alert))
}

/// Returns the alert for a peer with which nothing can be agreed on.
fn for_incompatible(reason: &PeerIncompatible) -> Option<AlertDescription> {
    use PeerIncompatible as Reason;
    match reason {
        Reason::Tls12NotOffered
        | Reason::Tls12NotOfferedOrEnabled
        | Reason::SupportedVersionsExtensionRequired
        | Reason::ServerDoesNotSupportTls12Or13
        | Reason::ServerTlsVersionIsDisabledByOurConfig => Some(AlertDescription::ProtocolVersion),
        Reason::NoCipherSuitesInCommon
        | Reason::NoKxGroupsInCommon
        | Reason::NoSignatureSchemesInCommon
        | Reason::KeyShareExtensionRequired
        | Reason::SignatureAlgorithmsExtensionRequired
        | Reason::ExtendedMasterSecretExtensionRequired => Some(AlertDescription::HandshakeFailure),
        _ => None,
    }
}
