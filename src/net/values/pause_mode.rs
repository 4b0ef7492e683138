//! When a socket pauses by itself.

use bitflags::bitflags;

bitflags! {
    /// What makes a socket stop reading until [`resume`](crate::QAbstractSocket::resume) is called.
    #[doc(alias = "QAbstractSocket::PauseMode")]
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct PauseMode: u8 {
        /// Nothing does.
        #[doc(alias = "PauseNever")]
        const NEVER = 0;
        /// Errors in the handshake of an encrypted connection do. A plain socket has none.
        #[doc(alias = "PauseOnSslErrors")]
        const ON_SSL_ERRORS = 1;
    }
}
