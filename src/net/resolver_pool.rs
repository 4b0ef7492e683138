//! The threads in which names are looked up: the system's resolver blocks.
//!
//! Keeps one promise: whoever asks is answered once, or has called it off; and no name that hangs
//! in the system's resolver keeps the others from being looked up, as long as those who asked for
//! it lose their patience at some time. One pool serves the whole process. The caches are the
//! runtimes' own, in `resolver.rs`; what is to be done in which order is in `lookup_queue.rs`.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use super::engine::{Lookup, OnResolved};
use super::lookup_queue::{LookupQueue, Ticket};
use super::system_resolver;

/// How many names that somebody waits for are looked up at the same time, as in Qt.
const MAX_AWAITED: usize = 20;

/// How many threads there are at most, with those that hang in a lookup that nobody waits for.
const MAX_WORKERS: usize = 64;

/// How long a thread without work stays.
const IDLE: Duration = Duration::from_secs(10);

/// Why a name has no addresses; many askers may get the same answer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{reason}")]
pub(super) struct LookupFailure {
    /// `NotFound` if there is no such name.
    pub(super) kind: io::ErrorKind,
    pub(super) reason: Arc<str>,
}

/// Blocks until it knows the addresses of a name.
pub(super) type LookUp = dyn Fn(&str) -> Result<Vec<SocketAddr>, LookupFailure> + Send + Sync;

/// Looks up names off the loop's thread.
pub(super) struct ResolverPool {
    shared: Arc<Shared>,
}

struct Shared {
    staff: Mutex<Staff>,
    /// There is work, or no more to come.
    news: Condvar,
    look_up: Box<LookUp>,
    idle: Duration,
}

struct Staff {
    queue: LookupQueue<OnResolved>,
    workers: usize,
    idle: usize,
    closed: bool,
}

impl ResolverPool {
    /// The pool of this process, which asks the system.
    pub(super) fn of_process() -> Arc<Self> {
        static POOL: OnceLock<Arc<ResolverPool>> = OnceLock::new();
        let system = || Arc::new(Self::new(Box::new(system_resolver::look_up), IDLE));
        POOL.get_or_init(system).clone()
    }

    /// A pool that asks `look_up`, and whose threads leave after this time without work.
    pub(super) fn new(look_up: Box<LookUp>, idle: Duration) -> Self {
        let queue = LookupQueue::new();
        let staff = Mutex::new(Staff { queue, workers: 0, idle: 0, closed: false });
        Self { shared: Arc::new(Shared { staff, news: Condvar::new(), look_up, idle }) }
    }

    /// Looks up a name and calls `on_resolved` from one of the pool's threads; from here if there
    /// is no thread to be had.
    pub(super) fn resolve(&self, name: &str, on_resolved: OnResolved) -> Lookup {
        let shared = &self.shared;
        let mut staff = shared.lock();
        let ticket = staff.queue.ask(name, on_resolved);
        if let Err(error) = shared.hire(&mut staff)
            && staff.workers == staff.queue.abandoned()
            && let Some(on_resolved) = staff.queue.cancel(&ticket)
        {
            drop(staff);
            on_resolved(Err(error));
            return Lookup::finished();
        }
        drop(staff);
        let shared = shared.clone();
        Lookup::new(move || shared.cancel(&ticket))
    }
}

impl Drop for ResolverPool {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.news.notify_all();
    }
}

impl fmt::Debug for ResolverPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let staff = self.shared.lock();
        f.debug_struct("ResolverPool")
            .field("workers", &staff.workers)
            .field("idle", &staff.idle)
            .field("waiting", &staff.queue.waiting())
            .field("abandoned", &staff.queue.abandoned())
            .finish()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Staff> {
        // Nothing that holds the lock calls anybody, so nothing panics half-way.
        self.staff.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sees to it that somebody does the work that waits, if there is room for one more.
    fn hire(self: &Arc<Self>, staff: &mut Staff) -> io::Result<()> {
        if staff.queue.waiting() <= staff.idle {
            self.news.notify_one();
            return Ok(());
        }
        let awaited = staff.workers - staff.queue.abandoned().min(staff.workers);
        if awaited < MAX_AWAITED && staff.workers < MAX_WORKERS {
            let shared = self.clone();
            let named = thread::Builder::new().name("slotwire-resolver".to_owned());
            // Never joined: one that hangs is left behind when the process ends.
            named.spawn(move || shared.work())?;
            staff.workers += 1;
        }
        Ok(())
    }

    fn cancel(self: &Arc<Self>, ticket: &Ticket) {
        let mut staff = self.lock();
        let on_resolved = staff.queue.cancel(ticket);
        // A name that nobody waits for any more may be hanging, so somebody else goes on. Without
        // a thread for that, the next who asks or who comes back does.
        if staff.queue.waiting() > 0 {
            let _ = self.hire(&mut staff);
        }
        drop(staff);
        // Outside the lock: what it captured may do anything when it goes.
        drop(on_resolved);
    }

    /// Looks up names until there are none for a while.
    fn work(&self) {
        let mut staff = self.lock();
        loop {
            let awaited = staff.workers - staff.queue.abandoned().min(staff.workers);
            if staff.closed || awaited > MAX_AWAITED {
                break;
            }
            let Some(name) = staff.queue.begin() else {
                staff.idle += 1;
                let (back, waited) = self
                    .news
                    .wait_timeout(staff, self.idle)
                    .unwrap_or_else(PoisonError::into_inner);
                staff = back;
                staff.idle -= 1;
                if waited.timed_out() && staff.queue.waiting() == 0 {
                    break;
                }
                continue;
            };
            drop(staff);
            let answer = (self.look_up)(&name);
            let askers = self.lock().queue.answer(&name);
            for on_resolved in askers {
                on_resolved(
                    answer.clone().map_err(|failure| io::Error::new(failure.kind, failure)),
                );
            }
            staff = self.lock();
        }
        staff.workers -= 1;
    }
}
