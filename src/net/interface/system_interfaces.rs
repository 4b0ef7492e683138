//! The system's network interfaces: from getifaddrs(3) by `nix`, and on Linux from `/sys` for the
//! rest.

use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use nix::net::if_::{self, InterfaceFlags as SystemFlags};
use nix::sys::socket::{LinkAddr, SockaddrStorage};

use super::network_address_entry::NetworkAddressEntry;
use super::network_interface::{
    HardwareAddress, InterfaceError, InterfaceFlags, InterfaceType, NetworkInterface,
};

/// Functions that ask the system.
impl NetworkInterface {
    /// Returns all interfaces, also those that are not up, in the system's order.
    ///
    /// # Errors
    ///
    /// Fails if the system fails.
    #[doc(alias = "allInterfaces")]
    pub fn all_interfaces() -> Result<Vec<Self>, InterfaceError> {
        list().map_err(InterfaceError::System)
    }

    /// Returns the addresses of all interfaces that are up. A link-local address lacks its scope id
    /// here; the [entries](Self::address_entries) of its interface have it.
    ///
    /// # Errors
    ///
    /// Fails if the system fails.
    #[doc(alias = "allAddresses")]
    pub fn all_addresses() -> Result<Vec<IpAddr>, InterfaceError> {
        let interfaces = Self::all_interfaces()?;
        let up = interfaces.iter().filter(|interface| interface.flags.contains(InterfaceFlags::UP));
        Ok(up.flat_map(|interface| interface.entries.iter().map(NetworkAddressEntry::ip)).collect())
    }

    /// Returns the interface of this name.
    ///
    /// # Errors
    ///
    /// Fails if there is none, or if the system fails.
    #[doc(alias = "interfaceFromName")]
    pub fn from_name(name: &str) -> Result<Self, InterfaceError> {
        let mut interfaces = Self::all_interfaces()?.into_iter();
        interfaces
            .find(|interface| interface.name == name)
            .ok_or_else(|| InterfaceError::NoSuchName(name.to_owned()))
    }

    /// Returns the interface with this index.
    ///
    /// # Errors
    ///
    /// Fails if there is none, or if the system fails.
    #[doc(alias = "interfaceFromIndex")]
    pub fn from_index(index: u32) -> Result<Self, InterfaceError> {
        let mut interfaces = Self::all_interfaces()?.into_iter();
        interfaces
            .find(|interface| interface.index == index)
            .ok_or(InterfaceError::NoSuchIndex(index))
    }

    /// Returns the index of the interface of this name, without asking for more.
    ///
    /// # Errors
    ///
    /// Fails if there is none, or if the system fails.
    #[doc(alias = "interfaceIndexFromName")]
    pub fn index_from_name(name: &str) -> Result<u32, InterfaceError> {
        match index_of(name) {
            Ok(Some(index)) => Ok(index),
            Ok(None) => Err(InterfaceError::NoSuchName(name.to_owned())),
            Err(error) => Err(InterfaceError::System(error)),
        }
    }

    /// Returns the name of the interface with this index, without asking for more.
    ///
    /// # Errors
    ///
    /// Fails if there is none, or if the system fails.
    #[doc(alias = "interfaceNameFromIndex")]
    pub fn name_from_index(index: u32) -> Result<String, InterfaceError> {
        match name_of(index) {
            Ok(Some(name)) => Ok(name),
            Ok(None) => Err(InterfaceError::NoSuchIndex(index)),
            Err(error) => Err(InterfaceError::System(error)),
        }
    }
}

/// Returns all interfaces, in the system's order.
fn list() -> io::Result<Vec<NetworkInterface>> {
    let mut interfaces: Vec<NetworkInterface> = Vec::new();
    for told in getifaddrs()? {
        // An address with a label is listed under the label, such as `eth0:1`.
        let name = told.interface_name.split(':').next().unwrap_or_default();
        let at = interfaces.iter().position(|interface| interface.name == name);
        let interface = match at {
            Some(at) => &mut interfaces[at],
            None => {
                // An interface that was removed since is left out.
                let Some(index) = index(&told, name)? else { continue };
                interfaces.push(unadorned(index, name, flags(told.flags)));
                let Some(added) = interfaces.last_mut() else { continue };
                added
            }
        };
        if let Some(link) = told.address.as_ref().and_then(SockaddrStorage::as_link_addr) {
            interface.hardware_address = hardware_address(link);
            interface.kind = kind_of_link(link, interface);
        } else if let Some(entry) = entry(&told) {
            interface.entries.push(entry);
        }
    }
    Ok(interfaces)
}

/// Returns the index of the interface in `told`, if it still exists.
fn index(told: &InterfaceAddress, name: &str) -> io::Result<Option<u32>> {
    let link = told.address.as_ref().and_then(SockaddrStorage::as_link_addr);
    match link.and_then(|link| u32::try_from(link.ifindex()).ok()) {
        Some(index @ 1..) => Ok(Some(index)),
        _ => index_of(name),
    }
}

/// Returns the index of the interface with this name, if there is one.
pub(in crate::net) fn index_of(name: &str) -> io::Result<Option<u32>> {
    match if_::if_nametoindex(name) {
        Ok(index) => Ok(Some(index)),
        // The errors of the systems for a name that no interface has, and for one that no interface
        // can have.
        Err(Errno::ENODEV | Errno::ENXIO | Errno::EINVAL | Errno::ENAMETOOLONG) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Returns the name of the interface with this index, if there is one.
fn name_of(index: u32) -> io::Result<Option<String>> {
    let found = if_::if_indextoname(index).and_then(|name| match name.is_empty() {
        // nix 0.31 returns an empty name when the system's function fails.
        true => Err(Errno::last()),
        false => Ok(name),
    });
    match found {
        Ok(name) => Ok(Some(name.to_string_lossy().into_owned())),
        Err(Errno::ENODEV | Errno::ENXIO | Errno::EINVAL) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Creates an interface without addresses.
fn unadorned(index: u32, name: &str, flags: InterfaceFlags) -> NetworkInterface {
    let kind = match flags.contains(InterfaceFlags::LOOPBACK) {
        true => InterfaceType::Loopback,
        false => InterfaceType::Unknown,
    };
    NetworkInterface {
        index,
        name: name.to_owned(),
        flags,
        kind,
        hardware_address: None,
        mtu: attribute(index, name, "mtu"),
        entries: Vec::new(),
    }
}

fn flags(told: SystemFlags) -> InterfaceFlags {
    let meanings = [
        (SystemFlags::IFF_UP, InterfaceFlags::UP),
        (SystemFlags::IFF_RUNNING, InterfaceFlags::RUNNING),
        (SystemFlags::IFF_BROADCAST, InterfaceFlags::BROADCAST),
        (SystemFlags::IFF_LOOPBACK, InterfaceFlags::LOOPBACK),
        (SystemFlags::IFF_POINTOPOINT, InterfaceFlags::POINT_TO_POINT),
        (SystemFlags::IFF_MULTICAST, InterfaceFlags::MULTICAST),
    ];
    let set = meanings.into_iter().filter(|(system, _)| told.contains(*system));
    set.map(|(_, flag)| flag).collect()
}

fn entry(told: &InterfaceAddress) -> Option<NetworkAddressEntry> {
    let (ip, scope_id) = address(told.address.as_ref()?)?;
    let netmask = told.netmask.as_ref().and_then(address).map(|(netmask, _)| netmask);
    let broadcast = told.broadcast.as_ref().and_then(address).map(|(broadcast, _)| broadcast);
    let broadcast = broadcast.filter(|_| ip.is_ipv4());
    Some(NetworkAddressEntry::new(ip, scope_id, netmask, broadcast))
}

/// Returns the IP address and the scope id of a system's address, if it is one of IP.
fn address(told: &SockaddrStorage) -> Option<(IpAddr, u32)> {
    let four = told.as_sockaddr_in().map(|address| (address.ip().into(), 0));
    four.or_else(|| {
        let six = told.as_sockaddr_in6()?;
        Some((six.ip().into(), six.scope_id()))
    })
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn hardware_address(link: &LinkAddr) -> Option<HardwareAddress> {
    (link.halen() == 6).then(|| link.addr().map(HardwareAddress::new))?
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn hardware_address(link: &LinkAddr) -> Option<HardwareAddress> {
    link.addr().map(HardwareAddress::new)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn kind_of_link(link: &LinkAddr, interface: &NetworkInterface) -> InterfaceType {
    let NetworkInterface { index, name, .. } = interface;
    match kind_of_hardware(link.hatype()) {
        // The system shows a wireless network as Ethernet.
        InterfaceType::Ethernet
            if is_in_sys(*index, name) && directory(name).join("phy80211").exists() =>
        {
            InterfaceType::Wifi
        }
        kind => kind,
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn kind_of_link(_: &LinkAddr, interface: &NetworkInterface) -> InterfaceType {
    interface.kind
}

/// Returns the kind for a number of Linux's `if_arp.h`.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn kind_of_hardware(number: u16) -> InterfaceType {
    match number {
        1 | 2 => InterfaceType::Ethernet,
        24 => InterfaceType::Ieee1394,
        256..=259 => InterfaceType::Slip,
        280 => InterfaceType::CanBus,
        512 => InterfaceType::Ppp,
        768 | 769 | 776 | 778 | 0xfffe | 0xffff => InterfaceType::Virtual,
        772 => InterfaceType::Loopback,
        774 => InterfaceType::Fddi,
        801..=803 => InterfaceType::Wifi,
        804 | 805 => InterfaceType::Ieee802154,
        820 | 821 => InterfaceType::Phonet,
        825 => InterfaceType::SixLoWpan,
        _ => InterfaceType::Unknown,
    }
}

/// Reads a number of an interface from `/sys`, which other systems do not have.
fn attribute(index: u32, name: &str, attribute: &str) -> Option<u32> {
    is_in_sys(index, name).then(|| read_number(&directory(name).join(attribute)))?
}

/// Returns true if `/sys` shows this interface. After a change of the network namespace, `/sys` may
/// still show another interface of the same name.
fn is_in_sys(index: u32, name: &str) -> bool {
    read_number(&directory(name).join("ifindex")) == Some(index)
}

fn directory(name: &str) -> PathBuf {
    Path::new("/sys/class/net").join(name)
}

fn read_number(path: &Path) -> Option<u32> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_flag_of_the_system_is_one_of_ours() {
        assert_eq!(flags(SystemFlags::empty()), InterfaceFlags::empty());
        assert_eq!(flags(SystemFlags::IFF_UP | SystemFlags::IFF_NOARP), InterfaceFlags::UP);
        assert_eq!(flags(SystemFlags::all()), InterfaceFlags::all());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn numbers_of_hardware_that_nobody_knows_are_unknown() {
        assert_eq!(kind_of_hardware(1), InterfaceType::Ethernet);
        assert_eq!(kind_of_hardware(772), InterfaceType::Loopback);
        assert_eq!(kind_of_hardware(0xfffe), InterfaceType::Virtual);
        assert_eq!(kind_of_hardware(40_000), InterfaceType::Unknown);
    }
}
