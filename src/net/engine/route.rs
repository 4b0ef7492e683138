//! Routes: the hosts and layers between a socket and its peer.

use std::fmt;

use super::socket_engine::SocketEngine;
use crate::net::values::{EngineFailure, SocketType};

/// What a socket wants to reach.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Destination<'a> {
    /// What the socket carries.
    pub kind: SocketType,
    /// The host, as the program named it: a name or an address.
    pub host: &'a str,
    /// The host's port.
    pub port: u16,
    /// The socket's protocol tag. Empty unless the program set one.
    pub protocol_tag: &'a str,
}

/// The way to a peer: where the first connection leads, and the layers above it.
#[derive(Debug, Default)]
pub struct Route {
    pub(in crate::net) hop: Option<Hop>,
    pub(in crate::net) layers: Vec<Layer>,
    /// Why there is no route.
    pub(in crate::net) refusal: Option<EngineFailure>,
}

impl Route {
    /// Returns a route that leads directly to the peer.
    pub fn direct() -> Self {
        Self::default()
    }

    /// Returns a route that leads to another host first, by TCP. Then the peer's name is not looked
    /// up.
    pub fn by_way_of(host: impl Into<String>, port: u16) -> Self {
        let hop = Hop { host: host.into(), port };
        Self { hop: Some(hop), ..Self::default() }
    }

    /// Returns what a socket gets in place of a route if there is none.
    pub(in crate::net) fn refused(failure: EngineFailure) -> Self {
        Self { refusal: Some(failure), ..Self::default() }
    }

    /// Adds a layer above those that this route has.
    ///
    /// `stand_on` makes the engine of the layer. Its arguments are the engine below, and the bytes
    /// that the layer below has read beyond the end of its own handshake.
    #[must_use]
    pub fn with_layer(
        mut self,
        stand_on: impl FnOnce(Box<dyn SocketEngine>, Vec<u8>) -> Box<dyn SocketEngine> + 'static,
    ) -> Self {
        self.layers.push(Layer::new(stand_on));
        self
    }
}

/// A host on the way to the peer, to which the first connection leads.
#[derive(Clone, Debug)]
pub(in crate::net) struct Hop {
    pub(in crate::net) host: String,
    pub(in crate::net) port: u16,
}

/// A layer whose engine is not made yet.
pub(in crate::net) struct Layer(StandOn);

type StandOn = Box<dyn FnOnce(Box<dyn SocketEngine>, Vec<u8>) -> Box<dyn SocketEngine>>;

impl Layer {
    /// Creates a layer that `stand_on` makes: see [`Route::with_layer`].
    pub(in crate::net) fn new(
        stand_on: impl FnOnce(Box<dyn SocketEngine>, Vec<u8>) -> Box<dyn SocketEngine> + 'static,
    ) -> Self {
        Self(Box::new(stand_on))
    }

    /// Makes the layer's engine above `below`. `early` has the bytes that were read from `below`
    /// already.
    pub(in crate::net) fn stand_on(
        self,
        below: Box<dyn SocketEngine>,
        early: Vec<u8>,
    ) -> Box<dyn SocketEngine> {
        (self.0)(below, early)
    }
}

impl fmt::Debug for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layer").finish_non_exhaustive()
    }
}

/// Decides by which route a socket reaches its peer.
pub trait Router {
    /// Returns the route to `destination`. Called each time a socket begins to connect.
    fn route(&self, destination: &Destination<'_>) -> Route;
}
