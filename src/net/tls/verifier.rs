//! The verifiers: what the TLS library asks about the certificate of a peer.
//!
//! They let [`ChainCheck`] look, note its errors, and decide if the handshake goes on. The
//! signatures of the handshake itself are checked by the TLS library's own functions, and are never
//! let pass.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

use super::chain_check::{ChainCheck, Sent};
use super::error::{SslError, SslErrorKind};
use super::hearing;
use super::session_store::ClientSessions;

/// Writes the methods of a verifier for the signatures in the handshake, which are always checked.
macro_rules! checks_signatures {
    () => {
        fn verify_tls12_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            verify_tls12_signature(message, cert, dss, &self.check.algorithms)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            verify_tls13_signature(message, cert, dss, &self.check.algorithms)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.check.algorithms.supported_schemes()
        }
    };
}

/// What a client checks of its server.
#[derive(Debug)]
pub(super) struct ServerVerifier {
    pub(super) check: ChainCheck,
    /// False for `PeerVerifyMode::None`.
    pub(super) is_checking: bool,
    pub(super) is_fatal: bool,
    pub(super) sessions: Arc<ClientSessions>,
}

impl ServerCertVerifier for ServerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.is_checking {
            let sent = Sent { end_entity, intermediates };
            let errors = self.check.errors_of_server(sent, server_name, now);
            if let Some(first) = errors.first() {
                hearing::note_chain(|| sent.certificates());
                judge(first, hearing::note(&errors), self.is_fatal)?;
                self.sessions.distrust(server_name);
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    checks_signatures!();
}

/// What a server checks of one client.
#[derive(Debug)]
pub(super) struct ClientVerifier {
    pub(super) check: Arc<ChainCheck>,
    pub(super) is_fatal: bool,
    /// Set if this client's certificate is wrong.
    pub(super) is_distrusted: Arc<AtomicBool>,
}

impl ClientVerifier {
    fn hear(&self, errors: &[SslError]) -> Result<(), Error> {
        let Some(first) = errors.first() else { return Ok(()) };
        self.is_distrusted.store(true, Ordering::Relaxed);
        judge(first, hearing::note(errors), self.is_fatal)
    }
}

impl ClientCertVerifier for ClientVerifier {
    /// Called once for each handshake, when the client's message with its certificates has come. If
    /// there are some in it, `verify_client_cert` is called next.
    fn client_auth_mandatory(&self) -> bool {
        if !self.is_fatal {
            return false;
        }
        self.hear(&[SslError::new(SslErrorKind::NoPeerCertificate, None)]).is_err()
    }

    /// Names no authorities, as Qt: then a client may offer any of its certificates.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        hearing::forget_no_certificate();
        self.is_distrusted.store(false, Ordering::Relaxed);
        let sent = Sent { end_entity, intermediates };
        let errors = self.check.errors_of_client(sent, now);
        if !errors.is_empty() {
            hearing::note_chain(|| sent.certificates());
        }
        self.hear(&errors)?;
        Ok(ClientCertVerified::assertion())
    }

    checks_signatures!();
}

/// Returns the error that ends the handshake, unless it goes on in spite of errors.
fn judge(first: &SslError, is_lenient: bool, is_fatal: bool) -> Result<(), Error> {
    if is_lenient || !is_fatal { Ok(()) } else { Err(first.to_rustls()) }
}
