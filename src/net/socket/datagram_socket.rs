//! `DatagramSocket`: the state machine of a UDP socket.
//!
//! Datagrams have no ends and no buffer of their own. `ready_read` is emitted once when datagrams
//! have come, and again only after the program has read. So a sender that sends without end takes
//! no more of a pass of the loop than any other. How datagrams are received and sent is in
//! `datagrams.rs`.

use super::core::SocketCore;
use super::machine::StateMachine;
use crate::net::values::SocketType;
use crate::object::{Occasion, Response};
use crate::readiness::{Readiness, SourceId};

/// A UDP socket.
#[derive(Debug)]
pub(super) struct DatagramSocket {
    pub(super) core: SocketCore,
}

impl DatagramSocket {
    pub(super) fn new() -> Self {
        Self { core: SocketCore::new(SocketType::Udp) }
    }

    /// Emits `write_buffer_drained` if the network had no room for a datagram and has room now.
    #[inline]
    pub(super) fn on_room(&mut self, readiness: Readiness) {
        if self.core.datagrams().lacks_room() && readiness.writable {
            self.announce_room();
        }
    }

    #[cold]
    fn announce_room(&mut self) {
        self.core.datagrams_mut().have_room();
        self.core.announce_room();
    }

    /// Called when the program has read a datagram, or an error of one: `ready_read` may be emitted
    /// again.
    #[inline]
    pub(super) fn looked_at(&mut self) {
        self.core.datagrams_mut().looked_below(true);
        // A burst of reads calls this each time, and postpones once.
        if !self.core.is_postponed() {
            self.core.postpone_traffic();
        }
    }

    /// Called when a read has found that no datagram is left.
    #[inline]
    pub(super) fn found_nothing(&mut self) {
        self.core.datagrams_mut().looked_below(false);
        if self.core.is_postponed() && !self.core.announces_later() && !self.core.datagrams().ends()
        {
            // An earlier read has postponed the look for another datagram.
            self.core.take_back_postponed();
        }
    }

    /// Called when the socket is woken.
    #[inline]
    pub(super) fn wake(&mut self, occasion: Occasion) -> Response {
        let has_come = match occasion {
            Occasion::Ready(source, readiness) => self.on_ready(source, readiness),
            other => self.wake_apart(other),
        };
        if has_come { self.core.device().received_response() } else { Response::DONE }
    }

    /// Called when a source of the engine is ready. Returns true if `ready_read` must be emitted.
    #[must_use]
    #[inline]
    fn on_ready(&mut self, source: SourceId, readiness: Readiness) -> bool {
        let Some(engine) = self.core.datagram_engine() else {
            self.on_ready_apart(source, readiness);
            return false;
        };
        let readiness = engine.ready(Some(source), readiness);
        self.on_room(readiness);
        self.on_datagram(readiness)
    }

    /// Called when a source is ready for a socket that is neither bound nor connected.
    #[cold]
    fn on_ready_apart(&mut self, source: SourceId, readiness: Readiness) {
        if self.core.is_connecting() {
            self.go_on_with_attempt(Some(source), readiness);
        }
    }

    /// Called when the program has read from the buffer, in which there are datagrams that were
    /// looked at, or read in a transaction that was rolled back.
    pub(super) fn on_consumed(&mut self) {
        if self.core.datagrams().is_announced() {
            self.looked_at();
        }
        self.core.after_consuming();
    }

    /// Called when the program has read from the buffer in a transaction. For what waits already,
    /// `ready_read` is emitted only when the transaction is committed: a slot that rolls back each
    /// time would otherwise be called without end.
    pub(super) fn on_kept(&mut self) {
        self.core.datagrams_mut().looked_at();
    }
}

impl StateMachine for DatagramSocket {
    #[inline]
    fn core(&self) -> &SocketCore {
        &self.core
    }

    #[inline]
    fn core_mut(&mut self) -> &mut SocketCore {
        &mut self.core
    }

    fn on_postponed(&mut self) -> bool {
        self.core.begin_postponed();
        self.core.give_memory_back();
        let has_rest = self.core.announces_rest();
        if has_rest && self.core.datagrams().has_more() {
            self.core.postpone_traffic();
        }
        if self.core.datagrams().ends() {
            return self.on_datagram_error() || has_rest;
        }
        has_rest || self.core.datagrams_mut().takes_a_look() && self.look_for_datagram()
    }

    fn on_awaited_to_read(&mut self, readiness: Readiness) {
        if self.core.datagram_engine().is_some() && self.on_datagram(readiness) {
            self.core.device_mut().announce_received();
        }
    }

    fn on_awaited_to_write(&mut self, readiness: Readiness) {
        self.on_room(readiness);
    }

    fn on_ready_while_connecting(&mut self, _: Readiness) {}

    fn on_established(&mut self) {
        self.core.datagrams_mut().expect_more();
        if self.core.datagrams().lacks_room() {
            self.announce_room();
        }
    }

    fn on_begin(&mut self) {
        self.core.forget_datagrams();
    }

    fn on_end(&mut self) -> bool {
        self.core.forget_datagrams();
        false
    }

    fn on_lost(&mut self) {}

    fn on_closed_without_peer(&mut self) {}

    fn on_written(&mut self) {}

    fn go_on_with_engine(&mut self) {
        self.core.datagrams_mut().expect_more();
        self.core.postpone_traffic();
    }

    // An engine of datagrams has nothing to say at the end.
    fn wait_to_finish(&mut self) {}

    fn make_room(&mut self) {
        self.core.after_consuming();
    }

    fn shutdown_write(&mut self) {}

    fn drop_input(&mut self) {}

    fn is_direct(&self) -> bool {
        true
    }

    fn may_read(&self) -> bool {
        true
    }

    fn may_write(&self) -> bool {
        false
    }

    fn has_pending(&self) -> bool {
        self.core.datagrams().is_announced()
    }

    fn has_ended(&self) -> bool {
        self.core.is_idle()
    }

    fn has_to_send(&self) -> bool {
        false
    }

    fn has_unsent(&self) -> bool {
        false
    }

    fn was_cut_off(&self) -> bool {
        false
    }
}
