//! `Fault`: an error of a socket, and the system's error behind it.

use std::io;
use std::net::SocketAddr;

use crate::net::values::{EngineFailure, SocketError, explained};

/// An error, and the system's error behind it.
pub(in crate::net) struct Fault {
    pub(in crate::net) kind: SocketError,
    pub(in crate::net) source: Option<io::Error>,
}

impl Fault {
    /// Returns the fault for a failure to send or receive.
    pub(super) fn of_transfer(error: io::Error) -> Self {
        Self { kind: SocketError::of_transfer(&error), source: Some(error) }
    }

    /// Returns the fault for a failure to bind.
    pub(super) fn of_binding(error: io::Error) -> Self {
        Self { kind: SocketError::of_binding(&error), source: Some(error) }
    }

    /// Returns the fault for a failure to connect.
    pub(super) fn of_connecting(error: io::Error) -> Self {
        Self { kind: SocketError::of_connecting(&error), source: Some(error) }
    }

    /// Returns the fault for a failure to reach a proxy. A failure that the proxy has reported stays
    /// what it is.
    pub(super) fn of_proxy(self) -> Self {
        if self.source.as_ref().is_some_and(EngineFailure::is_source_of) {
            return self;
        }
        let kind = match self.kind {
            SocketError::ConnectionRefused => SocketError::ProxyConnectionRefused,
            SocketError::RemoteHostClosed => SocketError::ProxyConnectionClosed,
            SocketError::HostNotFound => SocketError::ProxyNotFound,
            SocketError::SocketTimeout => SocketError::ProxyConnectionTimeout,
            other => other,
        };
        Self { kind, ..self }
    }

    /// Returns the fault for a failure to begin to connect to this address.
    #[cold]
    pub(super) fn of_connecting_to(address: SocketAddr, error: io::Error) -> Self {
        let kind = SocketError::of_connecting(&error);
        Self { kind, source: Some(explained(error, address)) }
    }
}

/// Returns a copy of an error: the call returns one, and the socket keeps the other.
pub(super) fn copy_of(error: &io::Error) -> io::Error {
    match (error.raw_os_error(), error.get_ref()) {
        (Some(code), _) => io::Error::from_raw_os_error(code),
        (None, Some(inner)) => io::Error::new(error.kind(), inner.to_string()),
        (None, None) => error.kind().into(),
    }
}
