//! Transfer: reading what the peer sends and sending what was written, through the device's
//! buffers. What goes past them is in `direct.rs` and `datagram.rs`.

use std::cell::Cell;
use std::io::{self, ErrorKind};
use std::rc::Rc;

use super::core::SocketCore;
use super::phase::Phase;
use super::step::Step;
use super::traffic::{News, WriteEnd};
use crate::net::engine::SocketEngine;
use crate::net::values::{ReadyReadPolicy, SocketError, SocketState, SocketType};
use crate::readiness::Readiness;

/// How much is sent in one pass of the loop before others get theirs. More than most writes, so
/// that they take one system call.
const SENT_PER_PASS: usize = 1 << 20;

/// A write of as much as this into an empty buffer goes to the kernel at once: being sent together
/// with others would not pay for the copy.
const SENT_AT_ONCE: usize = 16 * 1024;

/// How much is dropped of what waits when a connection is closed: as much as Linux lets wait.
const DROPPED_AT_MOST: usize = 6 << 20;

impl SocketCore {
    pub(super) fn on_ready(&mut self, readiness: Readiness) {
        match self.state() {
            SocketState::Connecting => {
                self.check_attempt();
                // The end can come with the beginning, and is not told again.
                self.traffic.peer_closed |= readiness.read_closed;
                self.traffic.is_urgent |= readiness.priority;
            }
            _ if self.kind == SocketType::Udp => self.on_datagram(readiness),
            SocketState::Connected | SocketState::Closing | SocketState::Bound => {
                self.traffic.peer_closed |= readiness.read_closed;
                self.traffic.is_urgent |= readiness.priority;
                let has_sent = readiness.writable
                    && std::mem::take(&mut self.traffic.send_blocked)
                    && self.announces_traffic(Self::send);
                if !readiness.readable {
                    return;
                }
                if has_sent {
                    self.traffic.has_more = true;
                    self.postpone_traffic();
                } else {
                    self.receive();
                }
            }
            _ => {}
        }
    }

    /// Somebody waited for this socket alone, and found that there may be something to read.
    pub(in crate::net) fn on_awaited_to_read(&mut self, readiness: Readiness) {
        if self.state() == SocketState::Connecting {
            return self.check_attempt();
        }
        if self.kind == SocketType::Udp {
            return self.on_datagram(readiness);
        }
        if readiness.readable {
            self.traffic.peer_closed |= readiness.read_closed;
            self.receive();
        }
        // What nobody reads hides a reset from the reads that would find it.
        if readiness.read_closed && (self.has_pending() || self.read_room() == 0) {
            self.look_for_reset();
        }
    }

    /// Somebody waited for this socket alone, and found that there may be room to write.
    pub(in crate::net) fn on_awaited_to_write(&mut self, readiness: Readiness) {
        if readiness.writable && self.kind == SocketType::Tcp && self.has_engine() {
            self.traffic.send_blocked = false;
            self.flush();
        }
    }

    /// Says whether the connection was lost before all was sent.
    pub(in crate::net) fn was_cut_off(&self) -> bool {
        self.traffic.was_cut_off
    }

    /// Returns what has happened since [`begin_to_be_awaited`](Self::begin_to_be_awaited).
    pub(in crate::net) fn news(&self) -> News {
        self.traffic.news
    }

    /// A wait for this socket begins. What is not delivered yet counts as news. If the socket is
    /// destroyed before the wait ends, the news are found in `legacy`.
    pub(in crate::net) fn begin_to_be_awaited(&mut self, legacy: &Rc<Cell<News>>) {
        self.traffic.news = self.traffic.undelivered;
        self.extra_mut().legacy = Rc::downgrade(legacy);
    }

    /// Notes what has happened and was emitted. If that was outside the passes of the loop, it counts
    /// as undelivered until what is recorded after the emission is carried out.
    pub(super) fn note(&mut self, news: News) {
        self.traffic.news |= news;
        if let Some(home) = &self.home
            && !home.in_turn()
            && !news.is_empty()
        {
            self.traffic.undelivered |= news;
            home.step(Self::DELIVERED);
        }
    }

    /// What was emitted outside the passes of the loop is delivered.
    pub(super) fn on_delivered(&mut self) {
        self.traffic.undelivered = News::empty();
    }

    /// The loop has come to the socket, which had postponed something: sends, and reads on.
    pub(super) fn on_postponed(&mut self) {
        self.traffic.is_postponed = false;
        let has_announced = self.announces_traffic(|core| match core.traffic.send_blocked {
            true => core.announce_sent(0),
            false => core.flush(),
        });
        if has_announced {
            // A slot of `bytes_written` may end the connection. After that, nothing may be emitted
            // that was found before.
            if self.traffic.has_more || self.traffic.to_announce_again {
                self.postpone_traffic();
            }
        } else if std::mem::take(&mut self.traffic.to_announce_again)
            && self.device.unread_len() > 0
        {
            self.device.announce_received();
            if self.traffic.has_more {
                self.postpone_traffic();
            }
        } else if self.traffic.has_more {
            self.receive();
        }
    }

    /// Calls `f`, and returns true if that has emitted `ready_read` or `bytes_written`.
    fn announces_traffic(&mut self, f: impl FnOnce(&mut Self)) -> bool {
        let earlier = std::mem::take(&mut self.traffic.news);
        f(self);
        let announces = self.traffic.news.intersects(News::ARRIVED | News::DEPARTED);
        self.traffic.news |= earlier;
        announces
    }

    /// Sends what the kernel takes now, because the user wants it.
    pub(super) fn flush_by_user(&mut self) {
        let earlier = std::mem::take(&mut self.traffic.news);
        self.flush();
        let news = std::mem::replace(&mut self.traffic.news, earlier);
        self.note(news);
    }

    /// Sends what the kernel takes now.
    pub(super) fn flush(&mut self) {
        if matches!(self.phase, Phase::Connected(_) | Phase::Closing(_)) {
            self.send();
        }
    }

    /// Reads once, and tells what came of it.
    pub(super) fn receive(&mut self) {
        self.traffic.has_more = false;
        // Nobody reads past the buffer of one that is open for writing alone.
        let is_read = self.kind == SocketType::Udp || self.device.is_readable();
        if self.is_direct() && is_read {
            return self.announce_direct();
        }
        let room = self.read_room();
        if room == 0 {
            // Whoever makes room postpones reading on.
            self.traffic.has_more = true;
            return;
        }
        if self.traffic.end_seen {
            return self.look_for_reset();
        }
        let (Some(engine), Some(home)) = (self.phase.engine_mut(), &self.home) else { return };
        let pool = &home.pool;
        let mut buffer = pool.take();
        let size = buffer.capacity().min(room);
        match engine.read_to(&mut buffer, size) {
            Ok(0) => {
                pool.put(buffer);
                self.traffic.end_seen = true;
                if let Some(kind) = self.traffic.failed_by {
                    return self.lost(kind, None);
                }
                // While this end closes, what is still to go out may go.
                if self.state() != SocketState::Closing {
                    self.peer_finished();
                }
            }
            Ok(count) => {
                // What comes while the socket closes is dropped. If it were left to the kernel,
                // the peer would get a reset instead of the rest.
                if matches!(self.phase, Phase::Connected(_)) {
                    self.traffic.news |= News::ARRIVED;
                    // Handed on as it is if it is much, and copied otherwise.
                    if let Some(buffer) = self.device.adopt(buffer) {
                        pool.put(buffer);
                    }
                } else {
                    pool.put(buffer);
                }
                // A short read has emptied the kernel's buffer, unless it ended before urgent data, or
                // the end is still in there.
                let is_urgent = std::mem::take(&mut self.traffic.is_urgent);
                if count == size || self.traffic.peer_closed || is_urgent {
                    self.traffic.has_more = true;
                    self.queue_unless_full();
                }
            }
            Err(error) => {
                pool.put(buffer);
                if error.kind() == ErrorKind::WouldBlock {
                    // It was another's end, that of an address that had lost the race.
                    self.traffic.peer_closed = false;
                } else {
                    self.lost(SocketError::of_transfer(&error), Some(error));
                }
            }
        }
    }

    /// Drops what is known to wait in the kernel. If it were left there, the peer would get a reset
    /// from the closing, and might lose what was sent to it.
    pub(super) fn drop_input(&mut self) {
        let (Some(engine), Some(home)) = (self.phase.engine_mut(), &self.home) else { return };
        if self.kind == SocketType::Udp || !self.traffic.has_more || self.traffic.end_seen {
            return;
        }
        let pool = &home.pool;
        let mut buffer = pool.take();
        // A peer that goes on sending gets the reset.
        for _ in 0..DROPPED_AT_MOST / buffer.capacity() {
            let size = buffer.capacity();
            match engine.read_to(&mut buffer, size) {
                Ok(1..) => buffer.clear(),
                _ => break,
            }
        }
        pool.put(buffer);
    }

    /// After the peer's end nothing more comes but a reset, which no read would tell.
    pub(super) fn look_for_reset(&mut self) {
        if let Some(engine) = self.phase.engine_mut()
            && let Err(error) = engine.progress()
        {
            self.lost(SocketError::of_transfer(&error), Some(error));
        }
    }

    /// How many bytes may still be buffered.
    pub(super) fn read_room(&self) -> usize {
        match self.settings().read_limit {
            // Datagrams are not held. What comes while the socket closes is dropped.
            Some(limit) if self.kind == SocketType::Tcp && self.state() != SocketState::Closing => {
                limit.saturating_sub(self.device.unread_len())
            }
            _ => usize::MAX,
        }
    }

    /// Says whether reading may bring something.
    pub(in crate::net) fn may_read(&self) -> bool {
        self.read_room() > 0 && !self.traffic.end_seen
    }

    /// Says whether there is something to send, or the end of it to tell.
    pub(in crate::net) fn may_write(&self) -> bool {
        self.has_unsent() || self.traffic.write_end == WriteEnd::Closing
    }

    /// Somebody took bytes off the buffer: there is room again.
    pub(super) fn make_room(&mut self) {
        if let (Some(buffer), Some(home)) = (self.device.reclaim(), &self.home) {
            home.pool.put(buffer);
        }
        if self.device.unread_len() > 0
            && self.settings().ready_read_policy == ReadyReadPolicy::WhileUnread
        {
            self.traffic.to_announce_again = true;
            self.postpone_traffic();
        }
        if self.traffic.has_more && !self.is_direct() {
            self.queue_unless_full();
        }
    }

    fn queue_unless_full(&mut self) {
        if self.read_room() > 0 {
            self.postpone_traffic();
        }
    }

    /// The peer has closed its end.
    pub(super) fn peer_finished(&mut self) {
        if !self.settings().allow_half_open {
            return self.lost(SocketError::RemoteHostClosed, None);
        }
        self.traffic.read_finished = true;
        self.device.finish_read_channel();
        if self.traffic.write_end == WriteEnd::Closed {
            self.close_both_ends();
        }
    }

    /// Both ends are closed: so is the connection, when that of the second was heard.
    fn close_both_ends(&mut self) {
        if self.state() == SocketState::Connected && !self.steps.contains(Step::Closing) {
            self.record(Step::Closing);
        }
    }

    /// Closes our end when all that was written is sent; the peer's stays as it is.
    pub(super) fn shutdown_write(&mut self) {
        let is_open = self.state() == SocketState::Connected || self.phase.attempt().is_some();
        if !is_open || self.traffic.write_end != WriteEnd::Open {
            return;
        }
        self.traffic.write_end = WriteEnd::Closing;
        self.postpone_traffic();
    }

    /// Queues bytes to go out when the running slots are done; sends them at once if the socket is
    /// direct.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let has_no_peer = match self.state() {
            SocketState::Unconnected => self.is_idle(),
            // Still open from the connection before, and there is nobody whom it could go to.
            SocketState::Bound => self.kind == SocketType::Tcp,
            _ => false,
        };
        if has_no_peer {
            return Err(io::Error::new(ErrorKind::NotConnected, "the socket is not connected"));
        }
        if self.traffic.write_end != WriteEnd::Open {
            return Err(io::Error::new(
                ErrorKind::BrokenPipe,
                "the socket's writing end is closed",
            ));
        }
        if self.is_direct() {
            return self.write_direct(bytes);
        }
        let count = bytes.len().min(self.write_room());
        if count < bytes.len() {
            self.traffic.write_cut = true;
            if count == 0 {
                return Err(ErrorKind::WouldBlock.into());
            }
        }
        let sent = if count >= SENT_AT_ONCE { self.write_at_once(&bytes[..count]) } else { 0 };
        self.device.queue(&bytes[sent..count]);
        if matches!(self.phase, Phase::Connected(_) | Phase::Closing(_)) {
            self.postpone_traffic();
        }
        Ok(count)
    }

    /// Has the kernel take what it has room for, if nothing waits before it.
    fn write_at_once(&mut self, bytes: &[u8]) -> usize {
        let is_next = !self.traffic.send_blocked && self.device.outgoing().is_empty();
        let budget = SENT_PER_PASS.saturating_sub(self.traffic.unannounced());
        let (Phase::Connected(engine), true) = (&mut self.phase, is_next) else { return 0 };
        let next = &bytes[..bytes.len().min(budget)];
        if next.is_empty() {
            return 0;
        }
        match engine.write(next) {
            Ok(sent) => {
                self.traffic.send_blocked = sent < next.len();
                self.traffic.went_at_once(sent);
                sent
            }
            Err(error) => {
                // What else fails here fails again when the bytes are sent, and is told then.
                self.traffic.send_blocked = error.kind() == ErrorKind::WouldBlock;
                0
            }
        }
    }

    pub(super) fn write_room(&self) -> usize {
        match self.settings().write_limit {
            Some(limit) => limit.saturating_sub(self.device.outgoing().len()),
            None => usize::MAX,
        }
    }

    /// Writes what the kernel takes, and tells how much that was.
    pub(super) fn send(&mut self) {
        let Some(engine) = self.phase.engine_mut() else { return };
        let budget = SENT_PER_PASS.saturating_sub(self.traffic.unannounced());
        let mut sent = 0;
        let failure = loop {
            let outgoing = self.device.outgoing();
            let next = &outgoing[..outgoing.len().min(budget - sent)];
            if next.is_empty() {
                break None;
            }
            match engine.write(next) {
                Ok(0) => {
                    self.traffic.send_blocked = true;
                    break None;
                }
                Ok(count) => {
                    let is_short = count < next.len();
                    sent += count;
                    self.device.sent(count);
                    // The kernel took what it had room for.
                    if is_short {
                        self.traffic.send_blocked = true;
                        break None;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.traffic.send_blocked = true;
                    break None;
                }
                Err(error) => break Some(error),
            }
        };
        self.announce_sent(sent);
        match failure {
            // It is told when that of the bytes was heard.
            Some(error) if sent > 0 => {
                self.traffic.failed_by.get_or_insert(SocketError::of_transfer(&error));
                self.postpone_traffic();
            }
            Some(error) if self.state() == SocketState::Connected => self.send_failed(error),
            Some(error) => {
                let kind = SocketError::of_transfer(&error);
                self.lost(self.traffic.failed_by.unwrap_or(kind), Some(error));
            }
            None => self.after_sending(sent == budget),
        }
    }

    /// Tells that so many bytes have gone out now, beside those that went at once.
    fn announce_sent(&mut self, sent: usize) {
        let sent = sent + self.traffic.take_unannounced();
        if sent > 0 {
            self.traffic.news |= News::DEPARTED;
            self.device.announce_written(sent);
        }
    }

    /// How much of what is written counts as waiting though it is not in the buffer. Nothing where a
    /// limit says how much may be in the buffer.
    pub(super) fn waiting_below(&self) -> usize {
        let is_limited = self.settings().write_limit.is_some();
        if is_limited { 0 } else { self.traffic.unannounced() }
    }

    /// Says whether written bytes have not gone out, or have and nobody was told.
    pub(in crate::net) fn has_unsent(&self) -> bool {
        !self.device.outgoing().is_empty() || self.traffic.unannounced() > 0
    }

    /// The connection is broken, but what the peer sent before is still in the kernel's buffer. It
    /// is taken as far as somebody wants it: who waits for bytes to go out may never read.
    fn send_failed(&mut self, error: io::Error) {
        // The kernel says why once. Later writes, and the end that reads find, do not tell.
        let kind = SocketError::of_transfer(&error);
        let kind = *self.traffic.failed_by.get_or_insert(kind);
        let is_empty = |engine: &dyn SocketEngine| engine.available().is_ok_and(|left| left == 0);
        if self.phase.engine().is_some_and(is_empty) {
            return self.lost(kind, Some(error));
        }
        let was_offered = self.has_pending();
        self.receive();
        let is_wanted = !was_offered && self.read_room() > 0;
        if !self.has_engine() {
            return;
        }
        if self.traffic.has_more && is_wanted {
            self.postpone_traffic();
        } else {
            self.lost(kind, Some(error));
        }
    }

    /// Does what waited for bytes to go out.
    fn after_sending(&mut self, had_its_share: bool) {
        if self.has_drained() && !self.steps.contains(Step::Drained) {
            self.record(Step::Drained);
        }
        if !self.device.outgoing().is_empty() {
            if had_its_share && !self.traffic.send_blocked {
                self.postpone_traffic();
            }
            return;
        }
        if self.traffic.write_end == WriteEnd::Closing {
            self.traffic.write_end = WriteEnd::Closed;
            // A failure means that the connection is gone, which reading will tell.
            let _ = self.phase.engine_mut().map(|engine| engine.shutdown_write());
            if self.traffic.read_finished {
                self.close_both_ends();
            }
        }
        if self.state() == SocketState::Closing && !self.steps.contains(Step::Closed) {
            self.record(Step::Closed);
        }
    }

    /// Says whether a write was cut short, and half of what may be queued is free again.
    fn has_drained(&self) -> bool {
        let limit = self.settings().write_limit.unwrap_or(usize::MAX);
        self.traffic.write_cut && self.device.outgoing().len() <= limit / 2
    }

    /// Tells of room to write, if there is some and somebody has wanted it.
    pub(super) fn tell_of_room(&mut self) {
        if self.has_drained() {
            self.traffic.write_cut = false;
            self.needed_extra().write_buffer_drained.emit(());
        }
    }

    /// The connection is gone: tells so while it still looks as it was, then closes.
    pub(super) fn lost(&mut self, kind: SocketError, source: Option<io::Error>) {
        self.drop_engine();
        self.traffic.was_cut_off |= !self.device.outgoing().is_empty();
        self.device.drop_outgoing();
        self.fail(kind, source);
        let next = if self.state() == SocketState::Closing { Step::Closed } else { Step::Closing };
        // If it was recorded before, it comes after the error all the same.
        self.steps.remove(next);
        self.record(next);
    }

    /// Asks to be woken after the running slots, to send and to read on.
    pub(super) fn postpone_traffic(&mut self) {
        if let Some(home) = &self.home
            && !std::mem::replace(&mut self.traffic.is_postponed, true)
        {
            home.postpone();
        }
    }
}
