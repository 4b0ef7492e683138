//! `NetworkInterface`: one of the machine's ways into networks.
//!
//! Asking the system for them, by `NetworkInterface::all_interfaces` and its sisters, is in
//! `system_interfaces.rs`.

use std::fmt;
use std::io;

use bitflags::bitflags;

use super::network_address_entry::NetworkAddressEntry;

bitflags! {
    /// What an interface is and can do.
    #[doc(alias = "QNetworkInterface::InterfaceFlag")]
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct InterfaceFlags: u8 {
        /// It is switched on.
        #[doc(alias = "IsUp")]
        const UP = 0x01;
        /// It can be used now: the cable is plugged in, the link is there.
        #[doc(alias = "IsRunning")]
        const RUNNING = 0x02;
        /// It can reach all hosts of its network at once.
        #[doc(alias = "CanBroadcast")]
        const BROADCAST = 0x04;
        /// It leads back to this machine.
        #[doc(alias = "IsLoopBack")]
        const LOOPBACK = 0x08;
        /// It leads to one other host.
        #[doc(alias = "IsPointToPoint")]
        const POINT_TO_POINT = 0x10;
        /// It can reach groups of hosts.
        #[doc(alias = "CanMulticast")]
        const MULTICAST = 0x20;
    }
}

/// What kind of network an interface leads to.
///
/// Known on Linux, from the numbers of `if_arp.h`; elsewhere only a loopback is told from the
/// rest.
#[doc(alias = "QNetworkInterface::InterfaceType")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InterfaceType {
    /// The kind is not known, or none of the following.
    Unknown,
    /// The machine itself.
    Loopback,
    /// No wire and no radio: tunnels and the like.
    Virtual,
    /// Ethernet, and what looks like it to the system.
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
    /// IPv6 over such a network.
    #[doc(alias = "SixLoWPAN")]
    SixLoWpan,
    /// IEEE 802.16: WiMAX.
    Ieee80216,
    /// IEEE 1394: FireWire.
    Ieee1394,
}

/// The hardware's own address of an interface, of six octets.
///
/// Prints as in Qt: `02:FC:00:00:00:01`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HardwareAddress([u8; 6]);

impl HardwareAddress {
    pub(super) fn new(octets: [u8; 6]) -> Self {
        Self(octets)
    }

    /// Returns its six octets.
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

/// Why an interface could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InterfaceError {
    /// No interface has this name.
    #[error("there is no network interface {0:?}")]
    NoSuchName(String),
    /// No interface has this index.
    #[error("there is no network interface with index {0}")]
    NoSuchIndex(u32),
    /// The system does not tell: mostly a limit on descriptors.
    #[error("cannot ask the system for its network interfaces")]
    System(#[source] io::Error),
}

/// A network interface of this machine, as it was when the system was asked.
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
    /// Returns the number by which the system knows the interface, at least 1. It is the scope id of
    /// link-local IPv6 addresses that are reached by this interface: a
    /// [`SocketAddrV6`](std::net::SocketAddrV6) and a [`BindAddress`](crate::BindAddress) take it.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// Returns the name by which the system knows the interface, `eth0` or the like.
    #[doc(alias = "humanReadableName")]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns what the interface is and can do.
    pub fn flags(&self) -> InterfaceFlags {
        self.flags
    }

    /// Returns what kind of network the interface leads to.
    #[doc(alias = "type")]
    pub fn interface_type(&self) -> InterfaceType {
        self.kind
    }

    /// Returns the hardware's address; none if there is none, or one that is not of six octets.
    #[doc(alias = "hardwareAddress")]
    pub fn hardware_address(&self) -> Option<HardwareAddress> {
        self.hardware_address
    }

    /// Returns the largest packet that the interface sends, in bytes; none if the system does not
    /// tell. Known on Linux.
    #[doc(alias = "maximumTransmissionUnit")]
    #[doc(alias = "mtu")]
    pub fn maximum_transmission_unit(&self) -> Option<u32> {
        self.mtu
    }

    /// Returns the interface's addresses, in the order of the system.
    #[doc(alias = "addressEntries")]
    pub fn address_entries(&self) -> &[NetworkAddressEntry] {
        &self.entries
    }
}
