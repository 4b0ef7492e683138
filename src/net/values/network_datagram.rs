//! `NetworkDatagram`: a datagram with its addresses and its interface.

use std::net::{IpAddr, SocketAddr};

use super::address::at_interface;
use super::socket_address::SocketAddress;

/// A datagram with its addresses, its interface and its hop limit.
///
/// A received datagram has its sender, its destination, the interface by which it came, and the
/// number of routers that it might still have passed. The scope id of a link-local address is the
/// index of that interface. A datagram to be sent needs a destination, unless the socket is
/// connected. Its sender, its interface and its hop limit are optional: the system chooses those
/// that are not set.
///
/// ```
/// use std::net::SocketAddr;
/// use slotwire::NetworkDatagram;
///
/// let to: SocketAddr = ([127, 0, 0, 1], 7755).into();
/// let mut datagram = NetworkDatagram::new("hello", to);
/// datagram.set_hop_limit(Some(1));
/// assert_eq!(datagram.data(), b"hello");
/// assert_eq!(datagram.destination(), Some(to));
/// ```
///
/// The interface, the hop limit and the destination's address of a received datagram are known on
/// Linux only. On other systems a datagram with a sender, an interface or a hop limit cannot be
/// sent.
#[doc(alias = "QNetworkDatagram")]
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct NetworkDatagram {
    data: Vec<u8>,
    sender: Option<SocketAddr>,
    destination: Option<SocketAddr>,
    /// The sender of a reply: this host's address at the interface by which this datagram came.
    pub(in crate::net) reply_from: Option<IpAddr>,
    interface_index: Option<u32>,
    hop_limit: Option<u8>,
    pub(in crate::net) is_truncated: bool,
}

impl NetworkDatagram {
    /// Creates a datagram to be sent to `destination`.
    pub fn new(data: impl Into<Vec<u8>>, destination: impl SocketAddress) -> Self {
        let destination = Some(destination.into());
        Self { data: data.into(), destination, ..Self::default() }
    }

    /// Returns the bytes.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Returns the bytes without copying them.
    pub fn into_data(self) -> Vec<u8> {
        self.data
    }

    /// Sets the bytes.
    #[doc(alias = "setData")]
    pub fn set_data(&mut self, data: impl Into<Vec<u8>>) {
        self.data = data.into();
    }

    /// Returns the sender's address and port, with the scope id of a link-local address.
    #[doc(alias = "senderAddress")]
    pub fn sender(&self) -> Option<SocketAddr> {
        self.sender
    }

    /// Returns the sender's address. A link-local address lacks its scope id here;
    /// [`sender`](Self::sender) has it.
    #[doc(alias = "senderAddress")]
    pub fn sender_address(&self) -> Option<IpAddr> {
        self.sender.map(|sender| sender.ip())
    }

    /// Returns the sender's port.
    #[doc(alias = "senderPort")]
    pub fn sender_port(&self) -> Option<u16> {
        self.sender.map(|sender| sender.port())
    }

    /// Sets the address of this host from which the datagram is sent. The port is ignored: the
    /// datagram is sent from the socket's port. The scope id of a link-local address is the index
    /// of the interface by which the datagram is sent.
    #[doc(alias = "setSender")]
    pub fn set_sender(&mut self, sender: Option<SocketAddr>) {
        self.sender = sender;
    }

    /// Returns the destination's address and port, with the scope id of a link-local address.
    #[doc(alias = "destinationAddress")]
    pub fn destination(&self) -> Option<SocketAddr> {
        self.destination
    }

    /// Returns the destination's address: a host's, a group's, or a broadcast address. A link-local
    /// address lacks its scope id here; [`destination`](Self::destination) has it.
    #[doc(alias = "destinationAddress")]
    pub fn destination_address(&self) -> Option<IpAddr> {
        self.destination.map(|destination| destination.ip())
    }

    /// Returns the destination's port.
    #[doc(alias = "destinationPort")]
    pub fn destination_port(&self) -> Option<u16> {
        self.destination.map(|destination| destination.port())
    }

    /// Sets the destination. The scope id of a link-local address is the index of the interface by
    /// which the datagram is sent.
    #[doc(alias = "setDestination")]
    pub fn set_destination(&mut self, destination: Option<SocketAddr>) {
        self.destination = destination;
    }

    /// Returns the [index](crate::NetworkInterface::index) of the interface by which the datagram
    /// came or is sent.
    #[doc(alias = "interfaceIndex")]
    pub fn interface_index(&self) -> Option<u32> {
        self.interface_index
    }

    /// Sets the [index](crate::NetworkInterface::index) of the interface by which the datagram is
    /// sent; with `None` or 0 the system chooses.
    #[doc(alias = "setInterfaceIndex")]
    pub fn set_interface_index(&mut self, index: Option<u32>) {
        self.interface_index = index.filter(|&index| index > 0);
    }

    /// Returns how many routers the datagram may pass, or might still have passed when it came: the
    /// hop limit in its IPv6 header, the time to live in its IPv4 header.
    #[doc(alias = "hopLimit")]
    pub fn hop_limit(&self) -> Option<u8> {
        self.hop_limit
    }

    /// Sets how many routers the datagram may pass, at least 1; `None` is the system's default.
    #[doc(alias = "setHopLimit")]
    pub fn set_hop_limit(&mut self, limit: Option<u8>) {
        self.hop_limit = limit;
    }

    /// Returns true if bytes are missing, because the call that received the datagram asked for
    /// fewer.
    pub fn is_truncated(&self) -> bool {
        self.is_truncated
    }

    /// Returns true if the datagram has a sender or a destination.
    #[doc(alias = "isValid")]
    pub fn is_valid(&self) -> bool {
        self.sender.is_some() || self.destination.is_some()
    }

    /// Returns true if the datagram has neither a sender nor a destination.
    #[doc(alias = "isNull")]
    pub fn is_null(&self) -> bool {
        !self.is_valid()
    }

    /// Removes the bytes and everything else, as in a default datagram.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Creates the reply to a received datagram: it goes to the sender, by the interface by which
    /// the datagram came, and from the destination's address.
    ///
    /// If the destination is a group's or a broadcast address, from which no datagram can be sent,
    /// the reply is sent from this host's own address.
    #[doc(alias = "makeReply")]
    #[must_use]
    pub fn make_reply(&self, data: impl Into<Vec<u8>>) -> Self {
        let to = self.destination;
        let sender = match self.reply_from {
            Some(own) => {
                let (port, index) = (to.map_or(0, |to| to.port()), self.interface_index);
                Some(at_interface(own, port, index.unwrap_or(0)))
            }
            None => to.filter(|to| is_one_host(to.ip())),
        };
        Self {
            data: data.into(),
            sender,
            destination: self.sender,
            interface_index: self.interface_index,
            ..Self::default()
        }
    }

    /// Creates a received datagram.
    pub(in crate::net) fn received(
        data: Vec<u8>,
        sender: SocketAddr,
        destination: Option<SocketAddr>,
    ) -> Self {
        Self { data, sender: Some(sender), destination, ..Self::default() }
    }
}

/// Creates a datagram without a destination, for a connected socket or a later
/// [`set_destination`](NetworkDatagram::set_destination).
impl From<Vec<u8>> for NetworkDatagram {
    fn from(data: Vec<u8>) -> Self {
        Self { data, ..Self::default() }
    }
}

fn is_one_host(address: IpAddr) -> bool {
    let is_broadcast = matches!(address, IpAddr::V4(address) if address.is_broadcast());
    !(address.is_multicast() || address.is_unspecified() || is_broadcast)
}
