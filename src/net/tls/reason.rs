//! Why a session has failed, in words by which a person can act.
//!
//! Most errors keep the text of the TLS library, which names what it has found. The errors here say
//! what is wrong with the peer, or with the configuration.

use rustls::{AlertDescription, Error, InvalidMessage, PeerIncompatible};

/// Returns the text of an error that has ended a session.
pub(super) fn reason(error: &Error) -> String {
    let explanation = match error {
        Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon) => {
            "the peer supports no cipher suite that is allowed here"
        }
        Error::PeerIncompatible(PeerIncompatible::NoKxGroupsInCommon) => {
            "the peer supports no way to exchange keys that is supported here"
        }
        Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::SupportedVersionsExtensionRequired
            | PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled,
        ) => "the peer supports no version of TLS that is allowed here",
        // TLS 1.2 brought these algorithms, and a client that knows it offers them.
        Error::PeerIncompatible(PeerIncompatible::SignatureAlgorithmsExtensionRequired) => {
            "the peer supports no version of TLS that is allowed here: it seems to be older than TLS \
             1.2"
        }
        Error::AlertReceived(AlertDescription::ProtocolVersion) => {
            "the peer supports no version of TLS that is allowed here, as it says (alert \
             ProtocolVersion)"
        }
        Error::NoApplicationProtocol => {
            "the peer offers no protocol of the application (ALPN) that is allowed here"
        }
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "the peer does not speak TLS, or something on the way has changed its bytes"
        }
        _ => return error.to_string(),
    };
    explanation.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_without_words_of_its_own_has_those_of_the_library() {
        let error = Error::AlertReceived(AlertDescription::HandshakeFailure);
        assert_eq!(reason(&error), error.to_string());
    }

    #[test]
    fn a_peer_without_a_common_suite_is_named() {
        let error = Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon);
        assert_eq!(reason(&error), "the peer supports no cipher suite that is allowed here");
    }
}
