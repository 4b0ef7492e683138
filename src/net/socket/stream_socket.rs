//! `StreamSocket`: the state machine of a TCP socket.
//!
//! A connection has two halves, and each has an end of its own. Reading through the device's buffer
//! is in `receiving.rs`, sending through it in `sending.rs`, reading and writing past it in
//! `unbuffered.rs`.

use std::rc::Rc;

use super::core::SocketCore;
use super::endpoint::Endpoint;
use super::machine::StateMachine;
use super::receive_half::ReceiveHalf;
use super::send_half::SendHalf;
use super::step::Step;
use crate::io::OpenMode;
use crate::net::engine::Accepted;
#[cfg(feature = "tls")]
use crate::net::engine::SocketEngine;
use crate::net::shared::Home;
use crate::net::values::{SocketState, SocketType};
use crate::object::{Occasion, Response};
use crate::readiness::{Readiness, SourceId};

/// A TCP socket.
#[derive(Debug)]
pub(super) struct StreamSocket {
    pub(super) core: SocketCore,
    pub(super) receive: ReceiveHalf,
    pub(super) send: SendHalf,
}

impl StreamSocket {
    pub(super) fn new() -> Self {
        Self::of(SocketCore::new(SocketType::Tcp))
    }

    /// Creates a socket for an accepted connection. `local` is the address of this end, if known;
    /// `home` the place for which the socket is made, if it is made there.
    pub(super) fn accepted(
        accepted: Accepted,
        local: Option<Rc<Endpoint>>,
        home: Option<Home>,
    ) -> Self {
        Self::of(SocketCore::accepted(accepted, local, home))
    }

    fn of(core: SocketCore) -> Self {
        Self { core, receive: ReceiveHalf::default(), send: SendHalf::default() }
    }

    /// Called when the socket is woken.
    #[inline]
    pub(super) fn wake(&mut self, occasion: Occasion) -> Response {
        let has_come = match occasion {
            Occasion::Ready(source, readiness) => self.on_ready(source, readiness),
            Occasion::FollowUp => {
                self.on_follow_up();
                false
            }
            other => self.wake_apart(other),
        };
        match has_come {
            true => self.core.device().received_response().with_follow_up(),
            false => Response::DONE,
        }
    }

    /// Called when a source of the engine is ready. Returns true if `ready_read` must be emitted.
    #[must_use]
    fn on_ready(&mut self, source: SourceId, readiness: Readiness) -> bool {
        if self.core.is_connecting() {
            self.go_on_with_attempt(Some(source), readiness);
            return false;
        }
        let Some(engine) = self.core.engine_mut() else { return false };
        let readiness = engine.ready(Some(source), readiness);
        !self.core.is_adopted() && self.on_connection_ready(readiness)
    }

    /// Returns true if there is a connection, and this end is not closed or to be closed.
    #[cfg(feature = "tls")]
    pub(super) fn is_open(&self) -> bool {
        self.core.is_connected() && self.send.is_open()
    }

    /// Puts a layer on the engine of an established connection. What was received and not read is for
    /// the layer, as what was written and not sent.
    #[cfg(feature = "tls")]
    pub(super) fn put_layer(
        &mut self,
        stand_on: impl FnOnce(Box<dyn SocketEngine>, Vec<u8>, &[u8]) -> Box<dyn SocketEngine>,
    ) {
        if let Some(unsent) = self.core.put_layer(stand_on) {
            self.send.went_at_once(unsent);
        }
        // What was known of the bytes before says nothing of those that come through the layer.
        self.receive = ReceiveHalf::default();
    }

    /// Called when both ends are closed. Closes the socket after the slots of the last signal.
    pub(super) fn close_both_ends(&mut self) {
        if self.core.state() == SocketState::Connected {
            self.core.record_once(Step::Closing);
        }
    }
}

impl StateMachine for StreamSocket {
    #[inline]
    fn core(&self) -> &SocketCore {
        &self.core
    }

    #[inline]
    fn core_mut(&mut self) -> &mut SocketCore {
        &mut self.core
    }

    #[inline(never)]
    fn on_postponed(&mut self) -> bool {
        self.go_on_with_traffic()
    }

    fn on_awaited_to_read(&mut self, readiness: Readiness) {
        let has_come = if self.core.takes_early() {
            self.core.note_arrival();
            true
        } else {
            readiness.readable && {
                self.receive.note(readiness);
                self.receive()
            }
        };
        if has_come {
            self.core.device_mut().announce_received();
        }
        // While bytes stay unread, no read finds a reset behind them.
        if readiness.read_closed && (self.receive.is_announced() || self.read_room() == 0) {
            self.look_for_reset();
        }
    }

    fn on_awaited_to_write(&mut self, readiness: Readiness) {
        if readiness.writable && self.core.has_engine() {
            self.send.unblock();
            self.flush();
        }
    }

    fn on_ready_while_connecting(&mut self, readiness: Readiness) {
        self.receive.note(readiness);
    }

    fn on_established(&mut self) {
        // Bytes may come together with the connection: they are read after the slots of
        // `connected`.
        self.receive.expect_more();
    }

    fn on_begin(&mut self) {
        self.receive = ReceiveHalf::default();
        self.send = SendHalf::default();
    }

    fn on_end(&mut self) -> bool {
        self.send.end();
        std::mem::take(&mut self.receive).is_finished()
    }

    fn on_lost(&mut self) {
        self.send.cut_off(self.has_to_send());
    }

    fn on_closed_without_peer(&mut self) {
        // A bound socket has no peer that could send or receive.
        self.receive.see_end();
        self.send.close();
    }

    fn on_written(&mut self) {
        self.tell_of_room();
    }

    fn make_room(&mut self) {
        self.read_on();
    }

    fn go_on_with_engine(&mut self) {
        self.send.unblock();
        self.receive.expect_more();
        self.core.postpone_traffic();
    }

    fn wait_to_finish(&mut self) {
        // The engine has told the peer that no more bytes will come, so no slot may write any.
        self.send.close();
        self.send.block();
    }

    fn shutdown_write(&mut self) {
        let is_open = self.core.state() == SocketState::Connected || self.core.has_attempt();
        if is_open && self.send.begin_to_close() {
            self.core.postpone_traffic();
        }
    }

    fn drop_input(&mut self) {
        self.drop_unread();
    }

    fn is_direct(&self) -> bool {
        self.core.device().mode().contains(OpenMode::UNBUFFERED)
    }

    fn may_read(&self) -> bool {
        // Bytes that came early may fill the buffer before they are announced.
        self.core.announces_early() || self.read_room() > 0 && !self.receive.has_seen_end()
    }

    fn may_write(&self) -> bool {
        self.has_unsent() || self.has_to_send() || self.send.is_closing()
    }

    fn has_pending(&self) -> bool {
        self.receive.is_announced()
    }

    fn has_ended(&self) -> bool {
        self.receive.is_finished() || self.core.is_idle()
    }

    fn has_to_send(&self) -> bool {
        !self.core.device().outgoing().is_empty() || self.core.holds_back()
    }

    fn has_unsent(&self) -> bool {
        !self.core.device().outgoing().is_empty() || self.send.unannounced() > 0
    }

    fn was_cut_off(&self) -> bool {
        self.send.was_cut_off()
    }
}
