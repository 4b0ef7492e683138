//! What the servers of these tests see of their peers.

use super::*;

/// What came of one connection.
#[derive(Debug, Default)]
pub(crate) struct Visit {
    pub(crate) received: Vec<u8>,
    pub(crate) errors: Vec<SocketError>,
    pub(crate) ends: usize,
}

/// The visits of a server, in the order in which they began.
#[derive(Clone, Default)]
pub(crate) struct Visits(Rc<RefCell<Vec<Visit>>>);

impl Visits {
    /// How many have ended.
    pub(crate) fn ended(&self) -> usize {
        self.0.borrow().iter().filter(|visit| visit.ends > 0).count()
    }

    pub(crate) fn count(&self) -> usize {
        self.0.borrow().len()
    }

    /// The least that one of them has received.
    pub(crate) fn least_received(&self) -> usize {
        self.0.borrow().iter().map(|visit| visit.received.len()).min().unwrap_or(0)
    }

    /// Takes what is known of them.
    pub(crate) fn take(&self) -> Vec<Visit> {
        self.0.take()
    }

    /// Has a socket's signals be noted as those of a new visit. It is destroyed at its end.
    pub(crate) fn note(&self, world: &mut World, socket: Obj<QTcpSocket>) {
        let number = self.count();
        self.0.borrow_mut().push(Visit::default());
        let visits = [self.0.clone(), self.0.clone(), self.0.clone()];
        let [received, errors, ends] = visits;
        world.connect_fn(socket, QTcpSocket::ready_read, move |world, _| {
            received.borrow_mut()[number].received.extend(world[socket].read_all());
        });
        world.connect_fn(socket, QTcpSocket::error_occurred, move |_, &error| {
            errors.borrow_mut()[number].errors.push(error);
        });
        world.connect_fn(socket, QTcpSocket::disconnected, move |world, _| {
            ends.borrow_mut()[number].ends += 1;
            world.destroy(socket);
        });
    }
}

/// A server that has `serve` look after each connection; its port.
pub(crate) fn server(
    rt: &mut Runtime,
    serve: impl Fn(&mut World, Obj<QTcpSocket>) + 'static,
) -> (Obj<QTcpServer>, u16) {
    let server = rt.add(QTcpServer::new());
    rt[server].set_listen_backlog_size(1024);
    rt[server].listen(any_port()).unwrap();
    rt.connect_fn(server, QTcpServer::new_connection, move |world, _| {
        while let Some(socket) = world[server].next_pending_connection() {
            serve(world, socket);
        }
    });
    (server, rt[server].server_port().unwrap())
}

/// A server that notes who visits it.
pub(crate) fn visited_server(rt: &mut Runtime) -> (u16, Visits) {
    let visits = Visits::default();
    let noted = visits.clone();
    let (_, port) = server(rt, move |world, socket| noted.note(world, socket));
    (port, visits)
}

/// Sends back what comes.
pub(crate) fn echo(world: &mut World, socket: Obj<QTcpSocket>) {
    world.connect_fn(socket, QTcpSocket::ready_read, move |world, _| {
        let bytes = world[socket].read_all();
        world[socket].write_all(&bytes)
    });
    world.connect_fn(socket, QTcpSocket::disconnected, move |world, _| {
        world.destroy(socket);
    });
}

/// A peer of the standard library.
pub(crate) fn dial(port: u16) -> TcpStream {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap()
}
