//! `SslConfiguration`: what both ends of an encrypted connection are to agree on.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, Connection, ServerConnection};

use super::certificate::SslCertificate;
use super::cipher::SslCipher;
use super::configuration_error::SslConfigurationError;
use super::key::SslKey;
use super::mode::{PeerVerifyMode, SslMode};
use super::parse_error::SslParseError;
use super::protocol::SslProtocol;
use super::revocation_list::RevocationList;
use super::roots::Roots;
use super::settings::{Compiled, Identity, Settings};
use crate::net::names::to_ascii;
use crate::net::values::{EngineFailure, SocketError};

/// How a socket encrypts: whom it trusts, who it is itself, and what it allows.
///
/// The default trusts the roots of the platform, allows TLS 1.2 and 1.3, and shows no certificate.
/// That is what a client needs; a server needs a certificate besides. A clone is cheap. Sockets
/// whose configurations are clones of each other resume each other's sessions, which saves work in
/// the handshake; a changed configuration begins without sessions.
///
/// ```
/// use slotwire::{PeerVerifyMode, SslConfiguration};
///
/// # fn main() -> Result<(), slotwire::SslConfigurationError> {
/// let configuration = SslConfiguration::new().with_allowed_next_protocols(["h2", "http/1.1"])?;
/// assert_eq!(configuration.peer_verify_mode(), PeerVerifyMode::Auto);
/// # Ok(())
/// # }
/// ```
#[doc(alias = "QSslConfiguration")]
#[derive(Clone, Default, PartialEq)]
pub struct SslConfiguration {
    settings: Arc<Settings>,
}

impl SslConfiguration {
    /// Creates the default configuration.
    #[doc(alias = "defaultConfiguration")]
    pub fn new() -> Self {
        Self::default()
    }

    fn changed(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        let settings = Arc::make_mut(&mut self.settings);
        settings.compiled = Compiled::default();
        change(settings);
        self
    }

    /// Returns this configuration with these roots, and no others: the certificates by which the
    /// peer's must be issued. On a server, they issue the certificates of its clients.
    ///
    /// A certificate of the peer that is itself among them is trusted too, while it is valid and for
    /// the peer's name.
    ///
    /// # Errors
    ///
    /// Fails if the checks cannot use one of the certificates as a root.
    #[doc(alias = "setCaCertificates")]
    pub fn with_ca_certificates(
        self,
        roots: impl IntoIterator<Item = SslCertificate>,
    ) -> Result<Self, SslConfigurationError> {
        let given = usable(roots)?;
        Ok(self.changed(|settings| settings.roots = Roots { has_platform: false, given }))
    }

    /// Returns this configuration with these roots besides those that it has.
    ///
    /// # Errors
    ///
    /// Fails if the checks cannot use one of the certificates as a root.
    #[doc(alias = "addCaCertificate")]
    #[doc(alias = "addCaCertificates")]
    pub fn with_added_ca_certificates(
        self,
        roots: impl IntoIterator<Item = SslCertificate>,
    ) -> Result<Self, SslConfigurationError> {
        let mut given = usable(roots)?;
        Ok(self.changed(|settings| {
            given.retain(|root| !settings.roots.given.contains(root));
            settings.roots.given.append(&mut given);
        }))
    }

    /// Returns this configuration with the roots of the platform, and no others. They are read when
    /// they are first needed, once in the life of the process.
    #[doc(alias = "systemCaCertificates")]
    #[must_use]
    pub fn with_system_ca_certificates(self) -> Self {
        self.changed(|settings| {
            settings.roots = Roots { has_platform: true, given: Vec::new() };
        })
    }

    /// Returns this configuration with an own certificate, which the peer sees, and its private key.
    /// The own certificate is the first of the chain, the certificate of its issuer is the next one,
    /// and so on; the root may be left out.
    ///
    /// # Errors
    ///
    /// Fails if the chain is empty, and if the key is not that of the first certificate.
    #[doc(alias = "setLocalCertificate")]
    #[doc(alias = "setLocalCertificateChain")]
    #[doc(alias = "setPrivateKey")]
    pub fn with_local_certificate(
        self,
        chain: impl IntoIterator<Item = SslCertificate>,
        key: SslKey,
    ) -> Result<Self, SslConfigurationError> {
        let identity = Identity::new(chain.into_iter().collect(), key)?;
        Ok(self.changed(|settings| settings.identity = Some(identity)))
    }

    /// Returns this configuration without an own certificate.
    #[must_use]
    pub fn without_local_certificate(self) -> Self {
        self.changed(|settings| settings.identity = None)
    }

    /// Returns this configuration with another mode of checking the peer's certificate.
    #[doc(alias = "setPeerVerifyMode")]
    #[must_use]
    pub fn with_peer_verify_mode(self, mode: PeerVerifyMode) -> Self {
        self.changed(|settings| settings.peer_verify_mode = mode)
    }

    /// Returns this configuration with a limit of the peer's chain: the greatest number of
    /// certificates, with the peer's own one and without the root. Zero, the default, is no limit
    /// besides that of the TLS library, which is 7.
    #[doc(alias = "setPeerVerifyDepth")]
    #[must_use]
    pub fn with_peer_verify_depth(self, depth: usize) -> Self {
        self.changed(|settings| settings.peer_verify_depth = depth)
    }

    /// Returns this configuration with or without an interruption of the handshake at the first error
    /// of the peer's certificate. With it, `QSslSocket` emits
    /// [`handshake_interrupted_on_error`](crate::QSslSocket::handshake_interrupted_on_error), and
    /// the handshake fails unless a slot calls
    /// [`continue_interrupted_handshake`](crate::QSslSocket::continue_interrupted_handshake). Without
    /// it, which is the default, `ssl_errors` comes at once.
    #[doc(alias = "setHandshakeMustInterruptOnError")]
    #[must_use]
    pub fn with_handshake_must_interrupt_on_error(self, interrupts: bool) -> Self {
        self.changed(|settings| settings.interrupts_on_error = interrupts)
    }

    /// Returns this configuration with other versions of TLS.
    ///
    /// # Errors
    ///
    /// Fails if none of the configuration's ciphers belongs to the protocol.
    #[doc(alias = "setProtocol")]
    pub fn with_protocol(self, protocol: SslProtocol) -> Result<Self, SslConfigurationError> {
        let changed = self.changed(|settings| settings.protocol = protocol);
        changed.settings.provider()?;
        Ok(changed)
    }

    /// Returns this configuration with these ciphers alone, the preferred ones first. The order of a
    /// server counts more than that of its clients; a server with all ciphers leaves the choice to the
    /// client.
    ///
    /// # Errors
    ///
    /// Fails if none of them belongs to the configuration's protocol.
    #[doc(alias = "setCiphers")]
    pub fn with_ciphers(
        self,
        ciphers: impl IntoIterator<Item = SslCipher>,
    ) -> Result<Self, SslConfigurationError> {
        let ciphers = ciphers.into_iter().collect();
        let changed = self.changed(|settings| settings.ciphers = Some(ciphers));
        changed.settings.provider()?;
        Ok(changed)
    }

    /// Returns this configuration with these application protocols (ALPN, RFC 7301), the preferred
    /// ones first. If the peer has protocols too, but none of these, the handshake fails.
    ///
    /// # Errors
    ///
    /// Fails if a name does not have 1 to 255 bytes, and if all names are too long together.
    #[doc(alias = "setAllowedNextProtocols")]
    pub fn with_allowed_next_protocols(
        self,
        names: impl IntoIterator<Item = impl Into<Vec<u8>>>,
    ) -> Result<Self, SslConfigurationError> {
        let names: Vec<Vec<u8>> = names.into_iter().map(Into::into).collect();
        let lengths = names.iter().map(Vec::len);
        if let Some(length) = lengths.clone().find(|length| !(1..=255).contains(length)) {
            return Err(SslConfigurationError::ProtocolName { length });
        }
        let length = lengths.map(|length| length + 1).sum();
        if length > usize::from(u16::MAX) {
            return Err(SslConfigurationError::TooManyProtocols { length });
        }
        Ok(self.changed(|settings| settings.next_protocols = names))
    }

    /// Returns this configuration with resumption of sessions, which is the default, or without.
    #[doc(alias = "SslOptionDisableSessionTickets")]
    #[doc(alias = "SslOptionDisableSessionSharing")]
    #[must_use]
    pub fn with_session_resumption(self, is_on: bool) -> Self {
        self.changed(|settings| settings.is_resuming = is_on)
    }

    /// Returns this configuration with a list of revoked certificates besides those that it has: one
    /// list in DER, or the lists of a text in PEM. A certificate for whose issuer there is no list
    /// counts as not revoked; a list that has expired is an error.
    ///
    /// # Errors
    ///
    /// Fails if the bytes are no list.
    pub fn with_revocation_lists(self, lists: impl AsRef<[u8]>) -> Result<Self, SslParseError> {
        let lists = RevocationList::parse(lists.as_ref())?;
        Ok(self.changed(|settings| settings.revoked.extend(lists.into_iter().map(Arc::new))))
    }

    /// Returns this configuration with another limit of the time that a handshake may take. The
    /// default is 30 seconds; `None` is no limit.
    #[doc(alias = "setHandshakeTimeout")]
    #[must_use]
    pub fn with_handshake_timeout(self, timeout: Option<Duration>) -> Self {
        self.changed(|settings| settings.handshake_timeout = timeout)
    }

    /// Returns this configuration with another limit of the time for which a socket that closes
    /// waits until the peer has closed too. The default is 5 seconds.
    #[must_use]
    pub fn with_close_timeout(self, timeout: Duration) -> Self {
        self.changed(|settings| settings.close_timeout = timeout)
    }

    /// Returns the roots. Those of the platform are read for this if they are in use.
    #[doc(alias = "caCertificates")]
    pub fn ca_certificates(&self) -> Vec<SslCertificate> {
        self.settings.roots.certificates()
    }

    /// Returns true if the roots of the platform are in use.
    pub fn has_system_ca_certificates(&self) -> bool {
        self.settings.roots.has_platform
    }

    /// Returns the own certificate, if there is one.
    #[doc(alias = "localCertificate")]
    pub fn local_certificate(&self) -> Option<&SslCertificate> {
        self.local_certificate_chain().first()
    }

    /// Returns the own certificate and those of its issuers; nothing if there is none.
    #[doc(alias = "localCertificateChain")]
    pub fn local_certificate_chain(&self) -> &[SslCertificate] {
        self.settings.identity.as_ref().map_or(&[], |identity| &identity.chain)
    }

    /// Returns the key of the own certificate, if there is one.
    #[doc(alias = "privateKey")]
    pub fn private_key(&self) -> Option<&SslKey> {
        self.settings.identity.as_ref().map(|identity| &identity.key)
    }

    /// Returns how the peer's certificate is checked.
    #[doc(alias = "peerVerifyMode")]
    pub fn peer_verify_mode(&self) -> PeerVerifyMode {
        self.settings.peer_verify_mode
    }

    /// Returns the greatest number of certificates in the peer's chain; zero for no limit.
    #[doc(alias = "peerVerifyDepth")]
    pub fn peer_verify_depth(&self) -> usize {
        self.settings.peer_verify_depth
    }

    /// Returns true if an error of the peer's certificate interrupts the handshake.
    #[doc(alias = "handshakeMustInterruptOnError")]
    pub fn handshake_must_interrupt_on_error(&self) -> bool {
        self.settings.interrupts_on_error
    }

    /// Returns the versions of TLS that are allowed.
    pub fn protocol(&self) -> SslProtocol {
        self.settings.protocol
    }

    /// Returns the ciphers that are allowed, the preferred ones first.
    pub fn ciphers(&self) -> Vec<SslCipher> {
        self.settings.ciphers.clone().unwrap_or_else(SslCipher::supported)
    }

    /// Returns the application protocols, the preferred ones first.
    #[doc(alias = "allowedNextProtocols")]
    pub fn allowed_next_protocols(&self) -> &[Vec<u8>] {
        &self.settings.next_protocols
    }

    /// Returns true if sessions are resumed.
    pub fn session_resumption(&self) -> bool {
        self.settings.is_resuming
    }

    /// Returns how long a handshake may take; `None` for no limit.
    #[doc(alias = "handshakeTimeout")]
    pub fn handshake_timeout(&self) -> Option<Duration> {
        self.settings.handshake_timeout
    }

    /// Returns for how long a socket that closes waits until the peer has closed too.
    pub fn close_timeout(&self) -> Duration {
        self.settings.close_timeout
    }

    /// Makes the client's end of a new session with the peer of this name, which is a DNS name or an
    /// IP address. The call belongs into [`hear`](super::hearing::hear), since the age of a session that can
    /// be resumed depends on the time.
    pub(in crate::net) fn client(&self, peer_name: &str) -> Result<Connection, EngineFailure> {
        let name = server_name(peer_name)?;
        let config = self.settings.client().map_err(invalid)?;
        ClientConnection::new(config, name).map(Connection::Client).map_err(internal)
    }

    /// Makes the server's end of a new session.
    pub(in crate::net) fn server(&self) -> Result<Connection, EngineFailure> {
        let config = self.settings.server().map_err(invalid)?;
        ServerConnection::new(config).map(Connection::Server).map_err(internal)
    }

    /// Returns true if errors in the peer's certificate end the connection.
    pub(in crate::net) fn is_fatal(&self, mode: SslMode) -> bool {
        self.settings.peer_verify_mode.is_fatal(mode)
    }
}

/// Returns the certificates if the checks can use each of them as a root.
fn usable(
    roots: impl IntoIterator<Item = SslCertificate>,
) -> Result<Vec<SslCertificate>, SslConfigurationError> {
    let checked = |root: SslCertificate| match Roots::takes(&root) {
        true => Ok(root),
        false => Err(SslConfigurationError::UnusableCertificate {
            certificate: root.to_string(),
            reason: "its form is not that of a root (RFC 5280, version 3)".to_owned(),
        }),
    };
    roots.into_iter().map(checked).collect()
}

/// Parses the name of a peer. A scope of a link-local address is left out, since no certificate has
/// it, and so is the dot of the root.
fn server_name(peer_name: &str) -> Result<ServerName<'static>, EngineFailure> {
    let refused = |reason: &str| {
        invalid(format!("no certificate can be checked for the peer name {peer_name:?}: {reason}"))
    };
    let address = peer_name.split_once('%').map_or(peer_name, |(address, _)| address);
    if let Ok(address) = address.parse::<IpAddr>() {
        return Ok(ServerName::from(address));
    }
    let name = match peer_name.is_ascii() {
        true => peer_name.to_owned(),
        false => to_ascii(peer_name).map_err(|reason| refused(&reason))?,
    };
    let name = name.strip_suffix('.').unwrap_or(&name).to_owned();
    let is_neither = "it is neither a DNS name nor an IP address";
    ServerName::try_from(name).map_err(|_| refused(is_neither))
}

fn invalid(reason: String) -> EngineFailure {
    EngineFailure::new(SocketError::SslInvalidUserData, reason)
}

fn internal(error: rustls::Error) -> EngineFailure {
    EngineFailure::new(SocketError::SslInternal, error.to_string())
}

/// Shows the settings, without the roots and without the secret of the key.
impl fmt::Debug for SslConfiguration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SslConfiguration")
            .field("has_system_ca_certificates", &self.has_system_ca_certificates())
            .field("local_certificate", &self.local_certificate().map(ToString::to_string))
            .field("peer_verify_mode", &self.peer_verify_mode())
            .field("protocol", &self.protocol())
            .finish_non_exhaustive()
    }
}
