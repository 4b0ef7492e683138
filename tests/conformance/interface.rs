//! Network interfaces, as a trace shows them.

use serde_json::{Value, json};
use slotwire::{InterfaceFlags, NetworkInterface};

use crate::answer::Answer;

/// Shows the interface of this name.
pub(crate) fn show(name: &str) -> Answer {
    let Ok(interface) = NetworkInterface::from_name(name) else {
        return json!({
            "valid": false, "name": "", "loopback": false, "up": false, "type": null,
            "addresses": [],
        })
        .into();
    };
    let mut addresses: Vec<_> = interface.address_entries().iter().collect();
    addresses.sort_by_key(|entry| entry.ip().to_string());
    let addresses: Value = addresses
        .into_iter()
        .map(|entry| {
            let netmask = entry.netmask().map(|mask| mask.to_string());
            json!([entry.ip().to_string(), entry.prefix_length(), netmask])
        })
        .collect();
    json!({
        "valid": true,
        "name": interface.name(),
        "loopback": interface.flags().contains(InterfaceFlags::LOOPBACK),
        "up": interface.flags().contains(InterfaceFlags::UP),
        "type": format!("{:?}", interface.interface_type()),
        "addresses": addresses,
    })
    .into()
}
