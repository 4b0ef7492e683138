//! Multicast groups: which of them a socket receives from, and the interface for them.

use std::io::{self, ErrorKind};
use std::net::IpAddr;

use super::datagram_socket::DatagramSocket;
use super::datagrams::not_bound;
use crate::net::engine::Membership;
use crate::net::interface::NetworkInterface;
use crate::net::values::{NetError, SocketError};

impl DatagramSocket {
    pub(super) fn set_member(
        &mut self,
        group: IpAddr,
        interface: Option<&NetworkInterface>,
        membership: Membership,
    ) -> Result<(), NetError> {
        let operation = || {
            let verb = match membership {
                Membership::Join => "join",
                Membership::Leave => "leave",
            };
            match interface {
                Some(interface) => format!("{verb} the group {group} on {}", interface.name()),
                None => format!("{verb} the group {group}"),
            }
        };
        let Some(engine) = self.core.datagram_engine() else { return Err(not_bound(&operation())) };
        engine.set_member(group, interface, membership).map_err(|error| {
            let operation = match (error.kind(), group) {
                (ErrorKind::Unsupported, IpAddr::V4(_)) => {
                    format!("{} by a socket that is not bound to an IPv4 address", operation())
                }
                (ErrorKind::Unsupported, IpAddr::V6(_)) => {
                    format!("{} by a socket that is bound to an IPv4 address", operation())
                }
                _ => operation(),
            };
            NetError::new(of_group(&error), operation, error)
        })
    }

    pub(super) fn multicast_interface(&self) -> Result<Option<NetworkInterface>, NetError> {
        let operation = "read the interface for groups";
        let engine = self.core.engine().ok_or_else(|| not_bound(operation))?;
        engine
            .multicast_interface()
            .map_err(|error| NetError::new(of_group(&error), operation, error))
    }

    pub(super) fn set_multicast_interface(
        &mut self,
        interface: &NetworkInterface,
    ) -> Result<(), NetError> {
        let operation = || format!("set the interface for groups to {}", interface.name());
        let Some(engine) = self.core.datagram_engine() else { return Err(not_bound(&operation())) };
        engine
            .set_multicast_interface(interface)
            .map_err(|error| NetError::new(of_group(&error), operation(), error))
    }
}

/// Returns the kind of an error of a call about groups.
fn of_group(error: &io::Error) -> SocketError {
    match error.kind() {
        ErrorKind::Unsupported => SocketError::UnsupportedSocketOperation,
        _ => SocketError::of_binding(error),
    }
}
