//! The errors of sockets.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};

use rustix::io::Errno;

/// The kind of a socket's error: the argument of
/// [`error_occurred`](crate::QAbstractSocket::error_occurred).
///
/// The variants are those of Qt's enumeration of the same name. The text of a kind names no host
/// and no system's reason: print [`error_string`](crate::QIODevice::error_string), which has the
/// system's words and number.
#[doc(alias = "QAbstractSocket::SocketError")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum SocketError {
    /// The peer refused the connection, or no socket listens at its port.
    #[doc(alias = "ConnectionRefusedError")]
    #[error("connection refused")]
    ConnectionRefused,
    /// The peer closed the connection.
    #[doc(alias = "RemoteHostClosedError")]
    #[error("the remote host closed the connection")]
    RemoteHostClosed,
    /// The host's name has no address.
    #[doc(alias = "HostNotFoundError")]
    #[error("the host name has no address")]
    HostNotFound,
    /// The process lacks the privilege.
    #[doc(alias = "SocketAccessError")]
    #[error("permission denied")]
    SocketAccess,
    /// The system ran out of a resource, mostly of descriptors.
    #[doc(alias = "SocketResourceError")]
    #[error("no descriptor or no memory is left")]
    SocketResource,
    /// The operation took too long.
    #[doc(alias = "SocketTimeoutError")]
    #[error("the socket operation timed out")]
    SocketTimeout,
    /// The datagram is larger than the system can send.
    #[doc(alias = "DatagramTooLargeError")]
    #[error("the datagram is larger than the system can send")]
    DatagramTooLarge,
    /// The network failed: no route, a cable pulled, and the like. Also an encrypted connection that
    /// was cut: without the peer's `close_notify`, bytes may be missing.
    #[doc(alias = "NetworkError")]
    #[error("the network failed")]
    Network,
    /// The address is in use already.
    #[doc(alias = "AddressInUseError")]
    #[error("the address is already in use")]
    AddressInUse,
    /// The address does not belong to this host.
    #[doc(alias = "SocketAddressNotAvailableError")]
    #[error("the address is not one of this host")]
    SocketAddressNotAvailable,
    /// The system does not support the operation.
    #[doc(alias = "UnsupportedSocketOperationError")]
    #[error("the system or the socket does not support the operation")]
    UnsupportedSocketOperation,
    /// The operation is not possible before an earlier one is finished.
    #[doc(alias = "UnfinishedSocketOperationError")]
    #[error("an earlier operation of the socket is not finished")]
    UnfinishedSocketOperation,
    /// The proxy requires authentication.
    #[doc(alias = "ProxyAuthenticationRequiredError")]
    #[error("proxy authentication required")]
    ProxyAuthenticationRequired,
    /// The handshake of an encrypted connection failed: mostly because the certificate of the peer is
    /// not valid, or because the ends have nothing in common. The text of the socket's error names
    /// the reason.
    #[doc(alias = "SslHandshakeFailedError")]
    #[error("the TLS handshake failed")]
    SslHandshakeFailed,
    /// The proxy refused the connection.
    #[doc(alias = "ProxyConnectionRefusedError")]
    #[error("connection to the proxy refused")]
    ProxyConnectionRefused,
    /// The proxy closed the connection before the one to the peer was established.
    #[doc(alias = "ProxyConnectionClosedError")]
    #[error("connection to the proxy closed prematurely")]
    ProxyConnectionClosed,
    /// The proxy took too long, or the peer that the proxy was to reach.
    #[doc(alias = "ProxyConnectionTimeoutError")]
    #[error("the proxy was not reached, or did not reach the peer, in time")]
    ProxyConnectionTimeout,
    /// The proxy's name has no address.
    #[doc(alias = "ProxyNotFoundError")]
    #[error("the name of the proxy has no address")]
    ProxyNotFound,
    /// The proxy's answer is not valid in its protocol.
    #[doc(alias = "ProxyProtocolError")]
    #[error("the answer of the proxy is not valid")]
    ProxyProtocol,
    /// The operation is not possible in the socket's state.
    #[doc(alias = "OperationError")]
    #[error("the socket is in the wrong state for this operation")]
    Operation,
    /// An encrypted connection broke after its handshake: the peer sent something that is not valid,
    /// or an alert, for example because it refuses the certificate of this end.
    #[doc(alias = "SslInternalError")]
    #[error("the TLS library failed")]
    SslInternal,
    /// The configuration does not allow this handshake: a server has no certificate, or no certificate
    /// can name the peer.
    #[doc(alias = "SslInvalidUserDataError")]
    #[error("a certificate, key or cipher of the TLS configuration is not valid")]
    SslInvalidUserData,
    /// The operation is not possible now, but may be later.
    #[doc(alias = "TemporaryError")]
    #[error("not possible now, but maybe later")]
    Temporary,
    /// Another error.
    #[doc(alias = "UnknownSocketError")]
    #[error("another error, which has no kind of its own")]
    Unknown,
}

impl SocketError {
    /// Returns the kind of a failure to connect. `EINVAL` is `Network`: Linux gives it for a
    /// black-holed route.
    pub(in crate::net) fn of_connecting(error: &io::Error) -> Self {
        match error.kind() {
            ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset => Self::ConnectionRefused,
            ErrorKind::AddrNotAvailable => Self::SocketAddressNotAvailable,
            ErrorKind::PermissionDenied => Self::SocketAccess,
            _ => Self::known(error).unwrap_or(Self::Network),
        }
    }

    /// Returns the kind of a failure to bind or listen.
    pub(in crate::net) fn of_binding(error: &io::Error) -> Self {
        match error.kind() {
            ErrorKind::AddrInUse => Self::AddressInUse,
            ErrorKind::AddrNotAvailable => Self::SocketAddressNotAvailable,
            ErrorKind::PermissionDenied => Self::SocketAccess,
            ErrorKind::InvalidInput | ErrorKind::Unsupported => Self::UnsupportedSocketOperation,
            _ => Self::known(error).unwrap_or(Self::Unknown),
        }
    }

    /// Returns the kind of a failure to accept a connection.
    pub(in crate::net) fn of_accepting(error: &io::Error) -> Self {
        match error.kind() {
            ErrorKind::ConnectionAborted => Self::Network,
            ErrorKind::PermissionDenied => Self::SocketAccess,
            _ => Self::known(error).unwrap_or(Self::Unknown),
        }
    }

    /// Returns the kind of a failure to read or write.
    pub(in crate::net) fn of_transfer(error: &io::Error) -> Self {
        // An engine's failure may have the kind of an error of the system, for those who read by `std`.
        if let Some(kind) = EngineFailure::kind_of(error) {
            return kind;
        }
        match error.kind() {
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted => {
                Self::RemoteHostClosed
            }
            ErrorKind::TimedOut => Self::SocketTimeout,
            _ => Self::Network,
        }
    }

    /// Returns the kind of a failure to receive or send a datagram.
    pub(in crate::net) fn of_datagram(error: &io::Error) -> Self {
        match error.kind() {
            ErrorKind::WouldBlock => Self::Temporary,
            ErrorKind::ConnectionRefused => Self::ConnectionRefused,
            ErrorKind::PermissionDenied => Self::SocketAccess,
            _ if Errno::from_io_error(error) == Some(Errno::MSGSIZE) => Self::DatagramTooLarge,
            _ => EngineFailure::kind_of(error).unwrap_or(Self::Network),
        }
    }

    /// Returns the kind of a failure to open a socket, or the kind that an engine reports; `None`
    /// for another failure.
    fn known(error: &io::Error) -> Option<Self> {
        let Some(errno) = Errno::from_io_error(error) else { return EngineFailure::kind_of(error) };
        match errno {
            Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM => {
                Some(Self::SocketResource)
            }
            Errno::AFNOSUPPORT | Errno::PROTONOSUPPORT => Some(Self::UnsupportedSocketOperation),
            _ => None,
        }
    }
}

/// An operation on a socket that failed at once.
///
/// Its text says what failed and why, in the system's words and with the system's number if the
/// system refused: `cannot listen on 127.0.0.1:80: Permission denied (os error 13)`. As the text
/// contains that of the system's error, `source` returns what is behind the system's error, which
/// is mostly nothing; [`os_error`](Self::os_error) returns the system's error itself.
///
/// ```
/// use std::net::Ipv4Addr;
/// use slotwire::prelude::*;
///
/// # fn main() -> Result<(), slotwire::Error> {
/// let mut rt = Runtime::new()?;
/// let server = rt.add(QTcpServer::new());
/// let error = rt[server].listen((Ipv4Addr::new(192, 0, 2, 1), 7755)).unwrap_err();
/// assert_eq!(error.kind(), SocketError::SocketAddressNotAvailable);
/// let system = error.os_error().unwrap();
/// assert_eq!(error.to_string(), format!("cannot listen on 192.0.2.1:7755: {system}"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct NetError {
    kind: SocketError,
    operation: String,
    cause: Option<io::Error>,
}

impl NetError {
    pub(in crate::net) fn new(
        kind: SocketError,
        operation: impl Into<String>,
        cause: impl Into<Option<io::Error>>,
    ) -> Self {
        Self { kind, operation: operation.into(), cause: cause.into() }
    }

    /// Returns the kind of the error.
    pub fn kind(&self) -> SocketError {
        self.kind
    }

    /// Returns the text of the reason: that of the cause, if it has more to say than its kind.
    pub(in crate::net) fn reason(&self) -> &dyn fmt::Display {
        match &self.cause {
            Some(cause) if cause.raw_os_error().is_some() || cause.get_ref().is_some() => cause,
            _ => &self.kind,
        }
    }

    /// Returns the error of the system, or of the network that takes its place; `None` if the
    /// library refused the operation by itself.
    pub fn os_error(&self) -> Option<&io::Error> {
        self.cause.as_ref()
    }
}

impl fmt::Display for NetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}", self.operation)?;
        // Then the operation says in which state of the socket it was.
        if self.kind == SocketError::Unknown && self.cause.is_none() {
            return Ok(());
        }
        write!(f, ": {}", self.reason())
    }
}

impl Error for NetError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref()?.source()
    }
}

/// For functions that return `io::Result`. Keeps the kind of the system's error, if there is one.
impl From<NetError> for io::Error {
    fn from(error: NetError) -> Self {
        let kind = error.cause.as_ref().map_or(ErrorKind::Other, Self::kind);
        Self::new(kind, error)
    }
}

/// An error of an engine that no kind of an `io::Error` describes, such as a proxy's refusal.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct EngineFailure {
    kind: SocketError,
    reason: String,
}

impl EngineFailure {
    /// Creates a failure: `kind` is the error that the socket reports, `reason` its text.
    pub fn new(kind: SocketError, reason: impl Into<String>) -> Self {
        Self { kind, reason: reason.into() }
    }

    /// Returns the error that the socket reports.
    #[cfg(feature = "tls")]
    pub(in crate::net) fn kind(&self) -> SocketError {
        self.kind
    }

    /// Returns this failure as an error of this kind.
    #[cfg(feature = "tls")]
    pub(in crate::net) fn with_kind(self, kind: ErrorKind) -> io::Error {
        io::Error::new(kind, self)
    }

    /// Returns true if an engine's failure has become this error.
    pub(in crate::net) fn is_source_of(error: &io::Error) -> bool {
        Self::kind_of(error).is_some()
    }

    /// Returns the kind of an engine's failure; `None` for another error.
    #[cold]
    fn kind_of(error: &io::Error) -> Option<SocketError> {
        Some(error.get_ref()?.downcast_ref::<Self>()?.kind)
    }
}

impl From<EngineFailure> for io::Error {
    fn from(failure: EngineFailure) -> Self {
        Self::other(failure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_a_kind_alone_is_described_by_the_kind_of_the_operation() {
        let kind = SocketError::UnsupportedSocketOperation;
        let text = |cause: io::Error| NetError::new(kind, "join", cause).to_string();
        assert_eq!(text(ErrorKind::Unsupported.into()), format!("cannot join: {kind}"));
        assert_eq!(text(io::Error::other("no group")), "cannot join: no group");
        let system = io::Error::from_raw_os_error(22);
        assert_eq!(text(io::Error::from_raw_os_error(22)), format!("cannot join: {system}"));
    }

    /// Tested without sockets, since a test that runs as root lacks no permission that a socket
    /// needs.
    #[test]
    fn a_permission_that_is_missing_is_told_as_that() {
        let denied = ErrorKind::PermissionDenied.into();
        assert_eq!(SocketError::of_connecting(&denied), SocketError::SocketAccess);
        assert_eq!(SocketError::of_binding(&denied), SocketError::SocketAccess);
        assert_eq!(SocketError::of_accepting(&denied), SocketError::SocketAccess);
        assert_eq!(SocketError::of_datagram(&denied), SocketError::SocketAccess);
    }
}
