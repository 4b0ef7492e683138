//! The core of a socket: the state that both kinds share.
//!
//! Only this room knows the fields of [`SocketCore`]. The kinds of sockets reach them by methods.

mod agenda;
mod awaited;
mod connecting;
#[expect(clippy::module_inception, reason = "the room is named after the type")]
mod core;
mod engines;
mod options;
mod reports;

pub(in crate::net) use connecting::Established;
pub use core::SocketCore;
