//! The application: what it does to its sockets, from outside and in slots, and what it may expect.

use std::cell::{Cell, RefCell};
use std::io::ErrorKind;
use std::net::IpAddr;
use std::rc::Rc;

use slotwire::prelude::*;
use slotwire::sim::{SimHost, SimNetwork};
use slotwire::{NetworkLayerProtocol, ReadyReadPolicy};

use super::content::Content;
use super::model::{Call, Look, Model, Said};
use super::observer::{Notebook, Utterance, look_at, observe};
use super::peers::Peer;
use super::program::{Action, Heard, Target};

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
    pub(crate) model: RefCell<Model>,
    pub(crate) clients: RefCell<Vec<Client>>,
    pub(crate) connections: RefCell<Vec<Tie>>,
    /// What is to be done in slots, once each.
    pub(crate) plans: RefCell<Vec<(usize, Heard, Plan)>>,
    pub(crate) datagrams: super::datagrams::Datagrams,
    pub(crate) server: super::server::Server,
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
    is_unbuffered: bool,
    /// How much was read in a transaction.
    marked: u64,
    /// How often a write was cut short, and nobody was told yet that there is room again.
    cuts: u32,
    /// As much as this was there to read when that was last said.
    announced: u64,
    announces_while_unread: bool,
    /// The most that may be unread, and unsent: a limit that is set leaves what is there.
    most_unread: Option<usize>,
    most_unsent: Option<usize>,
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
            announced: 0,
            announces_while_unread: false,
            most_unread: None,
            most_unsent: None,
        });
        observe(self, world, socket, who);
    }

    fn tie(&self, port: Option<u16>, peer_called: bool) -> usize {
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
        let Look { state, unread, unsent, .. } = look;
        notebook.note(format_args!("  #{who} {heard:?}, {state:?}, {unread} in, {unsent} out"));
        let client = self.client_of(who);
        let judged = match heard {
            Utterance::Said(said) => self.model.borrow_mut().hear(who, said, look),
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
}

/// What the application does.
impl Application {
    /// Does something to a TCP socket, if it is still there.
    pub(crate) fn act(self: &Rc<Self>, world: &mut World, client: usize, action: Action) {
        let (socket, who) = {
            let client = &self.clients.borrow()[client];
            (client.socket, client.who)
        };
        if !world.contains(socket) {
            return;
        }
        self.notebook.note(format_args!("    #{who} {action:?}"));
        let call = match action {
            Action::Connect(target) => self.connect(world, client, target, false),
            Action::ConnectUnbuffered(target) => self.connect(world, client, target, true),
            Action::Bind(any) => {
                let port = if any { 0 } else { TAKEN };
                let bound = world[socket].bind(BindAddress::Any, port, BindMode::DEFAULT);
                Call::Bind { is_bound: bound.is_ok() }
            }
            Action::Write(size) => self.write(world, client, size),
            Action::Flush => {
                self.notebook.expect(world[socket].flush().is_ok(), || "flush fails".to_owned());
                Call::Flush
            }
            Action::Disconnect => {
                self.cut(client, false);
                world[socket].disconnect_from_host();
                Call::Disconnect
            }
            Action::Close => {
                self.cut(client, false);
                world[socket].close();
                Call::Close
            }
            Action::Abort => {
                self.cut(client, true);
                world[socket].abort();
                Call::Abort
            }
            Action::ShutDownWriting => {
                world[socket].shutdown_write();
                Call::ShutDownWriting
            }
            Action::Destroy => {
                self.cut(client, true);
                match world.destroy(socket) {
                    true => Call::Destroy,
                    false => Call::Other,
                }
            }
            Action::AllowHalfOpen(allow) => {
                world[socket].set_allow_half_open(allow);
                self.model.borrow_mut().set_half_open(who, allow);
                Call::Other
            }
            Action::AnnounceWhileUnread(on) => {
                let policy =
                    if on { ReadyReadPolicy::WhileUnread } else { ReadyReadPolicy::NewBytes };
                world[socket].set_ready_read_policy(policy);
                self.clients.borrow_mut()[client].announces_while_unread |= on;
                Call::Other
            }
            Action::LimitReading(limit) => {
                let unread = world[socket].bytes_available();
                let client = &mut self.clients.borrow_mut()[client];
                let unread = unread + client.marked as usize;
                client.most_unread = limit.map(|limit| limit.max(unread));
                world[socket].set_read_buffer_size(limit);
                Call::Other
            }
            Action::LimitWriting(limit) => {
                let unsent = world[socket].bytes_to_write();
                let client = &mut self.clients.borrow_mut()[client];
                client.most_unsent = limit.map(|limit| limit.max(unsent));
                world[socket].set_write_buffer_limit(limit);
                Call::Other
            }
            Action::Read(_)
            | Action::ReadAll
            | Action::ReadLine
            | Action::Peek(_)
            | Action::Skip(_)
            | Action::Begin
            | Action::Commit
            | Action::RollBack => self.read(world, client, action),
        };
        let look = look_at(&world[socket]);
        let called = self.model.borrow_mut().called(who, call, look);
        self.notebook.check(called.map_err(|fault| format!("#{who}: {fault}")));
        self.check_limits(world, client);
    }

    /// The application ends a connection itself: it reads no more, and may drop what is to go out.
    fn cut(&self, client: usize, drops: bool) {
        if let Some(tie) = self.clients.borrow()[client].tie {
            let tie = &mut self.connections.borrow_mut()[tie];
            tie.is_left = true;
            tie.is_dropped |= drops;
        }
    }

    fn connect(&self, world: &mut World, client: usize, target: Target, unbuffered: bool) -> Call {
        let socket = self.clients.borrow()[client].socket;
        let (host, port) = self.address_of(target);
        let mut mode = OpenMode::READ_WRITE;
        mode.set(OpenMode::UNBUFFERED, unbuffered);
        let is_literal = host.parse::<IpAddr>().is_ok();
        world[socket].connect_to_host_with(&host, port, mode, NetworkLayerProtocol::Any);
        // One that is under way already calls this an error.
        let has_begun = world[socket].state() == SocketState::HostLookup;
        if has_begun && world[socket].error().is_none() {
            // What of the one before was not read is gone.
            self.cut(client, false);
            let tie = self.tie(None, false);
            let client = &mut self.clients.borrow_mut()[client];
            client.tie = Some(tie);
            client.is_unbuffered = unbuffered;
            (client.marked, client.announced, client.cuts) = (0, 0, 0);
        }
        Call::Connect { is_literal }
    }

    /// The host, as it is named, and the port of a target.
    pub(crate) fn address_of(&self, target: Target) -> (String, u16) {
        let far = || self.network.addresses(self.far)[0].to_string();
        match target {
            Target::Address => (far(), OPEN),
            Target::Name => ("far".to_owned(), OPEN),
            Target::SlowName => ("slow".to_owned(), OPEN),
            Target::MixedName => ("mixed".to_owned(), OPEN),
            Target::UnknownName => ("unknown".to_owned(), OPEN),
            Target::SilentName => ("silent".to_owned(), OPEN),
            Target::Refused => (far(), REFUSING),
            Target::BlackHole => (far(), SWALLOWING),
            Target::Nobody => ("10.0.99.99".to_owned(), OPEN),
        }
    }

    fn write(&self, world: &mut World, client: usize, size: usize) -> Call {
        let client = &mut self.clients.borrow_mut()[client];
        let mut ties = self.connections.borrow_mut();
        let model = self.model.borrow();
        let mut nobody = Tie::default();
        let (number, tie) = match client.tie {
            Some(tie) => (tie, &mut ties[tie]),
            None => (0, &mut nobody),
        };
        let bytes = Content::of_application(number).bytes(tie.written, size);
        let socket = &mut world[client.socket];
        let (before, is_limited) = (look_at(socket), client.most_unsent.is_some());
        let answer = socket.write(&bytes);
        let after = look_at(socket);
        let is_refused = match &answer {
            Ok(_) => None,
            Err(error) => Some(error.kind()),
        };
        let has_somebody =
            !matches!(model.state(client.who), SocketState::Unconnected | SocketState::Bound);
        let may_write = model.is_open(client.who) && has_somebody;
        let fits = match is_refused {
            None => may_write && !model.has_finished_writing(client.who),
            Some(ErrorKind::BrokenPipe) => {
                model.has_finished_writing(client.who) || client.is_unbuffered
            }
            Some(ErrorKind::NotConnected) => !may_write || client.is_unbuffered,
            Some(ErrorKind::WouldBlock) => may_write && is_limited,
            Some(ErrorKind::ConnectionReset | ErrorKind::TimedOut) => client.is_unbuffered,
            Some(_) => false,
        };
        self.notebook
            .expect(fits, || format!("#{}: writing {size} bytes gives {answer:?}", client.who));
        let taken = answer.unwrap_or(0);
        self.notebook.expect(taken <= size, || "more is taken than there was".to_owned());
        tie.written += taken as u64;
        client.cuts += u32::from(taken < size && is_limited);
        self.notebook.expect(taken == size || is_limited || is_refused.is_some(), || {
            format!("#{}: of {size} bytes {taken} are taken, without a limit", client.who)
        });
        match client.is_unbuffered {
            true => Call::Direct { unsent_before: before.unsent.min(after.unsent) },
            false => Call::Queue(taken),
        }
    }

    fn read(&self, world: &mut World, client: usize, action: Action) -> Call {
        let client = &mut self.clients.borrow_mut()[client];
        let socket = &mut world[client.socket];
        let before = look_at(socket);
        if !socket.is_transaction_started() {
            client.marked = 0;
        }
        let is_peek = matches!(action, Action::Peek(_));
        let mut skipped = 0;
        let bytes = match action {
            Action::Read(size) => {
                let mut buffer = vec![0; size];
                let count = socket.read(&mut buffer).unwrap_or(0);
                buffer.truncate(count);
                buffer
            }
            Action::ReadAll => socket.read_all(),
            Action::ReadLine => socket.read_line_bytes().unwrap_or_default(),
            Action::Peek(size) => socket.peek(size).to_vec(),
            Action::Skip(size) => {
                skipped = socket.skip(size) as u64;
                Vec::new()
            }
            Action::Begin => {
                socket.start_transaction();
                Vec::new()
            }
            Action::Commit => {
                if socket.commit_transaction() {
                    self.advance(client, client.marked);
                    client.marked = 0;
                }
                Vec::new()
            }
            Action::RollBack => {
                if socket.rollback_transaction() {
                    client.marked = 0;
                }
                Vec::new()
            }
            _ => Vec::new(),
        };
        self.check_read(client, &bytes);
        let count = if is_peek { 0 } else { bytes.len() as u64 + skipped };
        match world[client.socket].is_transaction_started() {
            true => client.marked += count,
            false => self.advance(client, count),
        }
        match client.is_unbuffered {
            true => Call::Direct { unsent_before: before.unsent },
            false => Call::Other,
        }
    }

    fn advance(&self, client: &Client, count: u64) {
        if let Some(tie) = client.tie {
            self.connections.borrow_mut()[tie].read += count;
        }
    }

    /// What was read is what the peer sends at this place.
    fn check_read(&self, client: &Client, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let ties = self.connections.borrow();
        let tie = client.tie.map(|tie| &ties[tie]);
        let Some((tie, port)) = tie.and_then(|tie| Some((tie, tie.port?))) else {
            return self.notebook.blame(format!("#{} reads bytes of nobody", client.who));
        };
        let start = tie.read + client.marked;
        if let Some(fault) = Content::of_peer(port).first_fault(start, bytes) {
            self.notebook.blame(format!("#{} reads a wrong byte at {fault}", client.who));
        }
    }
}
