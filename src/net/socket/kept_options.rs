//! `KeptOptions`: the options that the user sets on the sockets of the system.
//!
//! Keeps one promise: an option that was set is in force, waits to be set, or was refused with a
//! reason. An option that is set before there is an engine is kept: each engine that the socket
//! gets later has the option before it is bound or connects. An option that is set while there are
//! engines is set on them, and on the engines that join their race later.

use std::io;

use super::fault::Fault;
use crate::net::engine::SocketEngine;
use crate::net::values::{OptionName, SocketError, SocketOption};

/// Options that are to be set, at most one of each name.
#[derive(Debug, Default)]
pub(super) struct KeptOptions(Vec<SocketOption>);

impl KeptOptions {
    /// Adds an option. Replaces the one with the same name.
    pub(super) fn put(&mut self, option: SocketOption) {
        match self.0.iter_mut().find(|other| other.name() == option.name()) {
            Some(other) => *other = option,
            None => self.0.push(option),
        }
    }

    pub(super) fn get(&self, name: OptionName) -> Option<SocketOption> {
        self.0.iter().copied().find(|option| option.name() == name)
    }

    /// Sets the options of an engine. Fails with the first that the system refuses, but sets the
    /// others.
    pub(super) fn apply(&self, engine: &mut dyn SocketEngine) -> Result<(), Fault> {
        let mut done = Ok(());
        for &option in &self.0 {
            let set = engine.set_option(option).map_err(|error| {
                let kind = SocketError::UnsupportedSocketOperation;
                let source = io::Error::new(error.kind(), RefusedOption { option, error });
                Fault { kind, source: Some(source) }
            });
            done = done.and(set);
        }
        done
    }
}

/// The system refuses an option that was kept.
#[derive(Debug, thiserror::Error)]
#[error("the system refuses the option {option:?}: {error}")]
struct RefusedOption {
    option: SocketOption,
    error: io::Error,
}
