//! `Settings`: what a configuration says, and what is compiled from it.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, ServerConfig};

use super::certificate::SslCertificate;
use super::chain_check::ChainCheck;
use super::cipher::SslCipher;
use super::configuration_error::SslConfigurationError;
use super::hearing::HearingClock;
use super::key::SslKey;
use super::mode::{PeerVerifyMode, SslMode};
use super::protocol::SslProtocol;
use super::revocation_list::RevocationList;
use super::roots::Roots;
use super::session_store::{ClientSessions, ServerSessions, SessionsOfOne};
use super::verifier::{ClientVerifier, ServerVerifier};

/// The own certificates, the own one first, and its key.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) chain: Vec<SslCertificate>,
    pub(super) key: SslKey,
}

impl Identity {
    /// Checks that the key is that of the first certificate.
    pub(super) fn new(
        chain: Vec<SslCertificate>,
        key: SslKey,
    ) -> Result<Self, SslConfigurationError> {
        let certificate = chain.first().ok_or(SslConfigurationError::NoCertificate)?.to_string();
        let identity = Self { chain, key };
        match identity.certified().keys_match() {
            Ok(()) => Ok(identity),
            Err(rustls::Error::InconsistentKeys(_)) => {
                Err(SslConfigurationError::KeyOfAnotherCertificate { certificate })
            }
            Err(error) => {
                let reason = error.to_string();
                Err(SslConfigurationError::UnusableCertificate { certificate, reason })
            }
        }
    }

    fn certified(&self) -> CertifiedKey {
        let chain = self.chain.iter().map(|certificate| certificate.der().clone()).collect();
        CertifiedKey::new(chain, self.key.signing().clone())
    }
}

impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        self.chain == other.chain && self.key == other.key
    }
}

/// What a configuration says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Settings {
    pub(super) roots: Roots,
    pub(super) identity: Option<Identity>,
    pub(super) peer_verify_mode: PeerVerifyMode,
    pub(super) peer_verify_depth: usize,
    pub(super) interrupts_on_error: bool,
    pub(super) protocol: SslProtocol,
    /// `None` for all suites.
    pub(super) ciphers: Option<Vec<SslCipher>>,
    pub(super) next_protocols: Vec<Vec<u8>>,
    pub(super) is_resuming: bool,
    pub(super) revoked: Vec<Arc<RevocationList>>,
    pub(super) handshake_timeout: Option<Duration>,
    pub(super) close_timeout: Duration,
    pub(super) compiled: Compiled,
}

impl Settings {
    /// Returns the suites that are allowed and belong to an allowed protocol.
    pub(super) fn provider(&self) -> Result<Arc<CryptoProvider>, SslConfigurationError> {
        let mut provider = ring::default_provider();
        if let Some(ciphers) = &self.ciphers {
            provider.cipher_suites = ciphers.iter().map(|cipher| cipher.suite()).collect();
        }
        let versions = self.protocol.versions();
        let is_fitting = |suite: &rustls::SupportedCipherSuite| {
            versions.iter().any(|version| version.version == suite.version().version)
        };
        match provider.cipher_suites.iter().any(is_fitting) {
            true => Ok(Arc::new(provider)),
            false => Err(SslConfigurationError::NoCipher { protocol: self.protocol }),
        }
    }

    fn check(&self, provider: &CryptoProvider) -> ChainCheck {
        ChainCheck {
            algorithms: provider.signature_verification_algorithms,
            roots: self.roots.anchors(),
            revoked: self.revoked.clone(),
            depth: self.peer_verify_depth,
        }
    }

    pub(super) fn client(&self) -> Result<Arc<ClientConfig>, String> {
        let config = || self.compile_client().map(Arc::new);
        self.compiled.client.get_or_init(config).clone()
    }

    fn compile_client(&self) -> Result<ClientConfig, String> {
        let provider = self.provider().map_err(|error| error.to_string())?;
        let sessions = Arc::new(ClientSessions::new(self.is_resuming));
        let verifier = ServerVerifier {
            check: self.check(&provider),
            is_checking: self.peer_verify_mode != PeerVerifyMode::None,
            is_fatal: self.peer_verify_mode.is_fatal(SslMode::Client),
            sessions: sessions.clone(),
        };
        let builder = ClientConfig::builder_with_details(provider, Arc::new(HearingClock))
            .with_protocol_versions(self.protocol.versions())
            .map_err(|error| error.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let identity = SingleCertAndKey::from(identity.certified());
                builder.with_client_cert_resolver(Arc::new(identity))
            }
        };
        config.alpn_protocols = self.next_protocols.clone();
        config.resumption = Resumption::store(sessions);
        Ok(config)
    }

    /// Returns the configuration for one connection of a server.
    pub(super) fn server(&self) -> Result<Arc<ServerConfig>, String> {
        let shared = || self.compile_server().map(Arc::new);
        let shared = self.compiled.server.get_or_init(shared).clone()?;
        if self.peer_verify_mode == PeerVerifyMode::None {
            return Ok(shared.config.clone());
        }
        // What is wrong with one client's certificate must not be a matter of another one.
        let is_distrusted = Arc::default();
        let verifier = ClientVerifier {
            check: shared.check.clone(),
            is_fatal: self.peer_verify_mode.is_fatal(SslMode::Server),
            is_distrusted: Arc::clone(&is_distrusted),
        };
        let mut config = ServerConfig::builder_with_details(
            shared.config.crypto_provider().clone(),
            Arc::new(HearingClock),
        )
        .with_protocol_versions(self.protocol.versions())
        .map_err(|error| error.to_string())?
        .with_client_cert_verifier(Arc::new(verifier))
        .with_cert_resolver(shared.config.cert_resolver.clone());
        config.alpn_protocols = self.next_protocols.clone();
        config.ignore_client_order = shared.config.ignore_client_order;
        config.send_tls13_tickets = shared.config.send_tls13_tickets;
        config.session_storage = match &shared.sessions {
            None => Arc::new(NoServerSessionStorage {}),
            Some(kept) => Arc::new(SessionsOfOne { kept: kept.clone(), is_distrusted }),
        };
        Ok(Arc::new(config))
    }

    fn compile_server(&self) -> Result<Server, String> {
        let Some(identity) = &self.identity else {
            return Err("a server needs a certificate and its private key, and the TLS \
                        configuration has none"
                .to_owned());
        };
        let provider = self.provider().map_err(|error| error.to_string())?;
        let check = Arc::new(self.check(&provider));
        let mut config = ServerConfig::builder_with_details(provider, Arc::new(HearingClock))
            .with_protocol_versions(self.protocol.versions())
            .map_err(|error| error.to_string())?
            .with_client_cert_verifier(WebPkiClientVerifier::no_client_auth())
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(identity.certified())));
        config.alpn_protocols = self.next_protocols.clone();
        config.ignore_client_order = self.ciphers.is_some();
        let sessions = self.is_resuming.then(|| Arc::new(ServerSessions::new()));
        match &sessions {
            Some(sessions) => config.session_storage = sessions.clone(),
            None => {
                config.session_storage = Arc::new(NoServerSessionStorage {});
                config.send_tls13_tickets = 0;
            }
        }
        Ok(Server { config: Arc::new(config), check, sessions })
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            roots: Roots { has_platform: true, given: Vec::new() },
            identity: None,
            peer_verify_mode: PeerVerifyMode::default(),
            peer_verify_depth: 0,
            interrupts_on_error: false,
            protocol: SslProtocol::default(),
            ciphers: None,
            next_protocols: Vec::new(),
            is_resuming: true,
            revoked: Vec::new(),
            handshake_timeout: Some(Duration::from_secs(30)),
            close_timeout: Duration::from_secs(5),
            compiled: Compiled::default(),
        }
    }
}

/// What all connections of a server have in common.
#[derive(Debug)]
struct Server {
    /// Asks for no certificate of the client.
    config: Arc<ServerConfig>,
    check: Arc<ChainCheck>,
    sessions: Option<Arc<ServerSessions>>,
}

/// What was compiled from the settings, when it was first needed. All clones of a configuration
/// share it, and with it their sessions. Settings that are copied to be changed begin without it.
#[derive(Debug, Default)]
pub(super) struct Compiled {
    client: OnceLock<Result<Arc<ClientConfig>, String>>,
    server: OnceLock<Result<Arc<Server>, String>>,
}

impl Clone for Compiled {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// What is compiled says nothing that the settings do not say.
impl PartialEq for Compiled {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
