//! The options of the system's sockets: set on the engines, or kept until there is one.

use std::io;
use std::time::Duration;

use super::core::SocketCore;
use crate::net::engine::SocketEngine;
use crate::net::socket::fault::Fault;
use crate::net::socket::kept_options::KeptOptions;
use crate::net::values::{NetError, OptionName, SocketError, SocketOption, SocketType};

impl SocketCore {
    /// Returns the value of an option: the system's, or the kept one if there is no engine.
    pub(in crate::net::socket) fn option(
        &self,
        name: OptionName,
    ) -> Result<SocketOption, NetError> {
        let operation = || format!("read the option {name:?}");
        match self.any_engine() {
            Some(engine) => engine.option(name).map_err(|error| refused(operation(), error)),
            None => self.kept_options().and_then(|kept| kept.get(name)).ok_or_else(|| {
                let operation = format!("{} before the socket is bound or connecting", operation());
                NetError::new(SocketError::Operation, operation, None)
            }),
        }
    }

    /// Sets an option on all engines, or keeps it until there is one.
    pub(in crate::net::socket) fn set_option(
        &mut self,
        option: SocketOption,
    ) -> Result<(), NetError> {
        // Where the socket reaches another host first, the system may set on the connection to it what
        // it never sets on the socket.
        if (self.any_engine().is_none() || self.has_attempt())
            && let Some(reason) = why_never(option, self.kind())
        {
            let reason = io::Error::new(io::ErrorKind::InvalidInput, reason);
            return Err(refused(setting(option), reason));
        }
        if self.any_engine().is_none() {
            self.settings_mut().options.get_or_insert_default().put(option);
            return Ok(());
        }
        self.set_on_engines(option).map_err(|error| refused(setting(option), error))
    }

    /// Sets the kept options on an engine. Fails with the first that the system refuses.
    pub(in crate::net::socket) fn prepare(
        &self,
        engine: &mut dyn SocketEngine,
    ) -> Result<(), Fault> {
        self.kept_options().map_or(Ok(()), |kept| kept.apply(engine))
    }

    /// Returns the options that were set before there was an engine. Few sockets have any.
    pub(in crate::net::socket) fn kept_options(&self) -> Option<&KeptOptions> {
        self.settings().options.as_deref()
    }
}

/// Returns the reason if no system has this option for a socket of this kind.
fn why_never(option: SocketOption, kind: SocketType) -> Option<&'static str> {
    match (option, kind) {
        (SocketOption::PathMtu(_), _) => Some("this option can only be read"),
        (
            SocketOption::LowDelay(_)
            | SocketOption::KeepAliveIdle(_)
            | SocketOption::KeepAliveInterval(_)
            | SocketOption::KeepAliveCount(_),
            SocketType::Udp,
        ) => Some("a UDP socket has no such option"),
        (
            SocketOption::KeepAliveIdle(Duration::ZERO)
            | SocketOption::KeepAliveInterval(Duration::ZERO),
            _,
        ) => Some("the time is zero"),
        _ => None,
    }
}

fn setting(option: SocketOption) -> String {
    format!("set the option {option:?}")
}

fn refused(operation: String, error: io::Error) -> NetError {
    NetError::new(SocketError::UnsupportedSocketOperation, operation, error)
}
