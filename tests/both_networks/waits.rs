//! The waits keep their word on each network: each returns true if and only if its signal is heard
//! before it returns, whatever was called before, and whatever slots do meanwhile.

use std::cell::RefCell;
use std::net::Shutdown;
use std::rc::Rc;

use super::*;

const SOON: Option<Duration> = Some(Duration::from_millis(5));

/// What a program does to a socket, to its peers, or to a server.
#[derive(Clone, Debug)]
enum Step {
    Connect,
    ConnectWhereNobodyListens,
    Write(usize),
    Flush,
    Read(usize),
    Disconnect,
    Close,
    Abort,
    ShutdownWrite,
    SetReadBufferSize(Option<usize>),
    /// What the next slots of these signals do, once.
    InSlot(Heard, Deed),
    PeersDo(PeerDeed),
    Dial,
    TakeCall,
    Deliver,
    Wait(Awaited),
}

/// A signal in whose slot something is done.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Heard {
    Connected,
    ReadyRead,
    BytesWritten,
    Disconnected,
    Error,
}

/// What a slot does to its socket.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Connect,
    Write(usize),
    Disconnect,
    Close,
    Abort,
}

/// What the peer does that was accepted last, and each one that has called since.
#[derive(Clone, Copy, Debug)]
enum PeerDeed {
    Write(usize),
    Read,
    Shutdown,
    Close,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Awaited {
    Connected,
    ReadyRead,
    BytesWritten,
    Disconnected,
    NewConnection,
}

fn step() -> impl Strategy<Value = Step> {
    let size = || prop_oneof![1_usize..10, 1_usize..10_000, Just(1 << 20)];
    let heard = prop::sample::select(vec![
        Heard::Connected,
        Heard::ReadyRead,
        Heard::BytesWritten,
        Heard::Disconnected,
        Heard::Error,
    ]);
    let deed = prop_oneof![
        1 => Just(Deed::Connect),
        2 => size().prop_map(Deed::Write),
        2 => Just(Deed::Disconnect),
        1 => Just(Deed::Close),
        1 => Just(Deed::Abort),
    ];
    let peer_deed = prop_oneof![
        3 => (1_usize..10_000).prop_map(PeerDeed::Write),
        3 => Just(PeerDeed::Read),
        1 => Just(PeerDeed::Shutdown),
        1 => Just(PeerDeed::Close),
    ];
    let awaited = prop::sample::select(vec![
        Awaited::Connected,
        Awaited::ReadyRead,
        Awaited::BytesWritten,
        Awaited::Disconnected,
        Awaited::NewConnection,
    ]);
    prop_oneof![
        4 => Just(Step::Connect),
        1 => Just(Step::ConnectWhereNobodyListens),
        4 => size().prop_map(Step::Write),
        1 => Just(Step::Flush),
        2 => (1_usize..10_000).prop_map(Step::Read),
        3 => Just(Step::Disconnect),
        1 => Just(Step::Close),
        1 => Just(Step::Abort),
        1 => Just(Step::ShutdownWrite),
        1 => prop::option::of(1_usize..100).prop_map(Step::SetReadBufferSize),
        3 => (heard, deed).prop_map(|(heard, deed)| Step::InSlot(heard, deed)),
        4 => peer_deed.prop_map(Step::PeersDo),
        1 => Just(Step::Dial),
        1 => Just(Step::TakeCall),
        1 => Just(Step::Deliver),
        8 => awaited.prop_map(Step::Wait),
    ]
}

/// What the slots of a socket have to do.
type Plans = Rc<RefCell<Vec<(Heard, Deed)>>>;

/// A socket, a server and their peers.
struct Place {
    net: Net,
    rt: Runtime,
    socket: Obj<QTcpSocket>,
    server: Obj<QTcpServer>,
    journal: Journal,
    plans: Plans,
    listener: Listener,
    peers: Vec<Peer>,
    callers: Vec<Peer>,
}

impl Place {
    fn new(net: Net) -> Self {
        let mut rt = net.runtime();
        let (listener, _) = net.listener();
        let port = listener.local_addr().port();
        let socket = rt.add(QTcpSocket::new());
        let journal = journal_of(&mut rt, socket);
        let plans = Plans::default();
        let carry_out = |heard: Heard| {
            let plans = plans.clone();
            move |world: &mut World| {
                let next = plans.borrow().iter().position(|&(due, _)| due == heard);
                let Some(next) = next else { return };
                let (_, deed) = plans.borrow_mut().remove(next);
                let socket = &mut world[socket];
                match deed {
                    Deed::Connect => socket.connect_to_host("127.0.0.1", port),
                    // Fails where there is nobody to write to.
                    Deed::Write(count) => drop(socket.write(&noise(count))),
                    Deed::Disconnect => socket.disconnect_from_host(),
                    Deed::Close => socket.close(),
                    Deed::Abort => socket.abort(),
                }
            }
        };
        let slot = carry_out(Heard::Connected);
        rt.connect_fn(socket, QTcpSocket::connected, move |world, ()| slot(world));
        let slot = carry_out(Heard::ReadyRead);
        rt.connect_fn(socket, QTcpSocket::ready_read, move |world, ()| slot(world));
        let slot = carry_out(Heard::BytesWritten);
        rt.connect_fn(socket, QTcpSocket::bytes_written, move |world, _| slot(world));
        let slot = carry_out(Heard::Disconnected);
        rt.connect_fn(socket, QTcpSocket::disconnected, move |world, ()| slot(world));
        let slot = carry_out(Heard::Error);
        rt.connect_fn(socket, QTcpSocket::error_occurred, move |world, _| slot(world));
        let server = rt.add(QTcpServer::new());
        rt[server].listen(any_port()).unwrap();
        let calls = journal.clone();
        rt.connect_fn(server, QTcpServer::new_connection, move |_, ()| calls.note("a call"));
        Self {
            net,
            rt,
            socket,
            server,
            journal,
            plans,
            listener,
            peers: Vec::new(),
            callers: Vec::new(),
        }
    }

    fn act(&mut self, step: &Step) -> Result<(), String> {
        let port = self.listener.local_addr().port();
        let socket = &mut self.rt[self.socket];
        match *step {
            Step::Connect | Step::ConnectWhereNobodyListens => {
                // What belongs to the connection before is told of before.
                self.rt.deliver();
                let nobody = matches!(step, Step::ConnectWhereNobodyListens);
                let port = if nobody { self.net.closed_port() } else { port };
                self.rt[self.socket].connect_to_host("127.0.0.1", port);
            }
            Step::Write(count) => drop(socket.write(&noise(count))),
            Step::Flush => socket.flush().unwrap(),
            Step::Read(count) => drop(socket.read(&mut vec![0; count])),
            Step::Disconnect => socket.disconnect_from_host(),
            Step::Close => socket.close(),
            Step::Abort => socket.abort(),
            Step::ShutdownWrite => socket.shutdown_write(),
            Step::SetReadBufferSize(size) => socket.set_read_buffer_size(size),
            Step::InSlot(heard, deed) => self.plans.borrow_mut().push((heard, deed)),
            Step::PeersDo(deed) => self.let_peers(deed),
            Step::Dial => {
                let port = self.rt[self.server].server_port().unwrap();
                self.callers.push(self.net.dial(port));
            }
            Step::TakeCall => {
                if let Some(taken) = self.rt[self.server].next_pending_connection() {
                    self.rt.destroy(taken);
                }
            }
            Step::Deliver => drop(self.rt.deliver()),
            Step::Wait(awaited) => return self.wait(awaited),
        }
        Ok(())
    }

    fn let_peers(&mut self, deed: PeerDeed) {
        self.peers.drain(..self.peers.len().saturating_sub(1));
        while let Some(peer) = self.listener.accept_now() {
            self.peers.push(peer);
        }
        for peer in &mut self.peers {
            // Fails if the socket has ended the connection.
            match deed {
                PeerDeed::Write(count) => drop(peer.write_now(&noise(count))),
                PeerDeed::Read => drop(peer.read_now(&mut vec![0; 1 << 20])),
                PeerDeed::Shutdown => drop(peer.shutdown(Shutdown::Write)),
                PeerDeed::Close => {}
            }
        }
        if let PeerDeed::Close = deed {
            self.peers.clear();
        }
    }

    /// Waits, and says what is wrong if the wait does not keep its word.
    fn wait(&mut self, awaited: Awaited) -> Result<(), String> {
        let Self { rt, socket, server, journal, .. } = self;
        let (socket, server) = (*socket, *server);
        journal.take();
        let was_connected = rt[socket].state() == SocketState::Connected;
        let (came, signal) = match awaited {
            Awaited::Connected => (rt.wait_for_connected(socket, SOON), "connected"),
            Awaited::ReadyRead => (rt.wait_for_ready_read(socket, SOON), "ready_read"),
            Awaited::BytesWritten => (rt.wait_for_bytes_written(socket, SOON), "bytes_written"),
            Awaited::Disconnected => (rt.wait_for_disconnected(socket, SOON), "disconnected"),
            Awaited::NewConnection => (rt.wait_for_new_connection(server, SOON), "a call"),
        };
        let said = journal.take();
        let is_heard = said.iter().any(|said| said.split(' ').next() == signal.split(' ').next());
        let is_due = is_heard || awaited == Awaited::Connected && was_connected;
        match came == is_due {
            true => Ok(()),
            false => Err(format!("the wait for {awaited:?} gives {came}, and {said:?} was heard")),
        }
    }
}

fn every_wait_keeps_its_word(net: Net, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut place = Place::new(net);
    for (number, step) in steps.iter().enumerate() {
        if let Err(fault) = place.act(step) {
            return Err(TestCaseError::fail(format!("step {number}: {fault}")));
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn every_wait_keeps_its_word_on_the_kernel_s_network(
        steps in prop::collection::vec(step(), 1..25),
    ) {
        every_wait_keeps_its_word(Net::native(), &steps)?;
    }

    #[test]
    fn every_wait_keeps_its_word_on_the_simulated_network(
        steps in prop::collection::vec(step(), 1..25),
    ) {
        every_wait_keeps_its_word(Net::simulated(), &steps)?;
    }
}
