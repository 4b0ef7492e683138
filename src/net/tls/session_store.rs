//! The sessions of a configuration that can be resumed.
//!
//! A session that is resumed shows no certificate again. So both stores keep one promise: a session
//! is never kept if an error in its peer's certificate was let pass.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::NamedGroup;
use rustls::client::{
    ClientSessionMemoryCache, ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue,
};
use rustls::pki_types::ServerName;
use rustls::server::{ServerSessionMemoryCache, StoresServerSessions};

use super::hearing;

/// How many sessions a configuration keeps.
pub(super) const SESSIONS: usize = 256;
/// From how many distrusted names on no session is kept.
const MANY_NAMES: usize = 1024;

/// The sessions of a client, by the names of their servers.
#[derive(Debug)]
pub(super) struct ClientSessions {
    kept: ClientSessionMemoryCache,
    is_on: bool,
    /// The servers with a certificate that was wrong once.
    distrusted: Mutex<HashSet<ServerName<'static>>>,
}

impl ClientSessions {
    pub(super) fn new(is_on: bool) -> Self {
        Self { kept: ClientSessionMemoryCache::new(SESSIONS), is_on, distrusted: Mutex::default() }
    }

    /// From now on keeps no session with the server of this name.
    pub(super) fn distrust(&self, name: &ServerName<'_>) {
        let mut names = self.distrusted.lock().unwrap_or_else(PoisonError::into_inner);
        if names.len() < MANY_NAMES {
            names.insert(name.to_owned());
        }
    }

    fn trusts(&self, name: &ServerName<'_>) -> bool {
        if !self.is_on {
            return false;
        }
        let names = self.distrusted.lock().unwrap_or_else(PoisonError::into_inner);
        names.is_empty() || names.len() < MANY_NAMES && !names.contains(&name.to_owned())
    }
}

impl ClientSessionStore for ClientSessions {
    fn set_kx_hint(&self, server_name: ServerName<'static>, group: NamedGroup) {
        self.kept.set_kx_hint(server_name, group);
    }

    fn kx_hint(&self, server_name: &ServerName<'_>) -> Option<NamedGroup> {
        self.kept.kx_hint(server_name)
    }

    fn set_tls12_session(&self, server_name: ServerName<'static>, value: Tls12ClientSessionValue) {
        if self.trusts(&server_name) {
            self.kept.set_tls12_session(server_name, value);
        }
    }

    fn tls12_session(&self, server_name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.trusts(server_name).then(|| self.kept.tls12_session(server_name)).flatten()
    }

    fn remove_tls12_session(&self, server_name: &ServerName<'static>) {
        self.kept.remove_tls12_session(server_name);
    }

    fn insert_tls13_ticket(
        &self,
        server_name: ServerName<'static>,
        value: Tls13ClientSessionValue,
    ) {
        hearing::note_ticket();
        if self.trusts(&server_name) {
            self.kept.insert_tls13_ticket(server_name, value);
        }
    }

    fn take_tls13_ticket(
        &self,
        server_name: &ServerName<'static>,
    ) -> Option<Tls13ClientSessionValue> {
        self.trusts(server_name).then(|| self.kept.take_tls13_ticket(server_name)).flatten()
    }
}

/// The sessions of a server, as one of its connections sees them.
#[derive(Debug)]
pub(super) struct ServerSessions {
    pub(super) kept: Arc<ServerSessionMemoryCache>,
    /// True if this connection's client has a certificate that is wrong.
    pub(super) is_distrusted: Arc<AtomicBool>,
}

impl StoresServerSessions for ServerSessions {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        !self.is_distrusted.load(Ordering::Relaxed) && self.kept.put(key, value)
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.kept.get(key)
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.kept.take(key)
    }

    fn can_cache(&self) -> bool {
        true
    }
}
