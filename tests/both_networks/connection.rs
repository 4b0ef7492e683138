//! A socket that connects, and its peer.

use std::net::Shutdown;

use super::*;
use slotwire::ReadyReadPolicy;

const SOON: Option<Duration> = Some(Duration::from_millis(5));

/// What a program does to a socket, or to its peer.
#[derive(Clone, Debug)]
enum Step {
    Connect(OpenMode),
    ConnectWhereNobodyListens,
    Write(usize),
    Read(usize),
    ShutdownWrite,
    Disconnect,
    Close,
    Abort,
    SetReadBufferSize(Option<usize>),
    SetAllowHalfOpen(bool),
    SetReadyReadPolicy(ReadyReadPolicy),
    WaitForReadyRead,
    WaitForBytesWritten,
    WaitForDisconnected,
    PeerWrite(usize),
    PeerRead(usize),
    PeerShutdown(Shutdown),
    PeerClose,
    PeerReset,
}

fn step() -> impl Strategy<Value = Step> {
    let size = prop_oneof![1_usize..10, 1_usize..10_000];
    prop_oneof![
        4 => mode().prop_map(Step::Connect),
        1 => Just(Step::ConnectWhereNobodyListens),
        4 => size.clone().prop_map(Step::Write),
        4 => size.clone().prop_map(Step::Read),
        1 => Just(Step::ShutdownWrite),
        1 => Just(Step::Disconnect),
        1 => Just(Step::Close),
        1 => Just(Step::Abort),
        1 => prop::option::of(1_usize..100).prop_map(Step::SetReadBufferSize),
        1 => any::<bool>().prop_map(Step::SetAllowHalfOpen),
        1 => prop::sample::select(vec![ReadyReadPolicy::NewBytes, ReadyReadPolicy::WhileUnread])
            .prop_map(Step::SetReadyReadPolicy),
        1 => Just(Step::WaitForReadyRead),
        1 => Just(Step::WaitForBytesWritten),
        1 => Just(Step::WaitForDisconnected),
        4 => size.clone().prop_map(Step::PeerWrite),
        4 => size.prop_map(Step::PeerRead),
        1 => Just(Step::PeerShutdown(Shutdown::Write)),
        1 => Just(Step::PeerShutdown(Shutdown::Both)),
        1 => Just(Step::PeerClose),
        1 => Just(Step::PeerReset),
    ]
}

fn mode() -> impl Strategy<Value = OpenMode> {
    let (both, direct) = (OpenMode::READ_WRITE, OpenMode::UNBUFFERED);
    prop::sample::select(vec![both, both | direct, OpenMode::READ_ONLY, OpenMode::WRITE_ONLY])
}

/// A socket and its peer on one network.
struct Pair {
    net: Net,
    rt: Runtime,
    socket: Obj<QTcpSocket>,
    journal: Journal,
    listener: Listener,
    peer: Option<Peer>,
}

impl Stage for Pair {
    type Step = Step;

    fn new(net: Net) -> Self {
        let mut rt = net.runtime();
        let socket = rt.add(QTcpSocket::new());
        let journal = journal_of(&mut rt, socket);
        let (listener, _) = net.listener();
        Self { net, rt, socket, journal, listener, peer: None }
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
            "{:?}, {:?}, open {}, {} to read, {} to write, local {}, peer {}",
            socket.state(),
            socket.error(),
            socket.is_open(),
            socket.bytes_available(),
            socket.bytes_to_write(),
            socket.local_port().is_some(),
            socket.peer_port().is_some(),
        )
    }

    fn act(&mut self, step: &Step) -> String {
        let socket = &mut self.rt[self.socket];
        match step {
            Step::Connect(mode) => self.connect(*mode),
            Step::ConnectWhereNobodyListens => {
                socket.connect_to_host("127.0.0.1", self.net.closed_port());
            }
            Step::Write(count) => return shown(socket.write(&noise(*count))),
            Step::Read(count) => return shown(socket.read(&mut vec![0; *count])),
            Step::ShutdownWrite => socket.shutdown_write(),
            Step::Disconnect => socket.disconnect_from_host(),
            Step::Close => socket.close(),
            Step::Abort => socket.abort(),
            Step::SetReadBufferSize(size) => socket.set_read_buffer_size(*size),
            Step::SetAllowHalfOpen(on) => socket.set_allow_half_open(*on),
            Step::SetReadyReadPolicy(policy) => socket.set_ready_read_policy(*policy),
            Step::WaitForReadyRead => {
                return self.rt.wait_for_ready_read(self.socket, SOON).to_string();
            }
            Step::WaitForBytesWritten => {
                return self.rt.wait_for_bytes_written(self.socket, SOON).to_string();
            }
            Step::WaitForDisconnected => {
                return self.rt.wait_for_disconnected(self.socket, SOON).to_string();
            }
            Step::PeerWrite(count) => {
                return self.with_peer(|peer| peer.write_now(&noise(*count)));
            }
            Step::PeerRead(count) => {
                return self.with_peer(|peer| peer.read_now(&mut vec![0; *count]));
            }
            Step::PeerShutdown(how) => return self.with_peer(|peer| peer.shutdown(*how)),
            Step::PeerClose => self.peer = None,
            Step::PeerReset => {
                if let Some(peer) = self.peer.take() {
                    peer.reset();
                }
            }
        }
        String::new()
    }
}

impl Pair {
    fn connect(&mut self, mode: OpenMode) {
        let socket = &mut self.rt[self.socket];
        let is_free = socket.state() == SocketState::Unconnected;
        let port = self.listener.local_addr().port();
        socket.connect_to_host_with("127.0.0.1", port, mode, NetworkLayerProtocol::Any);
        if is_free {
            wait_until(&mut self.rt, |_| self.journal.has("connected"));
            self.peer = Some(self.listener.accept().0);
            // Otherwise the kernel keeps small pieces back for a while.
            self.rt[self.socket].set_socket_option(SocketOption::LowDelay(true)).unwrap();
        }
    }

    fn with_peer<T: Debug>(&mut self, f: impl FnOnce(&mut Peer) -> io::Result<T>) -> String {
        self.peer.as_mut().map(f).map_or_else(String::new, shown)
    }
}

proptest! {
    #[test]
    fn a_socket_and_its_peer_do_the_same_on_both(
        mode in mode(),
        steps in prop::collection::vec(step(), 1..25),
    ) {
        let program = [vec![Step::Connect(mode)], steps].concat();
        compare::<Pair>(&program)?;
    }
}
