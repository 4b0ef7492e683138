//! A connection that a server has accepted and that has no socket yet.

use std::fmt;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::rc::Rc;

use crate::net::engine::Accepted;
use crate::net::socket::{Endpoint, QTcpSocket};
use crate::net::values::canonical;
use crate::object::{Context, MetaObject, ObjectKey, QObject, World};

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
        QTcpSocket::accepted(self.accepted, self.local, None)
    }

    /// Converts the connection into its descriptor, which is non-blocking, for a socket in another
    /// thread's runtime.
    ///
    /// # Errors
    ///
    /// Returns the connection unchanged if it has no descriptor, as on a simulated network; or if
    /// bytes of the peer were read already, which a server [behind a
    /// proxy](super::QTcpServer::set_proxy) may do.
    pub fn into_descriptor(self) -> Result<OwnedFd, Self> {
        if !self.accepted.early.is_empty() {
            return Err(self);
        }
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

/// A class that embeds a server, and may decide by a method what happens to each connection.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not embed a `QTcpServer`",
    label = "not a method of the class that embeds the server",
    note = "`with_incoming` takes a method of the class around the server: write \
            `#[qobject(base)] server: QTcpServer` in `struct {Self}`, and create that server with \
            this method"
)]
pub trait EmbedsServer: QObject {}

/// Calls the method of the object with this key.
type Call = dyn Fn(&mut World, ObjectKey, Incoming);

/// The method that decides what to do with a connection.
#[derive(Clone)]
pub(super) struct OnIncoming {
    call: Rc<Call>,
    /// The class that has the method.
    class: &'static MetaObject,
}

impl OnIncoming {
    pub(super) fn new<T: EmbedsServer>(
        incoming_connection: fn(&mut T, &mut Context<'_, T>, Incoming),
    ) -> Self {
        let call = move |world: &mut World, key, incoming| {
            world.run_slot(key, |server, cx| incoming_connection(server, cx, incoming));
        };
        Self { call: Rc::new(call), class: T::static_meta_object() }
    }

    /// Calls the method for a connection of the object `key`.
    pub(super) fn call(&self, world: &mut World, key: ObjectKey, incoming: Incoming) {
        (self.call)(world, key, incoming);
    }

    /// Panics if an object of class `around`, which is or embeds the server of class `server`, does
    /// not have the method. A class that does not declare what it extends is not checked.
    pub(super) fn check(&self, around: &MetaObject, server: &MetaObject) {
        let is_declared = around.inherits(server);
        assert!(
            !is_declared || around.inherits(self.class),
            "QTcpServer::with_incoming was called with a method of {}, but the server is in a {}: \
             add a {} that embeds the server",
            self.class.short_name(),
            around.short_name(),
            self.class.short_name(),
        );
    }
}
