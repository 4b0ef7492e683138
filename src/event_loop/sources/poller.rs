//! Pollers: where a loop waits for its sources.
//!
//! The kernel's poller is mio's. Where sources become ready in another way, another poller replaces
//! it or calls it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use mio::{Events, Poll, Registry, Waker};

use super::source_table::WAKER;
use crate::readiness::{Readiness, SourceId};

/// How many events the kernel reports in one call.
pub(in crate::event_loop) const EVENTS: usize = 1024;

/// Where a loop waits. The descriptor is readable when the kernel has something to report.
pub(crate) trait Poller: AsFd {
    /// Waits up to `timeout` (for ever if `None`) until a source is ready. Adds the ready sources to
    /// `ready`.
    fn poll(
        &mut self,
        timeout: Option<Duration>,
        ready: &mut Vec<(SourceId, Readiness)>,
    ) -> io::Result<Polled>;

    /// Returns true if the last poll may not have reported all ready sources.
    fn has_more(&self) -> bool;
}

/// How a poll ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Polled {
    /// The time has passed, and nothing was reported.
    Nothing,
    /// The waker alone was reported: for a call of another thread, or for work that the loop has
    /// done meanwhile.
    Woken,
    /// Sources were reported. They may be gone already.
    Something,
    /// Something was reported that is no source, and that the caller of the loop may have to see.
    #[cfg(feature = "sim")]
    Called,
}

/// The kernel's poller.
pub(crate) struct KernelPoller {
    poll: Poll,
    events: Events,
    /// The last batch of events was full, so there may be another.
    has_more: bool,
}

impl KernelPoller {
    pub(in crate::event_loop) fn new() -> io::Result<Self> {
        Ok(Self { poll: Poll::new()?, events: Events::with_capacity(EVENTS), has_more: false })
    }

    /// Makes the waker by which another thread ends a sleep. A poller has one waker.
    pub(in crate::event_loop) fn waker(&self) -> io::Result<Waker> {
        Waker::new(self.poll.registry(), WAKER)
    }

    pub(in crate::event_loop) fn registry(&self) -> io::Result<Registry> {
        self.poll.registry().try_clone()
    }
}

impl Poller for KernelPoller {
    fn poll(
        &mut self,
        timeout: Option<Duration>,
        ready: &mut Vec<(SourceId, Readiness)>,
    ) -> io::Result<Polled> {
        // Most polls do not sleep. Their time is a constant here, which the compiler converts.
        let polled = match timeout {
            Some(Duration::ZERO) => self.poll.poll(&mut self.events, Some(Duration::ZERO)),
            timeout => self.poll.poll(&mut self.events, timeout),
        };
        match polled {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => self.events.clear(),
            Err(error) => return Err(error),
        }
        let before = ready.len();
        let mut batch = 0;
        for event in &self.events {
            batch += 1;
            if let Some(source) = SourceId::of(event.token()) {
                ready.push((source, Readiness::of(event)));
            }
        }
        self.has_more = batch == EVENTS;
        Ok(match batch {
            0 => Polled::Nothing,
            _ if ready.len() == before => Polled::Woken,
            _ => Polled::Something,
        })
    }

    fn has_more(&self) -> bool {
        self.has_more
    }
}

impl AsFd for KernelPoller {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.poll.registry().as_fd()
    }
}
