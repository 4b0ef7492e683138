//! An interface's address with whatever netmask the system tells of.
//!
//! The prefix is never longer than the address, and the mask that is made of it is the one that the
//! system told, if there is one at all.

#![no_main]

use std::net::IpAddr;

use libfuzzer_sys::fuzz_target;
use slotwire::net::fuzzing::address_entry;

fuzz_target!(|told: (IpAddr, Option<IpAddr>)| {
    let (ip, netmask) = told;
    let entry = address_entry(ip, netmask);
    assert_eq!(entry.ip(), ip);
    let Some(length) = entry.prefix_length() else {
        assert_eq!(entry.netmask(), None);
        return;
    };
    assert!(length <= if ip.is_ipv4() { 32 } else { 128 });
    assert_eq!(entry.netmask(), netmask);
    let bits = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => (ip.to_bits() as u128) << 96,
        IpAddr::V6(ip) => ip.to_bits(),
    };
    let mask = entry.netmask().map_or(0, bits);
    assert_eq!((mask.leading_ones(), mask.count_ones()), (length.into(), length.into()));
});
