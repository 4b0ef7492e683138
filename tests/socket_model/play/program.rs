//! Programs: what an application, its peers and the network do, one after the other.
//!
//! Four bytes are an operation, whatever they are. So a program can be made of a seed, by a
//! strategy, or of what a fuzzer has, and all of it becomes shorter by an operation at a time.

use std::fmt;
use std::time::Duration;

use super::content::Content;

/// What is done, and the seed of what happens by chance meanwhile.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Program {
    pub(crate) seed: u64,
    pub(crate) ops: Vec<Op>,
}

/// An operation. Numbers name sockets and peers; any will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    /// The application does something to a TCP socket.
    Do(usize, Action),
    /// The same, and what follows is not carried out before the next operation.
    Record(usize, Action),
    /// It does so in the next slot that hears this signal of the socket.
    InSlot(usize, Heard, Action),
    /// It waits for a socket.
    Wait(usize, Awaited, Duration),
    /// It does something to a UDP socket.
    Datagram(usize, DatagramAction),
    /// The same in the next slot that hears this signal of the socket.
    DatagramInSlot(usize, Heard, DatagramAction),
    /// It does something to its server.
    Serve(ServerAction),
    /// A peer does something.
    Peer(usize, PeerAction),
    /// Something happens to the network.
    Network(NetworkAction),
    /// Time passes.
    Pass(Duration),
}

/// What an application does to a TCP socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Connect(Target),
    ConnectUnbuffered(Target),
    /// To a port of its own, or to one that is taken.
    Bind(bool),
    Write(usize),
    Read(usize),
    ReadAll,
    ReadLine,
    Peek(usize),
    Skip(usize),
    LimitReading(Option<usize>),
    LimitWriting(Option<usize>),
    Flush,
    Disconnect,
    Close,
    Abort,
    ShutDownWriting,
    AllowHalfOpen(bool),
    AnnounceWhileUnread(bool),
    /// Has the system's buffers be so small.
    SendBuffer(usize),
    ReceiveBuffer(usize),
    Begin,
    Commit,
    RollBack,
    Destroy,
}

/// Who an application connects to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A listening port, by address and by names.
    Address,
    Name,
    SlowName,
    /// A name with an address that nobody has before the right one.
    MixedName,
    UnknownName,
    /// A name that the name server says nothing about.
    SilentName,
    /// A port that nobody listens on.
    Refused,
    /// A port whose packets vanish.
    BlackHole,
    /// An address that nobody has.
    Nobody,
}

/// A signal of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    State,
    Connected,
    ReadyRead,
    Written,
    Error,
    Disconnected,
    AboutToClose,
    ReadFinished,
}

/// What an application waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Awaited {
    Connected,
    ReadyRead,
    Written,
    Disconnected,
    Connection,
    Datagram,
}

/// What an application does to a UDP socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DatagramAction {
    Bind,
    Connect(Target),
    /// To a peer, or to a port that nobody has.
    SendTo(bool, usize),
    Write(usize),
    Read(usize),
    Receive(Option<usize>),
    ReceiveAll,
    Disconnect,
    Close,
    Abort,
    Destroy,
}

/// What an application does to its server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServerAction {
    Listen,
    Close,
    Take,
    TakeAll,
    Limit(usize),
    Pause,
    Resume,
    Backlog(u32),
}

/// What a peer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PeerAction {
    Send(usize),
    Read(usize),
    ReadAll,
    ShutDownWriting,
    /// Without reading what is there, which resets the connection if something is.
    Close,
    Reset,
    /// So many call the application's server.
    Call(usize),
    /// Whoever calls a peer in the next milliseconds is sent so many bytes at once.
    Greet(usize),
    /// It sends so many datagrams of this size to a UDP socket.
    Datagrams(usize, usize),
    /// It takes what datagrams have come.
    TakeDatagrams,
}

/// What happens to the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NetworkAction {
    Link(Quality),
    Partition,
    Repair,
    Unreachable,
    Crash,
    Boot,
    ClosePort,
    OpenPort,
    StopListening,
    Unrest(Duration, u8),
    LimitDescriptors(Option<usize>),
}

/// How good a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quality {
    Good,
    Far,
    Shaky,
    Lossy,
    Crumbling,
    Narrow,
}

/// What programs begin with, so that not each has to find its way to a connection first.
const SCENES: [&[Op]; 8] = [
    &[],
    &[Op::Do(0, Action::Connect(Target::Address)), Op::Pass(MOMENT)],
    &[
        Op::Do(0, Action::Connect(Target::Address)),
        Op::Do(1, Action::Connect(Target::Name)),
        Op::Pass(MOMENT),
    ],
    &[
        Op::Peer(0, PeerAction::Greet(100)),
        Op::Network(NetworkAction::Unrest(Duration::from_millis(5), 0)),
        Op::Do(0, Action::Connect(Target::Address)),
        Op::Pass(MOMENT),
    ],
    &[
        Op::Do(0, Action::Connect(Target::Address)),
        Op::Do(0, Action::SendBuffer(0)),
        Op::Pass(MOMENT),
    ],
    &[Op::Do(0, Action::ConnectUnbuffered(Target::Address)), Op::Pass(MOMENT)],
    &[
        Op::Serve(ServerAction::Listen),
        Op::Peer(0, PeerAction::Call(2)),
        Op::Pass(MOMENT),
        Op::Serve(ServerAction::TakeAll),
    ],
    &[
        Op::Datagram(0, DatagramAction::Bind),
        Op::Datagram(1, DatagramAction::Connect(Target::Address)),
    ],
];

/// Long enough for a connection over a good link.
const MOMENT: Duration = Duration::from_millis(10);

impl Program {
    /// A program that begins with one of the scenes.
    pub(crate) fn new(seed: u64, scene: u8, ops: impl IntoIterator<Item = Op>) -> Self {
        let scene = SCENES[usize::from(scene) % SCENES.len()];
        Self { seed, ops: scene.iter().copied().chain(ops).collect() }
    }

    /// The program that bytes mean: the first three are the seed and the scene.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        let (&[high, low, scene], rest) = bytes.split_first_chunk().unwrap_or((&[0; 3], &[]));
        let ops = rest.chunks_exact(4).map(|op| Op::from_bytes([op[0], op[1], op[2], op[3]]));
        Self::new(u16::from_be_bytes([high, low]).into(), scene, ops)
    }

    /// The program that a number names.
    pub(crate) fn from_seed(seed: u64) -> Self {
        let noise = Content::of_seed(seed);
        let count = 4 + usize::from(noise.bytes(0, 1)[0] % 76);
        Self { seed, ..Self::from_bytes(&noise.bytes(1, 3 + 4 * count)) }
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}", self.seed)?;
        self.ops.iter().try_for_each(|op| writeln!(f, "  {op:?}"))
    }
}

impl Op {
    /// The operation that these bytes mean.
    pub(crate) fn from_bytes([kind, what, high, low]: [u8; 4]) -> Self {
        let number = u16::from_be_bytes([high, low]);
        let who = usize::from(kind % 4);
        let action = || Action::from_parts(what, number);
        match kind {
            0..56 => Self::Pass(time(number)),
            56..116 => Self::Do(who, action()),
            116..124 => Self::Record(who, action()),
            124..166 => Self::InSlot(who, Heard::from_byte((kind / 4) ^ low), action()),
            166..174 => Self::Wait(who, Awaited::from_byte(what), time(number)),
            174..192 => Self::Datagram(who, DatagramAction::from_parts(what, number)),
            192..197 => {
                let action = DatagramAction::from_parts(what, number);
                Self::DatagramInSlot(who, Heard::from_byte(low), action)
            }
            197..209 => Self::Serve(ServerAction::from_parts(what, number)),
            209..243 => Self::Peer(who, PeerAction::from_parts(what, number)),
            243.. => Self::Network(NetworkAction::from_parts(what, number)),
        }
    }
}

impl Action {
    fn from_parts(what: u8, number: u16) -> Self {
        let size = size(number);
        let target = Target::from_byte((number >> 8) as u8);
        let limit = (!number.is_multiple_of(4)).then_some(size.max(1));
        // More than anybody takes at once.
        let much = if number % 32 == 31 { 25 * usize::from(number) } else { size };
        match what {
            0..20 => Self::Connect(target),
            20..26 => Self::ConnectUnbuffered(target),
            26..90 => Self::Write(much),
            90..114 => Self::Read(size),
            114..138 => Self::ReadAll,
            138..143 => Self::ReadLine,
            143..148 => Self::Peek(size),
            148..154 => Self::Skip(size),
            154..159 => Self::SendBuffer(size % 10_000),
            159..162 => Self::ReceiveBuffer(size % 10_000),
            162..174 => Self::LimitReading(limit),
            174..186 => Self::LimitWriting(limit),
            186..192 => Self::Flush,
            192..204 => Self::Disconnect,
            204..211 => Self::Close,
            211..220 => Self::Abort,
            220..228 => Self::ShutDownWriting,
            228..234 => Self::AllowHalfOpen(!number.is_multiple_of(4)),
            234..237 => Self::AnnounceWhileUnread(!number.is_multiple_of(2)),
            237..240 => Self::Begin,
            240..243 => Self::Commit,
            243..246 => Self::RollBack,
            246..251 => Self::Bind(!number.is_multiple_of(8)),
            251.. => Self::Destroy,
        }
    }
}

impl Target {
    fn from_byte(byte: u8) -> Self {
        match byte % 32 {
            0..14 => Self::Address,
            14..20 => Self::Name,
            20..22 => Self::SlowName,
            22..24 => Self::MixedName,
            24..26 => Self::UnknownName,
            26 => Self::SilentName,
            27..29 => Self::Refused,
            29 => Self::BlackHole,
            _ => Self::Nobody,
        }
    }
}

impl Heard {
    fn from_byte(byte: u8) -> Self {
        match byte % 16 {
            0..3 => Self::State,
            3..5 => Self::Connected,
            5..8 => Self::ReadyRead,
            8..10 => Self::Written,
            10..12 => Self::Error,
            12..14 => Self::Disconnected,
            14 => Self::AboutToClose,
            _ => Self::ReadFinished,
        }
    }
}

impl Awaited {
    fn from_byte(byte: u8) -> Self {
        match byte % 8 {
            0 | 1 => Self::Connected,
            2 | 3 => Self::ReadyRead,
            4 => Self::Written,
            5 => Self::Disconnected,
            6 => Self::Connection,
            _ => Self::Datagram,
        }
    }
}

impl DatagramAction {
    fn from_parts(what: u8, number: u16) -> Self {
        let size = size(number);
        match what % 32 {
            0..4 => Self::Bind,
            4..8 => Self::Connect(Target::from_byte((number >> 8) as u8)),
            8..14 => Self::SendTo(!number.is_multiple_of(4), size),
            14..18 => Self::Write(size),
            18..21 => Self::Read(size),
            21..24 => Self::Receive(number.is_multiple_of(2).then_some(size)),
            24..27 => Self::ReceiveAll,
            27 => Self::Disconnect,
            28 | 29 => Self::Close,
            30 => Self::Abort,
            _ => Self::Destroy,
        }
    }
}

impl ServerAction {
    fn from_parts(what: u8, number: u16) -> Self {
        match what % 16 {
            0..5 => Self::Listen,
            5 => Self::Close,
            6..9 => Self::Take,
            9 => Self::TakeAll,
            10..12 => Self::Limit(usize::from(number % 5)),
            12 => Self::Pause,
            13 | 14 => Self::Resume,
            _ => Self::Backlog((number % 4).into()),
        }
    }
}

impl PeerAction {
    fn from_parts(what: u8, number: u16) -> Self {
        let size = size(number);
        match what % 32 {
            0..13 => Self::Send(size),
            13..16 => Self::Read(size),
            16..20 => Self::ReadAll,
            20 | 21 => Self::ShutDownWriting,
            22 | 23 => Self::Close,
            24 => Self::Reset,
            25 => Self::Greet(size % 20_000),
            26..28 => Self::Call(usize::from(number % 6) + 1),
            28..31 => Self::Datagrams(usize::from(number % 7) + 1, size % 3000),
            _ => Self::TakeDatagrams,
        }
    }
}

impl NetworkAction {
    fn from_parts(what: u8, number: u16) -> Self {
        match what % 32 {
            0..2 => Self::Link(Quality::Good),
            2..4 => Self::Link(Quality::Far),
            4..6 => Self::Link(Quality::Shaky),
            6..9 => Self::Link(Quality::Lossy),
            9..12 => Self::Link(Quality::Crumbling),
            12..14 => Self::Link(Quality::Narrow),
            14 | 15 => Self::Partition,
            16..18 => Self::Repair,
            18 => Self::Unreachable,
            19 | 20 => Self::Crash,
            21 | 22 => Self::Boot,
            23 => Self::ClosePort,
            24 => Self::OpenPort,
            25 => Self::StopListening,
            26..30 => {
                Self::Unrest(Duration::from_millis((number % 40).into()), (number >> 8) as u8)
            }
            _ => Self::LimitDescriptors(
                (!number.is_multiple_of(3)).then_some(usize::from(number % 7)),
            ),
        }
    }
}

/// A number of bytes: mostly few, at times so many that they do not fit anywhere at once.
fn size(number: u16) -> usize {
    let number = usize::from(number);
    match number % 8 {
        0..3 => number % 50,
        3..5 => number % 3_000,
        5 | 6 => number,
        _ => 3 * number + number / 16,
    }
}

/// A time: mostly short, at times so long that somebody loses patience.
fn time(number: u16) -> Duration {
    let number = u64::from(number);
    Duration::from_micros(match number % 16 {
        0..5 => number % 4_000,
        5..9 => number,
        9..14 => 40 * number,
        _ => 1_500 * number,
    })
}
