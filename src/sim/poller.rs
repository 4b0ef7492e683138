//! The clock and the poller of a runtime on a simulated host.

use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::kernel::WatcherKey;
use super::network::SimNetwork;
use crate::event_loop::{Clock, KernelPoller, Polled, Poller, Reactor};
use crate::readiness::{Readiness, SourceId};

/// The network's time.
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
}

/// How many passes a runtime is given to come to rest while time stands, and how much time goes by
/// if it does not: in a network that takes no time, programs can keep each other busy for ever.
pub(super) const MOST_PASSES: u32 = 10_000;
const BUSY: Duration = Duration::from_millis(1);

/// After how many moments, none of which was the runtime's, it is asked whether another thread has
/// something: on some networks something happens without end.
const MANY_MOMENTS: u64 = 1000;

/// Lets the network go on until something has happened to a runtime.
pub(super) struct SimPoller {
    /// For notifiers, and for what other threads post.
    kernel: KernelPoller,
    reactor: Rc<Reactor>,
    network: SimNetwork,
    watcher: WatcherKey,
    /// How many passes have come while time stood, and since when it stands.
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

    /// Says whether time has stood for so many passes that some of it is to pass, whatever there is
    /// to do: a program that always has something to do takes its time, too.
    fn is_restless(&mut self) -> bool {
        let now = self.network.elapsed();
        let (passes, since) = self.restless;
        let passes = if since == now { passes + 1 } else { 1 };
        self.restless = (passes, now);
        passes >= MOST_PASSES
    }

    /// Takes what the network has to tell. Returns `Nothing` if that is nothing.
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
        for moment in 1_u64.. {
            let heard = self.hear(ready);
            if heard != Polled::Nothing {
                return Ok(heard);
            }
            if !self.network.step_moment(limit.unwrap_or(Duration::MAX)) {
                break;
            }
            if moment % MANY_MOMENTS == 0 {
                let polled = self.kernel.poll(Some(Duration::ZERO), ready)?;
                if polled != Polled::Nothing {
                    return Ok(polled);
                }
            }
        }
        match limit {
            Some(limit) => {
                self.network.wire().agenda.pass_to(limit);
                Ok(Polled::Nothing)
            }
            // Nothing will happen any more, unless another thread has something.
            None => self.kernel.poll(None, ready),
        }
    }

    fn has_more(&self) -> bool {
        self.kernel.has_more() || self.network.wire().has_news(self.watcher)
    }
}

impl AsRawFd for SimPoller {
    fn as_raw_fd(&self) -> RawFd {
        self.kernel.as_raw_fd()
    }
}

impl Drop for SimPoller {
    fn drop(&mut self) {
        self.network.wire().watchers.remove(self.watcher);
    }
}
