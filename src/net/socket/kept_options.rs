//! `KeptOptions`: the options that the user sets on the sockets of the system.
//!
//! Keeps one promise: an option that was set is in force, waits to be set, or was refused with a
//! reason. An option that is set before there is an engine is kept: each engine that the socket
//! gets later has the option before it is bound or connects. An option that is set while there are
//! engines is set on them, and on the engines that join their race later.

use std::io;
use std::time::Duration;

use super::core::{Fault, SocketCore};
use crate::net::engine::SocketEngine;
use crate::net::values::{NetError, OptionName, SocketError, SocketOption, SocketType};

/// Options that are to be set, at most one of each name.
#[derive(Debug, Default)]
pub(super) struct KeptOptions(Vec<SocketOption>);

impl KeptOptions {
    /// Adds an option. Replaces the one with the same name.
    fn put(&mut self, option: SocketOption) {
        match self.0.iter_mut().find(|other| other.name() == option.name()) {
            Some(other) => *other = option,
            None => self.0.push(option),
        }
    }

    fn get(&self, name: OptionName) -> Option<SocketOption> {
        self.0.iter().copied().find(|option| option.name() == name)
    }

    /// Sets the options of an engine. Fails with the first that the system refuses.
    pub(super) fn apply(&self, engine: &mut dyn SocketEngine) -> Result<(), Fault> {
        self.0.iter().try_for_each(|&option| {
            engine.set_option(option).map_err(|error| {
                let kind = SocketError::UnsupportedSocketOperation;
                let source = io::Error::new(error.kind(), RefusedOption { option, error });
                Fault { kind, source: Some(source) }
            })
        })
    }
}

/// The system refuses an option that was kept.
#[derive(Debug, thiserror::Error)]
#[error("the system refuses the option {option:?}: {error}")]
struct RefusedOption {
    option: SocketOption,
    error: io::Error,
}

impl SocketCore {
    /// Returns the value of an option: the system's, or the kept one if there is no engine.
    pub(super) fn option(&self, name: OptionName) -> Result<SocketOption, NetError> {
        let operation = || format!("read the option {name:?}");
        match self.engines().next() {
            Some(engine) => engine.option(name).map_err(|error| refused(operation(), error)),
            None => self.kept_options().and_then(|kept| kept.get(name)).ok_or_else(|| {
                let operation = format!("{} before the socket is bound or connecting", operation());
                NetError::new(SocketError::Operation, operation, None)
            }),
        }
    }

    /// Sets an option on all engines, or keeps it until there is one.
    pub(super) fn set_option(&mut self, option: SocketOption) -> Result<(), NetError> {
        if self.engines().next().is_none() {
            if let Some(reason) = why_never(option, self.kind) {
                let reason = io::Error::new(io::ErrorKind::InvalidInput, reason);
                return Err(refused(setting(option), reason));
            }
            self.settings_mut().options.get_or_insert_default().put(option);
            return Ok(());
        }
        // Each of the racing engines may win.
        let set = |engine: &mut dyn SocketEngine| engine.set_option(option);
        self.phase.try_each_engine(set).map_err(|error| refused(setting(option), error))?;
        if let Some(attempt) = self.phase.attempt_mut() {
            attempt.options.put(option);
        }
        Ok(())
    }

    /// Sets the kept options on an engine. Fails with the first that the system refuses.
    pub(super) fn prepare(&self, engine: &mut dyn SocketEngine) -> Result<(), Fault> {
        self.kept_options().map_or(Ok(()), |kept| kept.apply(engine))
    }

    /// Returns the options that were set before there was an engine. Few sockets have any.
    pub(super) fn kept_options(&self) -> Option<&KeptOptions> {
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
