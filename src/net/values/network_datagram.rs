//! `NetworkDatagram`: a datagram and the way that it goes.

use std::net::{IpAddr, SocketAddr};

use super::address::at_interface;

/// A datagram with what is known of its way.
///
/// One that was received says who sent it, to which address, by which interface it came, and how
/// many routers it might still have passed. Link-local addresses have their scope id, that of the
/// interface. One that is sent needs a destination, unless the socket is connected, and may say the
/// rest: what it does not say, the system decides.
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
/// The system tells the interface, the hop limit and the destination's address on Linux. Elsewhere
/// they are not known, and one that says them cannot be sent.
#[doc(alias = "QNetworkDatagram")]
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct NetworkDatagram {
    data: Vec<u8>,
    sender: Option<SocketAddr>,
    destination: Option<SocketAddr>,
    /// The address of this host that an answer comes from, at the interface that this came by.
    pub(in crate::net) reply_from: Option<IpAddr>,
    interface_index: Option<u32>,
    hop_limit: Option<u8>,
    pub(in crate::net) is_truncated: bool,
}

impl NetworkDatagram {
    /// Creates a datagram that is to be sent to this address.
    pub fn new(data: impl Into<Vec<u8>>, destination: SocketAddr) -> Self {
        Self { data: data.into(), destination: Some(destination), ..Self::default() }
    }

    /// Returns the bytes.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Takes the bytes out.
    pub fn into_data(self) -> Vec<u8> {
        self.data
    }

    /// Sets the bytes.
    #[doc(alias = "setData")]
    pub fn set_data(&mut self, data: impl Into<Vec<u8>>) {
        self.data = data.into();
    }

    /// Returns who sent it, with the scope id of a link-local address.
    #[doc(alias = "senderAddress")]
    pub fn sender(&self) -> Option<SocketAddr> {
        self.sender
    }

    /// Returns the address of who sent it. A link-local address lacks its scope id here;
    /// [`sender`](Self::sender) has it.
    #[doc(alias = "senderAddress")]
    pub fn sender_address(&self) -> Option<IpAddr> {
        self.sender.map(|sender| sender.ip())
    }

    /// Returns the port of who sent it.
    #[doc(alias = "senderPort")]
    pub fn sender_port(&self) -> Option<u16> {
        self.sender.map(|sender| sender.port())
    }

    /// Sets the address of this host that it is sent from. Its port means nothing: it is sent from
    /// the socket's. A link-local address has the scope id of the interface that it goes out by.
    #[doc(alias = "setSender")]
    pub fn set_sender(&mut self, sender: Option<SocketAddr>) {
        self.sender = sender;
    }

    /// Returns where it is sent to, or was, with the scope id of a link-local address.
    #[doc(alias = "destinationAddress")]
    pub fn destination(&self) -> Option<SocketAddr> {
        self.destination
    }

    /// Returns the address that it is sent to, or was: a host's, a group's, or a broadcast address. A
    /// link-local address lacks its scope id here; [`destination`](Self::destination) has it.
    #[doc(alias = "destinationAddress")]
    pub fn destination_address(&self) -> Option<IpAddr> {
        self.destination.map(|destination| destination.ip())
    }

    /// Returns the port that it is sent to, or was.
    #[doc(alias = "destinationPort")]
    pub fn destination_port(&self) -> Option<u16> {
        self.destination.map(|destination| destination.port())
    }

    /// Sets where it is to be sent to. A link-local address has the scope id of the interface that
    /// it goes out by.
    #[doc(alias = "setDestination")]
    pub fn set_destination(&mut self, destination: Option<SocketAddr>) {
        self.destination = destination;
    }

    /// Returns the [index](crate::NetworkInterface::index) of the interface that it came by, or is
    /// to go out by.
    #[doc(alias = "interfaceIndex")]
    pub fn interface_index(&self) -> Option<u32> {
        self.interface_index
    }

    /// Sets the [index](crate::NetworkInterface::index) of the interface that it is to go out by;
    /// none lets the system choose.
    #[doc(alias = "setInterfaceIndex")]
    pub fn set_interface_index(&mut self, index: Option<u32>) {
        self.interface_index = index.filter(|&index| index > 0);
    }

    /// Returns how many routers it may pass, or might still have passed when it came: the field of
    /// that name in its IPv6 header, the time to live in its IPv4 header.
    #[doc(alias = "hopLimit")]
    pub fn hop_limit(&self) -> Option<u8> {
        self.hop_limit
    }

    /// Sets how many routers it may pass, at least 1; none is the system's default.
    #[doc(alias = "setHopLimit")]
    pub fn set_hop_limit(&mut self, limit: Option<u8>) {
        self.hop_limit = limit;
    }

    /// Says whether bytes are missing, because whoever received it asked for fewer.
    pub fn is_truncated(&self) -> bool {
        self.is_truncated
    }

    /// Says whether it has a sender or a destination.
    #[doc(alias = "isValid")]
    pub fn is_valid(&self) -> bool {
        self.sender.is_some() || self.destination.is_some()
    }

    /// Says whether it has neither sender nor destination.
    #[doc(alias = "isNull")]
    pub fn is_null(&self) -> bool {
        !self.is_valid()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Creates the answer to a datagram that was received: to who sent it, by the interface that it
    /// came by, and from the address that it was sent to.
    ///
    /// Nothing can be sent from a group's or a broadcast address: the answer to what was sent there
    /// goes out from this host's own.
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

    /// One that was received.
    pub(in crate::net) fn received(
        data: Vec<u8>,
        sender: SocketAddr,
        destination: Option<SocketAddr>,
    ) -> Self {
        Self { data, sender: Some(sender), destination, ..Self::default() }
    }
}

/// Bytes without a destination: for a connected socket, or to be given one.
impl From<Vec<u8>> for NetworkDatagram {
    fn from(data: Vec<u8>) -> Self {
        Self { data, ..Self::default() }
    }
}

fn is_one_host(address: IpAddr) -> bool {
    let is_broadcast = matches!(address, IpAddr::V4(address) if address.is_broadcast());
    !(address.is_multicast() || address.is_unspecified() || is_broadcast)
}
