//! Waits: what a socket tells a wait that polls it.

use super::core::SocketCore;
use crate::net::engine::{Awaited, Interest};
use crate::readiness::Readiness;

impl SocketCore {
    /// Returns the sockets of the network to wait for until this socket is ready.
    pub(in crate::net) fn awaited(&self, interest: Interest) -> Vec<Awaited<'_>> {
        let mut sockets = Vec::new();
        match (self.attempt(), self.engine()) {
            (Some(attempt), _) => attempt.add_awaited(interest, &mut sockets),
            (None, Some(engine)) => Awaited::collect(engine, interest, &mut sockets),
            (None, None) => {}
        }
        sockets
    }

    /// Returns what the socket's engine is ready for even if none of its sources is ready.
    pub(in crate::net) fn ready_now(&self) -> Readiness {
        let mut ready = self.engine().map_or(Readiness::default(), |engine| engine.ready_now());
        ready.readable |= self.announces_early();
        ready
    }
}
