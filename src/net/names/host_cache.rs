//! The cache of recent lookups.
//!
//! Like Qt's cache, it keeps up to 128 names for 60 seconds, and successful lookups only. The
//! lifetime that the name server gave is unknown, because the system's resolver does not report it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::host_name::HostName;

/// How many names the cache keeps.
const CAPACITY: usize = 128;

/// How long the cache keeps a name.
const LIFETIME: Duration = Duration::from_secs(60);

/// The addresses that one runtime's lookups found, by that runtime's clock.
#[derive(Debug, Default)]
pub(super) struct HostCache {
    answers: HashMap<HostName, Answer>,
    epoch: Epoch,
}

#[derive(Debug)]
struct Answer {
    asked: Instant,
    addresses: Vec<SocketAddr>,
}

/// The time between two clearings of a cache. The cache does not keep the answer to a lookup that
/// began in an earlier epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Epoch(u64);

impl HostCache {
    /// Returns the addresses of a name, unless they are unknown or too old.
    pub(super) fn find(&self, name: &HostName, now: Instant) -> Option<Vec<SocketAddr>> {
        let answer = self.answers.get(name).filter(|answer| answer.is_fresh(now))?;
        Some(answer.addresses.clone())
    }

    /// Keeps the answer to a lookup that began in `epoch`, at the time `asked`. The lifetime counts
    /// from `asked`.
    pub(super) fn put(
        &mut self,
        epoch: Epoch,
        name: HostName,
        asked: Instant,
        addresses: Vec<SocketAddr>,
    ) {
        if epoch != self.epoch {
            return;
        }
        if self.answers.len() >= CAPACITY && !self.answers.contains_key(&name) {
            // The name decides between answers of the same age, so that a run can be repeated.
            let oldest = self.answers.iter().min_by(|(one, first), (other, second)| {
                let by_age = first.asked.cmp(&second.asked);
                by_age.then_with(|| one.as_str().cmp(other.as_str()))
            });
            if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
                self.answers.remove(&oldest);
            }
        }
        self.answers.insert(name, Answer { asked, addresses });
    }

    /// Forgets one name.
    pub(super) fn forget(&mut self, name: &HostName) {
        self.answers.remove(name);
    }

    pub(super) fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Forgets all names, and makes `put` drop the answers of lookups that are under way.
    pub(super) fn clear(&mut self) {
        self.answers.clear();
        self.epoch.0 += 1;
    }
}

impl Answer {
    fn is_fresh(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.asked) < LIFETIME
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::names::host_name::tests::named;

    fn addresses(last: u8) -> Vec<SocketAddr> {
        vec![SocketAddr::from(([192, 0, 2, last], 0))]
    }

    #[test]
    fn an_answer_lives_a_minute_from_when_it_was_asked_for() {
        let start = Instant::now();
        let mut cache = HostCache::default();
        cache.put(cache.epoch(), named("alpha"), start, addresses(1));
        let just_before = start + LIFETIME - Duration::from_nanos(1);
        assert_eq!(cache.find(&named("alpha"), just_before), Some(addresses(1)));
        assert_eq!(cache.find(&named("alpha"), start + LIFETIME), None);
        assert_eq!(cache.find(&named("beta"), start), None);
    }

    #[test]
    fn the_oldest_answer_makes_room_for_a_new_one() {
        let start = Instant::now();
        let mut cache = HostCache::default();
        let name = |number: usize| named(&format!("host-{number}"));
        for number in 0..=CAPACITY {
            let asked = start + Duration::from_millis(number as u64);
            cache.put(cache.epoch(), name(number), asked, addresses(1));
        }
        let now = start + Duration::from_secs(1);
        assert_eq!(cache.answers.len(), CAPACITY);
        assert_eq!(cache.find(&name(0), now), None);
        assert_eq!(cache.find(&name(1), now), Some(addresses(1)));
        assert_eq!(cache.find(&name(CAPACITY), now), Some(addresses(1)));
    }

    #[test]
    fn a_cleared_cache_takes_no_answer_that_was_asked_for_before() {
        let now = Instant::now();
        let mut cache = HostCache::default();
        let before = cache.epoch();
        cache.put(before, named("alpha"), now, addresses(1));
        cache.clear();
        assert_eq!(cache.find(&named("alpha"), now), None);
        cache.put(before, named("alpha"), now, addresses(1));
        assert_eq!(cache.find(&named("alpha"), now), None);
        cache.put(cache.epoch(), named("alpha"), now, addresses(2));
        assert_eq!(cache.find(&named("alpha"), now), Some(addresses(2)));
    }
}
