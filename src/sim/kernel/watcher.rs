//! Watchers: runtimes that receive the readiness of their sockets.
//!
//! As on Linux, an event at a socket causes one report to its watcher. The watcher fetches the
//! report later. The report then has the whole readiness of the socket, and covers all events until
//! then.

use std::collections::VecDeque;
use std::time::Duration;

use slotmap::new_key_type;

use super::socket::SocketKey;
use super::wire::{Event, Wire, happens};
use crate::readiness::{Readiness, SourceId};

new_key_type! {
    /// Identifies a watcher.
    pub(in crate::sim) struct WatcherKey;
}

/// The watcher of a socket, and the socket's number there.
#[derive(Clone, Copy, Debug)]
pub(in crate::sim) struct Watch {
    pub(super) watcher: WatcherKey,
    pub(super) source: SourceId,
    /// A report of the socket is due already.
    is_stirred: bool,
}

impl Watch {
    pub(in crate::sim) fn new(watcher: WatcherKey, source: SourceId) -> Self {
        Self { watcher, source, is_stirred: false }
    }
}

/// A runtime that watches sockets.
#[derive(Debug, Default)]
pub(in crate::sim) struct Watcher {
    stirred: VecDeque<SocketKey>,
    /// The sockets to be reported as ready though nothing has happened.
    false_alarms: VecDeque<SourceId>,
    /// Another event has happened that may concern the runtime.
    pub(in crate::sim) was_called: bool,
}

/// How a host's kernel reports readiness.
///
/// A kernel may report several events late and together, and may report readiness that turns out
/// false. A program that does not work then has a bug.
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
    /// Creates the default: each event is reported at once.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the maximum delay of a report. The default is zero.
    #[must_use]
    pub fn with_delay(mut self, most: Duration) -> Self {
        self.delay = most;
        self
    }

    /// Sets the probability that an event also causes a false report, from 0 to 1. The default is
    /// 0.
    ///
    /// # Panics
    ///
    /// Panics if the probability is not from 0 to 1.
    #[must_use]
    pub fn with_false_alarms(mut self, probability: f64) -> Self {
        assert!((0.0..=1.0).contains(&probability), "a probability must be from 0 to 1");
        self.false_alarms = probability;
        self
    }
}

impl Wire {
    /// Makes a report due to the socket's watcher, since an event has happened at the socket.
    pub(in crate::sim) fn stir(&mut self, key: SocketKey) {
        let Some(socket) = self.sockets.get_mut(key) else { return };
        let Some(watch) = &mut socket.watch else { return };
        // A socket may outlive the runtime that watched it.
        let Some(watcher) = self.watchers.get_mut(watch.watcher) else { return };
        if happens(&mut self.rng, self.unrest.false_alarms) {
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

    /// Makes a delayed report available now.
    pub(super) fn tell(&mut self, key: SocketKey) {
        let Some(watch) = self.sockets.get(key).and_then(|socket| socket.watch) else { return };
        if let Some(watcher) = self.watchers.get_mut(watch.watcher) {
            watcher.stirred.push_back(key);
        }
    }

    /// Takes the next report for a watcher, if there is one.
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
                // There may have been room at the time of the event, and none now.
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

    /// Returns true if there is a report for the watcher.
    pub(in crate::sim) fn has_news(&self, watcher: WatcherKey) -> bool {
        let watcher = &self.watchers[watcher];
        watcher.was_called || !watcher.stirred.is_empty() || !watcher.false_alarms.is_empty()
    }

    /// Makes a runtime's poll return though none of its sockets is ready.
    pub(super) fn call(&mut self, watcher: WatcherKey) {
        if let Some(watcher) = self.watchers.get_mut(watcher) {
            watcher.was_called = true;
        }
    }
}
