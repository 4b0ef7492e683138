//! The pause modes: which events pause a socket.

use bitflags::bitflags;

bitflags! {
    /// Which events make a socket stop reading until [`resume`](crate::QAbstractSocket::resume) is
    /// called.
    #[doc(alias = "QAbstractSocket::PauseMode")]
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct PauseMode: u8 {
        /// None.
        #[doc(alias = "PauseNever")]
        const NEVER = 0;
        /// Errors in the certificate of the peer of an encrypted connection: then a `QSslSocket`
        /// (feature `tls`) waits for the decision of the program. Other sockets have no such errors.
        #[doc(alias = "PauseOnSslErrors")]
        const ON_SSL_ERRORS = 1;
    }
}
