//! Parcels: the traffic of connections between simulated hosts.

use std::time::Duration;

use rustix::io::Errno;

use super::call::{CALL_AGAIN, Call, MOST_CALLS};
use super::host::SimHost;
use super::socket::{Role, Socket, SocketKey};
use super::stream::Segment;
use super::tcp::{HEADERS, LONGEST, Phase, doubled};
use super::wire::{Event, Wire};

/// How long TCP waits before it sends again for the first time, beside the way there and back. Each
/// time it is twice as long.
const RESEND: Duration = Duration::from_millis(200);

/// How often something is sent again before the connection is given up, as on Linux.
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
    /// The answer to a call, with the room that the answering end has.
    Answer {
        window_end: u64,
    },
    Acknowledgement {
        up_to: u64,
        window_end: u64,
    },
    Segment(Segment),
    /// Asks whether the other end is there.
    Probe,
    /// Asks whether the other end has room, until there is an answer.
    RoomProbe,
    /// Ends the connection. May answer something that there is nobody to hear.
    Reset(Option<Box<Stray>>),
}

/// What came to a host where there is nobody to hear it.
#[derive(Clone, Debug)]
pub(super) enum Stray {
    Call(Call),
    Parcel(Parcel),
}

/// Traffic.
impl Wire {
    /// Sends what the other end has room for.
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
            let cut = |count: usize| match splitting > 0.0 && rng.f64() < splitting {
                true => rng.usize(1..=count),
                false => count,
            };
            let Some(stream) = self.sockets[key].stream() else { return };
            let Some(segment) = stream.outgoing.next_segment(most, cut) else {
                return self.ask_for_room(key);
            };
            self.send(key, Content::Segment(segment), 0);
        }
    }

    /// Tells the other end what has come, and how much room there is.
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

    /// A parcel did not arrive.
    fn was_lost(&mut self, mut parcel: Parcel) {
        let (first, most) = match parcel.content {
            // Whoever does not hear that nobody hears it sends it again.
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

    /// Sends what was lost once more, if it matters still.
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

    /// An acknowledgement was lost, and the socket that sent it is gone. The other end sends again what
    /// it does not know to have come.
    fn repeat_for_one_gone(&mut self, parcel: Parcel) {
        let Content::Acknowledgement { up_to, .. } = parcel.content else { return };
        if !self.host(parcel.from_host).is_up {
            // Nobody is there to say so.
            return self.was_lost(parcel);
        }
        let Some(stream) = self.sockets.get_mut(parcel.to).and_then(Socket::stream) else { return };
        if !stream.outgoing.is_in_flight() {
            return;
        }
        // The end of a connection that closed in good order is acknowledged by its host. The rest the
        // host never heard of.
        let is_done = stream.outgoing.is_done_with(up_to);
        if is_done && self.time_waits.knows(self.agenda.now(), parcel.from) {
            return self.ship(parcel);
        }
        let (from_host, to, to_host) = (parcel.from_host, parcel.to, parcel.to_host);
        self.answer_by_reset(from_host, to, to_host, Stray::Parcel(parcel));
    }

    /// The other end of a connection is gone, and whoever has this one is not told. If it waits for
    /// something it goes on asking.
    pub(super) fn is_left_alone(&mut self, key: SocketKey) {
        let Some(stream) = self.sockets.get_mut(key).and_then(Socket::stream) else { return };
        if let Phase::Called { .. } = stream.phase {
            let window_end = stream.incoming.promise();
            self.send_later(key, Content::Answer { window_end }, CALL_AGAIN);
        }
    }

    /// Asks for room if there is none. Who has it tells by itself when there is some; but it may be
    /// gone, or the way be cut, and that has to be found out.
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

    /// A parcel arrives.
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
                // If there is none yet, it is asked again.
                self.agenda.write(LONGEST, Event::Again(Parcel { attempt: 0, ..parcel }));
            }
            Content::Segment(ref segment) => {
                self.begin_to_stand(key);
                let Some(stream) = self.sockets[key].stream() else { return };
                if stream.is_orphan && !segment.bytes.is_empty() {
                    // Nobody will read it.
                    self.forget(key);
                    return self.on_stray(parcel);
                }
                let is_closed = stream.is_deaf && stream.outgoing.is_finished();
                if is_closed && !segment.bytes.is_empty() {
                    // Its program has closed both directions, and something comes all the same.
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

    /// Says whether a parcel is for a port that is closed. If the connection is not there any more,
    /// the other end knows which it was.
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

    /// A parcel arrives for a connection that is not there any more, or over.
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

    /// Says to a socket that there is nobody at this host to hear what it sent.
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
            // Only while this end is open: in CLOSE-WAIT, and not in LAST-ACK.
            Phase::Standing if stream.incoming.has_ended() && !stream.outgoing.is_finished() => {
                self.fail(key, Errno::PIPE);
            }
            Phase::Standing => self.fail(key, Errno::CONNRESET),
            Phase::Dead => {}
        }
    }

    /// A connection that was begun will not stand.
    fn forget_begun(&mut self, key: SocketKey) {
        let Some(stream) = self.sockets.get_mut(key).and_then(Socket::stream) else { return };
        let Phase::Called { listener } = stream.phase else { return };
        if let Some(Role::Listener(listener)) = self.sockets.get_mut(listener).map(|s| &mut s.role)
        {
            listener.begun.retain(|&begun| begun != key);
        }
        self.forget(key);
    }

    /// Who was to be told that its bytes came, or that there is room, never will be.
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

    /// A connection is over, or a call has come to nothing, for this reason.
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

    /// Forgets a connection that its program has closed, once all of it was sent. What may still come
    /// is looked after by [`TimeWaits`](super::time_wait::TimeWaits).
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
