//! Links: how good the way from one host to another is.

use std::time::Duration;

/// How good the way from one host to another is.
///
/// What is lost delays a TCP connection, which sends it again, and is gone for datagrams.
///
/// ```
/// use std::time::Duration;
/// use slotwire::sim::Link;
///
/// let mobile = Link::new()
///     .with_latency(Duration::from_millis(60))
///     .with_jitter(Duration::from_millis(40))
///     .with_loss(0.02);
/// assert_eq!(mobile.latency(), Duration::from_millis(60));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    latency: Duration,
    jitter: Duration,
    loss: f64,
    duplication: f64,
    splitting: f64,
    bandwidth: Option<u64>,
    mtu: usize,
}

impl Link {
    /// A way that takes a millisecond and does nothing wrong.
    pub fn new() -> Self {
        Self {
            latency: Duration::from_millis(1),
            jitter: Duration::ZERO,
            loss: 0.0,
            duplication: 0.0,
            splitting: 0.0,
            bandwidth: None,
            mtu: 1500,
        }
    }

    /// The way from a host to itself: 10 µs, and packets of up to 64 KiB.
    pub fn loopback() -> Self {
        Self { latency: Duration::from_micros(10), mtu: 65_536, ..Self::new() }
    }

    /// Sets how long a packet takes at least, in one direction. The default is 1 ms.
    #[must_use]
    pub fn with_latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Sets how much longer a packet may take; each takes its own time, so that they overtake each
    /// other. The default is zero.
    #[must_use]
    pub fn with_jitter(mut self, jitter: Duration) -> Self {
        self.jitter = jitter;
        self
    }

    /// Sets how likely a packet is lost, from 0 to 1.
    ///
    /// # Panics
    ///
    /// Panics if it is not from 0 to 1.
    #[must_use]
    pub fn with_loss(mut self, loss: f64) -> Self {
        self.loss = probability(loss);
        self
    }

    /// Sets how likely a datagram arrives twice, from 0 to 1.
    ///
    /// # Panics
    ///
    /// Panics if it is not from 0 to 1.
    #[must_use]
    pub fn with_duplication(mut self, duplication: f64) -> Self {
        self.duplication = probability(duplication);
        self
    }

    /// Sets how likely TCP cuts what it could send in one segment, at a random place: from 0 to 1.
    ///
    /// # Panics
    ///
    /// Panics if it is not from 0 to 1.
    #[must_use]
    pub fn with_splitting(mut self, splitting: f64) -> Self {
        self.splitting = probability(splitting);
        self
    }

    /// Sets how many bytes a second the way takes, one packet after the other; at least one. `None`
    /// is as many as there are.
    #[must_use]
    pub fn with_bandwidth(mut self, bytes_per_second: Option<u64>) -> Self {
        self.bandwidth = bytes_per_second.map(|rate| rate.max(1));
        self
    }

    /// Sets how large a packet may be, in bytes with its headers: 576 at least. The default is 1500,
    /// that of Ethernet. A segment of TCP is no larger; a larger datagram goes in fragments, and is
    /// lost with any of them.
    #[must_use]
    pub fn with_mtu(mut self, bytes: usize) -> Self {
        self.mtu = bytes.max(576);
        self
    }

    /// Returns how long a packet takes at least.
    pub fn latency(&self) -> Duration {
        self.latency
    }

    /// Returns how much longer a packet may take.
    pub fn jitter(&self) -> Duration {
        self.jitter
    }

    /// Returns how likely a packet is lost.
    pub fn loss(&self) -> f64 {
        self.loss
    }

    /// Returns how likely a datagram arrives twice.
    pub fn duplication(&self) -> f64 {
        self.duplication
    }

    /// Returns how likely TCP cuts what it could send in one segment.
    pub fn splitting(&self) -> f64 {
        self.splitting
    }

    /// Returns how many bytes a second the way takes.
    pub fn bandwidth(&self) -> Option<u64> {
        self.bandwidth
    }

    /// Returns how large a packet may be.
    pub fn mtu(&self) -> usize {
        self.mtu
    }

    /// How long it takes to put so many bytes on the way.
    pub(super) fn time_for(&self, bytes: usize) -> Duration {
        match self.bandwidth {
            Some(rate) => Duration::from_nanos((bytes as u64).saturating_mul(1_000_000_000) / rate),
            None => Duration::ZERO,
        }
    }
}

impl Default for Link {
    fn default() -> Self {
        Self::new()
    }
}

fn probability(of: f64) -> f64 {
    assert!((0.0..=1.0).contains(&of), "a probability is from 0 to 1, and not {of}");
    of
}

/// What becomes of what a host sends to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Route {
    /// It goes by the link.
    #[default]
    Open,
    /// It vanishes without a word, as behind a cable that was cut. A TCP connection sends it again
    /// and again.
    Cut,
    /// A router says that no way leads there: connecting and sending datagrams fails at once with
    /// `NetworkUnreachable`. What belongs to a connection that stands vanishes.
    Unreachable,
    /// The same, with `PermissionDenied`.
    Prohibited,
}
