//! The native engine: the kernel's sockets.
//!
//! Whatever differs between systems is in here.

mod descriptor;
mod message;
mod multicast;
mod network;
mod option;
mod socket;

pub(crate) use descriptor::listens;
pub(crate) use network::NativeNetwork;
