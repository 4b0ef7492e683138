//! The sessions of a configuration that can be resumed.
//!
//! A session that is resumed shows no certificate again. So both stores keep two promises: a session
//! is never kept if an error in its peer's certificate was let pass, and none is given out that is
//! older than [`LIFE`], by the clock of the runtime. The TLS library itself looks at the life that a
//! server has announced, but a server of TLS 1.2 announces none, and as a server it resumes whatever
//! its store has.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustls::NamedGroup;
use rustls::client::{
    ClientSessionMemoryCache, ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue,
};
use rustls::pki_types::{ServerName, UnixTime};
use rustls::server::{ServerSessionMemoryCache, StoresServerSessions};
use rustls::time_provider::TimeProvider;

use super::hearing::{self, HearingClock};

/// How many sessions a configuration keeps.
pub(super) const SESSIONS: usize = 256;
/// How long a session may be resumed: as long as rustls announces its tickets, and as RFC 5246
/// suggests for sessions of TLS 1.2 (appendix F.1.4).
const LIFE: Duration = Duration::from_secs(24 * 60 * 60);
/// From how many distrusted names on no session is kept.
const MANY_NAMES: usize = 1024;

/// The sessions of a client, by the names of their servers.
#[derive(Debug)]
pub(super) struct ClientSessions {
    /// The kinds of key exchange that the servers like. It is asked for nothing else.
    hints: ClientSessionMemoryCache,
    of_tls12: Kept<Tls12ClientSessionValue>,
    of_tls13: Kept<Tls13ClientSessionValue>,
    is_on: bool,
    /// The servers with a certificate that was wrong once.
    distrusted: Mutex<HashSet<ServerName<'static>>>,
}

impl ClientSessions {
    pub(super) fn new(is_on: bool) -> Self {
        Self {
            hints: ClientSessionMemoryCache::new(SESSIONS),
            of_tls12: Kept::new(1),
            of_tls13: Kept::new(8),
            is_on,
            distrusted: Mutex::default(),
        }
    }

    /// From now on keeps no session with the server of this name.
    pub(super) fn distrust(&self, name: &ServerName<'_>) {
        let mut names = locked(&self.distrusted);
        if names.len() < MANY_NAMES {
            names.insert(name.to_owned());
        }
    }

    fn trusts(&self, name: &ServerName<'_>) -> bool {
        if !self.is_on {
            return false;
        }
        let names = locked(&self.distrusted);
        names.is_empty() || names.len() < MANY_NAMES && !names.contains(&name.to_owned())
    }
}

impl ClientSessionStore for ClientSessions {
    fn set_kx_hint(&self, server_name: ServerName<'static>, group: NamedGroup) {
        self.hints.set_kx_hint(server_name, group);
    }

    fn kx_hint(&self, server_name: &ServerName<'_>) -> Option<NamedGroup> {
        self.hints.kx_hint(server_name)
    }

    fn set_tls12_session(&self, server_name: ServerName<'static>, value: Tls12ClientSessionValue) {
        if self.trusts(&server_name) {
            self.of_tls12.put(server_name, value);
        }
    }

    fn tls12_session(&self, server_name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.trusts(server_name).then(|| self.of_tls12.newest(server_name)).flatten()
    }

    fn remove_tls12_session(&self, server_name: &ServerName<'static>) {
        self.of_tls12.take_newest(server_name);
    }

    fn insert_tls13_ticket(
        &self,
        server_name: ServerName<'static>,
        value: Tls13ClientSessionValue,
    ) {
        hearing::note_ticket();
        if self.trusts(&server_name) {
            self.of_tls13.put(server_name, value);
        }
    }

    fn take_tls13_ticket(
        &self,
        server_name: &ServerName<'static>,
    ) -> Option<Tls13ClientSessionValue> {
        self.trusts(server_name).then(|| self.of_tls13.take_newest(server_name)).flatten()
    }
}

/// Sessions with servers, the oldest first.
#[derive(Debug)]
pub(super) struct Kept<V> {
    sessions: Mutex<VecDeque<(ServerName<'static>, UnixTime, V)>>,
    /// How many sessions with one server are kept.
    of_one: usize,
}

impl<V> Kept<V> {
    pub(super) fn new(of_one: usize) -> Self {
        Self { sessions: Mutex::default(), of_one }
    }

    /// Keeps a session that begins now. It takes the place of an older one if there are too many.
    pub(super) fn put(&self, name: ServerName<'static>, session: V) {
        let mut sessions = locked(&self.sessions);
        let mut of_name = sessions.iter().enumerate().filter(|(_, (other, ..))| *other == name);
        let superfluous = match of_name.clone().count() < self.of_one {
            true => (sessions.len() >= SESSIONS).then_some(0),
            false => of_name.next().map(|(place, _)| place),
        };
        if let Some(place) = superfluous {
            sessions.remove(place);
        }
        sessions.push_back((name, now(), session));
    }

    /// Returns the newest session with this server, if it is not too old.
    pub(super) fn newest(&self, name: &ServerName<'_>) -> Option<V>
    where
        V: Clone,
    {
        let sessions = locked(&self.sessions);
        let (_, began, session) = sessions.iter().rfind(|(other, ..)| other == name)?;
        is_alive(*began).then(|| session.clone())
    }

    /// Takes the newest session with this server out. Returns it if it is not too old.
    pub(super) fn take_newest(&self, name: &ServerName<'_>) -> Option<V> {
        let mut sessions = locked(&self.sessions);
        let place = sessions.iter().rposition(|(other, ..)| other == name)?;
        let (_, began, session) = sessions.remove(place)?;
        is_alive(began).then_some(session)
    }
}

/// The sessions of a server: all that it keeps.
#[derive(Debug)]
pub(super) struct ServerSessions(Arc<ServerSessionMemoryCache>);

impl ServerSessions {
    pub(super) fn new() -> Self {
        Self(ServerSessionMemoryCache::new(SESSIONS))
    }

    /// Returns the session that is kept in these bytes, if it is not too old.
    fn alive(kept: Vec<u8>) -> Option<Vec<u8>> {
        let (began, session) = kept.split_first_chunk()?;
        let began = Duration::from_secs(u64::from_be_bytes(*began));
        is_alive(UnixTime::since_unix_epoch(began)).then(|| session.to_vec())
    }
}

impl StoresServerSessions for ServerSessions {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        self.0.put(key, [&now().as_secs().to_be_bytes(), &*value].concat())
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.0.get(key).and_then(Self::alive)
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.0.take(key).and_then(Self::alive)
    }

    fn can_cache(&self) -> bool {
        true
    }
}

/// The sessions of a server, as one of its connections sees them.
#[derive(Debug)]
pub(super) struct SessionsOfOne {
    pub(super) kept: Arc<ServerSessions>,
    /// True if this connection's client has a certificate that is wrong.
    pub(super) is_distrusted: Arc<AtomicBool>,
}

impl StoresServerSessions for SessionsOfOne {
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

/// Returns the time of the session that the TLS library works for.
fn now() -> UnixTime {
    HearingClock.current_time().unwrap_or_else(UnixTime::now)
}

/// Returns true if a session that began at this time may be resumed. A session that begins later than
/// now may not: the clock was set back, so its age is not known.
fn is_alive(began: UnixTime) -> bool {
    now().as_secs().checked_sub(began.as_secs()).is_some_and(|age| age <= LIFE.as_secs())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
