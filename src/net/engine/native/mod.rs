//! The native engine: the kernel's sockets.
//!
//! All differences between the systems are here.

mod descriptor;
mod message;
mod multicast;
mod network;
mod option;
mod socket;

pub(in crate::net) use descriptor::listens;
pub(in crate::net) use network::NativeNetwork;
