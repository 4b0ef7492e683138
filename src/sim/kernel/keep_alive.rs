//! Keep-alive: probes of idle connections.

use std::time::Duration;

use rustix::io::Errno;

use super::parcel::Content;
use super::socket::SocketKey;
use super::tcp::Phase;
use super::wire::{Event, Wire};

/// Probes of idle connections.
impl Wire {
    /// Schedules the first check of a connection, if its option is on.
    pub(super) fn begin_keep_alive(&mut self, key: SocketKey) {
        let Some(socket) = self.sockets.get(key) else { return };
        self.keep_alive_after(key, socket.options.keep_alive_idle);
    }

    /// Reschedules the check after a change of the idle time.
    pub(super) fn change_keep_alive(&mut self, key: SocketKey) {
        let now = self.agenda.now();
        let Some(socket) = self.sockets.get_mut(key) else { return };
        let idle = socket.options.keep_alive_idle;
        let Some(stream) = socket.stream() else { return };
        let silence = now.saturating_sub(stream.heard);
        self.keep_alive_after(key, idle.saturating_sub(silence));
    }

    /// Schedules the next check, in place of an earlier one.
    fn keep_alive_after(&mut self, key: SocketKey, delay: Duration) {
        let Some(socket) = self.sockets.get_mut(key) else { return };
        let is_on = socket.options.keep_alive;
        let Some(stream) = socket.stream().filter(|stream| stream.phase == Phase::Standing) else {
            return;
        };
        stream.keep_alive_round += 1;
        let round = stream.keep_alive_round;
        if is_on {
            self.agenda.write(delay, Event::KeepAlive(key, round));
        }
    }

    pub(super) fn keep_alive(&mut self, key: SocketKey, round: u32) {
        let now = self.agenda.now();
        let Some(socket) = self.sockets.get_mut(key) else { return };
        let options = socket.options.clone();
        let Some(stream) = socket.stream() else { return };
        let is_meant = stream.phase == Phase::Standing && stream.keep_alive_round == round;
        if !is_meant || stream.is_orphan || !options.keep_alive {
            return;
        }
        if stream.outgoing.is_in_flight() {
            // Unacknowledged packets are sent again until the peer answers or the connection fails,
            // so no probe is needed.
            return self.agenda.write(options.keep_alive_idle, Event::KeepAlive(key, round));
        }
        let silence = now.saturating_sub(stream.heard);
        if silence < options.keep_alive_idle && stream.unanswered == 0 {
            let rest = options.keep_alive_idle - silence;
            return self.agenda.write(rest, Event::KeepAlive(key, round));
        }
        if stream.unanswered >= options.keep_alive_count {
            return self.fail(key, Errno::TIMEDOUT);
        }
        stream.unanswered += 1;
        self.agenda.write(options.keep_alive_interval, Event::KeepAlive(key, round));
        self.send(key, Content::Probe, 0);
    }
}
