//! A play: a socket connects some times to a server and encrypts, while both programs do this and
//! that, and what must hold is checked.

use std::cell::{Cell, RefCell};
use std::io::Write as _;
use std::rc::Rc;
use std::time::Duration;

use slotwire::prelude::*;
use slotwire::sim::{Link, SimHost, SimListener, SimStream, Simulation, Unrest};
use slotwire::{QSslServer, QSslSocket, SslConfiguration, Trace};

use super::content::Content;
use super::dice::Dice;
use super::script::{Fate, Script, plain};

/// How long a handshake may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Longer than anything takes.
const LONG: Duration = Duration::from_secs(100);

/// The port of the server, and that of the peer that does not speak TLS.
const PORTS: [u16; 2] = [443, 80];

struct Play {
    sim: Simulation,
    near: SimHost,
    far: SimHost,
    trace: Trace,
    dice: Dice,
    plain: [SslConfiguration; 2],
    socket: Obj<QSslSocket>,
    server: Obj<QSslServer>,
    /// The server's end of this attempt's connection.
    end: Option<Obj<QSslSocket>>,
    listener: SimListener,
    strangers: Vec<SimStream>,
    /// What the socket has reported in this attempt.
    errors: Rc<RefCell<Vec<SocketError>>>,
    encrypted: Rc<Cell<usize>>,
    ignores: Rc<Cell<bool>>,
    attempt: usize,
    /// How many bytes each end has written and read in this attempt: the socket's first.
    written: [u64; 2],
    read: [u64; 2],
    /// A program has ended this attempt itself, before it had come to something.
    is_cut: bool,
}

/// Carries out the program that a seed names. Returns all that was heard, or what went wrong, after
/// that.
pub(crate) fn run(seed: u64) -> Result<String, String> {
    let mut play = Play::new(seed);
    let result = play.play();
    let trace = play.trace.to_string();
    result.map(|()| trace.clone()).map_err(|fault| format!("{trace}{fault}"))
}

impl Play {
    fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let mut sim = Simulation::new(seed);
        let trace = Trace::new();
        sim.record_into(&trace);
        let near = sim.add_host("near").expect("the system has a poller");
        let far = sim.add_host("far").expect("the system has a poller");
        let latency = Link::new().with_latency(dice.time(30));
        let link = match dice.below(4) {
            0 => latency.with_splitting(0.8),
            1 => latency.with_jitter(dice.time(10)).with_duplication(0.2),
            2 => latency.with_loss(0.03),
            _ => Link::new(),
        };
        sim.set_link(near, far, link);
        if dice.is_one_in(3) {
            sim.set_unrest(Unrest::new().with_delay(dice.time(5)).with_false_alarms(0.1));
        }
        let server = sim[far].add(QSslServer::new());
        sim[far][server].set_handshake_timeout(PATIENCE);
        sim[far][server].listen_on(BindAddress::Any, PORTS[0]).expect("the port is free");
        let listener = sim.listen(far, PORTS[1]).expect("the port is free");
        let socket = sim[near].add(QSslSocket::new());
        let mut play = Self {
            sim,
            near,
            far,
            trace,
            dice,
            plain: plain(),
            socket,
            server,
            end: None,
            listener,
            strangers: Vec::new(),
            errors: Rc::default(),
            encrypted: Rc::default(),
            ignores: Rc::default(),
            attempt: 0,
            written: [0; 2],
            read: [0; 2],
            is_cut: false,
        };
        play.listen();
        play
    }

    /// Connects the signals of the socket.
    fn listen(&mut self) {
        let (socket, rt) = (self.socket, &mut self.sim[self.near]);
        let errors = self.errors.clone();
        rt.connect_fn(socket, QAbstractSocket::error_occurred, move |_, &error| {
            errors.borrow_mut().push(error);
        });
        let encrypted = self.encrypted.clone();
        rt.connect_fn(socket, QSslSocket::encrypted, move |_, ()| {
            encrypted.set(encrypted.get() + 1);
        });
        let ignores = self.ignores.clone();
        rt.connect_fn(socket, QSslSocket::ssl_errors, move |world, errors| {
            if ignores.get() {
                world[socket].ignore_ssl_errors(errors);
            }
        });
    }

    fn play(&mut self) -> Result<(), String> {
        for _ in 0..1 + self.dice.below(3) {
            let script = Script::of(&mut self.dice);
            let count = self.dice.below(10);
            self.attempt(script, count)?;
        }
        // Whatever has happened, both ends work; and a session may be resumed.
        self.attempt(Script::plain(), 0)?;
        self.attempt(Script::plain(), 0)?;
        self.sim[self.near].destroy(self.socket);
        self.sim[self.far].destroy(self.server);
        self.sim.run_for(10 * LONG).map_err(|error| error.to_string())?;
        for host in [self.near, self.far] {
            let left = (self.sim.descriptors(host), self.sim.sockets(host));
            // The listener of the peer that does not speak TLS stays: it has no descriptor.
            let due = if host == self.far { (0, 1) } else { (0, 0) };
            expect(left == due, || format!("{left:?} descriptors and sockets are left"))?;
            let deadline = self.sim[host].next_deadline();
            expect(deadline.is_none(), || "a timer is left".to_owned())?;
        }
        Ok(())
    }

    /// Connects once, does so many things meanwhile, and checks what comes of it.
    fn attempt(&mut self, script: Script, count: usize) -> Result<(), String> {
        self.attempt += 1;
        (self.written, self.read, self.is_cut) = ([0; 2], [0; 2], false);
        self.errors.borrow_mut().clear();
        self.encrypted.set(0);
        self.ignores.set(script.ignores);
        let server = script.server(&self.plain[1]);
        self.sim[self.far][self.server].set_ssl_configuration(server);
        let port = PORTS[usize::from(script.fate != Fate::Server)];
        let client = script.client(&self.plain[0]);
        let socket = &mut self.sim[self.near][self.socket];
        socket.set_ssl_configuration(client);
        socket.ignore_ssl_errors(&[]);
        socket.connect_to_host_encrypted("far", port);
        for _ in 0..count {
            self.act(&script)?;
        }
        let socket = self.socket;
        self.pass_until(&script, |rt| {
            rt[socket].is_encrypted() || rt[socket].state() == SocketState::Unconnected
        })?;
        self.pass_as(&script, Duration::from_secs(3))?;
        if self.sim[self.near][self.socket].state() == SocketState::Connected {
            self.end(&script)?;
        }
        // A socket that a program has closed may still send, or wait for the answer of its peer.
        self.pass_until(&script, |rt| rt[socket].state() == SocketState::Unconnected)?;
        self.exchange_is_right()?;
        self.check(&script)?;
        // What is left of the server's end, and what is under way to it.
        if let Some(end) = self.end.take() {
            self.sim[self.far].destroy(end);
        }
        self.strangers.clear();
        while self.listener.accept().is_ok() {}
        self.pass(LONG)?;
        let rt = &self.sim[self.far];
        let left = (rt[self.server].handshakes(), rt.children(self.server).count());
        expect(left == (0, 0), || format!("the server has {left:?} handshakes and sockets left"))
    }

    /// Does something.
    fn act(&mut self, script: &Script) -> Result<(), String> {
        match self.dice.below(28) {
            0..6 => self.write(0),
            6..11 => self.write(1),
            11..15 => return self.exchange_is_right(),
            15 => self.cut(|socket| socket.disconnect_from_host()),
            16 if self.dice.is_one_in(2) => self.cut(|socket| socket.abort()),
            16 if self.dice.is_one_in(2) => {
                self.is_cut = true;
                let rt = &mut self.sim[self.near];
                rt.destroy(self.socket);
                rt.deliver();
                self.socket = rt.add(QSslSocket::new());
                self.listen();
            }
            17 => {
                if let Some(end) = self.end {
                    self.is_cut = true;
                    match self.dice.is_one_in(2) {
                        true => self.sim[self.far][end].disconnect_from_host(),
                        false => self.sim[self.far][end].abort(),
                    }
                }
            }
            18 => {
                let limit = Some(1 + self.dice.below(2_000));
                let limit = limit.filter(|_| self.dice.is_one_in(2));
                self.sim[self.near][self.socket].set_read_buffer_size(limit);
            }
            _ => {
                let time = self.dice.time(60);
                return self.pass_as(script, time);
            }
        }
        Ok(())
    }

    /// Lets an end write something: the socket's is the first.
    fn write(&mut self, which: usize) {
        let count = self.dice.below(40_000);
        let content = self.content(which);
        let bytes = content.bytes(self.written[which], count);
        let written = match (which, self.end) {
            (0, _) => self.sim[self.near][self.socket].write(&bytes),
            (_, Some(end)) => self.sim[self.far][end].write(&bytes),
            (_, None) => return,
        };
        self.written[which] += written.unwrap_or(0) as u64;
    }

    fn content(&self, which: usize) -> Content {
        match which {
            0 => Content::of_application(self.attempt),
            _ => Content::of_peer(self.attempt as u16),
        }
    }

    /// Reads what has come at both ends, which is what the other end has written.
    fn exchange_is_right(&mut self) -> Result<(), String> {
        for which in 0..2 {
            let bytes = match (which, self.end) {
                (0, _) => self.sim[self.near][self.socket].read_all(),
                (_, Some(end)) => self.sim[self.far][end].read_all(),
                (_, None) => continue,
            };
            let content = self.content(1 - which);
            if let Some(place) = content.first_fault(self.read[which], &bytes) {
                return Err(format!("end {which} reads a wrong byte at {place}"));
            }
            self.read[which] += bytes.len() as u64;
            expect(self.read[which] <= self.written[1 - which], || "too much is read".to_owned())?;
        }
        Ok(())
    }

    fn cut(&mut self, cut: impl FnOnce(&mut QSslSocket)) {
        self.is_cut = true;
        cut(&mut self.sim[self.near][self.socket]);
    }

    /// Says something in both directions, and ends the connection from one side.
    fn end(&mut self, script: &Script) -> Result<(), String> {
        self.sim[self.near][self.socket].set_read_buffer_size(None);
        self.write(0);
        self.write(1);
        self.pass_as(script, LONG)?;
        self.exchange_is_right()?;
        let is_connected = self.sim[self.near][self.socket].state() == SocketState::Connected;
        if let (true, Some(end)) = (is_connected, self.end) {
            let all = [self.written[1], self.written[0]];
            let read = self.read;
            expect(read == all, || format!("{read:?} bytes have come of {all:?}"))?;
            match self.dice.is_one_in(2) {
                true => self.sim[self.far][end].disconnect_from_host(),
                false => self.sim[self.near][self.socket].disconnect_from_host(),
            }
        }
        let socket = self.socket;
        self.pass_until(script, |rt| rt[socket].state() == SocketState::Unconnected)?;
        self.pass(Duration::from_secs(10))?;
        if let (false, Some(end)) = (self.is_cut, self.end) {
            let end = &self.sim[self.far][end];
            let (state, error) = (end.state(), end.error());
            // An orderly end, and no cut.
            let is_orderly = matches!(error, None | Some(SocketError::RemoteHostClosed));
            expect(state == SocketState::Unconnected && is_orderly, || {
                format!("the server's end is {state:?}, by {error:?}")
            })?;
        }
        Ok(())
    }

    /// Checks what was heard of an attempt that is over.
    fn check(&mut self, script: &Script) -> Result<(), String> {
        let state = self.sim[self.near][self.socket].state();
        expect(state == SocketState::Unconnected, || format!("it is {state:?} at the end"))?;
        let (encrypted, errors) = (self.encrypted.get(), self.errors.take());
        let told = || format!("encrypted {encrypted} times, {errors:?}");
        expect(encrypted <= 1 && errors.len() <= 1, told)?;
        if self.is_cut {
            return Ok(());
        }
        let expected = script.errors();
        if expected.is_empty() {
            let ended = errors.iter().all(|&error| error == SocketError::RemoteHostClosed);
            return expect(encrypted == 1 && ended && self.end.is_some(), told);
        }
        expect(errors.len() == 1 && expected.contains(&errors[0]) && self.end.is_none(), || {
            format!("{}, and {expected:?} was to come", told())
        })
    }

    /// Lets time pass until this holds for the socket, up to the end of all patience.
    fn pass_until(
        &mut self,
        script: &Script,
        is_meant: impl Fn(&Runtime) -> bool,
    ) -> Result<(), String> {
        for _ in 0..2 * PATIENCE.as_secs() {
            if is_meant(&self.sim[self.near]) {
                return Ok(());
            }
            self.pass_as(script, Duration::from_secs(1))?;
            // Nobody waits for room that a limit does not leave.
            self.exchange_is_right()?;
        }
        Err(format!("it stays {:?}", self.sim[self.near][self.socket].state()))
    }

    /// Lets time pass. A peer that does not speak TLS says something once.
    fn pass_as(&mut self, script: &Script, time: Duration) -> Result<(), String> {
        self.pass(time)?;
        while let Ok((mut stream, _)) = self.listener.accept() {
            if script.fate == Fate::TalksNonsense {
                let _ = stream.write(b"HTTP/1.1 400 Bad Request\r\n\r\n");
            }
            self.strangers.push(stream);
        }
        Ok(())
    }

    /// Lets time pass, and takes the server's end if it has come.
    fn pass(&mut self, time: Duration) -> Result<(), String> {
        self.sim.run_for(time).map_err(|error| error.to_string())?;
        while let Some(end) = self.sim[self.far][self.server].next_pending_ssl_connection() {
            expect(self.end.replace(end).is_none(), || "two connections have come".to_owned())?;
        }
        Ok(())
    }
}

fn expect(is_so: bool, fault: impl FnOnce() -> String) -> Result<(), String> {
    if is_so { Ok(()) } else { Err(fault()) }
}
