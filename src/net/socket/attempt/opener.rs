//! `Opener`: opens the engines of an attempt.

use std::io;
use std::net::SocketAddr;

use super::terms::Terms;
use crate::net::engine::{Progress, SocketEngine};
use crate::net::shared::Home;
use crate::net::socket::fault::Fault;
use crate::net::socket::kept_options::KeptOptions;
use crate::net::values::SocketType;

/// Opens the engines of an attempt, with the options of its socket.
pub(super) struct Opener<'a> {
    home: &'a Home,
    /// The kind of the socket.
    kind: SocketType,
    options: [Option<&'a KeptOptions>; 2],
}

impl<'a> Opener<'a> {
    /// Creates an opener that also sets the options that were set during the attempt.
    pub(super) fn new(terms: &Terms<'a>, added: &'a KeptOptions) -> Self {
        let kept = terms.settings.options.as_deref();
        Self { home: terms.home, kind: terms.kind, options: [kept, Some(added)] }
    }

    /// Opens an engine that can connect to an address.
    pub(super) fn open(
        &self,
        kind: SocketType,
        towards: SocketAddr,
    ) -> Result<Box<dyn SocketEngine>, Fault> {
        let mut engine = self.home.network.open(kind, towards).map_err(Fault::of_connecting)?;
        match self.prepare(&mut *engine) {
            // An option of datagrams means nothing to the connection by which a relay is asked for.
            Err(_) if kind != self.kind => Ok(engine),
            prepared => prepared.map(|()| engine),
        }
    }

    /// Sets the options of the socket on an engine. Fails with the first that the system refuses, but
    /// sets the others.
    pub(super) fn prepare(&self, engine: &mut dyn SocketEngine) -> Result<(), Fault> {
        let mut done = Ok(());
        for options in self.options.into_iter().flatten() {
            done = done.and(options.apply(engine));
        }
        done
    }

    /// Begins to connect an engine to an address.
    pub(super) fn start(
        &self,
        engine: &mut dyn SocketEngine,
        address: SocketAddr,
    ) -> Result<Progress, Fault> {
        let mut start = || -> io::Result<Progress> {
            let progress = engine.connect(address.into())?;
            engine.watch(self.home.key())?;
            Ok(progress)
        };
        start().map_err(|error| Fault::of_connecting_to(address, error))
    }
}
