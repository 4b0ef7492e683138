//! The alerts that the TLS library sends for its errors.

use rustls::AlertDescription;

use crate::net::tls::alert::AlertType;

/// Returns the alert that the TLS library sends because of this error, where it is known.
pub(super) fn alert_for(error: &rustls::Error) -> Option<AlertType> {
    let alert = match error {
        rustls::Error::InvalidCertificate(reason) => AlertDescription::from(reason.clone()),
        rustls::Error::InvalidMessage(reason) => AlertDescription::from(*reason),
        rustls::Error::DecryptError => AlertDescription::BadRecordMac,
        rustls::Error::PeerSentOversizedRecord => AlertDescription::RecordOverflow,
        rustls::Error::NoApplicationProtocol => AlertDescription::NoApplicationProtocol,
        _ => return None,
    };
    Some(AlertType::of(alert))
}
