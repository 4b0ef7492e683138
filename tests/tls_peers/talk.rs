//! `Talk`: a runtime with our end of a connection, and the program at the other end.

use std::io::Write;
use std::process::{Command, ExitStatus};

use slotwire::prelude::*;
use slotwire::{QSslSocket, SslConfiguration};

use crate::counterpart::Counterpart;
use crate::ours::{Beginning, OurEnd, Server};
use support::DEADLINE;

/// A conversation.
pub(crate) struct Talk {
    pub(crate) rt: Runtime,
    pub(crate) ours: OurEnd,
    pub(crate) peer: Counterpart,
    server: Option<(Obj<Server>, u16)>,
}

impl Talk {
    /// Starts a server, whose port `port_of` finds in what it prints, and connects to it.
    #[track_caller]
    pub(crate) fn with_server(
        command: &mut Command,
        port_of: impl FnMut(&mut Counterpart) -> Option<u16>,
        configuration: SslConfiguration,
        beginning: Beginning,
    ) -> Self {
        let mut rt = Runtime::new().unwrap();
        let mut peer = Counterpart::start(&rt, command);
        let port = port(&mut rt, &mut peer, port_of);
        let ours = OurEnd::client(&mut rt, configuration);
        let mut talk = Self { rt, ours, peer, server: None };
        talk.connect(port, beginning);
        talk
    }

    fn connect(&mut self, port: u16, beginning: Beginning) {
        let socket = &mut self.rt[self.ours.socket];
        match beginning {
            Beginning::Encrypted => socket.connect_to_host_encrypted("127.0.0.1", port),
            Beginning::Plain => socket.connect_to_host("127.0.0.1", port),
        }
    }

    /// Listens, starts a client with the number of the port, and waits until it has connected.
    #[track_caller]
    pub(crate) fn with_client(
        client: impl FnOnce(u16) -> Command,
        configuration: SslConfiguration,
        beginning: Beginning,
    ) -> Self {
        let mut rt = Runtime::new().unwrap();
        let (server, port) = Server::listening(&mut rt, configuration, beginning);
        let peer = Counterpart::start(&rt, &mut client(port));
        let ours = caller(&mut rt, server, &peer);
        Self { rt, ours, peer, server: Some((server, port)) }
    }

    /// Ends the client, starts another one, and waits until it has connected to the same server.
    #[track_caller]
    pub(crate) fn next_client(&mut self, client: impl FnOnce(u16) -> Command) {
        let (server, port) = self.server.expect("the server is ours");
        self.peer = Counterpart::start(&self.rt, &mut client(port));
        self.ours = caller(&mut self.rt, server, &self.peer);
    }

    /// Waits until the client has connected once more to the same server.
    #[track_caller]
    pub(crate) fn next_connection(&mut self) {
        let (server, _) = self.server.expect("the server is ours");
        self.ours = caller(&mut self.rt, server, &self.peer);
    }

    /// Connects a new socket of ours, with a copy of the configuration, to the same server.
    #[track_caller]
    pub(crate) fn connect_again(&mut self) {
        let port = self.socket().peer_port().expect("the socket is connected");
        let configuration = self.socket().ssl_configuration().clone();
        self.ours = OurEnd::client(&mut self.rt, configuration);
        self.connect(port, Beginning::Encrypted);
    }

    pub(crate) fn socket(&mut self) -> &mut QSslSocket {
        &mut self.rt[self.ours.socket]
    }

    /// Runs the loop until the condition holds.
    #[track_caller]
    pub(crate) fn until(
        &mut self,
        what: &str,
        mut condition: impl FnMut(&World, &mut Counterpart) -> bool,
    ) {
        let peer = &mut self.peer;
        let happened = self.rt.run_until(DEADLINE, |world| condition(world, peer)).unwrap();
        assert!(happened, "no {what}: {}", self.told());
    }

    /// Returns what has happened, for the text of a failure.
    pub(crate) fn told(&mut self) -> String {
        let error = self.socket().error_string();
        format!(
            "{:?}, {error}; the other end: {}",
            self.ours.journal.take(),
            self.peer.last_words()
        )
    }

    #[track_caller]
    pub(crate) fn until_encrypted(&mut self) {
        self.until_noted("encrypted");
    }

    /// Runs the loop until our end has noted this signal.
    #[track_caller]
    pub(crate) fn until_noted(&mut self, entry: &str) {
        let journal = self.ours.journal.clone();
        self.until(entry, |_, _| journal.has(entry));
    }

    /// Runs the loop until the other end prints this text.
    #[track_caller]
    pub(crate) fn until_said(&mut self, text: &str) {
        let what = text.chars().take(80).collect::<String>();
        self.until(&what, |_, peer| peer.has_said(text));
    }

    /// Runs the loop until the other end has ended.
    #[track_caller]
    pub(crate) fn until_ended(&mut self) -> ExitStatus {
        self.until("end", |_, peer| peer.has_ended());
        self.peer.exit_status()
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.socket().write_all(bytes).unwrap();
    }

    /// Runs the loop until exactly these bytes have come.
    #[track_caller]
    pub(crate) fn until_received(&mut self, bytes: &[u8]) {
        let received = self.ours.received.clone();
        self.until("bytes", |_, _| received.borrow().len() >= bytes.len());
        assert!(received.take() == bytes, "other bytes have come: {}", self.told());
    }

    /// A megabyte goes both ways at once.
    #[track_caller]
    pub(crate) fn exchange_a_megabyte(&mut self) {
        let lines = megabyte();
        self.peer.type_text(lines.clone());
        self.write(lines.as_bytes());
        self.until_received(lines.as_bytes());
        self.until_said(&lines);
    }

    /// Sends a line each way.
    #[track_caller]
    pub(crate) fn talk(&mut self) {
        self.write(b"from ours\n");
        self.until_said("from ours\n");
        self.peer.type_line("from the peer");
        self.until_received(b"from the peer\n");
    }

    /// Runs the loop until our end is unconnected because of an error, and returns it with its text.
    #[track_caller]
    pub(crate) fn until_failed(&mut self) -> (SocketError, String) {
        let socket = self.ours.socket;
        self.until("failure", |world, _| {
            world[socket].state() == SocketState::Unconnected && world[socket].error().is_some()
        });
        (self.rt[socket].error().unwrap(), self.rt[socket].error_string())
    }

    /// Asserts that the handshake fails at our end, for a reason with this text.
    #[track_caller]
    pub(crate) fn until_refused(&mut self, reason: &str) {
        let (error, text) = self.until_failed();
        assert_eq!(error, SocketError::SslHandshakeFailed, "{text}");
        assert!(text.contains(reason), "{text}");
        assert!(!self.ours.journal.has("encrypted"), "{}", self.told());
    }
}

/// A megabyte of lines that differ from each other.
pub(crate) fn megabyte() -> String {
    (0..1 << 17).map(|number| format!("{number:07}\n")).collect()
}

#[track_caller]
fn port(
    rt: &mut Runtime,
    peer: &mut Counterpart,
    mut port_of: impl FnMut(&mut Counterpart) -> Option<u16>,
) -> u16 {
    let mut port = None;
    let listens = rt.run_until(DEADLINE, |_| {
        port = port_of(peer);
        port.is_some() || peer.has_ended()
    });
    assert!(listens.unwrap() && port.is_some(), "it does not listen: {}", peer.said());
    port.unwrap()
}

#[track_caller]
fn caller(rt: &mut Runtime, server: Obj<Server>, peer: &Counterpart) -> OurEnd {
    let calls = rt.run_until(DEADLINE, |world| world[server].has_caller()).unwrap();
    assert!(calls, "nobody calls: {}", peer.said());
    rt[server].next_caller()
}
