//! An attempt to connect: from a name to an established connection.
//!
//! An attempt knows no socket, no state and no signal. It is given the [`Terms`] of its socket, and
//! each of its steps returns an [`Outcome`], which `core/connecting.rs` carries
//! out. Dropping an attempt
//! aborts its lookup and closes its engines.

mod address_order;
mod alarm;
#[expect(clippy::module_inception, reason = "the room is named after the type")]
mod attempt;
mod handshaking;
mod host_question;
mod opener;
mod race;
#[cfg(test)]
mod racing_tests;
mod terms;

#[cfg(feature = "tls")]
pub(in crate::net) use alarm::Alarm;
pub(in crate::net) use attempt::{Attempt, Connection, Outcome};
pub(in crate::net) use terms::Terms;
