//! `Terms`: what a socket lends to its attempt.

use crate::net::engine::Destination;
use crate::net::proxy::NetworkProxy;
use crate::net::shared::Home;
use crate::net::socket::settings::{DEFAULTS, Settings};
use crate::net::values::SocketType;

/// What a socket lends to its attempt.
pub(in crate::net) struct Terms<'a> {
    pub(in crate::net::socket) home: &'a Home,
    pub(in crate::net::socket) kind: SocketType,
    /// The host that `connect_to_host` was given.
    pub(in crate::net::socket) peer: &'a str,
    pub(in crate::net::socket) settings: &'a Settings,
}

impl<'a> Terms<'a> {
    /// Returns what a server lends to its attempt: it has no peer and no settings.
    pub(in crate::net) fn of_server(home: &'a Home) -> Self {
        Self { home, kind: SocketType::Tcp, peer: "", settings: &DEFAULTS }
    }

    /// Returns the proxy that is set on the socket.
    pub(super) fn proxy(&self) -> &NetworkProxy {
        self.settings.proxy.get()
    }

    /// Returns what the socket is to reach, for a router.
    pub(super) fn destination(&self, port: u16) -> Destination<'a> {
        let protocol_tag = &self.settings.protocol_tag;
        Destination { kind: self.kind, host: self.peer, port, protocol_tag }
    }
}
