//! `Protocol`: a conversation with a proxy, without input and output.

use std::fmt;

use crate::net::engine::Address;
use crate::net::values::EngineFailure;

/// The user and the password for a proxy. Both are empty if there are none.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Credentials {
    pub(super) user: String,
    pub(super) password: String,
}

impl Credentials {
    pub(super) fn is_empty(&self) -> bool {
        self.user.is_empty() && self.password.is_empty()
    }
}

/// What comes next in a conversation.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The proxy has to say more.
    Listen,
    /// The conversation begins anew, with the same credentials.
    #[cfg_attr(not(feature = "http-proxy"), expect(dead_code, reason = "only HTTP says this"))]
    Again(Over),
    /// The proxy wants credentials, or other ones. With them, the conversation begins anew.
    Authenticate {
        /// What the proxy says of the credentials that it wants: names and values. Empty if the
        /// protocol says nothing of them.
        options: Vec<(&'static str, String)>,
        over: Over,
    },
    /// The proxy has done what it was asked for. From now on, bytes are no longer the proxy's.
    Granted {
        /// The address that the proxy uses for it, if the proxy has said it: the one by which it
        /// reaches the peer, or to which it wants datagrams.
        address: Option<Address>,
    },
}

/// The connection on which a conversation begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    #[cfg_attr(not(feature = "http-proxy"), expect(dead_code, reason = "only HTTP says this"))]
    SameLink,
    NewLink,
}

#[cfg(feature = "http-proxy")]
impl Next {
    /// Returns the same on another connection.
    pub(super) fn over_new_link(self) -> Self {
        match self {
            Self::Again(_) => Self::Again(Over::NewLink),
            Self::Authenticate { options, .. } => {
                Self::Authenticate { options, over: Over::NewLink }
            }
            other => other,
        }
    }
}

/// A conversation with a proxy.
///
/// Takes no more of `heard` than belongs to the conversation, wherever the pieces begin and end.
pub(super) trait Protocol: fmt::Debug {
    /// Begins anew, on a new connection or after [`Over::SameLink`], and returns what is said first.
    fn begin(&mut self, credentials: &Credentials) -> Result<Vec<u8>, EngineFailure>;

    /// Takes what the proxy has said out of `heard`, and appends what is to be said to `said`. If
    /// something is to be said, it is sent before the next call, even if the proxy has answered it
    /// already.
    fn go_on(&mut self, heard: &mut Vec<u8>, said: &mut Vec<u8>) -> Result<Next, EngineFailure>;

    /// Called when the connection has ended. Returns what comes next, if the proxy has said enough
    /// for that; otherwise the conversation has failed.
    fn on_end(&mut self) -> Option<Next> {
        None
    }
}

/// Shows neither the user nor the password.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}
