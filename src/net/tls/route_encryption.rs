//! `RouteEncryption`: TLS as a layer of a route, for example to a proxy that is reached by HTTPS.
//!
//! Such a layer shakes hands within the attempt to connect: a socket is connected once the peer of the
//! layer has proved who it is, and hears nothing of the certificate but why it was refused.

use std::fmt;
use std::rc::{Rc, Weak};

use super::configuration::SslConfiguration;
use super::engine::TlsEngine;
use super::session::Session;
use crate::event_loop::Parts;
use crate::net::engine::Route;
use crate::net::shared::Facilities;
use crate::net::values::{EngineFailure, SocketError};
use crate::object::World;

/// Puts TLS on the routes of one runtime.
#[doc(hidden)]
pub struct RouteEncryption {
    /// Weak, because the router that puts TLS on routes is one of the facilities.
    facilities: Weak<Facilities>,
    configuration: SslConfiguration,
}

impl RouteEncryption {
    /// Creates what puts TLS with this configuration on routes of the runtime. Certificates are
    /// checked by its clock.
    pub fn new(world: &World, configuration: SslConfiguration) -> Self {
        Self { facilities: Rc::downgrade(&Facilities::of(world)), configuration }
    }

    /// Adds a layer of TLS to a route, above the layers that it has. The peer of the layer has to
    /// prove that it is `peer_name`. Returns a route that is refused if the configuration cannot be
    /// used for this peer.
    pub fn put_on(&self, route: Route, peer_name: &str) -> Route {
        let Some(facilities) = self.facilities.upgrade() else {
            let reason = "the runtime of this encryption has ended";
            return Route::refused(EngineFailure::new(SocketError::Operation, reason));
        };
        let session = Rc::new(Session::of_route(facilities));
        let connection = match session.hear(|| self.configuration.client(peer_name)) {
            Ok(connection) => connection,
            Err(failure) => return Route::refused(failure),
        };
        let configuration = self.configuration.clone();
        route.with_layer(move |below, early| {
            Box::new(TlsEngine::new(below, connection, session, &configuration, early, &[]))
        })
    }
}

impl fmt::Debug for RouteEncryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouteEncryption")
            .field("configuration", &self.configuration)
            .finish_non_exhaustive()
    }
}
