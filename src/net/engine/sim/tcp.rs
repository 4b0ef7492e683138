//! TCP between simulated hosts: calls, connections, and the segments that are their traffic.
//!
//! It behaves as Linux does as far as a program can tell. What it does not do: it has no congestion
//! control, and who sends knows at once that a packet was lost. It sends it again no sooner for
//! that than if it had waited for an acknowledgement, so a loss is a delay.

use std::net::SocketAddr;
use std::time::Duration;

use rustix::io::Errno;

use super::host::SimHost;
use super::link::Route;
use super::socket::{Listener, Role, Socket, SocketKey};
use super::stream::{Incoming, Outgoing, Segment};
use super::wire::{Event, Wire};
use crate::net::socket_type::SocketType;

/// The headers of IP and TCP, in bytes.
const HEADERS: usize = 40;

/// How long TCP waits before it sends again for the first time, beside the way there and back; how
/// long a caller does; and the longest that either waits. Each time it is twice as long.
const RESEND: Duration = Duration::from_millis(200);
const CALL_AGAIN: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(120);

/// How often something is sent again before the connection is given up, and a call is made again:
/// as on Linux.
const MOST_RESENDS: u32 = 15;
const MOST_CALLS: u32 = 6;

/// How long it takes to find out that nobody has an address.
const NOBODY_THERE: Duration = Duration::from_secs(3);

/// A connection, or what is on the way to be one.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) phase: Phase,
    pub(super) remote: SocketAddr,
    remote_host: SimHost,
    /// The other end, as far as it is known. It may be gone.
    peer: Option<SocketKey>,
    pub(super) outgoing: Outgoing,
    pub(super) incoming: Incoming,
    /// The program has closed it. It lives on until all is sent.
    is_orphan: bool,
    /// The program waits for no more. What comes all the same is read, as on Linux.
    pub(super) is_deaf: bool,
    /// When something came last.
    heard: Duration,
    /// Counts the times that looking after the connection began anew.
    keep_alive_round: u32,
    /// How many questions were not answered.
    unanswered: u32,
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// This end calls.
    Calling,
    /// This end was called by way of a listener, and has answered.
    Called {
        listener: SocketKey,
    },
    Standing,
    /// It is over.
    Dead,
}

/// A call to an address.
#[derive(Clone, Debug)]
pub(super) struct Call {
    from: SocketKey,
    to_host: SimHost,
    to: SocketAddr,
    attempt: u32,
}

/// A packet from one end of a connection to the other.
#[derive(Clone, Debug)]
pub(super) struct Parcel {
    from: SocketKey,
    from_host: SimHost,
    to: SocketKey,
    to_host: SimHost,
    content: Content,
    attempt: u32,
}

#[derive(Clone, Debug)]
enum Content {
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
    Reset,
}

impl Stream {
    fn new(phase: Phase, remote: SocketAddr, remote_host: SimHost, socket: &Socket) -> Self {
        Self {
            phase,
            remote,
            remote_host,
            peer: None,
            outgoing: Outgoing::new(socket.options.send_buffer),
            incoming: Incoming::new(socket.options.receive_buffer),
            is_orphan: false,
            is_deaf: false,
            heard: Duration::ZERO,
            keep_alive_round: 0,
            unanswered: 0,
        }
    }
}

/// What programs ask for.
impl Wire {
    /// Begins to connect.
    pub(super) fn connect_stream(&mut self, key: SocketKey, to: SocketAddr) -> Result<(), Errno> {
        let socket = &self.sockets[key];
        match &socket.role {
            Role::Idle => {}
            Role::Stream(stream) if stream.phase == Phase::Calling => return Err(Errno::ALREADY),
            _ => return Err(Errno::ISCONN),
        }
        let host = socket.host;
        let to = self.reachable(key, to)?;
        let to_host = self.owner(host, to.ip());
        match to_host.map(|to_host| self.route(host, to_host)) {
            Some(Route::Unreachable) => return Err(Errno::NETUNREACH),
            Some(Route::Prohibited) => return Err(Errno::ACCESS),
            _ => {}
        }
        self.settle_to_send(key, to)?;
        let remote_host = to_host.unwrap_or(host);
        let packet = self.link(host, remote_host).mtu();
        let socket = &mut self.sockets[key];
        socket.options.fit_send_buffer(packet);
        let stream = Stream::new(Phase::Calling, to, remote_host, socket);
        socket.role = Role::Stream(Box::new(stream));
        match to_host {
            Some(to_host) => self.place_call(Call { from: key, to_host, to, attempt: 0 }),
            None => self.agenda.write(NOBODY_THERE, Event::NobodyThere(key)),
        }
        Ok(())
    }

    /// Gives a socket that is to send to `to` an address and a port to do so from, as far as it has
    /// none.
    pub(super) fn settle_to_send(&mut self, key: SocketKey, to: SocketAddr) -> Result<(), Errno> {
        let socket = &self.sockets[key];
        let (host, kind, local) = (socket.host, socket.kind, socket.local);
        let address = match local.filter(|local| !local.ip().is_unspecified()) {
            Some(local) => local.ip(),
            None => self.host(host).source_towards(to.ip())?,
        };
        let port = match local {
            Some(local) => local.port(),
            None => self.any_port(host, kind).ok_or(Errno::ADDRNOTAVAIL)?,
        };
        self.settle(key, SocketAddr::new(address, port));
        Ok(())
    }

    /// The address as it is meant, if a socket of this family can reach such.
    pub(super) fn reachable(&self, key: SocketKey, to: SocketAddr) -> Result<SocketAddr, Errno> {
        let socket = &self.sockets[key];
        let mut address = to.ip().to_canonical();
        if to.is_ipv6() && !socket.is_v6 {
            return Err(Errno::AFNOSUPPORT);
        }
        if !socket.speaks(address) {
            return Err(Errno::NETUNREACH);
        }
        if address.is_unspecified() {
            // To Linux, no address in particular is this host's.
            address = match address.is_ipv4() {
                true => std::net::Ipv4Addr::LOCALHOST.into(),
                false => std::net::Ipv6Addr::LOCALHOST.into(),
            };
        }
        if socket.kind == SocketType::Tcp && address.is_multicast() {
            return Err(Errno::NETUNREACH);
        }
        Ok(SocketAddr::new(address, to.port()))
    }

    /// Begins to take calls.
    pub(super) fn listen(&mut self, key: SocketKey, backlog: u32) -> Result<(), Errno> {
        let backlog = usize::try_from(backlog).unwrap_or(usize::MAX);
        match &mut self.sockets[key].role {
            Role::Listener(listener) => {
                listener.backlog = backlog;
                return Ok(());
            }
            Role::Idle => {}
            _ => return Err(Errno::INVAL),
        }
        if self.sockets[key].local.is_none() {
            let at = SocketAddr::new(self.sockets[key].unspecified(), 0);
            self.bind(key, at)?;
        }
        if self.has_listener_beside(key) {
            return Err(Errno::ADDRINUSE);
        }
        let (begun, waiting) = Default::default();
        self.sockets[key].role = Role::Listener(Listener { backlog, begun, waiting });
        Ok(())
    }

    /// Takes the next connection that stands, for a program that holds descriptors or for one that
    /// does not.
    pub(super) fn accept(&mut self, key: SocketKey) -> Result<(SocketKey, SocketAddr), Errno> {
        let socket = &mut self.sockets[key];
        let (host, counts) = (socket.host, socket.has_descriptor);
        let Role::Listener(listener) = &mut socket.role else { return Err(Errno::INVAL) };
        let next = *listener.waiting.front().ok_or(Errno::AGAIN)?;
        if counts {
            self.host_mut(host).take_descriptor()?;
        }
        if let Role::Listener(listener) = &mut self.sockets[key].role {
            listener.waiting.pop_front();
        }
        let accepted = self.sockets.get_mut(next).ok_or(Errno::CONNABORTED)?;
        accepted.has_descriptor = counts;
        let remote = accepted.stream().ok_or(Errno::CONNABORTED)?.remote;
        Ok((next, accepted.shown(remote)))
    }

    /// Queues what there is room for, and sends what may be sent.
    pub(super) fn write_stream(&mut self, key: SocketKey, bytes: &[u8]) -> Result<usize, Errno> {
        let socket = &mut self.sockets[key];
        let error = socket.error.take();
        let stream = socket.stream().ok_or(Errno::PIPE)?;
        match error {
            Some(error) => return Err(error),
            None if stream.phase == Phase::Dead || stream.outgoing.is_finished() => {
                return Err(Errno::PIPE);
            }
            None if stream.phase != Phase::Standing => return Err(Errno::AGAIN),
            None => {}
        }
        let count = stream.outgoing.write(bytes);
        if count == 0 && !bytes.is_empty() {
            return Err(Errno::AGAIN);
        }
        self.send_segments(key);
        Ok(count)
    }

    /// Takes what has come.
    pub(super) fn read_stream(
        &mut self,
        key: SocketKey,
        buffer: &mut [u8],
    ) -> Result<usize, Errno> {
        let count = self.peek_stream(key, buffer)?;
        if count > 0
            && let Some(stream) = self.sockets[key].stream()
        {
            stream.incoming.read(&mut buffer[..count]);
            if stream.incoming.has_news_of_room() && stream.phase == Phase::Standing {
                self.acknowledge(key);
            }
        }
        Ok(count)
    }

    /// Looks at what has come.
    pub(super) fn peek_stream(
        &mut self,
        key: SocketKey,
        buffer: &mut [u8],
    ) -> Result<usize, Errno> {
        let socket = &mut self.sockets[key];
        let error = socket.error;
        let stream = socket.stream().ok_or(Errno::NOTCONN)?;
        let count = stream.incoming.peek(buffer);
        if count > 0 || buffer.is_empty() {
            return Ok(count);
        }
        if let Some(error) = error {
            socket.error = None;
            return Err(error);
        }
        match stream.phase {
            _ if stream.incoming.has_ended() || stream.is_deaf => Ok(0),
            Phase::Dead => Ok(0),
            Phase::Standing => Err(Errno::AGAIN),
            Phase::Calling | Phase::Called { .. } => Err(Errno::AGAIN),
        }
    }

    /// Closes this end's direction.
    pub(super) fn shut_down(&mut self, key: SocketKey) -> Result<(), Errno> {
        let stream = self.sockets[key].stream().ok_or(Errno::NOTCONN)?;
        if stream.phase != Phase::Standing {
            return Err(Errno::NOTCONN);
        }
        stream.outgoing.finish();
        self.send_segments(key);
        Ok(())
    }

    /// The program lets go of a socket.
    pub(super) fn close(&mut self, key: SocketKey) {
        let Some(socket) = self.sockets.get_mut(key) else { return };
        socket.watch = None;
        if std::mem::take(&mut socket.has_descriptor) {
            let host = socket.host;
            let descriptors = &mut self.host_mut(host).descriptors;
            *descriptors = descriptors.saturating_sub(1);
        }
        match &mut self.sockets[key].role {
            Role::Listener(listener) => {
                let begun = std::mem::take(&mut listener.begun);
                let waiting = std::mem::take(&mut listener.waiting);
                for abandoned in begun.into_iter().chain(waiting) {
                    self.reset(abandoned);
                }
                self.forget(key);
            }
            Role::Stream(stream) if stream.phase == Phase::Standing => {
                // Who closes what nobody has read tells the other end so by a reset.
                if stream.incoming.len() > 0 {
                    return self.reset(key);
                }
                stream.is_orphan = true;
                stream.outgoing.finish();
                self.send_segments(key);
                self.bury(key);
            }
            _ => self.forget(key),
        }
    }

    /// Ends a connection by a reset.
    pub(super) fn reset(&mut self, key: SocketKey) {
        if matches!(self.sockets.get_mut(key).and_then(Socket::stream), Some(stream) if stream.phase != Phase::Dead)
        {
            self.send(key, Content::Reset, 0);
        }
        self.forget(key);
    }
}

/// Calling.
impl Wire {
    pub(super) fn place_call(&mut self, call: Call) {
        let Some(socket) = self.sockets.get(call.from) else { return };
        match self.convey(socket.host, call.to_host, HEADERS) {
            Some(delay) => self.agenda.write(delay, Event::Call(call)),
            None => self.call_again(call),
        }
    }

    /// A call was not heard.
    fn call_again(&mut self, mut call: Call) {
        if call.attempt == MOST_CALLS {
            return self.fail(call.from, Errno::TIMEDOUT);
        }
        let delay = doubled(CALL_AGAIN, call.attempt);
        call.attempt += 1;
        self.agenda.write(delay, Event::CallAgain(call));
    }

    pub(super) fn nobody_there(&mut self, key: SocketKey) {
        self.fail(key, Errno::HOSTUNREACH);
    }

    /// A call arrives.
    pub(super) fn on_call(&mut self, call: Call) {
        let Some(caller) = self.sockets.get_mut(call.from) else { return };
        let (from_host, from_local) = (caller.host, caller.local);
        let Some(stream) = caller.stream().filter(|stream| stream.phase == Phase::Calling) else {
            return;
        };
        let callers_room = stream.incoming.promise();
        let host = self.host(call.to_host);
        if !host.is_up || host.black_holes.contains(&call.to.port()) {
            return self.call_again(call);
        }
        let Some(listener) = self.listener_at(call.to_host, call.to) else {
            // There is nobody at this end to send it from.
            return self.answer_by_reset(call.to_host, call.from, from_host);
        };
        let socket = &self.sockets[listener];
        let is_full = matches!(&socket.role, Role::Listener(listener) if listener.is_full());
        let Some(from) = from_local.filter(|_| !is_full) else { return self.call_again(call) };
        let mut called = Socket::new(call.to_host, SocketType::Tcp, socket.is_v6);
        called.is_v6_only = socket.is_v6_only;
        called.shares = socket.shares;
        called.options = socket.options.clone();
        called.options.fit_send_buffer(self.link(call.to_host, from_host).mtu());
        called.local = Some(call.to);
        let mut stream = Stream::new(Phase::Called { listener }, from, from_host, &called);
        stream.peer = Some(call.from);
        stream.outgoing.acknowledge(0, callers_room);
        let window_end = stream.incoming.promise();
        called.role = Role::Stream(Box::new(stream));
        let key = self.sockets.insert(called);
        self.ports.take(key, &self.sockets[key]);
        if let Role::Listener(listener) = &mut self.sockets[listener].role {
            listener.begun.push(key);
        }
        self.send(key, Content::Answer { window_end }, 0);
    }

    /// Who listens at an address: rather at just this than at any.
    fn listener_at(&self, host: SimHost, at: SocketAddr) -> Option<SocketKey> {
        let holders = self.ports.holders(host, SocketType::Tcp, at.port()).iter().copied();
        let listens = |key: &SocketKey| matches!(self.sockets[*key].role, Role::Listener(_));
        let fitting = holders.filter(listens).filter_map(|key| {
            let fit = self.sockets[key].fits(at.ip())?;
            Some((fit, key))
        });
        fitting.max_by_key(|&(fit, _)| fit).map(|(_, key)| key)
    }

    /// The end that was called knows that the other has heard its answer.
    fn begin_to_stand(&mut self, key: SocketKey) {
        let Some(stream) = self.sockets[key].stream() else { return };
        let Phase::Called { listener } = stream.phase else { return };
        stream.phase = Phase::Standing;
        if let Some(Role::Listener(waits)) = self.sockets.get_mut(listener).map(|s| &mut s.role) {
            waits.begun.retain(|&begun| begun != key);
            waits.waiting.push_back(key);
            self.stir(listener);
        }
        self.begin_keep_alive(key);
    }
}

/// Traffic.
impl Wire {
    /// Sends what the other end has room for.
    fn send_segments(&mut self, key: SocketKey) {
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
            let Some(segment) = stream.outgoing.next_segment(most, cut) else { return };
            self.send(key, Content::Segment(segment), 0);
        }
    }

    /// Tells the other end what has come, and how much room there is.
    fn acknowledge(&mut self, key: SocketKey) {
        let Some(stream) = self.sockets.get_mut(key).and_then(Socket::stream) else { return };
        let up_to = stream.incoming.place();
        let window_end = stream.incoming.promise();
        self.send(key, Content::Acknowledgement { up_to, window_end }, 0);
    }

    fn send(&mut self, from: SocketKey, content: Content, attempt: u32) {
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
            Content::Reset | Content::Probe => return,
            Content::Answer { .. } => (CALL_AGAIN, MOST_CALLS),
            Content::Acknowledgement { .. } | Content::Segment(_) => {
                let there = self.link(parcel.from_host, parcel.to_host).latency();
                let back = self.link(parcel.to_host, parcel.from_host).latency();
                (RESEND.saturating_add(there).saturating_add(back), MOST_RESENDS)
            }
        };
        if parcel.attempt == most {
            return match parcel.content {
                // Who was to be told that its bytes came never will be.
                Content::Acknowledgement { .. } => self.time_out_if_in_flight(parcel.to),
                Content::Answer { .. } => self.forget_begun(parcel.from),
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
            return;
        };
        match &mut parcel.content {
            _ if stream.phase == Phase::Dead => return,
            Content::Segment(segment) if stream.outgoing.is_acknowledged(segment) => return,
            Content::Acknowledgement { up_to, window_end } => {
                *up_to = stream.incoming.place();
                *window_end = stream.incoming.promise();
            }
            _ => {}
        }
        self.ship(parcel);
    }

    /// A parcel arrives.
    pub(super) fn on_parcel(&mut self, parcel: Parcel) {
        if !self.host(parcel.to_host).is_up {
            return self.was_lost(parcel);
        }
        let now = self.agenda.now();
        let Some(stream) = self.sockets.get_mut(parcel.to).and_then(Socket::stream) else {
            return self.on_stray(parcel);
        };
        if stream.phase == Phase::Dead {
            return;
        }
        (stream.heard, stream.unanswered) = (now, 0);
        let key = parcel.to;
        match parcel.content {
            Content::Reset => self.on_reset(key),
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
            Content::Segment(segment) => {
                self.begin_to_stand(key);
                let Some(stream) = self.sockets[key].stream() else { return };
                if stream.is_orphan && !segment.bytes.is_empty() {
                    // Nobody will read it.
                    return self.reset(key);
                }
                let is_news = stream.incoming.take_in(segment);
                self.acknowledge(key);
                if is_news {
                    self.stir(key);
                }
            }
        }
    }

    /// A parcel arrives for a connection that is not there any more.
    fn on_stray(&mut self, parcel: Parcel) {
        match parcel.content {
            // The end of one that closed here first.
            Content::Segment(segment) if segment.bytes.is_empty() => {
                let (up_to, window_end) = (segment.end(), 0);
                self.ship(Parcel {
                    from: parcel.to,
                    from_host: parcel.to_host,
                    to: parcel.from,
                    to_host: parcel.from_host,
                    content: Content::Acknowledgement { up_to, window_end },
                    attempt: 0,
                });
            }
            Content::Segment(_) | Content::Answer { .. } | Content::Probe => {
                self.answer_by_reset(parcel.to_host, parcel.from, parcel.from_host);
            }
            Content::Acknowledgement { .. } | Content::Reset => {}
        }
    }

    /// Says to a socket that there is no such connection at this host.
    fn answer_by_reset(&mut self, from_host: SimHost, to: SocketKey, to_host: SimHost) {
        if let Some(delay) = self.convey(from_host, to_host, HEADERS) {
            let content = Content::Reset;
            let from = SocketKey::default();
            let parcel = Parcel { from, from_host, to, to_host, content, attempt: 0 };
            self.agenda.write(delay, Event::Parcel(parcel));
        }
    }

    fn on_reset(&mut self, key: SocketKey) {
        let Some(stream) = self.sockets[key].stream() else { return };
        match stream.phase {
            Phase::Calling => self.fail(key, Errno::CONNREFUSED),
            Phase::Called { .. } => self.forget_begun(key),
            Phase::Standing if stream.incoming.has_ended() => self.fail(key, Errno::PIPE),
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

    fn time_out_if_in_flight(&mut self, key: SocketKey) {
        let stream = self.sockets.get_mut(key).and_then(Socket::stream);
        if stream.is_some_and(|stream| stream.outgoing.is_in_flight()) {
            self.fail(key, Errno::TIMEDOUT);
        }
    }

    /// A connection is over, or a call has come to nothing, for this reason.
    fn fail(&mut self, key: SocketKey, reason: Errno) {
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

    /// Forgets a connection that its program has closed, once all of it was sent.
    fn bury(&mut self, key: SocketKey) {
        let stream = self.sockets.get_mut(key).and_then(Socket::stream);
        if stream.is_some_and(|stream| stream.is_orphan && stream.outgoing.is_done()) {
            self.forget(key);
        }
    }
}

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

/// Twice as long with each attempt, up to a limit.
fn doubled(first: Duration, attempt: u32) -> Duration {
    first.saturating_mul(1 << attempt.min(20)).min(LONGEST)
}
