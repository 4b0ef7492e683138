//! The sockets of a simulated network, as a host's kernel keeps them.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use rustix::io::Errno;
use slotmap::new_key_type;

use super::datagram::Datagrams;
use super::host::SimHost;
use super::options::Options;
use super::tcp::{Phase, Stream};
use super::watcher::Watch;
use crate::net::{SocketType, at_interface};
use crate::readiness::Readiness;

new_key_type! {
    /// Identifies a socket of a network.
    pub(in crate::sim) struct SocketKey;
}

/// A socket of a host.
#[derive(Debug)]
pub(in crate::sim) struct Socket {
    pub(in crate::sim) host: SimHost,
    pub(in crate::sim) kind: SocketType,
    /// The socket is an IPv6 socket, to which an IPv4 address is an IPv4-mapped one.
    pub(in crate::sim) is_v6: bool,
    pub(in crate::sim) is_v6_only: bool,
    /// The socket's address and port, once it has them. An IPv4 address is kept as IPv4, even for
    /// an IPv6 socket, and, as in a packet, without a scope id.
    pub(super) local: Option<SocketAddr>,
    /// The only interface of the socket, once it is bound or connected to a link-local address.
    pub(in crate::sim) interface: Option<u32>,
    /// Other sockets may have the same address.
    pub(in crate::sim) shares: bool,
    /// What arrives is spread among the sockets of this address that have this set too.
    pub(in crate::sim) spreads: bool,
    pub(super) options: Options,
    /// A program of the host holds a descriptor of it.
    pub(in crate::sim) has_descriptor: bool,
    pub(in crate::sim) watch: Option<Watch>,
    /// The error of the next call.
    pub(in crate::sim) error: Option<Errno>,
    pub(in crate::sim) role: Role,
}

/// The role of a socket.
#[derive(Debug)]
pub(in crate::sim) enum Role {
    /// Not connected and not listening.
    Idle,
    Listener(Listener),
    Stream(Box<Stream>),
    Datagrams(Datagrams),
}

/// The connections that wait to be accepted.
#[derive(Debug)]
pub(in crate::sim) struct Listener {
    pub(super) backlog: usize,
    /// Connections that are not established yet.
    pub(super) begun: Vec<SocketKey>,
    /// Connections that are established.
    pub(in crate::sim) waiting: VecDeque<SocketKey>,
}

impl Listener {
    /// Returns true if the backlog has no room. A backlog of n lets n + 1 connections wait, as on
    /// Linux.
    pub(super) fn is_full(&self) -> bool {
        self.begun.len() + self.waiting.len() > self.backlog
    }
}

impl Socket {
    pub(super) fn new(host: SimHost, kind: SocketType, is_v6: bool) -> Self {
        let role = match kind {
            SocketType::Udp => Role::Datagrams(Datagrams::default()),
            _ => Role::Idle,
        };
        Self {
            host,
            kind,
            is_v6,
            is_v6_only: false,
            local: None,
            interface: None,
            shares: false,
            spreads: false,
            options: Options::new(kind),
            has_descriptor: false,
            watch: None,
            error: None,
            role,
        }
    }

    /// Returns an address as the socket shows it: an IPv6 socket shows IPv6 addresses only, and the
    /// scope id of a link-local address is the socket's interface.
    pub(in crate::sim) fn shown(&self, address: SocketAddr) -> SocketAddr {
        match address {
            SocketAddr::V4(v4) if self.is_v6 => {
                SocketAddr::new(v4.ip().to_ipv6_mapped().into(), v4.port())
            }
            other => at_interface(other.ip(), other.port(), self.interface.unwrap_or(0)),
        }
    }

    /// Returns the socket's own address, as the socket shows it.
    pub(in crate::sim) fn local_shown(&self) -> SocketAddr {
        let unspecified = || SocketAddr::new(self.unspecified(), 0);
        match self.local {
            Some(local) if local.ip().is_unspecified() => {
                SocketAddr::new(self.unspecified(), local.port())
            }
            local => self.shown(local.unwrap_or_else(unspecified)),
        }
    }

    /// Returns the unspecified address of the socket's family.
    pub(super) fn unspecified(&self) -> IpAddr {
        match self.is_v6 {
            true => Ipv6Addr::UNSPECIFIED.into(),
            false => Ipv4Addr::UNSPECIFIED.into(),
        }
    }

    /// Returns true if the socket, bound to the unspecified address, would have this address.
    pub(super) fn speaks(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(_) => !self.is_v6 || !self.is_v6_only,
            IpAddr::V6(_) => self.is_v6,
        }
    }

    /// Returns how well the socket fits a packet to `address` that comes by `interface`; `None` if
    /// it does not.
    pub(super) fn fits(&self, address: IpAddr, interface: u32) -> Option<u8> {
        let local = self.local?.ip();
        if self.interface.is_some_and(|bound| bound != interface) {
            return None;
        }
        if local.is_unspecified() {
            return self.speaks(address).then_some(1);
        }
        (local == address).then_some(2)
    }

    pub(super) fn stream(&mut self) -> Option<&mut Stream> {
        match &mut self.role {
            Role::Stream(stream) => Some(stream),
            _ => None,
        }
    }

    pub(in crate::sim) fn datagrams(&mut self) -> Option<&mut Datagrams> {
        match &mut self.role {
            Role::Datagrams(datagrams) => Some(datagrams),
            _ => None,
        }
    }

    /// Returns true if the socket has failed or hung up. The system reports a hang-up also for a
    /// socket that was never connected, and for one whose directions are both closed.
    pub(in crate::sim) fn is_broken(&self) -> bool {
        self.error.is_some()
            || match &self.role {
                Role::Idle => true,
                Role::Stream(stream) => {
                    let reads_no_more = stream.incoming.has_ended() || stream.is_deaf;
                    stream.phase == Phase::Dead || reads_no_more && stream.outgoing.is_finished()
                }
                Role::Listener(_) | Role::Datagrams(_) => false,
            }
    }

    /// Returns the socket's readiness, as a poller reports it.
    pub(in crate::sim) fn readiness(&self) -> Readiness {
        match &self.role {
            _ if self.is_broken() => {
                Readiness { readable: true, read_closed: true, writable: true, priority: false }
            }
            Role::Idle => Readiness::default(),
            Role::Listener(listener) => {
                Readiness { readable: !listener.waiting.is_empty(), ..Readiness::default() }
            }
            Role::Stream(stream) => match stream.phase {
                Phase::Calling | Phase::Called { .. } | Phase::Dead => Readiness::default(),
                Phase::Standing => {
                    let has_ended = stream.incoming.has_ended() || stream.is_deaf;
                    let is_finished = stream.outgoing.is_finished();
                    Readiness {
                        readable: stream.incoming.len() > 0 || has_ended,
                        read_closed: has_ended,
                        writable: stream.outgoing.is_writable() || is_finished,
                        priority: false,
                    }
                }
            },
            Role::Datagrams(datagrams) => Readiness {
                readable: !datagrams.waiting.is_empty(),
                writable: true,
                ..Readiness::default()
            },
        }
    }
}
