//! Transfer: what a socket does when the loop or a wait finds it ready.
//!
//! Reading through the device's buffer is in `receiving.rs`, sending through it in `sending.rs`.
//! Direct reads and writes are in `direct.rs` and `datagram.rs`.

use std::cell::Cell;
use std::io;
use std::rc::Rc;

use super::core::SocketCore;
use super::news::News;
use super::phase::Phase;
use super::step::Step;
use crate::net::engine::{Awaited, Interest};
use crate::net::values::{SocketError, SocketState, SocketType};
use crate::readiness::{Readiness, SourceId};

impl SocketCore {
    /// Called when a source is ready. Returns true if the caller must emit `ready_read`.
    #[must_use]
    #[inline(never)]
    pub(super) fn on_ready(&mut self, source: SourceId, readiness: Readiness) -> bool {
        if let Phase::Connecting(_) = self.phase {
            self.on_ready_to_connect(Some(source), readiness);
            return false;
        }
        let Some(engine) = self.phase.engine_mut() else { return false };
        let readiness = engine.ready(Some(source), readiness);
        if self.kind == SocketType::Udp {
            return self.on_datagram(readiness);
        }
        if let Phase::Adopted(_) = self.phase {
            return false;
        }
        self.receive.note(readiness);
        let has_room = readiness.writable && self.send.is_blocked;
        let must_wait = has_room && self.on_room(readiness.readable);
        readiness.readable && !must_wait && self.receive()
    }

    /// Called when the kernel has room for more. Returns true if the socket must not read before
    /// the slots of `bytes_written` have run.
    #[inline(never)]
    fn on_room(&mut self, is_readable: bool) -> bool {
        self.send.is_blocked = false;
        let has_sent = self.announces_traffic(Self::flush);
        if has_sent && is_readable {
            self.announcement.has_more = true;
            self.postpone_traffic();
        }
        has_sent
    }

    /// Called when a source of the attempt to connect is ready.
    #[inline(never)]
    pub(super) fn on_ready_to_connect(&mut self, source: Option<SourceId>, readiness: Readiness) {
        if !self.on_ready_to_shake_hands(source, readiness) {
            self.check_attempt();
        }
        // The peer's end can come together with the connection, and is reported only once.
        self.receive.note(readiness);
    }

    /// Called when a wait for this socket has found sources ready. Returns what the socket's engine
    /// is ready for as a result. An attempt to connect goes on at once.
    pub(in crate::net) fn on_awaited(
        &mut self,
        ready: &[(Option<SourceId>, Readiness)],
    ) -> Readiness {
        let mut any = self.ready_now();
        for &(source, readiness) in ready.iter().filter(|(_, it)| *it != Readiness::default()) {
            if let Phase::Connecting(_) = self.phase {
                self.on_ready_to_connect(source, readiness);
            } else if let Some(engine) = self.phase.engine_mut() {
                any = any | engine.ready(source, readiness);
            }
        }
        any
    }

    /// Returns the sockets of the network to wait for until this socket is ready. Layers that shake
    /// hands choose these themselves.
    pub(in crate::net) fn awaited(&self, interest: Interest) -> Vec<Awaited<'_>> {
        let mut sockets = Vec::new();
        match self.phase.attempt().and_then(|attempt| attempt.handshake.as_ref()) {
            Some(handshake) => handshake.add_awaited(&mut sockets),
            None => {
                for engine in self.engines() {
                    Awaited::collect(engine, interest, &mut sockets);
                }
            }
        }
        sockets
    }

    /// Returns what the socket's engine is ready for even if none of its sources is ready.
    pub(in crate::net) fn ready_now(&self) -> Readiness {
        let mut ready =
            self.phase.engine().map_or(Readiness::default(), |engine| engine.ready_now());
        ready.readable |= self.announcement.has_early();
        ready
    }

    /// Called when a wait for this socket has found that there may be something to read.
    pub(in crate::net) fn on_awaited_to_read(&mut self, readiness: Readiness) {
        let has_come = if self.takes_early() {
            self.news.add(News::ARRIVED);
            true
        } else if self.kind == SocketType::Udp {
            self.on_datagram(readiness)
        } else {
            readiness.readable && {
                self.receive.note(readiness);
                self.receive()
            }
        };
        if has_come {
            self.device.announce_received();
        }
        // While bytes stay unread, no read finds a reset behind them.
        if self.kind == SocketType::Tcp
            && readiness.read_closed
            && (self.has_pending() || self.read_room() == 0)
        {
            self.look_for_reset();
        }
    }

    /// Called when a wait for this socket has found that there may be room to write.
    pub(in crate::net) fn on_awaited_to_write(&mut self, readiness: Readiness) {
        if readiness.writable && self.kind == SocketType::Tcp && self.has_engine() {
            self.send.is_blocked = false;
            self.flush();
        }
    }

    /// Returns true if the connection was lost before all bytes were sent.
    pub(in crate::net) fn was_cut_off(&self) -> bool {
        self.send.was_cut_off()
    }

    /// Returns what has happened since [`begin_to_be_awaited`](Self::begin_to_be_awaited).
    pub(in crate::net) fn news(&self) -> News {
        self.news.news()
    }

    /// Begins a wait for this socket. What is not delivered yet counts as news. If the socket is
    /// destroyed before the wait ends, it puts the news into `legacy`.
    pub(in crate::net) fn begin_to_be_awaited(&mut self, legacy: &Rc<Cell<News>>) {
        self.news.begin_wait();
        self.extra_mut().legacy = Rc::downgrade(legacy);
    }

    /// Notes news for which a signal was emitted. News from outside the passes of the loop count as
    /// undelivered until the slots of the signal have run.
    pub(super) fn note(&mut self, news: News) {
        self.news.add(news);
        if let Some(home) = &self.home
            && !home.in_turn()
            && !news.is_empty()
        {
            self.news.add_undelivered(news);
            home.step(Self::DELIVERED);
        }
    }

    /// Called when the emissions from outside the passes of the loop are delivered.
    pub(super) fn on_delivered(&mut self) {
        self.news.deliver();
    }

    /// Called when the loop comes to the traffic that the socket has postponed: sends and reads.
    /// Returns true if the caller must emit `ready_read`.
    #[must_use]
    pub(super) fn on_postponed(&mut self) -> bool {
        self.is_postponed = false;
        self.give_memory_back();
        let has_announced = self.announces_traffic(|core| match core.send.is_blocked {
            true => core.announce_sent(0),
            false => core.flush(),
        });
        if has_announced {
            // A slot of `bytes_written` may end the connection, after which no `ready_read` may be
            // emitted. So the socket reads only after these slots have run.
            if self.announcement.has_more || self.announcement.is_renewed() {
                self.postpone_traffic();
            }
            return false;
        }
        if self.announcement.take_renewed() && self.device.unread_len() > 0 {
            if self.announcement.has_more {
                self.postpone_traffic();
            }
            return true;
        }
        self.announcement.has_more && self.receive()
    }

    /// Called when the slots of `ready_read` have run and one of them has written: sends. Reads
    /// nothing, and sends no more than a socket sends in a pass of the loop, since the other sockets
    /// come first.
    #[inline(never)]
    pub(super) fn on_follow_up(&mut self) {
        self.is_postponed = false;
        let must_wait = self.send.is_blocked || self.has_unsent_for_a_pass();
        let has_more = self.announcement.has_more || self.announcement.is_renewed();
        if must_wait || has_more || self.device.is_wasteful() {
            return self.follow_up_later(must_wait);
        }
        self.flush();
    }

    /// Does what [`on_follow_up`](Self::on_follow_up) does for a socket that has more to do than to
    /// send, or must wait with sending.
    #[inline(never)]
    fn follow_up_later(&mut self, must_wait: bool) {
        self.postpone_traffic();
        if !must_wait {
            self.flush();
        }
    }

    /// Calls `f`, and returns true if `f` has emitted `ready_read` or `bytes_written`.
    fn announces_traffic(&mut self, f: impl FnOnce(&mut Self)) -> bool {
        let earlier = self.news.take();
        f(self);
        let announces = self.news.news().intersects(News::ARRIVED | News::DEPARTED);
        self.news.add(earlier);
        announces
    }

    /// Emits `ready_read` for bytes that came with the end of a handshake, if it is not emitted yet.
    pub(super) fn announce_early(&mut self) {
        if self.takes_early() {
            self.device.announce_received();
            self.note(News::ARRIVED);
        }
    }

    /// Returns true if `ready_read` must be emitted for bytes that came with the end of a handshake.
    /// Returns true only once.
    fn takes_early(&mut self) -> bool {
        self.announcement.take_early() && self.device.unread_len() > 0
    }

    /// Called when both ends are closed. Closes the socket after the slots of the last signal.
    pub(super) fn close_both_ends(&mut self) {
        if self.state() == SocketState::Connected && !self.steps.contains(Step::Closing) {
            self.record(Step::Closing);
        }
    }

    /// Called when the connection is lost. Emits the error while the state is still unchanged, then
    /// closes the socket.
    pub(super) fn lost(&mut self, kind: SocketError, source: Option<io::Error>) {
        self.announce_early();
        self.drop_engine();
        let has_unsent = !self.device.outgoing().is_empty();
        self.send.cut_off(has_unsent);
        self.device.drop_outgoing();
        self.fail(kind, source);
        let next = if self.state() == SocketState::Closing { Step::Closed } else { Step::Closing };
        // Even if the step was recorded before, it must come after the error.
        self.steps.remove(next);
        self.record(next);
    }

    /// Postpones sending and reading until after the running slots.
    pub(super) fn postpone_traffic(&mut self) {
        if let Some(home) = &self.home
            && !std::mem::replace(&mut self.is_postponed, true)
        {
            home.postpone();
        }
    }
}
