//! `NetworkAddressEntry`: an address of an interface.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::net::values::{BindAddress, at_interface};

/// An address of an interface, with its netmask and its broadcast address.
///
/// The values are those at the time of the call that returned the interface. The lifetime of the
/// address is not included.
#[doc(alias = "QNetworkAddressEntry")]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NetworkAddressEntry {
    ip: IpAddr,
    scope_id: u32,
    prefix_length: Option<u8>,
    broadcast: Option<IpAddr>,
}

impl NetworkAddressEntry {
    pub(crate) fn new(
        ip: IpAddr,
        scope_id: u32,
        netmask: Option<IpAddr>,
        broadcast: Option<IpAddr>,
    ) -> Self {
        let netmask = netmask.filter(|netmask| netmask.is_ipv4() == ip.is_ipv4());
        Self { ip, scope_id, prefix_length: netmask.and_then(prefix_length), broadcast }
    }

    /// Returns the address.
    pub fn ip(&self) -> IpAddr {
        self.ip
    }

    /// Returns the index of the interface if the address is a link-local IPv6 address; otherwise 0.
    #[doc(alias = "scopeId")]
    pub fn scope_id(&self) -> u32 {
        self.scope_id
    }

    /// Returns the address with its scope id and a port, for connecting or sending. For binding,
    /// convert the entry into a [`BindAddress`](crate::BindAddress).
    pub fn socket_addr(&self, port: u16) -> SocketAddr {
        at_interface(self.ip, port, self.scope_id)
    }

    /// Returns how many leading bits of the address are the network's: up to 32 for IPv4 and 128
    /// for IPv6. `None` if the system gave no netmask, or one with holes.
    #[doc(alias = "prefixLength")]
    pub fn prefix_length(&self) -> Option<u8> {
        self.prefix_length
    }

    /// Returns the prefix length as a mask: `255.255.255.0` for 24 bits of an IPv4 address.
    pub fn netmask(&self) -> Option<IpAddr> {
        let length = u32::from(self.prefix_length?);
        // `checked_shl` refuses a shift by all bits, for which the mask is 0.
        Some(match self.ip {
            IpAddr::V4(_) => {
                let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
                Ipv4Addr::from_bits(mask).into()
            }
            IpAddr::V6(_) => {
                let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
                Ipv6Addr::from_bits(mask).into()
            }
        })
    }

    /// Returns the broadcast address, which reaches all hosts of the network. `None` for IPv6,
    /// which has no broadcast, and if the interface has none.
    pub fn broadcast(&self) -> Option<IpAddr> {
        self.broadcast
    }
}

/// Converts the address, with its scope id if it needs one.
impl From<&NetworkAddressEntry> for BindAddress {
    fn from(entry: &NetworkAddressEntry) -> Self {
        entry.socket_addr(0).into()
    }
}

/// Returns the number of leading ones in the mask; `None` for a mask with holes.
fn prefix_length(netmask: IpAddr) -> Option<u8> {
    let (ones, all) = match netmask {
        IpAddr::V4(mask) => (mask.to_bits().leading_ones(), mask.to_bits().count_ones()),
        IpAddr::V6(mask) => (mask.to_bits().leading_ones(), mask.to_bits().count_ones()),
    };
    u8::try_from(ones).ok().filter(|_| ones == all)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(ip: &str, netmask: &str) -> NetworkAddressEntry {
        let netmask = Some(netmask.parse().unwrap());
        NetworkAddressEntry::new(ip.parse().unwrap(), 0, netmask, None)
    }

    #[test]
    fn an_entry_gives_the_address_to_connect_to() {
        let at = |ip: &str, scope_id| {
            let entry = NetworkAddressEntry::new(ip.parse().unwrap(), scope_id, None, None);
            entry.socket_addr(80).to_string()
        };
        assert_eq!(at("fe80::1", 3), "[fe80::1%3]:80");
        assert_eq!(at("fd00::1", 0), "[fd00::1]:80");
        assert_eq!(at("192.0.2.1", 0), "192.0.2.1:80");
    }

    #[test]
    fn binding_to_an_entry_keeps_the_scope_of_a_link_local_address() {
        let link_local = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
        let entry = NetworkAddressEntry::new(link_local.into(), 3, None, None);
        let expected = BindAddress::LinkLocal { address: link_local, scope_id: 3 };
        assert_eq!(BindAddress::from(&entry), expected);
    }

    #[test]
    fn a_mask_with_holes_has_no_length() {
        assert_eq!(entry("192.0.2.1", "255.0.255.0").prefix_length(), None);
        assert_eq!(entry("192.0.2.1", "255.0.255.0").netmask(), None);
    }

    #[test]
    fn a_mask_of_the_other_family_has_no_length() {
        assert_eq!(entry("192.0.2.1", "ffff:ffff:ffff::").prefix_length(), None);
        assert_eq!(entry("fd00::1", "255.255.255.0").prefix_length(), None);
    }

    #[test]
    fn no_mask_is_no_mask_and_none_of_all_bits() {
        let ip = IpAddr::from([192, 0, 2, 1]);
        assert_eq!(NetworkAddressEntry::new(ip, 0, None, None).netmask(), None);
        assert_eq!(entry("192.0.2.1", "0.0.0.0").prefix_length(), Some(0));
        assert_eq!(entry("::1", "::").netmask(), Some(Ipv6Addr::UNSPECIFIED.into()));
    }

    proptest! {
        #[test]
        fn a_mask_and_its_length_say_the_same(length in 0..=128_u32) {
            let mask6 = u128::MAX.checked_shl(128 - length).unwrap_or(0);
            let mask6 = Ipv6Addr::from(mask6);
            let six = entry("fd00::1", &mask6.to_string());
            prop_assert_eq!(six.prefix_length().map(u32::from), Some(length));
            prop_assert_eq!(six.netmask(), Some(mask6.into()));

            let length = length / 4;
            let mask4 = Ipv4Addr::from(u32::MAX.checked_shl(32 - length).unwrap_or(0));
            let four = entry("192.0.2.1", &mask4.to_string());
            prop_assert_eq!(four.prefix_length().map(u32::from), Some(length));
            prop_assert_eq!(four.netmask(), Some(mask4.into()));
        }
    }
}
