//! The native engine: the kernel's sockets.
//!
//! Whatever differs between systems is in here.

mod descriptor;
mod message;
mod multicast;
mod network;
mod option;
mod socket;

pub(in crate::net) use descriptor::listens;
pub(in crate::net) use network::NativeNetwork;
