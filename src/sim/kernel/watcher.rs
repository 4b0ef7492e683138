//! Watchers: the runtimes that are told what their sockets are ready for.
//!
//! As Linux tells it: when something has happened to a socket, its watcher is told once, with all
//! that the socket is ready for when it asks. What happens before it asks is told together.

use std::collections::VecDeque;
use std::time::Duration;

use slotmap::new_key_type;

use super::socket::SocketKey;
use super::wire::{Event, Wire};
use crate::readiness::{Readiness, SourceId};

new_key_type! {
    /// Names a watcher.
    pub(in crate::sim) struct WatcherKey;
}

/// Who is told of a socket, and by which number.
#[derive(Clone, Copy, Debug)]
pub(in crate::sim) struct Watch {
    pub(super) watcher: WatcherKey,
    pub(super) source: SourceId,
    /// It is to be told already.
    is_stirred: bool,
}

impl Watch {
    pub(in crate::sim) fn new(watcher: WatcherKey, source: SourceId) -> Self {
        Self { watcher, source, is_stirred: false }
    }
}

/// A runtime that is told.
#[derive(Debug, Default)]
pub(in crate::sim) struct Watcher {
    stirred: VecDeque<SocketKey>,
    /// What is said to be ready though nothing has happened.
    false_alarms: VecDeque<SourceId>,
    /// Something else has happened that may concern it.
    pub(in crate::sim) was_called: bool,
}

/// How readiness reaches a program that waits for it.
///
/// A kernel may tell late, and then of several things at once, and it may tell of something that
/// turns out to be nothing. A program that works only if it does not has a bug.
///
/// ```
/// use std::time::Duration;
/// use slotwire::sim::{SimNetwork, Unrest};
///
/// let network = SimNetwork::new(7);
/// network.set_unrest(Unrest::new().with_delay(Duration::from_millis(5)).with_false_alarms(0.1));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Unrest {
    pub(super) delay: Duration,
    pub(super) false_alarms: f64,
}

impl Unrest {
    /// None: what happens is told at once.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how late readiness may be told at most. The default is zero.
    #[must_use]
    pub fn with_delay(mut self, most: Duration) -> Self {
        self.delay = most;
        self
    }

    /// Sets how likely something is told along with something else though it is not so, from 0 to
    /// 1. The default is 0.
    ///
    /// # Panics
    ///
    /// Panics if it is not from 0 to 1.
    #[must_use]
    pub fn with_false_alarms(mut self, probability: f64) -> Self {
        assert!((0.0..=1.0).contains(&probability), "a probability is from 0 to 1");
        self.false_alarms = probability;
        self
    }
}

impl Wire {
    /// Something has happened to a socket: whoever watches it is to know.
    pub(in crate::sim) fn stir(&mut self, key: SocketKey) {
        let Some(socket) = self.sockets.get_mut(key) else { return };
        let Some(watch) = &mut socket.watch else { return };
        // A runtime may go before a socket that somebody has taken out of it.
        let Some(watcher) = self.watchers.get_mut(watch.watcher) else { return };
        if self.unrest.false_alarms > 0.0 && self.rng.f64() < self.unrest.false_alarms {
            watcher.false_alarms.push_back(watch.source);
        }
        if std::mem::replace(&mut watch.is_stirred, true) {
            return;
        }
        if self.unrest.delay.is_zero() {
            watcher.stirred.push_back(key);
        } else {
            let most = u64::try_from(self.unrest.delay.as_nanos()).unwrap_or(u64::MAX);
            let delay = Duration::from_nanos(self.rng.u64(0..=most));
            self.agenda.write(delay, Event::Tell(key));
        }
    }

    /// What was put off is told now.
    pub(super) fn tell(&mut self, key: SocketKey) {
        let Some(watch) = self.sockets.get(key).and_then(|socket| socket.watch) else { return };
        if let Some(watcher) = self.watchers.get_mut(watch.watcher) {
            watcher.stirred.push_back(key);
        }
    }

    /// Takes what a watcher is to be told next, if there is something.
    pub(in crate::sim) fn next_told(
        &mut self,
        watcher: WatcherKey,
    ) -> Option<(SourceId, Readiness)> {
        let watcher = &mut self.watchers[watcher];
        if let Some(source) = watcher.false_alarms.pop_front() {
            let readiness = Readiness { readable: true, writable: true, ..Readiness::default() };
            return Some((source, readiness));
        }
        while let Some(key) = watcher.stirred.pop_front() {
            let Some(socket) = self.sockets.get_mut(key) else { continue };
            let readiness = socket.readiness();
            if let (false, Some(stream)) = (readiness.writable, socket.stream()) {
                // There may have been room when this was to be told, and is none now.
                stream.outgoing.want_room();
            }
            let Some(watch) = &mut socket.watch else { continue };
            watch.is_stirred = false;
            if readiness != Readiness::default() {
                return Some((watch.source, readiness));
            }
        }
        None
    }

    /// Says whether a watcher has something to be told.
    pub(in crate::sim) fn has_news(&self, watcher: WatcherKey) -> bool {
        let watcher = &self.watchers[watcher];
        watcher.was_called || !watcher.stirred.is_empty() || !watcher.false_alarms.is_empty()
    }

    /// Calls a runtime back though none of its sockets is ready.
    pub(super) fn call(&mut self, watcher: WatcherKey) {
        if let Some(watcher) = self.watchers.get_mut(watcher) {
            watcher.was_called = true;
        }
    }
}
