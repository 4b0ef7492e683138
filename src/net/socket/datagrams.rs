//! Datagrams: receiving and sending them one by one.

use std::cell::Cell;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, SocketAddrV6};

use rustix::io::Errno;

use super::datagram_socket::DatagramSocket;
use super::fault::{Fault, copy_of};
use super::machine::StateMachine;
use crate::net::engine::{Address, SocketEngine};
use crate::net::values::{
    BindAddress, BindMode, EngineFailure, NetError, NetworkDatagram, SocketError, SocketState,
    at_interface, described, scope_id,
};
use crate::readiness::Readiness;

/// No datagram is larger than this, in bytes.
const LARGEST: usize = 64 * 1024;

/// How many datagrams a socket that is open only for writing drops in a pass of the loop.
const DROPPED_PER_PASS: usize = 64;

thread_local! {
    /// Receives each datagram of unknown size. It is cleared once, not for each datagram.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

impl DatagramSocket {
    /// The room for a datagram of unknown size.
    pub(super) const MESSAGE_ROOM: usize = LARGEST;

    /// Called when there may be a datagram, or an error. Returns true if `ready_read` must be
    /// emitted.
    #[must_use]
    #[inline]
    pub(super) fn on_datagram(&mut self, readiness: Readiness) -> bool {
        match readiness.readable {
            true if readiness.read_closed => self.on_datagram_error(),
            true => self.announce_datagram(),
            false => false,
        }
    }

    /// Called when there may be an error, and maybe a datagram too. Returns true if `ready_read` must
    /// be emitted.
    #[cold]
    pub(super) fn on_datagram_error(&mut self) -> bool {
        // A read or a write may have taken the error meanwhile.
        let Some(engine) = self.core.datagram_engine() else { return false };
        if let Err(error) = engine.progress() {
            self.core.note_refusal();
            let kind = SocketError::of_datagram(&error);
            // What the network reports is about one datagram, what a layer reports about them all.
            if EngineFailure::is_source_of(&error) {
                self.core.datagrams_mut().end_after_datagrams();
                if self.look_for_datagram() {
                    self.core.postpone_traffic();
                    return true;
                }
                self.lost(Fault { kind, source: Some(error) });
                return false;
            }
            self.core.fail(kind, Some(error));
        }
        self.look_for_datagram()
    }

    /// Looks for a datagram. Returns true if `ready_read` must be emitted for it.
    #[must_use]
    pub(super) fn look_for_datagram(&mut self) -> bool {
        let Some(engine) = self.core.datagram_engine() else { return false };
        // The read that meets an error emits it.
        engine.has_datagram().unwrap_or(true) && self.announce_datagram()
    }

    /// Called when the engine has a datagram. Returns true if `ready_read` must be emitted for it.
    #[inline]
    fn announce_datagram(&mut self) -> bool {
        if self.core.is_connected() && !self.core.device().is_readable() {
            self.drop_datagrams();
            return false;
        }
        let is_new = self.core.datagrams_mut().announce();
        if is_new {
            self.core.note_arrival();
        }
        is_new
    }

    /// Drops datagrams that have come to a socket that is open only for writing.
    #[cold]
    fn drop_datagrams(&mut self) {
        for _ in 0..DROPPED_PER_PASS {
            let Some(engine) = self.core.datagram_engine() else { return };
            match engine.receive_from(&mut []) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => self.core.fail(SocketError::of_datagram(&error), Some(error)),
            }
        }
        self.core.datagrams_mut().expect_more();
        self.core.postpone_traffic();
    }

    /// Returns true if a datagram waits in the engine.
    pub(super) fn datagram_waits(&self) -> bool {
        let engine = self.core.engine_under_way();
        engine.is_some_and(|engine| engine.has_datagram().unwrap_or(false))
    }

    pub(super) fn has_pending_datagrams(&self) -> bool {
        self.held_datagram().is_some() || self.datagram_waits()
    }

    pub(super) fn pending_datagram_size(&self) -> Option<usize> {
        if let Some((held, _)) = self.held_datagram() {
            return Some(held.len());
        }
        let engine = self.core.engine_under_way()?;
        engine.datagram_size().ok().flatten()
    }

    /// Returns the unread bytes of a datagram that the device holds, and its sender, if the address of
    /// the peer is known.
    #[inline]
    pub(super) fn held_datagram(&self) -> Option<(&[u8], Option<SocketAddr>)> {
        let held = self.core.device().message()?;
        let has_peer = matches!(self.core.state(), SocketState::Connected | SocketState::Closing);
        has_peer.then(|| (held, self.core.peer().addr()))
    }

    /// Emits that the address of a datagram's sender is not known, and returns the error.
    #[cold]
    pub(super) fn miss_sender(&mut self) -> io::Error {
        let error = ErrorKind::Unsupported.into();
        self.failed_to_receive(&error);
        error
    }

    /// Takes the next datagram. If there is none, the socket reports an error, as in Qt, except at
    /// the first read that finds no more.
    pub(super) fn receive_from(&mut self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let Some(engine) = self.core.receiving_engine() else { return Err(not_connected()) };
        match engine.receive_from(buffer) {
            Ok((count, Address::Internet(sender))) => {
                self.core.datagrams_mut().found();
                self.looked_at();
                Ok((count, sender))
            }
            Ok(_) => Err(self.missed_datagram(ErrorKind::Unsupported.into())),
            Err(error) => Err(self.missed_datagram(error)),
        }
    }

    /// Called when a read has taken no datagram. Emits the error, unless the read is the first that
    /// finds no more. Returns the error.
    #[inline(never)]
    fn missed_datagram(&mut self, error: io::Error) -> io::Error {
        let is_drained = is_end_of_burst(&error);
        let was_expected = self.core.datagrams_mut().missed();
        if is_drained {
            self.found_nothing();
            if was_expected {
                return error;
            }
        }
        self.failed_to_receive(&error);
        error
    }

    /// Emits the error of a read that has taken no datagram.
    #[cold]
    fn failed_to_receive(&mut self, error: &io::Error) {
        if error.kind() != ErrorKind::WouldBlock {
            self.looked_at();
        }
        self.core.fail(SocketError::of_datagram(error), Some(copy_of(error)));
    }

    /// Takes the next datagram with up to `max` of its bytes and a description of its way.
    pub(super) fn receive_datagram(
        &mut self,
        max: Option<usize>,
    ) -> Result<Option<NetworkDatagram>, NetError> {
        let Some(engine) = self.core.receiving_engine() else {
            return Err(not_bound("receive a datagram"));
        };
        let mut buffer = SCRATCH.take();
        buffer.resize(LARGEST, 0);
        let size = max.map_or(LARGEST, |max| max.min(LARGEST));
        let received = engine.receive(&mut buffer[..size]);
        if received.is_ok() {
            self.core.datagrams_mut().found();
        } else {
            self.core.datagrams_mut().missed();
        }
        let outcome = match received.and_then(|it| Ok((it, internet(it.sender)?))) {
            Ok((received, sender)) => {
                let port = self.core.local().port().unwrap_or(0);
                let index = received.interface_index.unwrap_or(0);
                let destination = received.destination.map(|own| at_interface(own, port, index));
                let data = buffer[..received.count].to_vec();
                let mut datagram = NetworkDatagram::received(data, sender, destination);
                datagram.reply_from = received.reply_from;
                datagram.is_truncated = received.is_truncated;
                datagram.set_interface_index(received.interface_index);
                datagram.set_hop_limit(received.hop_limit);
                self.looked_at();
                Ok(Some(datagram))
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.found_nothing();
                Ok(None)
            }
            Err(error) => {
                self.failed_to_receive(&error);
                Err(NetError::new(SocketError::of_datagram(&error), "receive a datagram", error))
            }
        };
        SCRATCH.set(buffer);
        outcome
    }

    /// Returns the size of the datagram that waits in the engine.
    pub(super) fn available(&self) -> usize {
        let engine = self.core.engine_under_way();
        engine.and_then(|engine| engine.available().ok()).unwrap_or(0)
    }

    /// Reads the next datagram of the peer.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.core.is_under_way() {
            // `Ok(0)` would mean an empty datagram.
            return Err(match self.has_ended() {
                true => not_connected(),
                false => ErrorKind::WouldBlock.into(),
            });
        }
        let Some(engine) = self.core.engine_mut() else {
            return Err(ErrorKind::WouldBlock.into());
        };
        let result = engine.read(buffer);
        match &result {
            Err(error) if error.kind() == ErrorKind::WouldBlock => self.found_nothing(),
            Err(error) => self.failed_to_receive(error),
            Ok(_) => self.looked_at(),
        }
        result
    }

    /// Sends a datagram to the peer.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.finish_connecting();
        let Some(engine) = self.core.connected_engine() else {
            return Err(self.core.refuse_to_write());
        };
        let sent = engine.write(bytes);
        self.sent_datagram(sent)
    }

    /// Sends a datagram to an address. Binds the socket to any free port if it has none yet.
    pub(super) fn send_to(&mut self, bytes: &[u8], to: SocketAddr) -> Result<usize, NetError> {
        let operation = || format!("send a datagram to {}", described(to));
        if is_vague(to) {
            self.check_link(operation)?;
        }
        let engine = self.engine_to_send_by(operation)?;
        let sent = engine.send_to(bytes, to.into());
        self.sent_datagram(sent)
            .map_err(|error| NetError::new(SocketError::of_datagram(&error), operation(), error))
    }

    /// Sends a datagram by the way that it describes.
    pub(super) fn send_datagram(&mut self, datagram: &NetworkDatagram) -> Result<usize, NetError> {
        let operation = || match datagram.destination() {
            Some(to) => format!("send a datagram to {}", described(to)),
            None => "send a datagram without a destination".to_owned(),
        };
        let names_link = || {
            datagram.interface_index().is_some()
                || datagram.sender().is_some_and(|sender| scope_id(sender) != 0)
        };
        if datagram.destination().is_some_and(is_vague) && !names_link() {
            self.check_link(operation)?;
        }
        let engine = self.engine_to_send_by(operation)?;
        let sent = engine.send(datagram);
        self.sent_datagram(sent)
            .map_err(|error| NetError::new(SocketError::of_datagram(&error), operation(), error))
    }

    fn engine_to_send_by(
        &mut self,
        operation: impl Fn() -> String,
    ) -> Result<&mut dyn SocketEngine, NetError> {
        self.finish_connecting();
        if self.core.is_idle() {
            self.bind(BindAddress::Any, 0, BindMode::DEFAULT)?;
        }
        if self.core.is_being_bound() {
            let operation = format!("{} before the proxy has bound the socket", operation());
            let error = self.unsent_datagram(ErrorKind::WouldBlock.into());
            return Err(NetError::new(SocketError::of_datagram(&error), operation, error));
        }
        match self.core.datagram_engine() {
            Some(engine) => Ok(engine),
            None => {
                let operation = format!("{} in this state", operation());
                Err(NetError::new(SocketError::UnfinishedSocketOperation, operation, None))
            }
        }
    }

    /// Fails, and emits the error, if neither the socket's address nor its peer's has a scope id.
    /// Otherwise a datagram to a link-local address without one might be sent by any interface.
    #[cold]
    fn check_link(&mut self, operation: impl Fn() -> String) -> Result<(), NetError> {
        self.finish_connecting();
        let is_unbound = self.core.is_idle();
        let can_send = is_unbound || self.core.datagram_engine().is_some();
        if !can_send || self.core.local().has_scope() || self.core.peer().has_scope() {
            return Ok(());
        }
        let error = io::Error::from(Errno::INVAL);
        let kind = SocketError::of_datagram(&error);
        self.core.fail(kind, Some(copy_of(&error)));
        Err(NetError::new(kind, operation(), error))
    }

    /// Takes the pending steps of a UDP socket that connects, so that a write right after the call
    /// of `connect_to_host` finds the connection established if the address is known.
    pub(super) fn finish_connecting(&mut self) {
        if matches!(self.core.state(), SocketState::HostLookup | SocketState::Connecting) {
            self.settle();
        }
    }

    /// Emits `bytes_written` or the error for a datagram, and returns the same result.
    pub(super) fn sent_datagram(&mut self, result: io::Result<usize>) -> io::Result<usize> {
        match result {
            Ok(count) => {
                self.core.announce_written(count);
                Ok(count)
            }
            Err(error) => Err(self.unsent_datagram(error)),
        }
    }

    /// Emits the error of a datagram that was not sent, and returns it.
    #[cold]
    fn unsent_datagram(&mut self, error: io::Error) -> io::Error {
        if error.kind() == ErrorKind::WouldBlock {
            self.core.datagrams_mut().lack_room();
        }
        let kind = SocketError::of_datagram(&error);
        self.core.fail(kind, Some(copy_of(&error)));
        error
    }
}

/// Returns true if the destination is link-local and has no scope id. Linux would send the datagram
/// by the first interface that it knows. A group needs no scope id: the socket's options or the
/// system set an interface for groups.
#[inline]
fn is_vague(to: SocketAddr) -> bool {
    let is_vague = |to: &SocketAddrV6| to.ip().is_unicast_link_local() && to.scope_id() == 0;
    matches!(&to, SocketAddr::V6(to) if is_vague(to))
}

/// Returns true if the error means that no datagram is there now. Each burst ends with such an
/// error: its number is known at once, and the kind of another error is found by a search.
#[inline]
fn is_end_of_burst(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::AGAIN.raw_os_error())
        || error.kind() == ErrorKind::WouldBlock
}

/// Returns the sender of a datagram, if that is an internet address.
#[inline]
fn internet(sender: Address) -> io::Result<SocketAddr> {
    sender.internet().ok_or_else(|| ErrorKind::Unsupported.into())
}

/// Returns the error of a read from a socket that cannot receive.
pub(super) fn not_connected() -> io::Error {
    io::Error::new(ErrorKind::NotConnected, "the socket is neither bound nor connected")
}

/// Returns the error of a call that needs a socket which is bound or connected.
pub(super) fn not_bound(operation: &str) -> NetError {
    let operation = format!("{operation} before the socket is bound or connected");
    NetError::new(SocketError::Operation, operation, None)
}
