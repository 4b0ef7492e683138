//! A connection that a server has accepted and that has no socket yet.

use std::fmt;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::rc::Rc;

use crate::net::engine::Accepted;
use crate::net::socket::{Endpoint, QTcpSocket};
use crate::net::values::canonical;
use crate::object::{ObjectKey, World};

/// A connection that a server has accepted. Dropping it closes the connection.
///
/// The method that [`QTcpServer::with_incoming`](super::QTcpServer::with_incoming) was given
/// receives it.
pub struct Incoming {
    accepted: Accepted,
    local: Option<Rc<Endpoint>>,
}

impl Incoming {
    pub(super) fn new(accepted: Accepted, local: Option<Rc<Endpoint>>) -> Self {
        Self { accepted, local }
    }

    /// Returns the peer's address and port; `None` if the peer has no IP address. A link-local
    /// address has its scope id; an IPv4 address is shown as an IPv4 address, even if the server
    /// listens on both families.
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.accepted.peer.internet().map(canonical)
    }

    /// Converts the connection into a connected socket, to be added to a runtime or embedded in an
    /// object.
    pub fn into_socket(self) -> QTcpSocket {
        QTcpSocket::accepted(self.accepted, self.local)
    }

    /// Converts the connection into its descriptor, which is non-blocking, for a socket in another
    /// thread's runtime.
    ///
    /// # Errors
    ///
    /// Returns the connection unchanged if it has no descriptor, as on a simulated network.
    pub fn into_descriptor(self) -> Result<OwnedFd, Self> {
        let Self { accepted: Accepted { engine, peer, .. }, local } = self;
        engine
            .into_descriptor()
            .map_err(|engine| Self { accepted: Accepted::new(engine, peer), local })
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").field("peer", &self.accepted.peer).finish_non_exhaustive()
    }
}

/// Calls the method that decides what to do with a connection.
pub(super) type OnIncoming = Rc<dyn Fn(&mut World, ObjectKey, Incoming)>;
