//! Connecting: from a name to a connection that stands.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};

use super::core::{Fault, SocketCore};
use super::step::Step;
use super::transfer::Traffic;
use crate::event_loop::{Alarm, TimerKey};
use crate::net::engine::{self, Progress};
use crate::net::error::SocketError;
use crate::net::socket_state::SocketState;

/// Names a lookup among all of its socket's.
pub(super) type Lookup = u64;

/// A connection that is being made.
pub(super) struct Attempt {
    pub(super) lookup: Lookup,
    /// The lookup that is under way. Called off along with the attempt.
    pub(super) resolving: Option<engine::Lookup>,
    pub(super) port: u16,
    /// The addresses that were not tried yet.
    pub(super) addresses: VecDeque<SocketAddr>,
    /// Why the address before did not work.
    pub(super) failure: Option<Fault>,
    pub(super) timeout: Option<TimerKey>,
    /// `disconnect_from_host` was called: the connection is closed as soon as it stands.
    pub(super) close_when_connected: bool,
    /// The socket had no runtime yet, and starts when it gets one.
    pub(super) waits_for_home: bool,
}

impl SocketCore {
    /// Begins to connect to the peer that has been named.
    pub(super) fn begin_attempt(&mut self, port: u16, close_when_connected: bool) {
        self.lookups += 1;
        let mut attempt = Box::new(Attempt {
            lookup: self.lookups,
            resolving: None,
            port,
            addresses: VecDeque::new(),
            failure: None,
            timeout: None,
            close_when_connected,
            waits_for_home: self.home.is_none(),
        });
        let literal = self.peer_name.parse::<IpAddr>().ok();
        attempt.addresses.extend(literal.map(|address| SocketAddr::new(address, port)));
        self.attempt = Some(attempt);
        let Some(home) = &self.home else { return };
        if literal.is_none() {
            let (remote, lookup) = (home.facilities.remote.clone(), self.lookups);
            let (key, resolved) = (home.stepper.key(), self.hooks.resolved);
            let resolving = home.facilities.network.resolve(
                &self.peer_name,
                Box::new(move |addresses| {
                    // Fails if the runtime is gone, and the socket with it.
                    let _ = remote.post(move |world| resolved(world, key, lookup, addresses));
                }),
            );
            if let Some(attempt) = &mut self.attempt {
                attempt.resolving = Some(resolving);
            }
        }
        self.change_state(SocketState::HostLookup);
        if literal.is_some() {
            self.record(Step::Found);
        }
    }

    pub(super) fn on_resolved(&mut self, lookup: Lookup, found: io::Result<Vec<SocketAddr>>) {
        let Some(attempt) = self.attempt.as_mut().filter(|attempt| attempt.lookup == lookup) else {
            return;
        };
        match found {
            Ok(addresses) => attempt.addresses.extend(addresses),
            Err(error) => {
                attempt.failure =
                    Some(Fault { kind: SocketError::HostNotFound, source: Some(error) });
            }
        }
        if attempt.addresses.is_empty() {
            self.give_up(SocketError::HostNotFound);
        } else {
            self.take(Step::Found);
        }
    }

    /// The current address did not answer in time.
    pub(super) fn on_timeout(&mut self) {
        if self.attempt.is_some() {
            self.address_failed(Fault { kind: SocketError::SocketTimeout, source: None });
        }
    }

    /// Tries the next address, or gives up if there is none.
    pub(super) fn try_next(&mut self) {
        let (Some(attempt), Some(home)) = (&mut self.attempt, &self.home) else { return };
        let Some(mut address) = attempt.addresses.pop_front() else {
            return self.give_up(SocketError::HostNotFound);
        };
        address.set_port(attempt.port);
        match home.facilities.network.connect(address) {
            Ok(engine) => {
                self.engine = Some(engine);
                self.traffic = Traffic::default();
                if let (Some(timeout), timers) = (self.connect_timeout, &home.facilities.timers) {
                    let alarm = Alarm::Ring(home.stepper.key(), self.hooks.timed_out);
                    attempt.timeout = Some(timers.arm(timers.after(timeout), alarm));
                }
                self.watch();
            }
            Err(error) => {
                let kind = SocketError::of_connecting(&error);
                self.address_failed(Fault { kind, source: Some(error) });
            }
        }
    }

    /// Sees whether the connection stands.
    pub(super) fn check_attempt(&mut self) {
        let Some(engine) = &mut self.engine else { return };
        match engine.progress() {
            Ok(Progress::Pending) => {}
            Ok(Progress::Connected) => {
                self.stop_timeout();
                if let Some(engine) = self.engine.take() {
                    self.learn_addresses(&*engine);
                    self.engine = Some(engine);
                }
                // What comes right with the connection is looked for when it has been announced.
                self.traffic.has_more = true;
                self.change_state(SocketState::Connected);
                self.signals.connected.emit(());
                self.record(Step::Begin);
            }
            Err(error) => {
                let kind = SocketError::of_connecting(&error);
                self.address_failed(Fault { kind, source: Some(error) });
            }
        }
    }

    pub(super) fn address_failed(&mut self, fault: Fault) {
        self.stop_timeout();
        self.engine = None;
        let Some(attempt) = &mut self.attempt else { return };
        let kind = fault.kind;
        attempt.failure = Some(fault);
        if attempt.addresses.is_empty() {
            self.give_up(kind);
        } else {
            self.record(Step::TryNext);
        }
    }

    /// The attempt has failed: with its last fault, or with `otherwise` if it never came that far.
    pub(super) fn give_up(&mut self, otherwise: SocketError) {
        self.stop_timeout();
        let failure = self.attempt.take().and_then(|attempt| attempt.failure);
        let fault = failure.unwrap_or(Fault { kind: otherwise, source: None });
        self.peer = None;
        self.device.drop_outgoing();
        self.change_state(SocketState::Unconnected);
        self.fail(fault.kind, fault.source);
    }

    pub(super) fn drop_attempt(&mut self) {
        self.stop_timeout();
        self.attempt = None;
    }

    pub(super) fn stop_timeout(&mut self) {
        let timeout = self.attempt.as_mut().and_then(|attempt| attempt.timeout.take());
        if let (Some(timeout), Some(home)) = (timeout, &self.home) {
            home.facilities.timers.disarm(timeout);
        }
    }
}
