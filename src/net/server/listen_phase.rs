//! `ListenPhase`: how far a server is with listening, with the attempt or the engine that exists
//! then.

use super::proxied_listen::Binding;
use crate::net::engine::SocketEngine;

/// How far a server is with listening.
#[derive(Default)]
pub(super) enum ListenPhase {
    /// The server does not listen.
    #[default]
    Idle,
    /// A proxy is asked to listen.
    Binding(Box<Binding>),
    /// A proxy listens for one connection.
    AtProxy(Box<dyn SocketEngine>),
    /// The server listens on this host.
    Here(Box<dyn SocketEngine>),
}

impl ListenPhase {
    pub(super) fn is_listening(&self) -> bool {
        self.engine().is_some()
    }

    /// Returns the engine that accepts connections.
    pub(super) fn engine(&self) -> Option<&dyn SocketEngine> {
        match self {
            Self::AtProxy(engine) | Self::Here(engine) => Some(&**engine),
            Self::Idle | Self::Binding(_) => None,
        }
    }

    pub(super) fn binding(&self) -> Option<&Binding> {
        match self {
            Self::Binding(binding) => Some(binding),
            _ => None,
        }
    }

    /// Takes the binding out, if there is one, and leaves the server idle.
    pub(super) fn take_binding(&mut self) -> Option<Box<Binding>> {
        self.binding()?;
        match std::mem::take(self) {
            Self::Binding(binding) => Some(binding),
            _ => None,
        }
    }
}
