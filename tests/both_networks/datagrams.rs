//! A socket of datagrams, a peer, and a stranger.

use std::net::{Ipv4Addr, SocketAddr};

use super::*;
use slotwire::{BindMode, NetworkDatagram};

/// What a program does to a socket of datagrams, or to its peers.
#[derive(Clone, Debug)]
enum Step {
    Bind,
    Connect(Whom),
    Write(usize),
    SendTo(Whom, usize),
    Read(usize),
    ReadDatagram(usize),
    Receive(Option<usize>),
    Disconnect,
    Close,
    Abort,
    /// Sends to the socket, if that has a port.
    Hear(Whom, usize),
    PeerReceive(Whom),
}

/// Who is at the other end.
#[derive(Clone, Copy, Debug)]
enum Whom {
    Peer,
    Stranger,
    Nobody,
}

fn whom() -> impl Strategy<Value = Whom> {
    prop_oneof![4 => Just(Whom::Peer), 2 => Just(Whom::Stranger), 1 => Just(Whom::Nobody)]
}

fn step() -> impl Strategy<Value = Step> {
    let size = prop_oneof![4 => 0_usize..10, 2 => 0_usize..2000, 1 => 65_500_usize..65_510];
    prop_oneof![
        2 => Just(Step::Bind),
        2 => whom().prop_map(Step::Connect),
        4 => size.clone().prop_map(Step::Write),
        4 => (whom(), size.clone()).prop_map(|(whom, size)| Step::SendTo(whom, size)),
        2 => size.clone().prop_map(Step::Read),
        2 => size.clone().prop_map(Step::ReadDatagram),
        2 => prop::option::of(size.clone()).prop_map(Step::Receive),
        1 => Just(Step::Disconnect),
        1 => Just(Step::Close),
        1 => Just(Step::Abort),
        6 => (whom(), size).prop_map(|(whom, size)| Step::Hear(whom, size)),
        4 => whom().prop_map(Step::PeerReceive),
    ]
}

/// A socket of datagrams and its peers on one network.
struct Exchange {
    rt: Runtime,
    socket: Obj<QUdpSocket>,
    journal: Journal,
    peer: UdpPeer,
    stranger: UdpPeer,
    nobody: SocketAddr,
}

impl Stage for Exchange {
    type Step = Step;

    fn new(net: Net) -> Self {
        let mut rt = net.runtime();
        let socket = rt.add(QUdpSocket::new());
        let journal = journal_of(&mut rt, socket);
        let [(peer, _), (stranger, _), (_, nobody)] = [0; 3].map(|_| net.udp_peer());
        Self { rt, socket, journal, peer, stranger, nobody }
    }

    fn runtime(&mut self) -> &mut Runtime {
        &mut self.rt
    }

    fn journal(&self) -> &Journal {
        &self.journal
    }

    fn looks(&self) -> String {
        let socket = &self.rt[self.socket];
        format!(
            "{:?}, {:?}, open {}, next {:?}, local {}, peer {}",
            socket.state(),
            socket.error(),
            socket.is_open(),
            socket.pending_datagram_size(),
            socket.local_port().is_some(),
            socket.peer_port().is_some(),
        )
    }

    fn act(&mut self, step: &Step) -> String {
        let own = self.rt[self.socket].local_port();
        let address = |whom: &Whom| self.peer(*whom).map_or(self.nobody, UdpPeer::local_addr);
        match step {
            Step::Connect(whom) => {
                let to = address(whom);
                self.rt[self.socket].connect_to_address(to, OpenMode::READ_WRITE);
            }
            Step::SendTo(whom, size) => {
                let to = address(whom);
                return kind_of(self.rt[self.socket].write_datagram(&noise(*size), to));
            }
            Step::Hear(whom, size) => {
                if let (Some(peer), Some(port)) = (self.peer(*whom), own) {
                    return shown(peer.send_to(&noise(*size), (Ipv4Addr::LOCALHOST, port)));
                }
            }
            Step::PeerReceive(whom) => {
                if let Some(peer) = self.peer(*whom) {
                    let received = peer.recv_now(&mut [0; 1 << 16]);
                    return shown(received.map(|(count, from)| (count, Some(from.port()) == own)));
                }
            }
            step => return self.act_alone(step),
        }
        String::new()
    }
}

impl Exchange {
    fn peer(&self, whom: Whom) -> Option<&UdpPeer> {
        match whom {
            Whom::Peer => Some(&self.peer),
            Whom::Stranger => Some(&self.stranger),
            Whom::Nobody => None,
        }
    }

    /// Does a step that is the socket's alone.
    fn act_alone(&mut self, step: &Step) -> String {
        let peer = self.peer.local_addr();
        let socket = &mut self.rt[self.socket];
        let count_and_sender = |(count, from)| (count, from == peer);
        match step {
            Step::Bind => return kind_of(socket.bind(Ipv4Addr::LOCALHOST, 0, BindMode::DEFAULT)),
            Step::Write(size) => return shown(socket.write(&noise(*size))),
            Step::Read(size) => return shown(socket.read(&mut vec![0; *size])),
            Step::ReadDatagram(size) => {
                let read = socket.read_datagram(&mut vec![0; *size]);
                return shown(read.map(count_and_sender));
            }
            Step::Receive(most) => {
                let received = socket.receive_datagram(*most);
                let seen = |datagram: NetworkDatagram| {
                    (datagram.data().len(), datagram.is_truncated(), datagram.hop_limit())
                };
                return kind_of(received.map(|datagram| datagram.map(seen)));
            }
            Step::Disconnect => socket.disconnect_from_host(),
            Step::Close => socket.close(),
            _ => socket.abort(),
        }
        String::new()
    }
}

fn kind_of<T: Debug>(result: Result<T, NetError>) -> String {
    format!("{:?}", result.map_err(|error| error.kind()))
}

proptest! {
    #[test]
    fn a_socket_of_datagrams_does_the_same_on_both(
        steps in prop::collection::vec(step(), 1..25),
    ) {
        compare::<Exchange>(&steps)?;
    }
}
