//! The application's server: what it accepts, and what it may.

use std::cell::Cell;
use std::rc::Rc;

use slotwire::prelude::*;

use super::application::Application;
use super::program::ServerAction;

/// The port that the server listens on.
pub(crate) const PORT: u16 = 5000;

/// The server, and what is known of it.
#[derive(Debug, Default)]
pub(crate) struct Server {
    pub(crate) socket: Cell<Option<Obj<QTcpServer>>>,
    /// How many connections wait to be taken.
    pending: Cell<usize>,
    pub(crate) most_pending: Cell<usize>,
    /// How many connections were announced by each of the two signals.
    announced: Cell<usize>,
    pub(crate) accepted: Cell<usize>,
    /// It is told to accept, as far as it may.
    pub(crate) is_paused: Cell<bool>,
}

impl Server {
    /// Whether one more connection may wait to be taken.
    pub(crate) fn has_room(&self) -> bool {
        self.pending.get() < self.most_pending.get()
    }
}

impl Application {
    /// Adds the server.
    pub(crate) fn add_server(self: &Rc<Self>, world: &mut World) {
        let socket = world.add(QTcpServer::new());
        self.server.socket.set(Some(socket));
        self.server.most_pending.set(world[socket].max_pending_connections());
        let own = self.clone();
        world.connect_fn(socket, QTcpServer::pending_connection_available, move |_, ()| {
            let Server { pending, most_pending, announced, .. } = &own.server;
            pending.set(pending.get() + 1);
            announced.set(announced.get() + 1);
            own.notebook.note(format_args!("  server: {} wait", pending.get()));
            own.notebook.expect(pending.get() <= most_pending.get(), || {
                format!("{} connections wait, and {} may", pending.get(), most_pending.get())
            });
        });
        let own = self.clone();
        world.connect_fn(socket, QTcpServer::new_connection, move |_, ()| {
            let Server { accepted, announced, .. } = &own.server;
            accepted.set(accepted.get() + 1);
            own.notebook.expect(accepted.get() == announced.get(), || {
                format!("{} new connections, {} that wait", accepted.get(), announced.get())
            });
        });
        let own = self.clone();
        world.connect_fn(socket, QTcpServer::accept_error, move |_, error| {
            own.notebook.note(format_args!("  server: {error:?}"));
            own.notebook.expect(*error == SocketError::SocketResource, || {
                format!("accepting fails: {error:?}")
            });
        });
    }

    /// Does something to the server.
    pub(crate) fn serve(self: &Rc<Self>, world: &mut World, action: ServerAction) {
        let Some(socket) = self.server.socket.get() else { return };
        self.notebook.note(format_args!("    server {action:?}"));
        let server = &mut world[socket];
        match action {
            ServerAction::Listen => {
                let was_listening = server.is_listening();
                let listens = server.listen_on(BindAddress::Any, PORT);
                self.notebook
                    .expect(listens.is_err() || !was_listening, || "it listens twice".to_owned());
            }
            ServerAction::Close => {
                server.close();
                self.server.pending.set(0);
                self.server.is_paused.set(false);
            }
            ServerAction::Take => self.take(world, 1),
            ServerAction::TakeAll => self.take(world, usize::MAX),
            ServerAction::Limit(most) => {
                server.set_max_pending_connections(most);
                self.server.most_pending.set(most);
            }
            ServerAction::Pause => {
                server.pause_accepting();
                self.server.is_paused.set(true);
            }
            ServerAction::Resume => {
                server.resume_accepting();
                self.server.is_paused.set(false);
            }
            ServerAction::Backlog(size) => server.set_listen_backlog_size(size),
        }
    }

    fn take(self: &Rc<Self>, world: &mut World, most: usize) {
        let Some(socket) = self.server.socket.get() else { return };
        for _ in 0..most {
            let pending = self.server.pending.get();
            let taken = world[socket].next_pending_connection();
            self.notebook.expect(taken.is_some() == (pending > 0), || {
                format!("{pending} connections wait, and taking one gives {taken:?}")
            });
            let Some(taken) = taken else { return };
            self.server.pending.set(pending - 1);
            let port = world[taken].peer_port();
            self.notebook.note(format_args!("    taken: from port {port:?}"));
            world.clear_parent(taken);
            if let Some(port) = port {
                self.add_client(world, taken, Some(port));
            }
        }
    }
}
