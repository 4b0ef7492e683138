//! The settings of a socket. Most sockets use the defaults, which take no memory.

use std::time::Duration;

use super::kept_options::KeptOptions;
use crate::net::proxy::OwnProxy;
use crate::net::values::{PauseMode, ReadyReadPolicy};

/// The settings of a socket.
pub(super) struct Settings {
    /// How long a connection may take from the call until it is established.
    pub(super) connect_timeout: Option<Duration>,
    /// The addresses of a name race each other.
    pub(super) happy_eyeballs: bool,
    pub(super) read_limit: Option<usize>,
    pub(super) write_limit: Option<usize>,
    pub(super) allow_half_open: bool,
    pub(super) ready_read_policy: ReadyReadPolicy,
    pub(super) pause_mode: PauseMode,
    pub(super) protocol_tag: String,
    pub(super) proxy: OwnProxy,
    /// The options that were set before there was an engine.
    pub(super) options: Option<Box<KeptOptions>>,
}

impl Settings {
    const DEFAULTS: Self = Self {
        // Qt's time-out for one address.
        connect_timeout: Some(Duration::from_secs(30)),
        happy_eyeballs: true,
        read_limit: None,
        write_limit: None,
        allow_half_open: false,
        ready_read_policy: ReadyReadPolicy::NewBytes,
        pause_mode: PauseMode::NEVER,
        protocol_tag: String::new(),
        proxy: OwnProxy::UNSET,
        options: None,
    };
}

impl Default for Settings {
    fn default() -> Self {
        Self::DEFAULTS
    }
}

/// The settings of a socket on which nothing was set.
pub(super) static DEFAULTS: Settings = Settings::DEFAULTS;
