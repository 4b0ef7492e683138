//! The end of a program: all is repaired and everybody reads, so whatever can go on has to; then
//! all is let go of, and nothing may be left.

use std::time::Duration;

use slotwire::prelude::*;

use super::program::{Action, DatagramAction, NetworkAction, PeerAction, Quality, ServerAction};
use super::stage::{Stage, link};

/// Longer than anybody waits before trying again.
const PATIENCE: Duration = Duration::from_secs(130);

/// How often nothing may happen for so long before it is over.
const SILENCES: u32 = 3;

/// How often something may happen, at most.
const MOST_ROUNDS: u32 = 300;

impl Stage {
    /// Brings all to an end, and sees whether it is a good one.
    pub(crate) fn end(&mut self) {
        self.repair();
        self.go_on();
        if self.app.notebook.fault().is_some() {
            return;
        }
        self.check_clients();
        self.check_peers();
        self.let_go();
    }

    /// Puts the network in order.
    fn repair(&mut self) {
        self.app.notebook.note(format_args!("the end: all is repaired"));
        self.app.plans.borrow_mut().clear();
        self.network.set_link(self.near, self.far, link(Quality::Good));
        self.network.set_descriptor_limit(self.near, None);
        for action in [NetworkAction::Repair, NetworkAction::Boot, NetworkAction::OpenPort] {
            self.perform(super::program::Op::Network(action));
        }
        // Only what keeps it from accepting: it is to remember by itself what it has left undone.
        if self.app.server.most_pending.get() == 0 {
            self.app.serve(&mut self.rt, ServerAction::Limit(1));
        }
        if self.app.server.is_paused.get() {
            self.app.serve(&mut self.rt, ServerAction::Resume);
        }
        // A limit stays one, but not so low that it takes for ever.
        let clients = self.app.clients.borrow().len();
        for client in 0..clients {
            let socket = self.app.clients.borrow()[client].socket;
            let limit = self.rt.get(socket).and_then(|socket| socket.read_buffer_size());
            if limit.is_some_and(|limit| limit < 20_000) {
                self.app.act(&mut self.rt, client, Action::LimitReading(Some(20_000)));
            }
        }
    }

    /// Everybody reads until nothing comes any more.
    fn go_on(&mut self) {
        let mut silences = 0;
        for _ in 0..MOST_ROUNDS {
            let before = self.app.notebook.trace().len();
            self.pass(if silences == 0 { Duration::from_secs(2) } else { PATIENCE });
            self.app.check_announced(&self.rt);
            self.app.notebook.check(self.app.datagrams.check_announced(&self.rt));
            let any = self.everybody_reads() | (silences > 0 && self.the_forgotten_speak());
            if self.app.notebook.fault().is_some() || silences == SILENCES {
                return;
            }
            let happened = any || self.app.notebook.trace().len() > before;
            silences = if happened { 0 } else { silences + 1 };
        }
        self.app.notebook.blame("there is no end to it");
    }

    /// Says whether somebody had something to read.
    fn everybody_reads(&mut self) -> bool {
        let mut any = false;
        let clients = self.app.clients.borrow().len();
        for client in 0..clients {
            let socket = self.app.clients.borrow()[client].socket;
            let Some(known) = self.rt.get(socket) else { continue };
            let (marked, unread) = (known.is_transaction_started(), known.bytes_available());
            if marked {
                self.app.act(&mut self.rt, client, Action::Commit);
            }
            if unread > 0 {
                any = true;
                self.app.act(&mut self.rt, client, Action::ReadAll);
            }
        }
        for who in self.app.datagrams.unread(&self.rt) {
            any = true;
            self.app.act_on_datagrams(&mut self.rt, who, DatagramAction::ReceiveAll);
        }
        let server = self.app.server.socket.get().and_then(|server| self.rt.get(server));
        if server.is_some_and(QTcpServer::has_pending_connections) {
            self.app.serve(&mut self.rt, ServerAction::TakeAll);
        }
        let peers = &mut *self.peers.borrow_mut();
        match peers.read_all(&self.app) {
            Ok(came) => any |= came,
            Err(fault) => self.app.notebook.blame(fault),
        }
        any
    }

    /// Lets those peers speak whose connection the application has left, or never had, for they may
    /// not know: a reset that was lost is not said again. Says whether there were some.
    fn the_forgotten_speak(&mut self) -> bool {
        let mut any = false;
        for peer in &mut self.peers.borrow_mut().all {
            let speaks = peer.is_there() && !peer.has_ended && !peer.is_broken && !peer.is_shut;
            let tie = self.app.tie_of(peer);
            let is_forgotten = tie.is_none_or(|tie| !self.app.is_held(&self.rt, tie));
            if speaks && is_forgotten && peer.stands() {
                any = true;
                let spoken = peer.act(&self.app, PeerAction::Send(1));
                self.app.notebook.check(spoken);
            }
        }
        any
    }

    /// Nobody is on the way to somewhere.
    fn check_clients(&self) {
        for client in &*self.app.clients.borrow() {
            let Some(socket) = self.rt.get(client.socket) else { continue };
            let state = socket.state();
            let is_settled = matches!(
                state,
                SocketState::Unconnected | SocketState::Connected | SocketState::Bound
            );
            let who = client.who;
            self.app.notebook.expect(is_settled, || format!("#{who} stays {state:?}"));
            let has_finished =
                state == SocketState::Connected && self.app.model.borrow().has_finished(who);
            self.app.notebook.expect(!has_finished, || {
                format!("#{who} stays connected, and both ends have finished")
            });
        }
    }

    /// Whatever was written has come, unless the connection was ended before.
    fn check_peers(&self) {
        for (number, peer) in self.peers.borrow().all.iter().enumerate() {
            if !peer.is_there() || peer.is_broken {
                continue;
            }
            let Some(tie) = self.app.tie_of(peer) else {
                let is_idle = peer.has_ended || peer.is_shut;
                let is_forgotten = peer.has_called && peer.stands() && !is_idle;
                self.app.notebook.expect(!is_forgotten, || {
                    format!("peer {number} is connected, and was neither accepted nor refused")
                });
                continue;
            };
            let is_connected = self.app.is_connected_by(&self.rt, tie);
            let tie = &self.app.connections.borrow()[tie];
            self.app.notebook.expect(!is_connected || !peer.is_shut || tie.has_ended, || {
                format!("peer {number} has closed its end, and nobody says so")
            });
            // Who closes what nobody has read says so by a reset. If that is lost, a peer that says
            // nothing more will never know.
            let may_be_reset =
                tie.is_left && peer.is_shut && !peer.has_ended && tie.read < peer.sent;
            let is_whole = tie.lost_by.is_none() && !tie.is_dropped && !may_be_reset;
            self.app.notebook.expect(!is_whole || peer.received == tie.written, || {
                format!("of {} bytes peer {number} got {}", tie.written, peer.received)
            });
            let is_known = matches!(tie.lost_by, None | Some(SocketError::RemoteHostClosed));
            let is_whole = is_known && !tie.is_left;
            self.app.notebook.expect(!is_whole || tie.read == peer.sent, || {
                format!("of {} bytes of peer {number} came {}", peer.sent, tie.read)
            });
        }
    }

    /// Lets go of everything.
    fn let_go(&mut self) {
        self.app.notebook.note(format_args!("the end: all is let go of"));
        self.by_hand(|app, world| {
            let clients = app.clients.borrow().len();
            for client in 0..clients {
                app.act(world, client, Action::Destroy);
            }
            for who in app.datagrams.all() {
                app.act_on_datagrams(world, who, DatagramAction::Destroy);
            }
        });
        if let Some(server) = self.app.server.socket.get() {
            self.rt.destroy(server);
        }
        self.rt.deliver();
        self.neighbour = None;
        self.peers.borrow_mut().crash();
        self.pass(20 * PATIENCE);
        let Self { network, near, far, .. } = self;
        for host in [*near, *far] {
            let name = network.host_name(host);
            let (descriptors, sockets) = (network.descriptors(host), network.sockets(host));
            self.app.notebook.expect(descriptors == 0, || {
                format!("{descriptors} descriptors of {name} are left")
            });
            self.app.notebook.expect(sockets == 0, || format!("{name} keeps {sockets} sockets"));
        }
    }
}
