//! What a socket does later: its agenda, with the runtime that wakes it for the entries, and the bytes
//! in its buffer, for which the agenda may have another `ready_read`.

use super::core::SocketCore;
use crate::io::ByteQueue;
use crate::net::socket::agenda::Agenda;
use crate::net::socket::step::Step;
use crate::net::values::ReadyReadPolicy;

impl SocketCore {
    /// Takes the step with this number out of the queue, if that step still waits.
    pub(in crate::net::socket) fn step(&mut self, number: u32) -> Option<Step> {
        self.agenda.take(number, &mut self.extra)
    }

    /// Records a step, if the socket is in a runtime.
    pub(in crate::net::socket) fn record(&mut self, step: Step) {
        if let Some(home) = &self.home {
            self.agenda.record(step, &mut self.extra, home);
        }
    }

    /// Records a step, unless it is recorded already.
    pub(in crate::net::socket) fn record_once(&mut self, step: Step) {
        if !self.is_recorded(step) {
            self.record(step);
        }
    }

    /// Returns true if this step is recorded and not taken yet.
    pub(in crate::net::socket) fn is_recorded(&self, step: Step) -> bool {
        self.agenda.has(step, self.extra())
    }

    /// Records a step after all others. If it was recorded before, that is forgotten.
    pub(super) fn record_last(&mut self, step: Step) {
        if let Some(home) = &self.home {
            self.agenda.record_last(step, &mut self.extra, home);
        }
    }

    /// Forgets all recorded steps.
    pub(super) fn forget_steps(&mut self) {
        self.agenda.forget_steps(&mut self.extra);
    }

    /// Takes the first step out of the queue.
    pub(in crate::net::socket) fn next_step(&mut self) -> Option<Step> {
        self.agenda.take_first(&mut self.extra)
    }

    /// Records a step that closes the device after the slots of `about_to_close` have run. Returns
    /// false if the socket is not in a runtime.
    pub(in crate::net::socket) fn close_later(&mut self) -> bool {
        self.record_once(Step::Close);
        self.home.is_some()
    }

    /// Requests a wake-up when an emission from outside the passes of the loop is delivered. Returns
    /// false if nothing has to be requested.
    pub(super) fn follows_emission(&self) -> bool {
        self.home.as_ref().is_some_and(Agenda::follow_emission)
    }

    /// Postpones sending and reading until after the running slots.
    pub(in crate::net::socket) fn postpone_traffic(&mut self) {
        if let Some(home) = &self.home {
            self.agenda.postpone(home);
        }
    }

    /// Postpones sending until after the slots of the wake-up that is under way.
    #[inline(always)]
    pub(in crate::net::socket) fn follow_up(&mut self) {
        if let Some(home) = &self.home {
            self.agenda.follow_up(home);
        }
    }

    /// Returns true if the socket has postponed its traffic: the loop will wake it.
    #[inline]
    pub(in crate::net::socket) fn is_postponed(&self) -> bool {
        self.agenda.is_postponed()
    }

    /// Called when the loop comes to the traffic that the socket has postponed.
    #[inline]
    pub(in crate::net::socket) fn begin_postponed(&mut self) {
        self.agenda.begin_postponed();
    }

    /// Takes back what the socket has postponed, unless the loop has come to it already.
    #[inline]
    pub(in crate::net::socket) fn take_back_postponed(&mut self) {
        if let Some(home) = &self.home {
            self.agenda.take_back(home);
        }
    }

    /// Returns true if the socket will emit `ready_read` once more for bytes in the buffer.
    #[inline]
    pub(in crate::net::socket) fn announces_later(&self) -> bool {
        self.agenda.announces()
    }

    /// Returns true if the socket will emit `ready_read` for bytes that came with the end of a
    /// handshake.
    pub(in crate::net) fn announces_early(&self) -> bool {
        self.agenda.announces_early()
    }

    /// Forgets what there was to read from the connection before. A wait from now on is for the new
    /// connection.
    pub(super) fn begin_anew(&mut self) {
        self.agenda.begin_connection();
        self.on_delivered();
        self.count_begun();
    }

    /// Puts into the buffer what was read beyond the handshakes of layers. `ready_read` is emitted for
    /// these bytes after the slots of `connected` have run.
    pub(super) fn take_early(&mut self, early: &[u8]) {
        let mut queue = ByteQueue::default();
        queue.push(early);
        self.adopt_early(queue);
    }

    /// Puts into the buffer what came with the news of an accepted connection. `ready_read` is emitted
    /// for these bytes after the slots of the server's `new_connection` have run.
    pub(super) fn adopt_early(&mut self, early: ByteQueue) {
        if !early.is_empty() {
            // `adopt` returns the memory if it has copied the bytes.
            drop(self.device.adopt(early));
            self.agenda.announce_early();
        }
    }

    /// Postpones `ready_read` for bytes that were read: the slots of what the engine has reported come
    /// before its slots.
    pub(in crate::net::socket) fn announce_later(&mut self) {
        self.agenda.announce_early();
        self.postpone_traffic();
    }

    /// Emits `ready_read` for bytes that came with the end of a handshake, if it is not emitted yet.
    pub(in crate::net::socket) fn announce_early(&mut self) {
        if self.takes_early() {
            self.announce_received();
        }
    }

    /// Returns true if `ready_read` must be emitted for bytes that came with the end of a handshake.
    /// Returns true only once.
    pub(in crate::net::socket) fn takes_early(&mut self) -> bool {
        self.agenda.take_early() && self.device.unread_len() > 0
    }

    /// Returns true if `ready_read` must be emitted once more, for unread bytes.
    pub(in crate::net::socket) fn announces_rest(&mut self) -> bool {
        self.agenda.take_announcement() && self.device.unread_len() > 0
    }

    /// Called when bytes have left the buffer: gives memory back, and requests another `ready_read`
    /// if the program wants one for the rest.
    #[inline]
    pub(in crate::net::socket) fn after_consuming(&mut self) {
        // Often the buffer has no memory: it is empty, and its memory has gone along with the bytes.
        if self.device.has_memory() {
            self.look_after_buffer();
        }
    }

    #[inline(never)]
    fn look_after_buffer(&mut self) {
        if self.device.unread_len() == 0 {
            self.buffers().reclaim();
        } else if self.settings().ready_read_policy == ReadyReadPolicy::WhileUnread {
            self.agenda.announce_rest();
            self.postpone_traffic();
        } else if self.device.is_wasteful() {
            self.postpone_traffic();
        }
    }

    /// Gives large memory back to the pool if there are few bytes in it, unread or unsent.
    #[inline(never)]
    pub(in crate::net::socket) fn give_memory_back(&mut self) {
        self.buffers().shrink();
    }
}
