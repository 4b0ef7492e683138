//! `NetworkInterface`: an interface to a network.
//!
//! The functions that ask the system, such as `NetworkInterface::all_interfaces`, are in
//! `system_interfaces.rs`.

use std::fmt;
use std::io;

use bitflags::bitflags;

use super::network_address_entry::NetworkAddressEntry;

bitflags! {
    /// The properties of an interface.
    #[doc(alias = "QNetworkInterface::InterfaceFlag")]
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct InterfaceFlags: u8 {
        /// The interface is switched on.
        #[doc(alias = "IsUp")]
        const UP = 0x01;
        /// The interface can be used now: the cable is plugged in, the link is up.
        #[doc(alias = "IsRunning")]
        const RUNNING = 0x02;
        /// The interface can send broadcasts.
        #[doc(alias = "CanBroadcast")]
        const BROADCAST = 0x04;
        /// The interface leads back to this machine.
        #[doc(alias = "IsLoopBack")]
        const LOOPBACK = 0x08;
        /// The interface leads to one other host.
        #[doc(alias = "IsPointToPoint")]
        const POINT_TO_POINT = 0x10;
        /// The interface can send to multicast groups.
        #[doc(alias = "CanMulticast")]
        const MULTICAST = 0x20;
    }
}

/// The kind of network that an interface leads to.
///
/// Known on Linux, from the numbers of `if_arp.h`. On other systems every interface except a
/// loopback is `Unknown`.
#[doc(alias = "QNetworkInterface::InterfaceType")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InterfaceType {
    /// The kind is not known, or not in this list.
    Unknown,
    /// The machine itself.
    Loopback,
    /// A network without wire or radio, such as a tunnel.
    Virtual,
    /// Ethernet, or a network that the system shows as Ethernet.
    Ethernet,
    /// The Serial Line Internet Protocol.
    Slip,
    /// A Controller Area Network.
    CanBus,
    /// The Point-to-Point Protocol.
    Ppp,
    /// The Fiber Distributed Data Interface.
    Fddi,
    /// IEEE 802.11: wireless networks.
    #[doc(alias = "Ieee80211")]
    Wifi,
    /// Nokia's Phonet.
    Phonet,
    /// IEEE 802.15.4: personal area networks.
    Ieee802154,
    /// IPv6 over IEEE 802.15.4.
    #[doc(alias = "SixLoWPAN")]
    SixLoWpan,
    /// IEEE 802.16: WiMAX.
    Ieee80216,
    /// IEEE 1394: FireWire.
    Ieee1394,
}

/// The hardware address of an interface: six octets.
///
/// Its text is as in Qt: `02:FC:00:00:00:01`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HardwareAddress([u8; 6]);

impl HardwareAddress {
    pub(super) fn new(octets: [u8; 6]) -> Self {
        Self(octets)
    }

    /// Returns the six octets.
    pub fn octets(self) -> [u8; 6] {
        self.0
    }
}

impl fmt::Display for HardwareAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02X}:{b:02X}:{c:02X}:{d:02X}:{e:02X}:{g:02X}")
    }
}

/// Why the system's interfaces, or one of them, cannot be returned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InterfaceError {
    /// No interface has this name.
    #[error("there is no network interface {0:?}")]
    NoSuchName(String),
    /// No interface has this index.
    #[error("there is no network interface with index {0}")]
    NoSuchIndex(u32),
    /// The system failed, mostly because of a limit on descriptors.
    #[error("cannot ask the system for its network interfaces: {0}")]
    System(io::Error),
}

/// A network interface of this machine, as it was at the time of the call that returned it.
///
/// ```
/// use std::net::Ipv4Addr;
/// use slotwire::{InterfaceFlags, NetworkInterface};
///
/// # fn main() -> Result<(), slotwire::InterfaceError> {
/// for interface in NetworkInterface::all_interfaces()? {
///     if interface.flags().contains(InterfaceFlags::LOOPBACK) {
///         let mut entries = interface.address_entries().iter();
///         assert!(entries.any(|entry| entry.ip() == Ipv4Addr::LOCALHOST));
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[doc(alias = "QNetworkInterface")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkInterface {
    pub(crate) index: u32,
    pub(crate) name: String,
    pub(crate) flags: InterfaceFlags,
    pub(crate) kind: InterfaceType,
    pub(crate) hardware_address: Option<HardwareAddress>,
    pub(crate) mtu: Option<u32>,
    pub(crate) entries: Vec<NetworkAddressEntry>,
}

impl NetworkInterface {
    /// Returns the system's index of the interface, at least 1. It is the scope id of link-local
    /// IPv6 addresses that this interface reaches: use it in a
    /// [`SocketAddrV6`](std::net::SocketAddrV6) or a [`BindAddress`](crate::BindAddress).
    pub fn index(&self) -> u32 {
        self.index
    }

    /// Returns the system's name of the interface, such as `eth0`.
    #[doc(alias = "humanReadableName")]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the properties of the interface.
    pub fn flags(&self) -> InterfaceFlags {
        self.flags
    }

    /// Returns the kind of network that the interface leads to.
    #[doc(alias = "type")]
    pub fn interface_type(&self) -> InterfaceType {
        self.kind
    }

    /// Returns the hardware address; `None` if there is none, or if it does not have six octets.
    #[doc(alias = "hardwareAddress")]
    pub fn hardware_address(&self) -> Option<HardwareAddress> {
        self.hardware_address
    }

    /// Returns the size of the largest packet that the interface sends, in bytes; `None` if it is
    /// not known. Known on Linux only.
    #[doc(alias = "maximumTransmissionUnit")]
    #[doc(alias = "mtu")]
    pub fn maximum_transmission_unit(&self) -> Option<u32> {
        self.mtu
    }

    /// Returns the interface's addresses, in the system's order.
    #[doc(alias = "addressEntries")]
    pub fn address_entries(&self) -> &[NetworkAddressEntry] {
        &self.entries
    }
}
