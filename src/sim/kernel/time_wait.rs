//! What a host remembers of connections that were closed without an error, as in TCP's states
//! FIN-WAIT-2 and TIME-WAIT.
//!
//! The peer may still send its end, or repeat an earlier segment, and gets an acknowledgement. The
//! answer to any other segment, or for a connection that is not remembered, is a reset.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::host::SimHost;
use super::socket::SocketKey;
use super::stream::{Incoming, Segment};

/// How long a host remembers a connection, as on Linux.
const LIFETIME: Duration = Duration::from_secs(60);

/// The connections that the hosts remember.
#[derive(Debug, Default)]
pub(super) struct TimeWaits {
    entries: BTreeMap<SocketKey, TimeWait>,
    /// When each connection is forgotten, in order. A renewed entry is here twice.
    order: VecDeque<(Duration, SocketKey)>,
}

/// A connection whose outgoing direction is closed and acknowledged.
#[derive(Debug)]
struct TimeWait {
    host: SimHost,
    /// The place in the incoming direction up to which all bytes have come, the end included.
    place: u64,
    /// The incoming direction is closed as well.
    has_ended: bool,
    until: Duration,
}

impl TimeWaits {
    /// Remembers a connection.
    pub(super) fn add(
        &mut self,
        now: Duration,
        key: SocketKey,
        host: SimHost,
        incoming: &Incoming,
    ) {
        let (place, has_ended) = (incoming.place(), incoming.has_ended());
        let until = now.saturating_add(LIFETIME);
        self.entries.insert(key, TimeWait { host, place, has_ended, until });
        self.order.push_back((until, key));
        self.forget_old(now);
    }

    /// Takes the end of the incoming direction, or a repeated segment. Returns the place up to
    /// which all bytes have come, for an acknowledgement; `None` if the answer is a reset.
    pub(super) fn take_in(
        &mut self,
        now: Duration,
        key: SocketKey,
        segment: &Segment,
    ) -> Option<u64> {
        self.forget_old(now);
        let entry = self.entries.get_mut(&key)?;
        let is_end = segment.bytes.is_empty() && segment.is_last;
        if is_end && segment.start == entry.place && !entry.has_ended {
            (entry.place, entry.has_ended) = (segment.end(), true);
            entry.until = now.saturating_add(LIFETIME);
            self.order.push_back((entry.until, key));
        }
        (segment.end() <= entry.place).then_some(entry.place)
    }

    /// Returns true if the host remembers the connection.
    pub(super) fn knows(&mut self, now: Duration, key: SocketKey) -> bool {
        self.forget_old(now);
        self.entries.contains_key(&key)
    }

    /// Forgets a connection.
    pub(super) fn forget(&mut self, key: SocketKey) {
        self.entries.remove(&key);
    }

    /// Forgets all connections of a host that goes down.
    pub(super) fn forget_host(&mut self, host: SimHost) {
        self.entries.retain(|_, entry| entry.host != host);
    }

    fn forget_old(&mut self, now: Duration) {
        while let Some(&(until, key)) = self.order.front()
            && until <= now
        {
            self.order.pop_front();
            if self.entries.get(&key).is_some_and(|entry| entry.until <= now) {
                self.entries.remove(&key);
            }
        }
    }
}
