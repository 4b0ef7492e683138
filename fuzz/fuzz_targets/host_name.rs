//! What is known of a host's name before anybody is asked.
//!
//! A literal address is its own answer, an IPv4 address in IPv6's clothes the IPv4 address that it
//! is; what cannot be a name is refused, and says why; all others are left to the resolver.

#![no_main]

use std::net::IpAddr;

use libfuzzer_sys::fuzz_target;
use slotwire::HostInfoError;
use slotwire::net::fuzzing::known_at_once;

/// The longest name that the domain name system knows.
const MAX_NAME: usize = 255;

fuzz_target!(|name: &str| {
    let can_be = !name.is_empty() && name.len() <= MAX_NAME && !name.contains('\0');
    let Some(info) = known_at_once(name) else {
        assert!(can_be && name.parse::<IpAddr>().is_err());
        return;
    };
    assert_eq!(info.host_name(), name);
    assert_eq!(info.lookup_id(), None);
    match name.parse::<IpAddr>() {
        Ok(address) => {
            assert_eq!(info.addresses(), [address.to_canonical()]);
            assert_eq!((info.error(), info.error_string()), (None, ""));
        }
        Err(_) => {
            assert!(!can_be && info.addresses().is_empty());
            assert_eq!(info.error(), Some(HostInfoError::HostNotFound));
            assert!(info.error_string().len() < 100, "it does not repeat the name");
        }
    }
});
