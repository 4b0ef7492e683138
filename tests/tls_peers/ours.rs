//! Our end of a connection: a client, or what a server of ours has accepted.

use std::cell::RefCell;
use std::rc::Rc;

use slotwire::prelude::*;
use slotwire::{Incoming, QSslSocket, SslConfiguration};

use support::{Journal, any_port, journal_of};

/// A socket of ours, and what has happened to it.
#[derive(Clone)]
pub(crate) struct OurEnd {
    pub(crate) socket: Obj<QSslSocket>,
    pub(crate) journal: Journal,
    pub(crate) received: Rc<RefCell<Vec<u8>>>,
}

impl OurEnd {
    pub(crate) fn new(world: &mut World, socket: Obj<QSslSocket>) -> Self {
        let journal = journal_of(world, socket);
        let received = Rc::new(RefCell::new(Vec::new()));
        let note = journal.clone();
        world.connect_fn(socket, QSslSocket::encrypted, move |_, _| note.note("encrypted"));
        let note = journal.clone();
        world.connect_fn(socket, QSslSocket::mode_changed, move |_, mode| {
            note.note(format!("mode_changed {mode:?}"));
        });
        let note = journal.clone();
        world.connect_fn(socket, QSslSocket::alert_received, move |_, (level, alert)| {
            note.note(format!("alert_received {level:?} {alert:?}"));
        });
        let note = journal.clone();
        world.connect_fn(socket, QSslSocket::alert_sent, move |_, (level, alert)| {
            note.note(format!("alert_sent {level:?} {alert:?}"));
        });
        let note = journal.clone();
        world.connect_fn(socket, QSslSocket::peer_verify_error, move |_, error| {
            note.note(format!("peer_verify_error {:?}", error.kind()));
        });
        let note = journal.clone();
        world.connect_fn(socket, QSslSocket::new_session_ticket_received, move |_, _| {
            note.note("ticket");
        });
        let keep = Rc::clone(&received);
        world.connect_fn(socket, QSslSocket::ready_read, move |world, _| {
            keep.borrow_mut().extend(world[socket].read_all());
        });
        Self { socket, journal, received }
    }

    /// A client that has not connected yet.
    pub(crate) fn client(rt: &mut Runtime, configuration: SslConfiguration) -> Self {
        let mut socket = QSslSocket::new();
        socket.set_ssl_configuration(configuration);
        socket.set_peer_verify_name("localhost");
        let socket = rt.add(socket);
        Self::new(rt, socket)
    }
}

/// How a server begins its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beginning {
    Encrypted,
    Plain,
}

/// A server of ours.
#[derive(QObject)]
pub(crate) struct Server {
    #[qobject(base)]
    server: QTcpServer,
    configuration: SslConfiguration,
    beginning: Beginning,
    callers: Vec<OurEnd>,
}

#[slots]
impl Server {
    /// Returns a server that listens, and its port.
    pub(crate) fn listening(
        rt: &mut Runtime,
        configuration: SslConfiguration,
        beginning: Beginning,
    ) -> (Obj<Self>, u16) {
        let server = QTcpServer::with_incoming(Self::take_in);
        let server = rt.add(Self { server, configuration, beginning, callers: Vec::new() });
        rt[server].server.listen(any_port()).unwrap();
        let port = rt[server].server.server_port().unwrap();
        (server, port)
    }

    fn take_in(&mut self, cx: &mut Context<Self>, incoming: Incoming) {
        let mut socket = QSslSocket::of(incoming.into_socket());
        socket.set_ssl_configuration(self.configuration.clone());
        let socket = cx.add_child(socket);
        self.callers.push(OurEnd::new(cx, socket));
        if self.beginning == Beginning::Encrypted {
            cx[socket].start_server_encryption();
        }
    }

    pub(crate) fn has_caller(&self) -> bool {
        !self.callers.is_empty()
    }

    /// Takes the first connection that has come.
    pub(crate) fn next_caller(&mut self) -> OurEnd {
        self.callers.remove(0)
    }
}
