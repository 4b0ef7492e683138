//! The question for the addresses of a host, which a socket asks while it connects.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::net::names::Lookup;
use crate::net::shared::Home;
use crate::sync::{Mutex, MutexGuard, PoisonError};

/// A pending lookup. Dropping it aborts the lookup.
pub(super) struct HostQuestion {
    _lookup: Lookup,
    answer: Arc<Answer>,
}

/// Where any thread puts the answer.
type Answer = Mutex<Option<io::Result<Vec<SocketAddr>>>>;

impl HostQuestion {
    /// Asks for the addresses of a name. The socket is woken when the answer has come.
    pub(super) fn ask(home: &Home, name: &str) -> Self {
        let answer = Arc::<Answer>::default();
        let (remote, key, desk) = (home.remote.clone(), home.key(), answer.clone());
        let on_resolved = Box::new(move |found| {
            *lock(&desk) = Some(found);
            // Fails if the runtime is gone, and the socket with it.
            let _ = remote.post(move |world| world.postpone_answer(key));
        });
        Self { _lookup: home.network.resolve(name, on_resolved), answer }
    }

    pub(super) fn take_answer(&self) -> Option<io::Result<Vec<SocketAddr>>> {
        lock(&self.answer).take()
    }
}

fn lock(answer: &Answer) -> MutexGuard<'_, Option<io::Result<Vec<SocketAddr>>>> {
    // Nothing can panic while it holds the lock and leave a half-written answer.
    answer.lock().unwrap_or_else(PoisonError::into_inner)
}
