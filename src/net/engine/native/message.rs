//! Datagrams with a description of their way: recvmsg(2) and sendmsg(2).
//!
//! The kernel describes the way of a datagram in ancillary data (ip(7), RFC 3542): the address that
//! it was sent to, the interface, and how many routers it may still pass. `nix` reads and writes
//! this data. On systems other than Linux, only the sender of a received datagram is known.

use std::io;
use std::net::SocketAddr;

use socket2::Socket;

use crate::net::engine::Received;
use crate::net::values::{NetworkDatagram, canonical};

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) use self::ancillary::{describe_incoming, receive, send};
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) use self::plain::{describe_incoming, receive, send};

#[cfg(any(target_os = "linux", target_os = "android"))]
mod ancillary {
    use std::io::{IoSlice, IoSliceMut};
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
    use std::os::fd::AsRawFd;

    use nix::errno::Errno;
    use nix::libc::{in_addr, in_pktinfo, in6_addr, in6_pktinfo};
    use nix::sys::socket::sockopt::{
        Ipv4PacketInfo, Ipv4RecvTtl, Ipv6RecvHopLimit, Ipv6RecvPacketInfo,
    };
    use nix::sys::socket::{
        ControlMessage, ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, sendmsg,
        setsockopt,
    };

    use super::{NetworkDatagram, Received, Socket, SocketAddr, canonical, io};
    use crate::net::values::scope_id;

    /// Room for the ancillary data, with the alignment of its headers.
    #[repr(align(8))]
    struct Ancillary([u8; 256]);

    /// Makes the kernel describe the way of each datagram that comes in.
    pub(in super::super) fn describe_incoming(socket: &Socket, is_v6: bool) -> io::Result<()> {
        if is_v6 {
            setsockopt(socket, Ipv6RecvPacketInfo, &true)?;
            setsockopt(socket, Ipv6RecvHopLimit, &true)?;
        }
        // A dual-stack IPv6 socket uses these for datagrams that come by IPv4.
        setsockopt(socket, Ipv4PacketInfo, &true)?;
        setsockopt(socket, Ipv4RecvTtl, &true)?;
        Ok(())
    }

    pub(in super::super) fn receive(socket: &Socket, buffer: &mut [u8]) -> io::Result<Received> {
        let descriptor = socket.as_raw_fd();
        let mut ancillary = Ancillary([0; 256]);
        let mut slices = [IoSliceMut::new(buffer)];
        let message = loop {
            let room = Some(&mut ancillary.0[..]);
            let none = MsgFlags::empty();
            match recvmsg::<SockaddrStorage>(descriptor, &mut slices, room, none) {
                Err(Errno::EINTR) => {}
                done => break done?,
            }
        };
        let sender =
            message.address.as_ref().and_then(internet).ok_or(io::ErrorKind::Unsupported)?;
        let mut received = Received {
            count: message.bytes,
            is_truncated: message.flags.contains(MsgFlags::MSG_TRUNC),
            sender: canonical(sender).into(),
            destination: None,
            reply_from: None,
            interface_index: None,
            hop_limit: None,
        };
        // The ancillary data has room for all of the notes. If some are missing, less is known.
        for note in message.cmsgs().into_iter().flatten() {
            match note {
                ControlMessageOwned::Ipv4PacketInfo(info) => {
                    received.destination = Some(ipv4(info.ipi_addr).into());
                    let own = ipv4(info.ipi_spec_dst);
                    received.reply_from = (!own.is_unspecified()).then_some(own.into());
                    received.interface_index = index(info.ipi_ifindex);
                }
                ControlMessageOwned::Ipv6PacketInfo(info) => {
                    let destination = Ipv6Addr::from(info.ipi6_addr.s6_addr);
                    // For an IPv4 address, `Ipv4PacketInfo` says more.
                    if destination.to_ipv4_mapped().is_none() {
                        let is_group = destination.is_multicast();
                        received.destination = Some(destination.into());
                        received.reply_from = (!is_group).then_some(destination.into());
                    }
                    received.interface_index = index(info.ipi6_ifindex);
                }
                ControlMessageOwned::Ipv4Ttl(hops) | ControlMessageOwned::Ipv6HopLimit(hops) => {
                    received.hop_limit = u8::try_from(hops).ok();
                }
                _ => {}
            }
        }
        Ok(received)
    }

    /// Sends to `to`; if that is `None`, to the peer of a connected socket.
    pub(in super::super) fn send(
        socket: &Socket,
        datagram: &NetworkDatagram,
        to: Option<SocketAddr>,
    ) -> io::Result<usize> {
        let bytes = [IoSlice::new(datagram.data())];
        let source = datagram.sender().map(|sender| sender.ip().to_canonical());
        // The scope id of a link-local sender is the index of the interface to send by.
        let sender_scope = datagram.sender().map_or(0, |sender| scope_id(canonical(sender)));
        let index = datagram.interface_index().unwrap_or(sender_scope);
        let to_v4 = match to {
            Some(to) => to.ip().to_canonical().is_ipv4(),
            None => match socket.peer_addr()?.as_socket() {
                Some(peer) => peer.ip().to_canonical().is_ipv4(),
                None => return Err(io::ErrorKind::Unsupported.into()),
            },
        };
        let hops = datagram.hop_limit().map(i32::from);
        let (v4, v6);
        let mut notes: Vec<ControlMessage<'_>> = Vec::with_capacity(2);
        if source.is_some() || index != 0 {
            if to_v4 {
                v4 = in_pktinfo {
                    ipi_ifindex: system_index(index)?,
                    ipi_spec_dst: system_v4(source)?,
                    ipi_addr: in_addr { s_addr: 0 },
                };
                notes.push(ControlMessage::Ipv4PacketInfo(&v4));
            } else {
                v6 = in6_pktinfo {
                    ipi6_addr: system_v6(source)?,
                    ipi6_ifindex: system_index(index)?,
                };
                notes.push(ControlMessage::Ipv6PacketInfo(&v6));
            }
        }
        notes.extend(hops.as_ref().map(|hops| match to_v4 {
            true => ControlMessage::Ipv4Ttl(hops),
            false => ControlMessage::Ipv6HopLimit(hops),
        }));
        let to = to.map(SockaddrStorage::from);
        loop {
            let flags = MsgFlags::MSG_NOSIGNAL;
            match sendmsg(socket.as_raw_fd(), &bytes, &notes, flags, to.as_ref()) {
                Err(Errno::EINTR) => {}
                done => return Ok(done?),
            }
        }
    }

    fn internet(address: &SockaddrStorage) -> Option<SocketAddr> {
        let v4 = address.as_sockaddr_in().map(|v4| SocketAddr::V4((*v4).into()));
        v4.or_else(|| address.as_sockaddr_in6().map(|v6| SocketAddr::V6((*v6).into())))
    }

    /// Returns the index of an interface. The C libraries have different types for it.
    fn index(told: impl TryInto<u32>) -> Option<u32> {
        told.try_into().ok()
    }

    fn system_index<I: TryFrom<u32>>(index: u32) -> io::Result<I> {
        I::try_from(index).map_err(|_| io::ErrorKind::InvalidInput.into())
    }

    fn ipv4(address: in_addr) -> Ipv4Addr {
        Ipv4Addr::from(address.s_addr.to_ne_bytes())
    }

    fn system_v4(address: Option<IpAddr>) -> io::Result<in_addr> {
        match address.unwrap_or(Ipv4Addr::UNSPECIFIED.into()) {
            IpAddr::V4(address) => Ok(in_addr { s_addr: u32::from_ne_bytes(address.octets()) }),
            IpAddr::V6(_) => Err(io::ErrorKind::AddrNotAvailable.into()),
        }
    }

    fn system_v6(address: Option<IpAddr>) -> io::Result<in6_addr> {
        match address.unwrap_or(Ipv6Addr::UNSPECIFIED.into()) {
            IpAddr::V6(address) => Ok(in6_addr { s6_addr: address.octets() }),
            IpAddr::V4(_) => Err(io::ErrorKind::AddrNotAvailable.into()),
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod plain {
    use rustix::io::retry_on_intr;
    use rustix::net::{RecvFlags, recvfrom, sendto};

    use super::super::system::NO_SIGNAL;
    use super::{NetworkDatagram, Received, Socket, SocketAddr, canonical, io};

    pub(in super::super) fn describe_incoming(_: &Socket, _: bool) -> io::Result<()> {
        Ok(())
    }

    pub(in super::super) fn receive(socket: &Socket, buffer: &mut [u8]) -> io::Result<Received> {
        // With room for one more byte, a datagram that is longer than `buffer` shows.
        let mut all = vec![0; buffer.len() + 1];
        let (count, _, sender) =
            retry_on_intr(|| recvfrom(socket, &mut all[..], RecvFlags::empty()))?;
        let sender = sender.and_then(|sender| SocketAddr::try_from(sender).ok());
        let kept = count.min(buffer.len());
        buffer[..kept].copy_from_slice(&all[..kept]);
        Ok(Received {
            count: kept,
            is_truncated: count > kept,
            sender: canonical(sender.ok_or(io::ErrorKind::Unsupported)?).into(),
            destination: None,
            reply_from: None,
            interface_index: None,
            hop_limit: None,
        })
    }

    pub(in super::super) fn send(
        socket: &Socket,
        datagram: &NetworkDatagram,
        to: Option<SocketAddr>,
    ) -> io::Result<usize> {
        let describes_its_way = datagram.sender().is_some()
            || datagram.interface_index().is_some()
            || datagram.hop_limit().is_some();
        if describes_its_way {
            return Err(io::ErrorKind::Unsupported.into());
        }
        match to {
            Some(to) => Ok(retry_on_intr(|| sendto(socket, datagram.data(), NO_SIGNAL, &to))?),
            None => Ok(retry_on_intr(|| rustix::net::send(socket, datagram.data(), NO_SIGNAL))?),
        }
    }
}
