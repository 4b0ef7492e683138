//! The options of simulated sockets: set and returned as on Linux. Only some of them have an
//! effect.

use std::net::IpAddr;
use std::time::Duration;

use rustix::io::Errno;

use super::host::SimHost;
use super::socket::{Role, SocketKey};
use super::tcp::Phase;
use super::wire::Wire;

use crate::net::{OptionName, SocketOption, SocketType};

/// The factor by which the system enlarges a requested buffer, for its own book-keeping.
const OVERHEAD: usize = 2;

/// The smallest buffers for sending and for receiving, in bytes.
const SMALLEST: [usize; 2] = [4608, 2304];

/// The largest buffer that a program can set, in bytes.
const LARGEST: usize = 425_984;

/// The default number of segments for which the send buffer has room, and the bytes that each takes
/// besides the packet.
const SEGMENTS: usize = 20;
const BESIDE_PACKET: [usize; 2] = [640, 256];

/// The largest packet, whatever the link's limit is.
const LARGEST_PACKET: usize = 65_536;

/// The longest time in seconds, and the largest count, for keep-alive.
const LONGEST: u64 = 32_767;
const MOST_PROBES: u32 = 127;

/// The bits of a packet's class that TCP reserves for congestion.
const CONGESTION: u8 = 0b11;

/// The options of one socket.
#[derive(Clone, Debug)]
pub(super) struct Options {
    kind: SocketType,
    low_delay: bool,
    pub(super) keep_alive: bool,
    pub(super) keep_alive_idle: Duration,
    pub(super) keep_alive_interval: Duration,
    pub(super) keep_alive_count: u32,
    pub(super) multicast_ttl: u8,
    pub(super) multicast_loopback: bool,
    type_of_service: u8,
    pub(super) send_buffer: usize,
    /// The program has set the send buffer.
    is_send_buffer_set: bool,
    pub(super) receive_buffer: usize,
}

impl Options {
    pub(super) fn new(kind: SocketType) -> Self {
        let (send_buffer, receive_buffer) = match kind {
            SocketType::Udp => (212_992, 212_992),
            _ => (262_144, 131_072),
        };
        Self {
            kind,
            low_delay: false,
            keep_alive: false,
            keep_alive_idle: Duration::from_secs(7200),
            keep_alive_interval: Duration::from_secs(75),
            keep_alive_count: 9,
            multicast_ttl: 1,
            multicast_loopback: true,
            type_of_service: 0,
            send_buffer,
            is_send_buffer_set: false,
            receive_buffer,
        }
    }

    /// Returns the value of an option. Fails with `OPNOTSUPP` if a socket of this kind does not
    /// have it.
    pub(super) fn get(&self, name: OptionName) -> Result<SocketOption, Errno> {
        self.has(name)?;
        Ok(match name {
            OptionName::LowDelay => SocketOption::LowDelay(self.low_delay),
            OptionName::KeepAlive => SocketOption::KeepAlive(self.keep_alive),
            OptionName::KeepAliveIdle => SocketOption::KeepAliveIdle(self.keep_alive_idle),
            OptionName::KeepAliveInterval => {
                SocketOption::KeepAliveInterval(self.keep_alive_interval)
            }
            OptionName::KeepAliveCount => SocketOption::KeepAliveCount(self.keep_alive_count),
            OptionName::MulticastTtl => SocketOption::MulticastTtl(self.multicast_ttl),
            OptionName::MulticastLoopback => {
                SocketOption::MulticastLoopback(self.multicast_loopback)
            }
            OptionName::TypeOfService => SocketOption::TypeOfService(self.type_of_service),
            OptionName::SendBufferSize => SocketOption::SendBufferSize(self.send_buffer),
            OptionName::ReceiveBufferSize => SocketOption::ReceiveBufferSize(self.receive_buffer),
            // The link has it, not the socket.
            OptionName::PathMtu => return Err(Errno::NOTCONN),
        })
    }

    /// Sets an option. Fails if a socket of this kind does not have it, or for an invalid value.
    pub(super) fn set(&mut self, option: SocketOption) -> Result<(), Errno> {
        self.has(option.name())?;
        match option {
            SocketOption::LowDelay(on) => self.low_delay = on,
            SocketOption::KeepAlive(on) => self.keep_alive = on,
            SocketOption::KeepAliveIdle(time) => self.keep_alive_idle = whole_seconds(time)?,
            SocketOption::KeepAliveInterval(time) => {
                self.keep_alive_interval = whole_seconds(time)?;
            }
            SocketOption::KeepAliveCount(count @ 1..=MOST_PROBES) => self.keep_alive_count = count,
            SocketOption::KeepAliveCount(_) => return Err(Errno::INVAL),
            SocketOption::MulticastTtl(_) if self.kind == SocketType::Tcp => {
                return Err(Errno::INVAL);
            }
            SocketOption::MulticastTtl(ttl) => self.multicast_ttl = ttl,
            SocketOption::MulticastLoopback(on) => self.multicast_loopback = on,
            SocketOption::TypeOfService(class) => {
                let kept = if self.kind == SocketType::Tcp { CONGESTION } else { 0 };
                self.type_of_service = class & !kept;
            }
            SocketOption::SendBufferSize(bytes) => {
                self.send_buffer = granted(bytes)?.max(SMALLEST[0]);
                self.is_send_buffer_set = true;
            }
            SocketOption::ReceiveBufferSize(bytes) => {
                self.receive_buffer = granted(bytes)?.max(SMALLEST[1]);
            }
            SocketOption::PathMtu(_) => return Err(Errno::INVAL),
        }
        Ok(())
    }

    /// Enlarges the send buffer for packets of this size, as Linux does, unless the program has set
    /// the buffer.
    pub(super) fn fit_send_buffer(&mut self, packet: usize) {
        if !self.is_send_buffer_set {
            let packet = packet.min(LARGEST_PACKET);
            let taken = (packet + BESIDE_PACKET[0]).next_power_of_two() + BESIDE_PACKET[1];
            self.send_buffer = self.send_buffer.max(SEGMENTS * taken);
        }
    }

    fn has(&self, name: OptionName) -> Result<(), Errno> {
        let is_of_tcp = matches!(
            name,
            OptionName::LowDelay
                | OptionName::KeepAliveIdle
                | OptionName::KeepAliveInterval
                | OptionName::KeepAliveCount
        );
        match (is_of_tcp, self.kind) {
            (true, SocketType::Udp) => Err(Errno::OPNOTSUPP),
            _ => Ok(()),
        }
    }
}

impl Wire {
    /// Returns the value of a socket's option.
    pub(in crate::sim) fn option(
        &self,
        key: SocketKey,
        name: OptionName,
    ) -> Result<SocketOption, Errno> {
        let socket = &self.sockets[key];
        match (name, &socket.role) {
            (OptionName::PathMtu, Role::Stream(stream)) => {
                Ok(SocketOption::PathMtu(self.mtu_towards(socket.host, stream.remote.ip())))
            }
            (OptionName::PathMtu, Role::Datagrams(datagrams)) => {
                let remote = datagrams.remote.ok_or(Errno::NOTCONN)?;
                Ok(SocketOption::PathMtu(self.mtu_towards(socket.host, remote.ip())))
            }
            _ => socket.options.get(name),
        }
    }

    fn mtu_towards(&self, from: SimHost, to: IpAddr) -> u32 {
        let to = self.owner(from, to).unwrap_or(from);
        u32::try_from(self.link(from, to).mtu()).unwrap_or(u32::MAX)
    }

    /// Sets a socket's option, and applies its effects.
    pub(in crate::sim) fn set_option(
        &mut self,
        key: SocketKey,
        option: SocketOption,
    ) -> Result<(), Errno> {
        let socket = &mut self.sockets[key];
        let was_looked_after = socket.options.keep_alive;
        socket.options.set(option)?;
        let is_looked_after = socket.options.keep_alive;
        let (send, receive) = (socket.options.send_buffer, socket.options.receive_buffer);
        if let Some(stream) = socket.stream() {
            stream.incoming.capacity = receive;
            let is_to_be_told = stream.outgoing.set_capacity(send);
            if stream.phase == Phase::Standing && stream.incoming.has_news_of_room() {
                self.acknowledge(key);
            }
            if is_to_be_told {
                self.stir(key);
            }
        }
        match option.name() {
            OptionName::KeepAlive if is_looked_after != was_looked_after => {
                self.begin_keep_alive(key);
            }
            OptionName::KeepAliveIdle => self.change_keep_alive(key),
            _ => {}
        }
        Ok(())
    }
}

/// Returns the size of a requested buffer: twice the request, up to a limit. The request may have
/// 31 bits.
fn granted(bytes: usize) -> Result<usize, Errno> {
    if bytes > i32::MAX as usize {
        return Err(Errno::INVAL);
    }
    Ok(bytes.saturating_mul(OVERHEAD).min(LARGEST))
}

/// Rounds up to whole seconds.
fn whole_seconds(time: Duration) -> Result<Duration, Errno> {
    match time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0)) {
        seconds @ 1..=LONGEST => Ok(Duration::from_secs(seconds)),
        _ => Err(Errno::INVAL),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_send_buffer_grows_with_the_packets_unless_it_was_set() {
        let mut options = Options::new(SocketType::Tcp);
        options.fit_send_buffer(65_536);
        // Linux's value for a connection over the loopback interface.
        assert_eq!(options.send_buffer, 2_626_560);
        options.set(SocketOption::SendBufferSize(10_000)).unwrap();
        options.fit_send_buffer(65_536);
        assert_eq!(options.send_buffer, 20_000);
    }
}
