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
    options: [Option<&'a KeptOptions>; 2],
}

impl<'a> Opener<'a> {
    /// Creates an opener that also sets the options that were set during the attempt.
    pub(super) fn new(terms: &Terms<'a>, added: &'a KeptOptions) -> Self {
        let kept = terms.settings.options.as_deref();
        Self { home: terms.home, options: [kept, Some(added)] }
    }

    /// Opens an engine that can connect to an address.
    pub(super) fn open(
        &self,
        kind: SocketType,
        towards: SocketAddr,
    ) -> Result<Box<dyn SocketEngine>, Fault> {
        let mut engine = self.home.network.open(kind, towards).map_err(Fault::of_connecting)?;
        self.options.into_iter().flatten().try_for_each(|options| options.apply(&mut *engine))?;
        Ok(engine)
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
