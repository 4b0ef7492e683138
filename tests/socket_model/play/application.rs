//! The application: what it does to its sockets, from outside and in slots, and what it may expect.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use slotwire::prelude::*;
use slotwire::sim::{SimHost, SimNetwork};

use super::model::Look;
use super::observer::{Notebook, Utterance, look_at, observe};
use super::peers::Peer;
use super::possibilities::Possibilities;
use super::program::{Action, Heard};
use super::sayings::Said;

/// The ports of the peers' host: one that listens, one that does not, one whose packets vanish.
pub(crate) const OPEN: u16 = 7;
pub(crate) const REFUSING: u16 = 8;
pub(crate) const SWALLOWING: u16 = 9;

/// A port of the application's host that somebody else has.
pub(crate) const TAKEN: u16 = 77;

/// The application's side of all.
pub(crate) struct Application {
    pub(crate) network: SimNetwork,
    pub(crate) far: SimHost,
    pub(crate) notebook: Notebook,
    pub(crate) model: RefCell<Possibilities>,
    pub(crate) clients: RefCell<Vec<Client>>,
    pub(crate) connections: RefCell<Vec<Tie>>,
    /// What is to be done in slots, once each.
    pub(crate) plans: RefCell<Vec<(usize, Heard, Plan)>>,
    pub(crate) datagrams: super::datagrams::Datagrams,
    pub(crate) server: super::server::Server,
    /// What the sockets have said since the last wait began.
    pub(crate) heard: RefCell<Vec<(usize, Utterance)>>,
    /// How many slots run within each other's calls: never more than one.
    slots: Cell<u32>,
}

/// What is to be done in a slot.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Plan {
    Stream(Action),
    Datagram(super::program::DatagramAction),
}

/// A TCP socket of the application.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) socket: Obj<QTcpSocket>,
    /// Its number in the model.
    pub(crate) who: usize,
    /// Its connection, or the last that it had or wanted.
    pub(crate) tie: Option<usize>,
    pub(super) is_unbuffered: bool,
    /// How much was read in a transaction.
    pub(super) marked: u64,
    /// How often a write was cut short, and nobody was told yet that there is room again.
    pub(super) cuts: u32,
    /// As much as this was there to read when that was last said.
    pub(super) announced: u64,
    pub(super) announces_while_unread: bool,
    /// The most that may be unread, and unsent: a limit that is set leaves what is there.
    pub(super) most_unread: Option<usize>,
    pub(super) most_unsent: Option<usize>,
}

/// A connection of the application's, or one that it wants.
#[derive(Debug, Default)]
pub(crate) struct Tie {
    /// The port by which the peer knows it: its own if it called, else the application's.
    pub(crate) port: Option<u16>,
    pub(crate) peer_called: bool,
    /// How many bytes the application has written, and read.
    pub(crate) written: u64,
    pub(crate) read: u64,
    /// The application has ended it, so that not all need come in; and so that not all need go out.
    pub(crate) is_left: bool,
    pub(crate) is_dropped: bool,
    /// It has said that nothing more will come.
    pub(crate) has_ended: bool,
    /// Why it was lost, if it was.
    pub(crate) lost_by: Option<SocketError>,
}

impl Application {
    pub(crate) fn new(network: &SimNetwork, far: SimHost) -> Self {
        Self {
            network: network.clone(),
            far,
            notebook: Notebook::new(network),
            model: RefCell::default(),
            clients: RefCell::default(),
            connections: RefCell::default(),
            plans: RefCell::default(),
            datagrams: super::datagrams::Datagrams::default(),
            server: super::server::Server::default(),
            heard: RefCell::default(),
            slots: Cell::new(0),
        }
    }

    /// Adds a socket that is to be looked after; `accepted` is the port of a peer that has called.
    pub(crate) fn add_client(
        self: &Rc<Self>,
        world: &mut World,
        socket: Obj<QTcpSocket>,
        accepted: Option<u16>,
    ) {
        let who = self.model.borrow_mut().add(false, look_at(&world[socket]));
        let tie = accepted.map(|port| self.tie(Some(port), true));
        self.clients.borrow_mut().push(Client {
            socket,
            who,
            tie,
            is_unbuffered: false,
            marked: 0,
            cuts: 0,
            announced: world[socket].bytes_available() as u64,
            announces_while_unread: false,
            most_unread: None,
            most_unsent: None,
        });
        observe(self, world, socket, who);
    }

    pub(super) fn tie(&self, port: Option<u16>, peer_called: bool) -> usize {
        let mut ties = self.connections.borrow_mut();
        ties.push(Tie { port, peer_called, ..Tie::default() });
        ties.len() - 1
    }

    /// The TCP socket with a number, of which any will do.
    pub(crate) fn client(&self, number: usize) -> usize {
        number % self.clients.borrow().len()
    }

    /// The connection that a peer has an end of, if the application knows of it.
    pub(crate) fn tie_of(&self, peer: &Peer) -> Option<usize> {
        let is_meant =
            |tie: &Tie| tie.port == Some(peer.port) && tie.peer_called == peer.has_called;
        self.connections.borrow().iter().position(is_meant)
    }

    /// Whether a socket of the application still has this connection.
    pub(crate) fn is_held(&self, world: &World, tie: usize) -> bool {
        self.clients.borrow().iter().any(|client| {
            let state = world.get(client.socket).map(|socket| socket.state());
            let holds = matches!(state, Some(SocketState::Connected | SocketState::Closing));
            client.tie == Some(tie) && holds
        })
    }

    /// Says whether a buffered socket is connected by this connection.
    pub(crate) fn is_connected_by(&self, world: &World, tie: usize) -> bool {
        self.clients.borrow().iter().any(|client| {
            let state = world.get(client.socket).map(|socket| socket.state());
            let is_it = client.tie == Some(tie) && !client.is_unbuffered;
            is_it && state == Some(SocketState::Connected)
        })
    }

    /// The client whose number in the model this is.
    fn client_of(&self, who: usize) -> Option<usize> {
        self.clients.borrow().iter().position(|client| client.who == who)
    }
}

/// What the application hears.
impl Application {
    pub(crate) fn hear<T: QAbstractSocket>(
        self: &Rc<Self>,
        world: &mut World,
        socket: Obj<T>,
        who: usize,
        heard: Utterance,
        signal: Heard,
    ) {
        let notebook = &self.notebook;
        notebook.expect(self.slots.replace(1) == 0, || "a slot runs in a slot".to_owned());
        let look = look_at(&world[socket]);
        self.heard.borrow_mut().push((who, heard));
        let Look { state, unread, unsent, .. } = look;
        notebook.note(format_args!("  #{who} {heard:?}, {state:?}, {unread} in, {unsent} out"));
        let client = self.client_of(who);
        let judged = match heard {
            Utterance::Said(said) => {
                let judged = self.model.borrow_mut().hear(who, said, look);
                judged.and_then(|()| self.hear_refusal(who, said))
            }
            Utterance::ReadyRead => self.hear_ready_read(who, client, look),
            Utterance::Drained => self.hear_drained(client),
        };
        notebook.check(judged.map_err(|fault| format!("#{who}: {fault}")));
        if let Some(client) = client {
            self.check_limits(world, client);
            if heard == Utterance::Said(Said::State(SocketState::Connected))
                && let Some(tie) = self.clients.borrow()[client].tie
            {
                self.connections.borrow_mut()[tie].port = world[socket].local_port();
            }
        }
        if let (Utterance::Said(Said::ReadFinished), Some(client)) = (heard, client)
            && let Some(tie) = self.clients.borrow()[client].tie
        {
            self.connections.borrow_mut()[tie].has_ended = true;
        }
        if let (Utterance::Said(Said::Error(error)), Some(client)) = (heard, client)
            && let (false, Some(tie)) = (look.is_valid, self.clients.borrow()[client].tie)
        {
            self.connections.borrow_mut()[tie].lost_by = Some(error);
        }
        self.model.borrow_mut().enter();
        self.carry_out(world, who, signal);
        self.slots.set(0);
    }

    /// Does what was planned for the first slot that hears this.
    fn carry_out(self: &Rc<Self>, world: &mut World, who: usize, signal: Heard) {
        let is_meant = |plan: &(usize, Heard, Plan)| plan.0 == who && plan.1 == signal;
        loop {
            let place = self.plans.borrow().iter().position(is_meant);
            let Some(place) = place else { break };
            let (_, _, plan) = self.plans.borrow_mut().remove(place);
            match plan {
                Plan::Stream(action) => {
                    if let Some(client) = self.client_of(who) {
                        self.act(world, client, action);
                    }
                }
                Plan::Datagram(action) => self.act_on_datagrams(world, who, action),
            }
        }
    }

    fn hear_ready_read(&self, who: usize, client: Option<usize>, look: Look) -> Result<(), String> {
        let Some(client) = client else { return self.hear_datagram(who, look) };
        let mut model = self.model.borrow_mut();
        model.hear_traffic(who, look)?;
        let client = &mut self.clients.borrow_mut()[client];
        let read = client.tie.map_or(0, |tie| self.connections.borrow()[tie].read);
        let come = read + client.marked + look.unread as u64;
        let is_new = come > std::mem::replace(&mut client.announced, come);
        if client.is_unbuffered || client.announces_while_unread {
            return Ok(());
        }
        if look.state != SocketState::Connected {
            return Err(format!("ready_read of a socket that is {:?}", look.state));
        }
        match is_new {
            true => Ok(()),
            false => Err("ready_read, and nothing has come".to_owned()),
        }
    }

    fn hear_drained(&self, client: Option<usize>) -> Result<(), String> {
        let Some(client) = client else { return Err("a datagram was queued".to_owned()) };
        let client = &mut self.clients.borrow_mut()[client];
        let left = client.cuts.checked_sub(1);
        client.cuts = left.ok_or("write_buffer_drained, and no write was cut")?;
        Ok(())
    }

    /// No buffer holds more than it may.
    pub(crate) fn check_limits(&self, world: &World, client: usize) {
        let client = &self.clients.borrow()[client];
        let Some(socket) = world.get(client.socket) else { return };
        let unread = socket.bytes_available() + client.marked as usize;
        if let (Some(most), false) = (client.most_unread, client.is_unbuffered) {
            self.notebook.expect(unread <= most, || {
                format!("#{}: {unread} bytes unread, and {most} may be", client.who)
            });
        }
        let unsent = socket.bytes_to_write();
        if let Some(most) = client.most_unsent {
            self.notebook.expect(unsent <= most, || {
                format!("#{}: {unsent} bytes unsent, and {most} may be", client.who)
            });
        }
    }

    /// Everybody was told of all bytes that have gone out.
    pub(crate) fn check_counts(&self, world: &World) {
        for client in &*self.clients.borrow() {
            let Some(socket) = world.get(client.socket) else { continue };
            let (unsent, due) = (socket.bytes_to_write(), self.model.borrow().unsent(client.who));
            self.notebook.expect(unsent == due, || {
                format!("#{}: {unsent} bytes are to go, and {due} by what it said", client.who)
            });
        }
    }

    /// Whoever has bytes to read has said so.
    pub(crate) fn check_announced(&self, world: &World) {
        for client in &*self.clients.borrow() {
            let Some(socket) = world.get(client.socket) else { continue };
            let is_told = client.is_unbuffered || socket.state() != SocketState::Connected;
            let read = client.tie.map_or(0, |tie| self.connections.borrow()[tie].read);
            let come = read + client.marked + socket.bytes_available() as u64;
            self.notebook.expect(is_told || come <= client.announced, || {
                format!(
                    "#{}: {come} bytes have come, and it told of {}",
                    client.who, client.announced
                )
            });
        }
    }
}
