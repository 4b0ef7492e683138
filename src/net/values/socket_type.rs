//! The kinds of sockets.

use super::error::{EngineFailure, SocketError};

/// The kind of a socket.
///
/// A `QTcpSocket` is of the kind [`Tcp`](Self::Tcp), a `QUdpSocket` of the kind [`Udp`](Self::Udp).
/// No network has sockets of the other kinds: opening one fails with
/// [`UnsupportedSocketOperation`](SocketError::UnsupportedSocketOperation), as with a Qt that was
/// built without SCTP.
#[doc(alias = "QAbstractSocket::SocketType")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SocketType {
    /// A socket for a stream of bytes.
    #[doc(alias = "TcpSocket")]
    Tcp,
    /// A socket for datagrams.
    #[doc(alias = "UdpSocket")]
    Udp,
    /// A socket for a stream of messages, by SCTP. Not supported.
    #[doc(alias = "SctpSocket")]
    Sctp,
    /// Another kind. Not supported.
    #[doc(alias = "UnknownSocketType")]
    Unknown,
}

impl SocketType {
    /// Returns an error if networks have no sockets of this kind.
    pub(crate) fn check_supported(self) -> Result<(), EngineFailure> {
        match self {
            Self::Tcp | Self::Udp => Ok(()),
            Self::Sctp | Self::Unknown => {
                let reason = format!("sockets of the type {self:?} are not supported");
                Err(EngineFailure::new(SocketError::UnsupportedSocketOperation, reason))
            }
        }
    }
}
