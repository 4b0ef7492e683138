//! What the application does to its TCP sockets, and what it may expect of the answers.

use std::io::ErrorKind;
use std::net::IpAddr;
use std::rc::Rc;

use slotwire::prelude::*;
use slotwire::{NetworkLayerProtocol, ReadyReadPolicy, SocketOption};

use super::application::{Application, Client, OPEN, REFUSING, SWALLOWING, TAKEN, Tie};
use super::calls::Call;
use super::content::Content;
use super::observer::look_at;
use super::program::{Action, Target};

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
            Action::SendBuffer(size) => {
                // Fails where there is nothing yet whose buffer it could be.
                let _ = world[socket].set_socket_option(SocketOption::SendBufferSize(size));
                Call::Other
            }
            Action::ReceiveBuffer(size) => {
                let _ = world[socket].set_socket_option(SocketOption::ReceiveBufferSize(size));
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
        // What of a broken connection was not sent is dropped with it.
        let was_lost = !world[socket].is_valid();
        world[socket].connect_to_host_with(&host, port, mode, NetworkLayerProtocol::Any);
        // One that is under way already calls this an error.
        let has_begun = world[socket].state() == SocketState::HostLookup;
        if has_begun && world[socket].error().is_none() {
            // What of the one before was not read is gone.
            self.cut(client, was_lost);
            let tie = self.tie(None, false);
            let client = &mut self.clients.borrow_mut()[client];
            client.tie = Some(tie);
            client.is_unbuffered = unbuffered;
            (client.marked, client.announced) = (0, 0);
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
