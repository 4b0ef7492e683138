//! What a user can set about a socket. Most sockets go by the defaults, which take no memory.

use std::time::Duration;

use super::core::SocketCore;
use super::options::Options;
use crate::net::values::{PauseMode, ReadyReadPolicy};

/// The settings of a socket.
pub(in crate::net) struct Settings {
    /// How long it may take from the call to the connection.
    pub(in crate::net) connect_timeout: Option<Duration>,
    /// The addresses of a name race.
    pub(in crate::net) happy_eyeballs: bool,
    pub(in crate::net) read_limit: Option<usize>,
    pub(in crate::net) write_limit: Option<usize>,
    pub(in crate::net) allow_half_open: bool,
    pub(in crate::net) ready_read_policy: ReadyReadPolicy,
    pub(in crate::net) pause_mode: PauseMode,
    pub(in crate::net) protocol_tag: String,
    /// The options that were set before there was a socket of the system's.
    pub(super) options: Option<Box<Options>>,
}

impl Settings {
    const DEFAULTS: Self = Self {
        // As long as Qt gives to one address.
        connect_timeout: Some(Duration::from_secs(30)),
        happy_eyeballs: true,
        read_limit: None,
        write_limit: None,
        allow_half_open: false,
        ready_read_policy: ReadyReadPolicy::NewBytes,
        pause_mode: PauseMode::NEVER,
        protocol_tag: String::new(),
        options: None,
    };
}

impl Default for Settings {
    fn default() -> Self {
        Self::DEFAULTS
    }
}

/// What a socket goes by of which nothing was set.
static DEFAULTS: Settings = Settings::DEFAULTS;

impl SocketCore {
    pub(in crate::net) fn settings(&self) -> &Settings {
        self.extra().map_or(&DEFAULTS, |extra| &extra.settings)
    }

    pub(in crate::net) fn settings_mut(&mut self) -> &mut Settings {
        &mut self.extra_mut().settings
    }
}
