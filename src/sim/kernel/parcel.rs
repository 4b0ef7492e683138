//! Parcels: the packets of connections between simulated hosts.

use std::time::Duration;

use rustix::io::Errno;

use super::call::{CALL_AGAIN, Call, MOST_CALLS};
use super::host::SimHost;
use super::socket::{Role, Socket, SocketKey};
use super::stream::Segment;
use super::tcp::{HEADERS, LONGEST, Phase, doubled};
use super::wire::{Event, Wire, happens};

/// How long TCP waits before it sends a packet again, besides the round trip. Each repetition
/// doubles the time.
const RESEND: Duration = Duration::from_millis(200);

/// How often a packet is sent again before the connection fails, as on Linux.
const MOST_RESENDS: u32 = 15;

/// A packet from one end of a connection to the other.
#[derive(Clone, Debug)]
pub(in crate::sim) struct Parcel {
    from: SocketKey,
    from_host: SimHost,
    to: SocketKey,
    to_host: SimHost,
    content: Content,
    attempt: u32,
}

#[derive(Clone, Debug)]
pub(super) enum Content {
    /// The answer to a call (TCP's SYN-ACK), with the window of the answering end.
    Answer {
        window_end: u64,
    },
    Acknowledgement {
        up_to: u64,
        window_end: u64,
    },
    Segment(Segment),
    /// Asks whether the other end exists (keep-alive).
    Probe,
    /// Asks whether the other end has room (a zero-window probe), until there is an answer.
    RoomProbe,
    /// Ends the connection. May be the answer to a packet for which there is no socket.
    Reset(Option<Box<Stray>>),
}

/// A packet for which its host has no socket.
#[derive(Clone, Debug)]
pub(super) enum Stray {
    Call(Call),
    Parcel(Parcel),
}

/// Sending and receiving packets.
impl Wire {
    /// Sends the queued bytes for which the other end has room.
    pub(super) fn send_segments(&mut self, key: SocketKey) {
        loop {
            let Some(socket) = self.sockets.get_mut(key) else { return };
            let host = socket.host;
            let Some(stream) = socket.stream().filter(|stream| stream.phase == Phase::Standing)
            else {
                return;
            };
            let to_host = stream.remote_host;
            let link = self.link(host, to_host);
            let (most, splitting) = (link.mtu() - HEADERS, link.splitting());
            let rng = &mut self.rng;
            // `Rng::usize` gives other numbers where a pointer has 32 bits.
            let cut = |count: usize| match happens(rng, splitting) {
                true => rng.u64(1..=count as u64) as usize,
                false => count,
            };
            let Some(stream) = self.sockets[key].stream() else { return };
            let Some(segment) = stream.outgoing.next_segment(most, cut) else {
                return self.ask_for_room(key);
            };
            self.send(key, Content::Segment(segment), 0);
        }
    }

    /// Sends an acknowledgement, with the current window.
    pub(super) fn acknowledge(&mut self, key: SocketKey) {
        let Some(stream) = self.sockets.get_mut(key).and_then(Socket::stream) else { return };
        let up_to = stream.incoming.place();
        let window_end = stream.incoming.promise();
        self.send(key, Content::Acknowledgement { up_to, window_end }, 0);
    }

    pub(super) fn send(&mut self, from: SocketKey, content: Content, attempt: u32) {
        let Some(socket) = self.sockets.get_mut(from) else { return };
        let from_host = socket.host;
        let Some(stream) = socket.stream() else { return };
        let (Some(to), to_host) = (stream.peer, stream.remote_host) else { return };
        self.ship(Parcel { from, from_host, to, to_host, content, attempt });
    }

    fn ship(&mut self, parcel: Parcel) {
        let size = HEADERS
            + match &parcel.content {
                Content::Segment(segment) => segment.bytes.len(),
                _ => 0,
            };
        match self.convey(parcel.from_host, parcel.to_host, size) {
            Some(delay) => self.agenda.write(delay, Event::Parcel(parcel)),
            None => self.was_lost(parcel),
        }
    }

    /// Schedules a lost parcel to be sent again, or fails after the last try.
    fn was_lost(&mut self, mut parcel: Parcel) {
        let (first, most) = match parcel.content {
            // The sender gets no reset, so it sends the original packet again.
            Content::Reset(Some(stray)) => {
                return match *stray {
                    Stray::Call(call) => self.call_again(call),
                    Stray::Parcel(parcel) => self.was_lost(parcel),
                };
            }
            Content::Reset(None) | Content::Probe => return,
            Content::Answer { .. } => (CALL_AGAIN, MOST_CALLS),
            Content::Acknowledgement { .. } | Content::Segment(_) | Content::RoomProbe => {
                let there = self.link(parcel.from_host, parcel.to_host).latency();
                let back = self.link(parcel.to_host, parcel.from_host).latency();
                (RESEND.saturating_add(there).saturating_add(back), MOST_RESENDS)
            }
        };
        if parcel.attempt == most {
            return match parcel.content {
                Content::Acknowledgement { .. } => self.time_out_if_waiting(parcel.to),
                Content::Answer { .. } => {
                    self.forget_begun(parcel.from);
                    self.fail(parcel.to, Errno::TIMEDOUT);
                }
                _ => self.fail(parcel.from, Errno::TIMEDOUT),
            };
        }
        let delay = doubled(first, parcel.attempt);
        parcel.attempt += 1;
        self.agenda.write(delay, Event::Again(parcel));
    }

    /// Sends a lost parcel again, if it is still needed.
    pub(super) fn send_again(&mut self, mut parcel: Parcel) {
        let Some(stream) = self.sockets.get_mut(parcel.from).and_then(Socket::stream) else {
            return self.repeat_for_one_gone(parcel);
        };
        match &mut parcel.content {
            _ if stream.phase == Phase::Dead => return,
            Content::Segment(segment) if stream.outgoing.is_acknowledged(segment) => return,
            Content::RoomProbe if !stream.outgoing.is_blocked() => {
                stream.asks_for_room = false;
                return;
            }
            Content::Acknowledgement { up_to, window_end } => {
                *up_to = stream.incoming.place();
                *window_end = stream.incoming.promise();
            }
            _ => {}
        }
        self.ship(parcel);
    }

    /// Handles a lost acknowledgement whose socket is gone. The other end sends its unacknowledged
    /// bytes again.
    fn repeat_for_one_gone(&mut self, parcel: Parcel) {
        let Content::Acknowledgement { .. } = parcel.content else { return };
        if !self.host(parcel.from_host).is_up {
            // A host that is down sends no reset.
            return self.was_lost(parcel);
        }
        let Some(stream) = self.sockets.get_mut(parcel.to).and_then(Socket::stream) else { return };
        if !stream.outgoing.is_in_flight() {
            return;
        }
        // The host acknowledges what it has got of a connection that was closed without an error,
        // and resets any other.
        if self.time_waits.knows(self.agenda.now(), parcel.from) {
            return self.ship(parcel);
        }
        let (from_host, to, to_host) = (parcel.from_host, parcel.to, parcel.to_host);
        self.answer_by_reset(from_host, to, to_host, Stray::Parcel(parcel));
    }

    /// Handles the removal of the other end. This end is not informed; if it waits for an
    /// acknowledgement of its answer, it repeats the answer.
    pub(super) fn is_left_alone(&mut self, key: SocketKey) {
        let Some(stream) = self.sockets.get_mut(key).and_then(Socket::stream) else { return };
        if let Phase::Called { .. } = stream.phase {
            let window_end = stream.incoming.promise();
            self.send_later(key, Content::Answer { window_end }, CALL_AGAIN);
        }
    }

    /// Begins to probe for room if there is none. The other end reports new room by itself, but the
    /// probe finds out if it is gone or the route is cut.
    fn ask_for_room(&mut self, key: SocketKey) {
        let Some(stream) = self.sockets.get_mut(key).and_then(Socket::stream) else { return };
        let is_stuck = stream.phase == Phase::Standing && stream.outgoing.is_blocked();
        if is_stuck && !std::mem::replace(&mut stream.asks_for_room, true) {
            self.send_later(key, Content::RoomProbe, RESEND);
        }
    }

    fn send_later(&mut self, from: SocketKey, content: Content, delay: Duration) {
        let Some(socket) = self.sockets.get_mut(from) else { return };
        let from_host = socket.host;
        let Some(stream) = socket.stream() else { return };
        let (Some(to), to_host) = (stream.peer, stream.remote_host) else { return };
        let parcel = Parcel { from, from_host, to, to_host, content, attempt: 0 };
        self.agenda.write(delay, Event::Again(parcel));
    }

    /// Handles a parcel that arrives.
    pub(super) fn on_parcel(&mut self, parcel: Parcel) {
        if !self.host(parcel.to_host).is_up || self.is_swallowed(&parcel) {
            return self.was_lost(parcel);
        }
        let now = self.agenda.now();
        let stream = self.sockets.get_mut(parcel.to).and_then(Socket::stream);
        let Some(stream) = stream.filter(|stream| stream.phase != Phase::Dead) else {
            return self.on_stray(parcel);
        };
        (stream.heard, stream.unanswered) = (now, 0);
        let key = parcel.to;
        match parcel.content {
            Content::Reset(_) => self.on_reset(key),
            Content::Answer { window_end } => {
                if stream.phase == Phase::Calling {
                    stream.phase = Phase::Standing;
                    stream.peer = Some(parcel.from);
                    stream.outgoing.acknowledge(0, window_end);
                    self.acknowledge(key);
                    self.stir(key);
                    self.begin_keep_alive(key);
                }
            }
            Content::Acknowledgement { up_to, window_end } => {
                self.begin_to_stand(key);
                let Some(stream) = self.sockets[key].stream() else { return };
                if stream.outgoing.acknowledge(up_to, window_end) {
                    self.stir(key);
                }
                self.send_segments(key);
                self.bury(key);
            }
            Content::Probe => self.acknowledge(key),
            Content::RoomProbe => {
                self.acknowledge(key);
                // The probe is repeated as long as there is no room.
                self.agenda.write(LONGEST, Event::Again(Parcel { attempt: 0, ..parcel }));
            }
            Content::Segment(ref segment) => {
                self.begin_to_stand(key);
                let Some(stream) = self.sockets[key].stream() else { return };
                if stream.is_orphan && !segment.bytes.is_empty() {
                    // No program will read the bytes.
                    self.forget(key);
                    return self.on_stray(parcel);
                }
                let is_closed = stream.is_deaf && stream.outgoing.is_finished();
                if is_closed && !segment.bytes.is_empty() {
                    // The program has closed both directions, and bytes come all the same.
                    self.fail(key, Errno::CONNRESET);
                    return self.on_stray(parcel);
                }
                let is_news = stream.incoming.take_in(segment.clone());
                self.acknowledge(key);
                if is_news {
                    self.stir(key);
                }
            }
        }
    }

    /// Returns true if a parcel is for a closed port. If the receiving socket is gone, the sending
    /// socket has the port.
    fn is_swallowed(&self, parcel: &Parcel) -> bool {
        let closed = &self.host(parcel.to_host).black_holes;
        if closed.is_empty() {
            return false;
        }
        let own = self.sockets.get(parcel.to).and_then(|socket| socket.local);
        let sent_to = || match &self.sockets.get(parcel.from)?.role {
            Role::Stream(stream) => Some(stream.remote),
            _ => None,
        };
        own.or_else(sent_to).is_some_and(|to| closed.contains(&to.port()))
    }

    /// Handles a parcel for a connection that is gone or dead.
    fn on_stray(&mut self, parcel: Parcel) {
        let now = self.agenda.now();
        if let Content::Segment(segment) = &parcel.content
            && let Some(up_to) = self.time_waits.take_in(now, parcel.to, segment)
        {
            return self.ship(Parcel {
                from: parcel.to,
                from_host: parcel.to_host,
                to: parcel.from,
                to_host: parcel.from_host,
                content: Content::Acknowledgement { up_to, window_end: 0 },
                attempt: 0,
            });
        }
        match parcel.content {
            Content::Segment(_) | Content::Answer { .. } | Content::Probe | Content::RoomProbe => {
                self.time_waits.forget(parcel.to);
                let (from_host, to, to_host) = (parcel.to_host, parcel.from, parcel.from_host);
                self.answer_by_reset(from_host, to, to_host, Stray::Parcel(parcel));
            }
            Content::Acknowledgement { .. } | Content::Reset(_) => {}
        }
    }

    /// Sends a reset to a socket, because this host has no socket for its packet.
    pub(super) fn answer_by_reset(
        &mut self,
        from_host: SimHost,
        to: SocketKey,
        to_host: SimHost,
        stray: Stray,
    ) {
        let content = Content::Reset(Some(Box::new(stray)));
        let from = SocketKey::default();
        self.ship(Parcel { from, from_host, to, to_host, content, attempt: 0 });
    }

    fn on_reset(&mut self, key: SocketKey) {
        let Some(stream) = self.sockets[key].stream() else { return };
        match stream.phase {
            Phase::Calling => self.fail(key, Errno::CONNREFUSED),
            Phase::Called { .. } => self.forget_begun(key),
            // Both directions have closed in order, so there is nothing left to reset (TIME-WAIT).
            Phase::Standing if stream.incoming.has_ended() && stream.outgoing.is_done() => {}
            // Only while this end is open: in CLOSE-WAIT, but not in LAST-ACK.
            Phase::Standing if stream.incoming.has_ended() && !stream.outgoing.is_finished() => {
                self.fail(key, Errno::PIPE);
            }
            Phase::Standing => self.fail(key, Errno::CONNRESET),
            Phase::Dead => {}
        }
    }

    /// Removes a connection that was called and will not be established.
    fn forget_begun(&mut self, key: SocketKey) {
        let Some(stream) = self.sockets.get_mut(key).and_then(Socket::stream) else { return };
        let Phase::Called { listener } = stream.phase else { return };
        if let Some(Role::Listener(listener)) = self.sockets.get_mut(listener).map(|s| &mut s.role)
        {
            listener.begun.retain(|&begun| begun != key);
        }
        self.forget(key);
    }

    /// Fails a socket that waits for a lost acknowledgement or for room.
    fn time_out_if_waiting(&mut self, key: SocketKey) {
        let Some(stream) = self.sockets.get_mut(key).and_then(Socket::stream) else { return };
        match stream.phase {
            Phase::Called { .. } => self.forget_begun(key),
            _ if stream.outgoing.is_in_flight() || stream.outgoing.is_blocked() => {
                self.fail(key, Errno::TIMEDOUT);
            }
            _ => {}
        }
    }

    /// Ends a connection or a call with an error.
    pub(super) fn fail(&mut self, key: SocketKey, reason: Errno) {
        let Some(socket) = self.sockets.get_mut(key) else { return };
        let Some(stream) = socket.stream().filter(|stream| stream.phase != Phase::Dead) else {
            return;
        };
        stream.phase = Phase::Dead;
        stream.outgoing.clear();
        if stream.is_orphan {
            return self.forget(key);
        }
        socket.error = Some(reason);
        self.stir(key);
    }

    /// Removes a connection that its program has closed, once all bytes are acknowledged.
    /// [`TimeWaits`](super::time_wait::TimeWaits) handles packets that still come.
    pub(super) fn bury(&mut self, key: SocketKey) {
        let now = self.agenda.now();
        let Some(socket) = self.sockets.get_mut(key) else { return };
        let host = socket.host;
        let stream = socket.stream().filter(|stream| stream.is_orphan && stream.outgoing.is_done());
        if let Some(stream) = stream {
            self.time_waits.add(now, key, host, &stream.incoming);
            self.forget(key);
        }
    }
}
