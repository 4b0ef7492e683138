//! `SslMode` and `PeerVerifyMode`: which end a socket is, and how much it asks of its peer.

/// Which end of an encrypted connection a socket is.
#[doc(alias = "QSslSocket::SslMode")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SslMode {
    /// Neither: what is written goes out as it is.
    #[default]
    #[doc(alias = "UnencryptedMode")]
    Unencrypted,
    /// The end that begins the handshake.
    #[doc(alias = "SslClientMode")]
    Client,
    /// The end that answers, with a certificate.
    #[doc(alias = "SslServerMode")]
    Server,
}

/// What a socket asks of the certificate of its peer.
#[doc(alias = "QSslSocket::PeerVerifyMode")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PeerVerifyMode {
    /// Nothing: a server does not ask for a certificate, and a client does not check the server's.
    /// Then the connection is encrypted, but anybody may be at its other end.
    #[doc(alias = "VerifyNone")]
    None,
    /// A certificate, which is checked; an error is reported and does not end the connection. A
    /// client may have none.
    #[doc(alias = "QueryPeer")]
    Query,
    /// A certificate that is valid. An error ends the handshake if it is not ignored.
    #[doc(alias = "VerifyPeer")]
    Verify,
    /// [`Verify`](Self::Verify) for a client, [`Query`](Self::Query) for a server.
    #[default]
    #[doc(alias = "AutoVerifyPeer")]
    Auto,
}

impl PeerVerifyMode {
    /// Returns true if an error of the peer's certificate ends the handshake.
    pub(super) fn is_fatal(self, mode: SslMode) -> bool {
        match (self, mode) {
            (_, SslMode::Unencrypted) | (Self::None | Self::Query, _) => false,
            (Self::Verify, _) => true,
            (Self::Auto, mode) => mode == SslMode::Client,
        }
    }
}
