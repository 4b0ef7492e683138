//! `Script`: what an attempt to connect through a proxy meets, and what must come of it.

use slotwire::{NetworkProxy, SocketError};

use super::dice::Dice;

/// The user and the password that the proxy knows.
pub(crate) const USER: &str = "ann";
pub(crate) const PASSWORD: &str = "pw";

/// The port of the proxy.
pub(crate) const PORT: u16 = 1080;

/// How the proxy is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Socks5,
    Http,
}

/// Which password somebody gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    Nothing,
    Wrong,
    Right,
}

/// What the proxy does once the user is known, or need not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Accepts,
    /// By one of its reasons.
    Refuses(usize),
    TalksNonsense,
    /// After so many bytes of an answer that would have accepted.
    Ends(usize),
    Resets(usize),
    FallsSilent(usize),
}

/// What an attempt meets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Script {
    pub(crate) kind: Kind,
    pub(crate) is_by_name: bool,
    /// The proxy wants the password of its user.
    pub(crate) asks: bool,
    /// The program has set this on the proxy, and its slot gives that.
    pub(crate) set: Given,
    pub(crate) answered: Given,
    /// An HTTP proxy keeps the connection on which it has asked.
    pub(crate) keeps: bool,
    pub(crate) fate: Fate,
}

impl Script {
    pub(crate) fn of(dice: &mut Dice) -> Self {
        let kinds = [Kind::Socks5, Kind::Http];
        let given = [Given::Nothing, Given::Wrong, Given::Right, Given::Right];
        let kind = dice.one_of(&kinds);
        // Less than what accepts.
        let count = dice.below(10);
        Self {
            kind,
            is_by_name: dice.is_one_in(2),
            asks: dice.is_one_in(3),
            set: dice.one_of(&given),
            answered: dice.one_of(&given),
            keeps: dice.is_one_in(2),
            fate: match dice.below(16) {
                0 | 1 => Fate::Refuses(dice.below(4)),
                2 => Fate::TalksNonsense,
                3 => Fate::Ends(count),
                4 => Fate::Resets(count),
                5 => Fate::FallsSilent(count),
                _ => Fate::Accepts,
            },
        }
    }

    /// An attempt at which nothing is wrong.
    pub(crate) fn plain() -> Self {
        Self {
            kind: Kind::Socks5,
            is_by_name: true,
            asks: false,
            set: Given::Nothing,
            answered: Given::Nothing,
            keeps: true,
            fate: Fate::Accepts,
        }
    }

    pub(crate) fn proxy(&self) -> NetworkProxy {
        let proxy = match self.kind {
            Kind::Socks5 => NetworkProxy::socks5("gate", PORT),
            Kind::Http => NetworkProxy::http("gate", PORT),
        };
        match self.set {
            Given::Nothing => proxy,
            Given::Wrong => proxy.with_credentials(USER, "wrong"),
            Given::Right => proxy.with_credentials(USER, PASSWORD),
        }
    }

    /// Returns the errors of which one must come; none if the socket must connect.
    pub(crate) fn errors(&self) -> Vec<SocketError> {
        if self.asks && ![self.set, self.answered].contains(&Given::Right) {
            return vec![SocketError::ProxyAuthenticationRequired];
        }
        match self.fate {
            Fate::Accepts => vec![],
            Fate::Refuses(reason) => vec![self.refusal(reason).1],
            Fate::TalksNonsense => vec![SocketError::ProxyProtocol],
            Fate::Ends(_) => vec![SocketError::ProxyConnectionClosed],
            // A reset may get lost on the way, and is not repeated.
            Fate::Resets(_) => {
                vec![SocketError::ProxyConnectionClosed, SocketError::ProxyConnectionTimeout]
            }
            Fate::FallsSilent(_) => vec![SocketError::ProxyConnectionTimeout],
        }
    }

    /// Returns what the proxy says when it accepts.
    pub(crate) fn acceptance(&self) -> &'static [u8] {
        match self.kind {
            Kind::Socks5 => b"\x05\x00\x00\x01\x0a\x09\x08\x07\x00\x50",
            Kind::Http => b"HTTP/1.1 200 Fine\r\nX: y\r\n\r\n",
        }
    }

    /// Returns what the proxy says when it refuses, and the error that this is.
    pub(crate) fn refusal(&self, reason: usize) -> (&'static [u8], SocketError) {
        match self.kind {
            Kind::Socks5 => [
                (
                    b"\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00".as_slice(),
                    SocketError::ConnectionRefused,
                ),
                (b"\x05\x04\x00\x03\x01x\x00\x00", SocketError::HostNotFound),
                (b"\x05\x03", SocketError::Network),
                (b"\x05\x63\x00", SocketError::Unknown),
            ][reason],
            Kind::Http => [
                (b"HTTP/1.1 403 No\r\n\r\n".as_slice(), SocketError::SocketAccess),
                (b"HTTP/1.0 503 No\r\nContent-Length: 2\r\n\r\nno", SocketError::ConnectionRefused),
                (b"HTTP/1.1 404\r\n\r\n", SocketError::HostNotFound),
                (b"HTTP/1.1 100 Wait\r\n\r\nHTTP/1.1 500 No\r\n\r\n", SocketError::ProxyProtocol),
            ][reason],
        }
    }
}
