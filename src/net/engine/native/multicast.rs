//! Groups that datagrams are sent to, and the interfaces for them.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr};

use rustix::net::sockopt;
use socket2::{InterfaceIndexOrAddress, Socket};

use crate::net::engine::Membership;
use crate::net::interface::{NetworkAddressEntry, NetworkInterface};

/// Joins or leaves a group. Fails with `Unsupported` if the group is not of the socket's family.
pub(super) fn set_member(
    socket: &Socket,
    is_v6: bool,
    group: IpAddr,
    interface: Option<&NetworkInterface>,
    membership: Membership,
) -> io::Result<()> {
    let index = interface.map_or(0, NetworkInterface::index);
    match (group, membership) {
        (IpAddr::V4(group), _) if !is_v6 => {
            let interface = InterfaceIndexOrAddress::Index(index);
            match membership {
                Membership::Join => socket.join_multicast_v4_n(&group, &interface),
                Membership::Leave => socket.leave_multicast_v4_n(&group, &interface),
            }
        }
        (IpAddr::V6(group), Membership::Join) if is_v6 => socket.join_multicast_v6(&group, index),
        (IpAddr::V6(group), Membership::Leave) if is_v6 => socket.leave_multicast_v6(&group, index),
        _ => Err(io::Error::new(ErrorKind::Unsupported, "the group is not of the socket's family")),
    }
}

/// Returns the interface by which datagrams to groups are sent, if it was set and still exists.
pub(super) fn interface(socket: &Socket, is_v6: bool) -> io::Result<Option<NetworkInterface>> {
    let all = || NetworkInterface::all_interfaces().map_err(io::Error::other);
    if is_v6 {
        let index = sockopt::ipv6_multicast_if(socket)?;
        if index == 0 {
            return Ok(None);
        }
        return Ok(all()?.into_iter().find(|interface| interface.index() == index));
    }
    let address = sockopt::ip_multicast_if(socket)?;
    if address == Ipv4Addr::UNSPECIFIED {
        return Ok(None);
    }
    Ok(all()?.into_iter().find(|interface| {
        interface.address_entries().iter().any(|entry| entry.ip() == IpAddr::V4(address))
    }))
}

/// Sets the interface by which datagrams to groups are sent.
pub(super) fn set_interface(
    socket: &Socket,
    is_v6: bool,
    interface: &NetworkInterface,
) -> io::Result<()> {
    if is_v6 {
        return Ok(sockopt::set_ipv6_multicast_if(socket, interface.index())?);
    }
    // An IPv4 socket identifies the interface by its address, from which the socket then sends.
    let mut addresses = interface.address_entries().iter().map(NetworkAddressEntry::ip);
    match addresses.find_map(|address| match address {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    }) {
        Some(address) => Ok(sockopt::set_ip_multicast_if(socket, &address)?),
        None => {
            let reason = "the interface has no IPv4 address";
            Err(io::Error::new(ErrorKind::AddrNotAvailable, reason))
        }
    }
}
