//! The options of the kernel's sockets.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::sockopt;

use crate::net::values::{OptionName, SocketOption};

/// Reads an option. Fails with `InvalidInput` if this socket has no such option.
pub(super) fn read(fd: BorrowedFd<'_>, is_v6: bool, name: OptionName) -> io::Result<SocketOption> {
    Ok(match name {
        OptionName::LowDelay => SocketOption::LowDelay(sockopt::tcp_nodelay(fd)?),
        OptionName::KeepAlive => SocketOption::KeepAlive(sockopt::socket_keepalive(fd)?),
        OptionName::MulticastTtl => {
            let ttl = if is_v6 {
                sockopt::ipv6_multicast_hops(fd)?
            } else {
                sockopt::ip_multicast_ttl(fd)?
            };
            SocketOption::MulticastTtl(u8::try_from(ttl).unwrap_or(u8::MAX))
        }
        OptionName::MulticastLoopback => SocketOption::MulticastLoopback(if is_v6 {
            sockopt::ipv6_multicast_loop(fd)?
        } else {
            sockopt::ip_multicast_loop(fd)?
        }),
        OptionName::TypeOfService => SocketOption::TypeOfService(if is_v6 {
            u8::try_from(sockopt::ipv6_tclass(fd)?).unwrap_or(u8::MAX)
        } else {
            sockopt::ip_tos(fd)?
        }),
        OptionName::SendBufferSize => {
            SocketOption::SendBufferSize(sockopt::socket_send_buffer_size(fd)?)
        }
        OptionName::ReceiveBufferSize => {
            SocketOption::ReceiveBufferSize(sockopt::socket_recv_buffer_size(fd)?)
        }
        OptionName::PathMtu => SocketOption::PathMtu(path_mtu(fd, is_v6)?),
        OptionName::KeepAliveIdle => SocketOption::KeepAliveIdle(sockopt::tcp_keepidle(fd)?),
        OptionName::KeepAliveInterval => {
            SocketOption::KeepAliveInterval(sockopt::tcp_keepintvl(fd)?)
        }
        OptionName::KeepAliveCount => SocketOption::KeepAliveCount(sockopt::tcp_keepcnt(fd)?),
    })
}

/// Sets an option. Fails with `InvalidInput` if this socket has no such option, or if the option
/// cannot have this value.
pub(super) fn write(fd: BorrowedFd<'_>, is_v6: bool, option: SocketOption) -> io::Result<()> {
    match option {
        SocketOption::LowDelay(on) => sockopt::set_tcp_nodelay(fd, on)?,
        SocketOption::KeepAlive(on) => sockopt::set_socket_keepalive(fd, on)?,
        SocketOption::MulticastTtl(ttl) if is_v6 => {
            sockopt::set_ipv6_multicast_hops(fd, ttl.into())?;
        }
        SocketOption::MulticastTtl(ttl) => sockopt::set_ip_multicast_ttl(fd, ttl.into())?,
        SocketOption::MulticastLoopback(on) if is_v6 => sockopt::set_ipv6_multicast_loop(fd, on)?,
        SocketOption::MulticastLoopback(on) => sockopt::set_ip_multicast_loop(fd, on)?,
        SocketOption::TypeOfService(class) if is_v6 => {
            sockopt::set_ipv6_tclass(fd, class.into())?;
        }
        SocketOption::TypeOfService(class) => sockopt::set_ip_tos(fd, class)?,
        SocketOption::SendBufferSize(bytes) => sockopt::set_socket_send_buffer_size(fd, bytes)?,
        SocketOption::ReceiveBufferSize(bytes) => sockopt::set_socket_recv_buffer_size(fd, bytes)?,
        SocketOption::PathMtu(_) => return Err(invalid("this option can only be read")),
        SocketOption::KeepAliveIdle(idle) => sockopt::set_tcp_keepidle(fd, whole_seconds(idle)?)?,
        SocketOption::KeepAliveInterval(interval) => {
            sockopt::set_tcp_keepintvl(fd, whole_seconds(interval)?)?;
        }
        SocketOption::KeepAliveCount(count) => sockopt::set_tcp_keepcnt(fd, count)?,
    }
    Ok(())
}

/// Rounds up to whole seconds, in which the kernel counts. Fails with `InvalidInput` for zero.
fn whole_seconds(duration: Duration) -> io::Result<Duration> {
    let seconds = duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0));
    if seconds == 0 { Err(invalid("the time is zero")) } else { Ok(Duration::from_secs(seconds)) }
}

fn invalid(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, reason)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn path_mtu(fd: BorrowedFd<'_>, is_v6: bool) -> Result<u32, Errno> {
    if is_v6 { sockopt::ipv6_mtu(fd) } else { sockopt::ip_mtu(fd) }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn path_mtu(_: BorrowedFd<'_>, _: bool) -> Result<u32, Errno> {
    Err(Errno::NOPROTOOPT)
}
