//! The core of a socket: the state that both kinds share.
//!
//! Only this room knows the fields of [`SocketCore`]. The kinds of sockets reach them by methods.

mod agenda;
mod arrivals;
mod awaited;
mod connecting;
#[expect(clippy::module_inception, reason = "the room is named after the type")]
mod core;
mod engines;
mod options;
mod reports;

pub use core::SocketCore;
pub(super) use core::Traffic;
