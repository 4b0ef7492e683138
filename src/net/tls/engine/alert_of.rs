//! The alerts that the TLS library sends for its errors.
//!
//! An alert that goes out unencrypted is read in its record (see `sending.rs`). For one that is
//! encrypted, the error tells which it is, if rustls sends the same alert wherever that error comes
//! up. Of the others nothing is known: they are among those of `PeerMisbehaved` and
//! `PeerIncompatible`, and come after the first flight of a handshake of TLS 1.3.

use rustls::{AlertDescription, PeerMisbehaved};

use crate::net::tls::alert::AlertType;

/// Returns the alert that the TLS library sends because of this error, if it is always the same.
/// During a handshake, a record that cannot be decrypted and a wrong `Finished` are the same error.
pub(super) fn alert_for(error: &rustls::Error, in_handshake: bool) -> Option<AlertType> {
    let alert = match error {
        rustls::Error::InvalidCertificate(reason) => AlertDescription::from(reason.clone()),
        rustls::Error::InvalidMessage(reason) => AlertDescription::from(*reason),
        rustls::Error::DecryptError if !in_handshake => AlertDescription::BadRecordMac,
        rustls::Error::PeerSentOversizedRecord => AlertDescription::RecordOverflow,
        rustls::Error::NoApplicationProtocol => AlertDescription::NoApplicationProtocol,
        rustls::Error::InappropriateMessage { .. }
        | rustls::Error::InappropriateHandshakeMessage { .. }
        | rustls::Error::PeerMisbehaved(
            PeerMisbehaved::IllegalMiddleboxChangeCipherSpec
            | PeerMisbehaved::KeyEpochWithPendingFragment,
        ) => AlertDescription::UnexpectedMessage,
        rustls::Error::NoCertificatesPresented => AlertDescription::CertificateRequired,
        _ => return None,
    };
    Some(AlertType::of(alert))
}
