//! This machine's interfaces: their names, their flags and their addresses.
//!
//! Each call asks the system again, and nothing watches for changes, so a result may be out of
//! date. The simulation creates values of the same type for its hosts.

mod network_address_entry;
mod network_interface;
mod system_interfaces;

pub use network_address_entry::NetworkAddressEntry;
pub use network_interface::{
    HardwareAddress, InterfaceError, InterfaceFlags, InterfaceType, NetworkInterface,
};
pub(in crate::net) use system_interfaces::index_of;
