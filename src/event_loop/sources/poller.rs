//! Pollers: where a loop waits for what happens outside of it.
//!
//! The kernel's is mio's. Another can take its place, or stand before it, where sources become
//! ready in another way.

use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

use mio::{Events, Poll, Registry, Waker};

use super::source_table::WAKER;
use crate::readiness::{Readiness, SourceId};

/// How many events the kernel tells at once.
pub(in crate::event_loop) const EVENTS: usize = 1024;

/// Where a loop waits. Its descriptor is readable when the kernel has something to tell.
pub(crate) trait Poller: AsRawFd {
    /// Waits up to `timeout` (for ever if it is `None`) until a source is ready; adds those that
    /// are to `ready`.
    fn poll(
        &mut self,
        timeout: Option<Duration>,
        ready: &mut Vec<(SourceId, Readiness)>,
    ) -> io::Result<Polled>;

    /// Returns true if the last poll may have left something untold.
    fn has_more(&self) -> bool;
}

/// How a poll ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Polled {
    /// The time passed and nothing came.
    Nothing,
    /// Nothing came but what wakes the loop: a call of another thread, or the echo of work that was
    /// done meanwhile.
    Woken,
    /// Sources came. They may be gone already.
    Something,
    /// Something came that is no source's, and that the caller of the loop may want to look at.
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

    /// What ends a sleep from another thread. There is to be one.
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
        match self.poll.poll(&mut self.events, timeout) {
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

impl AsRawFd for KernelPoller {
    fn as_raw_fd(&self) -> RawFd {
        self.poll.as_raw_fd()
    }
}
