//! Calls: how a connection between simulated hosts is established.

use std::net::SocketAddr;
use std::time::Duration;

use rustix::io::Errno;

use super::host::{SimHost, interface_towards, is_link_local};
use super::parcel::{Content, Stray};
use super::socket::{Role, Socket, SocketKey};
use super::tcp::{HEADERS, Phase, Stream, doubled};
use super::wire::{Event, Wire};
use crate::net::SocketType;

/// How long a caller waits before it repeats a call. Each repetition doubles the time.
pub(super) const CALL_AGAIN: Duration = Duration::from_secs(1);

/// How often a call is repeated before it fails, as on Linux.
pub(super) const MOST_CALLS: u32 = 6;

/// A call (TCP's SYN) to an address.
#[derive(Clone, Debug)]
pub(in crate::sim) struct Call {
    pub(super) from: SocketKey,
    pub(super) to_host: SimHost,
    pub(super) to: SocketAddr,
    pub(super) attempt: u32,
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

    /// Repeats a call that was lost or ignored.
    pub(super) fn call_again(&mut self, mut call: Call) {
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

    /// Handles a call that arrives.
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
        let Some(listener) = self.listener_at(call.to_host, call.to, from_local) else {
            // There is no socket at this end to send it from.
            let (host, caller) = (call.to_host, call.from);
            return self.answer_by_reset(host, caller, from_host, Stray::Call(call));
        };
        let socket = &self.sockets[listener];
        let is_full = matches!(&socket.role, Role::Listener(listener) if listener.is_full());
        let Some(from) = from_local.filter(|_| !is_full) else { return self.call_again(call) };
        let mut called = Socket::new(call.to_host, SocketType::Tcp, socket.is_v6);
        called.is_v6_only = socket.is_v6_only;
        (called.shares, called.spreads) = (socket.shares, socket.spreads);
        called.options = socket.options.clone();
        called.options.fit_send_buffer(self.link(call.to_host, from_host).mtu());
        called.local = Some(call.to);
        // A connection with a link-local peer uses only the interface by which the call came.
        called.interface = socket.interface;
        if is_link_local(from.ip()) {
            called.interface = Some(interface_towards(call.to.ip()));
        }
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

    /// Returns the listener for a call to an address. A socket bound to this very address is
    /// preferred.
    fn listener_at(
        &self,
        host: SimHost,
        at: SocketAddr,
        from: Option<SocketAddr>,
    ) -> Option<SocketKey> {
        let holders = self.ports.holders(host, SocketType::Tcp, at.port()).iter().copied();
        let listens = |key: &SocketKey| matches!(self.sockets[*key].role, Role::Listener(_));
        let fitting = holders.filter(listens).filter_map(|key| {
            let fit = self.sockets[key].fits(at.ip(), interface_towards(at.ip()))?;
            Some((fit, key))
        });
        self.best_of(fitting, from)
    }

    /// Establishes the connection at the called end, when its answer is acknowledged.
    pub(super) fn begin_to_stand(&mut self, key: SocketKey) {
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
