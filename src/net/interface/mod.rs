//! This machine's interfaces: their names, their flags and their addresses.
//!
//! They are asked for anew each time and watched by nobody, so what is known of them is as old as the
//! question. Interfaces of simulated hosts are the same type, made by the simulation.

mod network_address_entry;
mod network_interface;
mod system_interfaces;

pub use network_address_entry::NetworkAddressEntry;
pub use network_interface::{
    HardwareAddress, InterfaceError, InterfaceFlags, InterfaceType, NetworkInterface,
};
pub(in crate::net) use system_interfaces::index_of;
