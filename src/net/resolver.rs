//! Looking up host names for one runtime: what is remembered, and who is asked for the rest.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::engine::{Lookup, OnResolved};
use super::host_cache::HostCache;
use super::resolver_pool::ResolverPool;
use super::system_resolver;
use crate::event_loop::Timers;

/// Looks up names by the threads of the process and a cache of the runtime: the one is dear, and
/// the other goes by the runtime's clock.
#[derive(Debug)]
pub(super) struct Resolver {
    pool: Arc<ResolverPool>,
    cache: Arc<Mutex<HostCache>>,
    clock: Rc<Timers>,
}

impl Resolver {
    pub(super) fn new(pool: Arc<ResolverPool>, clock: Rc<Timers>) -> Self {
        Self { pool, cache: Arc::default(), clock }
    }

    /// Looks up a name. `on_resolved` is called from any thread, and from here if the answer is
    /// known already.
    pub(super) fn resolve(&self, name: &str, on_resolved: OnResolved) -> Lookup {
        if let Some(failure) = system_resolver::refusal(name) {
            on_resolved(Err(io::Error::new(failure.kind, failure)));
            return Lookup::finished();
        }
        let asked = self.clock.now();
        let cache = lock(&self.cache);
        let (known, epoch) = (cache.find(name, asked), cache.epoch());
        drop(cache);
        if let Some(addresses) = known {
            on_resolved(Ok(addresses));
            return Lookup::finished();
        }
        let (cache, owned_name) = (self.cache.clone(), name.to_owned());
        let remember = move |answer: io::Result<Vec<SocketAddr>>| {
            if let Ok(addresses) = &answer {
                lock(&cache).put(epoch, owned_name, asked, addresses.clone());
            }
            on_resolved(answer);
        };
        self.pool.resolve(name, Box::new(remember))
    }

    /// Forgets what was found so far.
    pub(super) fn clear_cache(&self) {
        lock(&self.cache).clear();
    }
}

fn lock(cache: &Mutex<HostCache>) -> MutexGuard<'_, HostCache> {
    // Nothing that holds the lock calls anybody, so nothing panics half-way.
    cache.lock().unwrap_or_else(PoisonError::into_inner)
}
