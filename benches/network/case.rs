//! What is measured: the works that servers do, and how much of each.

use std::str::FromStr;

/// What a server does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Sends back what comes, over TCP.
    Echo,
    /// Takes what comes, over TCP.
    Receive(Way),
    /// Sends as many blocks as it is asked for, over TCP.
    Send,
    /// Takes what comes over UDP, and answers each group.
    DatagramReceive,
    /// Sends back what comes, over UDP.
    DatagramEcho,
    /// Echo, with connections that live for one message.
    Churn,
    /// Echo, with connections that stay.
    Idle,
    /// One of the works over TCP, encrypted.
    Tls(Encrypted),
}

/// A work that is done over an encrypted connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encrypted {
    Echo,
    /// Takes what comes, by a copy into a buffer of its own.
    Receive,
    Send,
    Idle,
}

/// How a receiver takes what has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Looks at it in its place, and drops it.
    Peek,
    /// The same by `BufRead`.
    FillBuf,
    /// Copies it into a buffer of its own.
    Read,
    /// Takes the memory that it came in.
    ReadAll,
    /// Takes line by line.
    Lines,
    /// The same by `BufRead`.
    LinesByStd,
}

/// The size of an echoed message.
pub(crate) const MESSAGE: usize = 64;

/// How many datagrams are sent together, of which a receiver answers the last: as many as find
/// room in the kernel, so that none is lost.
pub(crate) const GROUP: u64 = 64;

/// The size of a block in the bulk works.
pub(crate) const BLOCK: usize = 64 * 1024;

/// The size of a line in a block.
pub(crate) const LINE: usize = 64;

impl Work {
    const ALL: &[(&str, Self)] = &[
        ("echo", Self::Echo),
        ("receive", Self::Receive(Way::Peek)),
        ("receive_fill_buf", Self::Receive(Way::FillBuf)),
        ("receive_read", Self::Receive(Way::Read)),
        ("receive_read_all", Self::Receive(Way::ReadAll)),
        ("receive_lines", Self::Receive(Way::Lines)),
        ("receive_lines_std", Self::Receive(Way::LinesByStd)),
        ("send", Self::Send),
        ("udp_receive", Self::DatagramReceive),
        ("udp_echo", Self::DatagramEcho),
        ("churn", Self::Churn),
        ("idle", Self::Idle),
        ("tls_echo", Self::Tls(Encrypted::Echo)),
        ("tls_receive", Self::Tls(Encrypted::Receive)),
        ("tls_send", Self::Tls(Encrypted::Send)),
        ("tls_idle", Self::Tls(Encrypted::Idle)),
    ];

    pub(crate) fn is_encrypted(self) -> bool {
        self != self.in_plain()
    }

    /// The same work, over connections that are not encrypted.
    pub(crate) fn in_plain(self) -> Self {
        match self {
            Self::Tls(Encrypted::Echo) => Self::Echo,
            Self::Tls(Encrypted::Receive) => Self::Receive(Way::Read),
            Self::Tls(Encrypted::Send) => Self::Send,
            Self::Tls(Encrypted::Idle) => Self::Idle,
            plain => plain,
        }
    }

    /// The work of one connection that comes and goes, beside those that stay.
    pub(crate) fn in_small(self) -> Self {
        match self {
            Self::Tls(_) => Self::Tls(Encrypted::Echo),
            _ => Self::Churn,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, work)| *work == self).map_or("", |(name, _)| name)
    }
}

impl FromStr for Work {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, work)| *work).ok_or_else(|| format!("no work is named {name}"))
    }
}

/// A work with its size.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) work: Work,
    pub(crate) connections: usize,
    /// Operations in one round by the clock.
    pub(crate) round: u64,
    /// Operations in the shorter of two runs that are counted; the other has five times as many.
    pub(crate) few: u64,
    /// What an operation is.
    pub(crate) unit: &'static str,
}

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "echo_c1",
        work: Work::Echo,
        connections: 1,
        round: 10_000,
        few: 500,
        unit: "message",
    },
    Case {
        name: "echo_c64",
        work: Work::Echo,
        connections: 64,
        round: 40_000,
        few: 1280,
        unit: "message",
    },
    receive("receive", Way::Peek),
    receive("receive_fill_buf", Way::FillBuf),
    receive("receive_read", Way::Read),
    receive("receive_read_all", Way::ReadAll),
    receive("receive_lines", Way::Lines),
    receive("receive_lines_std", Way::LinesByStd),
    Case { name: "send", work: Work::Send, connections: 1, round: 8_000, few: 500, unit: "64 KiB" },
    Case {
        name: "churn",
        work: Work::Churn,
        connections: 16,
        round: 4_800,
        few: 320,
        unit: "connection",
    },
    Case {
        name: "udp_receive",
        work: Work::DatagramReceive,
        connections: 1,
        round: 32_000,
        few: 1280,
        unit: "datagram",
    },
    Case {
        name: "udp_echo",
        work: Work::DatagramEcho,
        connections: 1,
        round: 19_200,
        few: 1280,
        unit: "datagram",
    },
    Case {
        name: "tls_echo_c1",
        work: Work::Tls(Encrypted::Echo),
        connections: 1,
        round: 10_000,
        few: 500,
        unit: "message",
    },
    Case {
        name: "tls_echo_c64",
        work: Work::Tls(Encrypted::Echo),
        connections: 64,
        round: 40_000,
        few: 1280,
        unit: "message",
    },
    Case {
        name: "tls_receive",
        work: Work::Tls(Encrypted::Receive),
        connections: 1,
        round: 4_000,
        few: 250,
        unit: "64 KiB",
    },
    Case {
        name: "tls_send",
        work: Work::Tls(Encrypted::Send),
        connections: 1,
        round: 4_000,
        few: 250,
        unit: "64 KiB",
    },
];

const fn receive(name: &'static str, way: Way) -> Case {
    Case { name, work: Work::Receive(way), connections: 1, round: 16_000, few: 500, unit: "64 KiB" }
}

/// The cases with these names, or all if none is named.
pub(crate) fn chosen(names: &[&str]) -> Vec<&'static Case> {
    CASES.iter().filter(|case| names.is_empty() || names.contains(&case.name)).collect()
}
