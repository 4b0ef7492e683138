//! Links: the properties of the path from one host to another.

use std::time::Duration;

/// The properties of the path from one host to another.
///
/// A lost packet delays a TCP connection, which sends the packet again. A lost datagram is gone.
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
    /// Creates a link with a latency of 1 ms and without faults.
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

    /// Creates a link as from a host to itself: 10 µs, and packets of up to 64 KiB.
    pub fn loopback() -> Self {
        Self { latency: Duration::from_micros(10), mtu: 65_536, ..Self::new() }
    }

    /// Sets the minimum time that a packet takes, in one direction. The default is 1 ms.
    #[must_use]
    pub fn with_latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Sets how much longer a packet may take. The time is random for each packet, so packets may
    /// overtake each other. The default is zero.
    #[must_use]
    pub fn with_jitter(mut self, jitter: Duration) -> Self {
        self.jitter = jitter;
        self
    }

    /// Sets the probability that a packet is lost, from 0 to 1. The default is 0.
    ///
    /// # Panics
    ///
    /// Panics if the probability is not from 0 to 1.
    #[must_use]
    pub fn with_loss(mut self, loss: f64) -> Self {
        self.loss = probability(loss);
        self
    }

    /// Sets the probability that a datagram arrives twice, from 0 to 1. The default is 0.
    ///
    /// # Panics
    ///
    /// Panics if the probability is not from 0 to 1.
    #[must_use]
    pub fn with_duplication(mut self, duplication: f64) -> Self {
        self.duplication = probability(duplication);
        self
    }

    /// Sets the probability that TCP cuts a segment short at a random place, from 0 to 1. The
    /// default is 0.
    ///
    /// # Panics
    ///
    /// Panics if the probability is not from 0 to 1.
    #[must_use]
    pub fn with_splitting(mut self, splitting: f64) -> Self {
        self.splitting = probability(splitting);
        self
    }

    /// Sets the bandwidth in bytes per second, at least 1. Packets are sent one after the other.
    /// `None`, the default, is no limit.
    #[must_use]
    pub fn with_bandwidth(mut self, bytes_per_second: Option<u64>) -> Self {
        self.bandwidth = bytes_per_second.map(|rate| rate.max(1));
        self
    }

    /// Sets the size of the largest packet, in bytes with its headers, at least 576. The default is
    /// 1500, as on Ethernet. TCP sends no larger segment. A larger datagram is sent in fragments,
    /// and is lost if one of them is lost.
    #[must_use]
    pub fn with_mtu(mut self, bytes: usize) -> Self {
        self.mtu = bytes.max(576);
        self
    }

    /// Returns the minimum time that a packet takes.
    pub fn latency(&self) -> Duration {
        self.latency
    }

    /// Returns how much longer a packet may take.
    pub fn jitter(&self) -> Duration {
        self.jitter
    }

    /// Returns the probability that a packet is lost.
    pub fn loss(&self) -> f64 {
        self.loss
    }

    /// Returns the probability that a datagram arrives twice.
    pub fn duplication(&self) -> f64 {
        self.duplication
    }

    /// Returns the probability that TCP cuts a segment short.
    pub fn splitting(&self) -> f64 {
        self.splitting
    }

    /// Returns the bandwidth in bytes per second; `None` is no limit.
    pub fn bandwidth(&self) -> Option<u64> {
        self.bandwidth
    }

    /// Returns the size of the largest packet, in bytes.
    pub fn mtu(&self) -> usize {
        self.mtu
    }

    /// Returns how long it takes to send so many bytes.
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
    assert!((0.0..=1.0).contains(&of), "a probability must be from 0 to 1, not {of}");
    of
}

/// The fate of packets from one host to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Route {
    /// The link transports the packets.
    #[default]
    Open,
    /// All packets are lost without an error, as with a cut cable. A TCP connection keeps sending
    /// them again.
    Cut,
    /// A router reports that there is no route: connecting and sending a datagram fail at once with
    /// `NetworkUnreachable`. The packets of an established connection are lost.
    Unreachable,
    /// As [`Unreachable`](Self::Unreachable), with `PermissionDenied`.
    Prohibited,
}
