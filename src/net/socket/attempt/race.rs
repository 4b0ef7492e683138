//! `Race`: the addresses of a name, and the engines that try them.
//!
//! The addresses race (RFC 8305): each gets a head start of 250 ms over the next, and the first that
//! answers wins. Without racing, the addresses are tried one after the other and share the time
//! until the deadline. A bound socket has only one engine, so it tries the addresses one after the
//! other too, each until it fails.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::address_order::alternating;
use super::opener::Opener;
use crate::event_loop::saturating_add;
use crate::net::engine::{Progress, SocketEngine};
use crate::net::socket::fault::Fault;
use crate::net::values::{NetworkLayerProtocol, SocketError, SocketType};

/// The head start of an address over the next, as RFC 8305 recommends.
const HEAD_START: Duration = Duration::from_millis(250);

/// How many addresses of a name are tried. Each may take a descriptor meanwhile.
const MOST_ADDRESSES: usize = 32;

/// The addresses of a name, and the engines that try them.
#[derive(Default)]
pub(super) struct Race {
    /// The addresses that were not tried yet.
    addresses: VecDeque<SocketAddr>,
    racers: Vec<Racer>,
    /// The network was asked for a connection to at least one of the addresses.
    has_tried: bool,
    /// The socket was bound before: its only engine tries the addresses one after the other.
    is_bound: bool,
    /// The engine of a bound socket, while it tries no address.
    own: Option<Box<dyn SocketEngine>>,
    /// When the next address is tried, even if the current one has not failed.
    next_try: Option<Instant>,
}

/// An address that is being tried.
pub(super) struct Racer {
    /// `None` if the connecting began before the socket took the engine over: the engine is asked
    /// for the address once it is connected.
    pub(super) address: Option<SocketAddr>,
    pub(super) engine: Box<dyn SocketEngine>,
}

/// How a race stands.
pub(super) enum Standing {
    /// Nothing has happened.
    Unchanged,
    /// Addresses are being tried, and the time of the next try must be set.
    Open,
    /// This address has answered.
    Won(Racer),
    /// No address is left, and none is being tried.
    Lost,
}

impl Race {
    /// Creates the race of a socket that has this engine, if it was bound before.
    pub(super) fn of(address: Option<SocketAddr>, own: Option<Box<dyn SocketEngine>>) -> Self {
        let addresses = address.into_iter().collect();
        Self { addresses, is_bound: own.is_some(), own, ..Self::default() }
    }

    /// Creates the race of an engine that was connecting before the socket took it over.
    pub(super) fn begun_elsewhere(engine: Box<dyn SocketEngine>) -> Self {
        Self { racers: vec![Racer { address: None, engine }], ..Self::default() }
    }

    pub(super) fn forget_addresses(&mut self) {
        self.addresses = VecDeque::new();
    }

    /// Returns true if the socket was bound before.
    pub(super) fn is_bound(&self) -> bool {
        self.is_bound
    }

    /// Takes the engine of a bound socket out.
    pub(super) fn unbind(&mut self) -> Option<Box<dyn SocketEngine>> {
        self.is_bound = false;
        self.own.take()
    }

    /// Adds addresses, each with this port. Leaves out those that are too many.
    pub(super) fn add(&mut self, addresses: impl IntoIterator<Item = SocketAddr>, port: u16) {
        self.addresses.extend(addresses.into_iter().take(MOST_ADDRESSES).map(|mut address| {
            address.set_port(port);
            address
        }));
    }

    /// Leaves out the addresses of other families. If `races` is true, puts the others in the order
    /// in which they race.
    pub(super) fn line_up(&mut self, protocol: NetworkLayerProtocol, races: bool) {
        self.addresses.retain(|&address| protocol.includes(address));
        if races && !self.is_bound {
            self.addresses = alternating(&self.addresses);
        }
    }

    /// Returns true if there is no address to try.
    pub(super) fn is_empty(&self) -> bool {
        self.addresses.is_empty()
    }

    pub(super) fn has_tried(&self) -> bool {
        self.has_tried
    }

    /// Tries the next address, beside those that are being tried. Puts the reason why an address
    /// does not work into `failure`.
    pub(super) fn try_next(
        &mut self,
        kind: SocketType,
        opener: &Opener<'_>,
        failure: &mut Option<Fault>,
    ) -> Standing {
        while let Some(address) = self.addresses.pop_front() {
            let opened = match self.own.take() {
                // A bound engine has all options already.
                Some(bound) => Ok(bound),
                None => opener.open(kind, address),
            };
            let mut engine = match opened {
                Ok(engine) => engine,
                Err(fault) => {
                    *failure = Some(fault);
                    continue;
                }
            };
            self.has_tried = true;
            match opener.start(&mut *engine, address) {
                Ok(progress) => {
                    let racer = Racer { address: Some(address), engine };
                    if let Progress::Connected = progress {
                        return Standing::Won(racer);
                    }
                    self.racers.push(racer);
                    return Standing::Open;
                }
                Err(fault) => {
                    *failure = Some(fault);
                    self.take_back(engine);
                }
            }
        }
        match self.racers.is_empty() {
            true => Standing::Lost,
            false => Standing::Open,
        }
    }

    /// Checks whether one of the addresses that are being tried has answered. If one has failed,
    /// tries the next.
    pub(super) fn check(
        &mut self,
        kind: SocketType,
        opener: &Opener<'_>,
        failure: &mut Option<Fault>,
    ) -> Standing {
        let mut has_failed = false;
        for place in (0..self.racers.len()).rev() {
            match self.racers[place].engine.progress() {
                Ok(Progress::Pending) => {}
                Ok(Progress::Connected) => return Standing::Won(self.racers.swap_remove(place)),
                Err(error) => {
                    let racer = self.racers.remove(place);
                    *failure = Some(Fault::of_connecting(error));
                    self.take_back(racer.engine);
                    has_failed = true;
                }
            }
        }
        match has_failed {
            true => self.try_next(kind, opener, failure),
            false => Standing::Unchanged,
        }
    }

    /// Keeps the engine of a bound socket for the next address.
    fn take_back(&mut self, engine: Box<dyn SocketEngine>) {
        if self.is_bound {
            self.own = Some(engine);
        }
    }

    /// Gives up the address that is being tried, because its share of the time has passed. Returns
    /// the reason.
    pub(super) fn pass_on(&mut self) -> Fault {
        self.racers.clear();
        Fault { kind: SocketError::SocketTimeout, source: None }
    }

    /// Ends the race: drops what has not won.
    pub(super) fn end(&mut self) {
        self.racers.clear();
        self.addresses.clear();
        self.next_try = None;
    }

    /// Sets the time at which the next address is tried, if no address has answered by then.
    pub(super) fn schedule(&mut self, now: Instant, deadline: Option<Instant>, races: bool) {
        let pause = match (self.addresses.len(), deadline) {
            (0, _) => None,
            // Its only engine is trying an address.
            _ if self.is_bound => None,
            _ if races => Some(HEAD_START),
            (_, None) => None,
            (left, Some(deadline)) => {
                let share = u32::try_from(left + 1).unwrap_or(u32::MAX);
                Some(deadline.saturating_duration_since(now) / share)
            }
        };
        self.next_try = pause.map(|pause| saturating_add(now, pause));
    }

    /// Returns the time at which the next address is tried, even if the current one has not failed.
    pub(super) fn next_try(&self) -> Option<Instant> {
        self.next_try
    }

    /// Returns the engine of a bound socket, while it tries no address.
    pub(super) fn own_engine(&self) -> Option<&dyn SocketEngine> {
        self.own.as_deref()
    }

    /// Returns the engines that try an address.
    pub(super) fn racing(&self) -> impl Iterator<Item = &dyn SocketEngine> {
        self.racers.iter().map(|racer| &*racer.engine)
    }

    /// Returns the engines, mutably.
    pub(super) fn engines_mut(&mut self) -> impl Iterator<Item = &mut Box<dyn SocketEngine>> {
        self.own.iter_mut().chain(self.racers.iter_mut().map(|racer| &mut racer.engine))
    }
}
