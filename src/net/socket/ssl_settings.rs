//! What `QSslSocket` sets and tells of its configuration by short names, as Qt's does.
//!
//! Each method is one of [`SslConfiguration`]. The class itself is in `ssl_socket.rs`.

use super::ssl_socket::QSslSocket;
use crate::net::tls::{
    PeerVerifyMode, SslCertificate, SslConfiguration, SslConfigurationError, SslKey, SslProtocol,
};

impl QSslSocket {
    /// Returns the own certificate of the configuration, if there is one.
    #[doc(alias = "localCertificate")]
    pub fn local_certificate(&self) -> Option<&SslCertificate> {
        self.ssl_configuration().local_certificate()
    }

    /// Returns the own certificate of the configuration, and those of its issuers; nothing if there
    /// is none.
    #[doc(alias = "localCertificateChain")]
    pub fn local_certificate_chain(&self) -> &[SslCertificate] {
        self.ssl_configuration().local_certificate_chain()
    }

    /// Returns the key of the own certificate, if there is one.
    #[doc(alias = "privateKey")]
    pub fn private_key(&self) -> Option<&SslKey> {
        self.ssl_configuration().private_key()
    }

    /// Sets the own certificate, with those of its issuers behind it, and its private key, from the
    /// next handshake on.
    ///
    /// # Errors
    ///
    /// Fails as [`SslConfiguration::with_local_certificate`]; then the configuration is as before.
    #[doc(alias = "setLocalCertificate")]
    #[doc(alias = "setLocalCertificateChain")]
    #[doc(alias = "setPrivateKey")]
    pub fn set_local_certificate(
        &mut self,
        chain: impl IntoIterator<Item = SslCertificate>,
        key: SslKey,
    ) -> Result<(), SslConfigurationError> {
        self.try_change(|configuration| configuration.with_local_certificate(chain, key))
    }

    /// Returns how the peer's certificate is checked.
    #[doc(alias = "peerVerifyMode")]
    pub fn peer_verify_mode(&self) -> PeerVerifyMode {
        self.ssl_configuration().peer_verify_mode()
    }

    /// Sets how the peer's certificate is checked, from the next handshake on.
    #[doc(alias = "setPeerVerifyMode")]
    pub fn set_peer_verify_mode(&mut self, mode: PeerVerifyMode) {
        let configuration = self.ssl_configuration().clone();
        self.set_ssl_configuration(configuration.with_peer_verify_mode(mode));
    }

    /// Returns the greatest number of certificates in the peer's chain; zero for no limit.
    #[doc(alias = "peerVerifyDepth")]
    pub fn peer_verify_depth(&self) -> usize {
        self.ssl_configuration().peer_verify_depth()
    }

    /// Sets the greatest number of certificates in the peer's chain, from the next handshake on:
    /// see [`SslConfiguration::with_peer_verify_depth`].
    #[doc(alias = "setPeerVerifyDepth")]
    pub fn set_peer_verify_depth(&mut self, depth: usize) {
        let configuration = self.ssl_configuration().clone();
        self.set_ssl_configuration(configuration.with_peer_verify_depth(depth));
    }

    /// Returns the versions of TLS that the configuration allows.
    /// [`session_protocol`](Self::session_protocol) is the one that the connection uses.
    pub fn protocol(&self) -> SslProtocol {
        self.ssl_configuration().protocol()
    }

    /// Sets the versions of TLS that are allowed, from the next handshake on.
    ///
    /// # Errors
    ///
    /// Fails if none of the configuration's ciphers belongs to the protocol; then the configuration
    /// is as before.
    #[doc(alias = "setProtocol")]
    pub fn set_protocol(&mut self, protocol: SslProtocol) -> Result<(), SslConfigurationError> {
        self.try_change(|configuration| configuration.with_protocol(protocol))
    }

    fn try_change(
        &mut self,
        change: impl FnOnce(SslConfiguration) -> Result<SslConfiguration, SslConfigurationError>,
    ) -> Result<(), SslConfigurationError> {
        let changed = change(self.ssl_configuration().clone())?;
        self.set_ssl_configuration(changed);
        Ok(())
    }
}
