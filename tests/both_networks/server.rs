//! A server, those who call it, and the sockets that it gives out.

use super::*;

/// What a program does to a server, to its sockets, or to those who call it.
#[derive(Clone, Debug)]
enum Step {
    Listen,
    Close,
    Pause,
    Resume,
    SetMost(usize),
    Take,
    Dial,
    PeerWrite(usize),
    PeerRead(usize),
    PeerClose(usize),
    PeerReset(usize),
    Write(usize),
    Read(usize),
    Abort(usize),
    Disconnect(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let which = || 0_usize..4;
    prop_oneof![
        2 => Just(Step::Listen),
        1 => Just(Step::Close),
        1 => Just(Step::Pause),
        1 => Just(Step::Resume),
        1 => (0_usize..4).prop_map(Step::SetMost),
        6 => Just(Step::Take),
        8 => Just(Step::Dial),
        3 => which().prop_map(Step::PeerWrite),
        3 => which().prop_map(Step::PeerRead),
        2 => which().prop_map(Step::PeerClose),
        2 => which().prop_map(Step::PeerReset),
        3 => which().prop_map(Step::Write),
        3 => which().prop_map(Step::Read),
        1 => which().prop_map(Step::Abort),
        1 => which().prop_map(Step::Disconnect),
    ]
}

/// A server and those who call it on one network.
struct House {
    net: Net,
    rt: Runtime,
    server: Obj<QTcpServer>,
    journal: Journal,
    port: u16,
    callers: Vec<Peer>,
    taken: Vec<Obj<QTcpSocket>>,
}

impl Stage for House {
    type Step = Step;

    fn new(net: Net) -> Self {
        let mut rt = net.runtime();
        let server = rt.add(QTcpServer::new());
        let journal = Journal::new();
        let note = |entry: &'static str| {
            let journal = journal.clone();
            move |_: &mut World, _: &()| journal.note(entry)
        };
        rt.connect_fn(server, QTcpServer::new_connection, note("new_connection"));
        rt.connect_fn(server, QTcpServer::pending_connection_available, note("pending"));
        Self { net, rt, server, journal, port: 0, callers: Vec::new(), taken: Vec::new() }
    }

    fn runtime(&mut self) -> &mut Runtime {
        &mut self.rt
    }

    fn journal(&self) -> &Journal {
        &self.journal
    }

    fn looks(&self) -> String {
        let server = &self.rt[self.server];
        let looks = self.taken.iter().map(|&socket| {
            let socket = &self.rt[socket];
            format!("{:?}, {:?}, {}", socket.state(), socket.error(), socket.bytes_available())
        });
        format!(
            "listening {}, pending {}, objects {}, {:?}",
            server.is_listening(),
            server.has_pending_connections(),
            self.rt.len(),
            looks.collect::<Vec<_>>(),
        )
    }

    fn act(&mut self, step: &Step) -> String {
        let Self { net, rt, server, callers, taken, .. } = self;
        let server = &mut rt[*server];
        match *step {
            Step::Listen => {
                let listening = server.listen(any_port());
                self.port = server.server_port().unwrap_or(0);
                return format!("{:?}", listening.map_err(|error| error.kind()));
            }
            Step::Close => server.close(),
            Step::Pause => server.pause_accepting(),
            Step::Resume => server.resume_accepting(),
            Step::SetMost(most) => server.set_max_pending_connections(most),
            Step::Take => {
                if let Some(socket) = server.next_pending_connection() {
                    taken.push(socket);
                    note_all(rt, socket, taken.len(), &self.journal);
                }
            }
            Step::Dial if server.is_listening() => callers.push(net.dial(self.port)),
            Step::Dial => {}
            Step::PeerClose(which) if which < callers.len() => drop(callers.remove(which)),
            Step::PeerReset(which) if which < callers.len() => callers.remove(which).reset(),
            Step::PeerWrite(which) => {
                let peer = callers.get_mut(which);
                return peer.map_or_else(String::new, |peer| shown(peer.write_now(b"hello")));
            }
            Step::PeerRead(which) => {
                let peer = callers.get_mut(which);
                return peer.map_or_else(String::new, |peer| shown(peer.read_now(&mut [0; 7])));
            }
            Step::PeerClose(_) | Step::PeerReset(_) => {}
            Step::Write(which)
            | Step::Read(which)
            | Step::Abort(which)
            | Step::Disconnect(which) => {
                let Some(&socket) = taken.get(which) else { return String::new() };
                let socket = &mut rt[socket];
                match step {
                    Step::Write(_) => return shown(socket.write(b"welcome")),
                    Step::Read(_) => return shown(socket.read(&mut [0; 3])),
                    Step::Abort(_) => socket.abort(),
                    _ => socket.disconnect_from_host(),
                }
            }
        }
        String::new()
    }
}

/// Notes what a socket says, under its number.
fn note_all(rt: &mut World, socket: Obj<QTcpSocket>, number: usize, journal: &Journal) {
    let note = |entry: &'static str| {
        let journal = journal.clone();
        move |_: &mut World, _: &()| journal.note(format!("{number}: {entry}"))
    };
    rt.connect_fn(socket, QTcpSocket::ready_read, note("ready_read"));
    rt.connect_fn(socket, QTcpSocket::disconnected, note("disconnected"));
}

proptest! {
    #[test]
    fn a_server_and_its_callers_do_the_same_on_both(
        steps in prop::collection::vec(step(), 1..30),
    ) {
        let program = [vec![Step::Listen], steps].concat();
        compare::<House>(&program)?;
    }
}
