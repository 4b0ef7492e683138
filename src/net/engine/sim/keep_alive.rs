//! Keep-alive: looking after connections on which nothing comes.

use rustix::io::Errno;

use super::parcel::Content;
use super::socket::SocketKey;
use super::tcp::Phase;
use super::wire::{Event, Wire};

/// Looking after connections on which nothing comes.
impl Wire {
    /// Begins to look after a connection, if its option says so.
    pub(super) fn begin_keep_alive(&mut self, key: SocketKey) {
        let now = self.agenda.now();
        let Some(socket) = self.sockets.get_mut(key) else { return };
        let (is_on, idle) = (socket.options.keep_alive, socket.options.keep_alive_idle);
        let Some(stream) = socket.stream().filter(|stream| stream.phase == Phase::Standing) else {
            return;
        };
        stream.keep_alive_round += 1;
        (stream.heard, stream.unanswered) = (now, 0);
        let round = stream.keep_alive_round;
        if is_on {
            self.agenda.write(idle, Event::KeepAlive(key, round));
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
