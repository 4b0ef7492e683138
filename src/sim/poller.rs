//! The clock and the poller of a runtime on a simulated host.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

use super::kernel::WatcherKey;
use super::network::SimNetwork;
use crate::event_loop::{Clock, KernelPoller, Polled, Poller, Reactor};
use crate::readiness::{Readiness, SourceId};

/// The clock of the network.
#[derive(Debug)]
pub(super) struct SimClock {
    network: SimNetwork,
}

impl SimClock {
    pub(super) fn new(network: &SimNetwork) -> Self {
        Self { network: network.clone() }
    }
}

impl Clock for SimClock {
    fn now(&self) -> Instant {
        self.network.moment(self.network.elapsed())
    }

    fn system_time(&self) -> SystemTime {
        self.network.system_time()
    }
}

/// After `MOST_PASSES` passes without rest at one time, the time `BUSY` passes. Otherwise programs
/// on a network without latency could keep each other busy for ever.
pub(super) const MOST_PASSES: u32 = 10_000;
const BUSY: Duration = Duration::from_millis(1);

/// After how many events for other runtimes the kernel is polled for posts of other threads. On
/// some networks the events never end.
const MANY_MOMENTS: usize = 1000;

/// Carries out the events of the network until there is one for the runtime.
pub(super) struct SimPoller {
    /// For notifiers, and for posts of other threads.
    kernel: KernelPoller,
    reactor: Rc<Reactor>,
    network: SimNetwork,
    watcher: WatcherKey,
    /// The number of passes at the same time, and this time.
    restless: (u32, Duration),
}

impl SimPoller {
    pub(super) fn new(
        kernel: KernelPoller,
        reactor: Rc<Reactor>,
        network: SimNetwork,
        watcher: WatcherKey,
    ) -> Self {
        Self { kernel, reactor, network, watcher, restless: (0, Duration::ZERO) }
    }

    /// Counts a pass. Returns true if there were so many passes at the same time that time must
    /// pass, as for a real program that always has something to do.
    fn is_restless(&mut self) -> bool {
        let now = self.network.elapsed();
        let (passes, since) = self.restless;
        let passes = if since == now { passes + 1 } else { 1 };
        self.restless = (passes, now);
        passes >= MOST_PASSES
    }

    /// Takes the reports for the runtime. Returns `Nothing` if there are none.
    fn hear(&self, ready: &mut Vec<(SourceId, Readiness)>) -> Polled {
        let wire = &mut *self.network.wire();
        wire.catch_up();
        let was_called = std::mem::take(&mut wire.watchers[self.watcher].was_called);
        let before = ready.len();
        ready.extend(std::iter::from_fn(|| wire.next_told(self.watcher)));
        match ready.len() > before {
            _ if was_called => Polled::Called,
            true => Polled::Something,
            false => Polled::Nothing,
        }
    }
}

impl Poller for SimPoller {
    fn poll(
        &mut self,
        timeout: Option<Duration>,
        ready: &mut Vec<(SourceId, Readiness)>,
    ) -> io::Result<Polled> {
        if self.is_restless() {
            self.network.advance(BUSY);
        }
        let limit = timeout.map(|timeout| self.network.elapsed().saturating_add(timeout));
        if self.reactor.has_kernel_sources() {
            let polled = self.kernel.poll(Some(Duration::ZERO), ready)?;
            if polled != Polled::Nothing {
                let heard = self.hear(ready);
                return Ok(if heard == Polled::Nothing { polled } else { heard });
            }
        }
        'events: loop {
            for _ in 0..MANY_MOMENTS {
                let heard = self.hear(ready);
                if heard != Polled::Nothing {
                    return Ok(heard);
                }
                if !self.network.step_moment(limit.unwrap_or(Duration::MAX)) {
                    break 'events;
                }
            }
            let polled = self.kernel.poll(Some(Duration::ZERO), ready)?;
            if polled != Polled::Nothing {
                return Ok(polled);
            }
        }
        match limit {
            Some(limit) => {
                self.network.wire().agenda.pass_to(limit);
                Ok(Polled::Nothing)
            }
            // No event is left on the network, so only another thread can post something.
            None => self.kernel.poll(None, ready),
        }
    }

    fn has_more(&self) -> bool {
        self.kernel.has_more() || self.network.wire().has_news(self.watcher)
    }
}

impl AsFd for SimPoller {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.kernel.as_fd()
    }
}

impl Drop for SimPoller {
    fn drop(&mut self) {
        self.network.wire().watchers.remove(self.watcher);
    }
}
