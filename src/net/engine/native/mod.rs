//! The native engine: the kernel's sockets.
//!
//! All differences between the systems are here.

mod descriptor;
mod message;
mod multicast;
mod network;
mod option;
mod socket;
mod system;

pub(in crate::net) use descriptor::{listens, may_listen};
pub(in crate::net) use network::NativeNetwork;
