//! `QSslSocket`: both ends in one runtime, on both networks.

mod closing;
mod doubts;
mod handshake;
mod parties;
mod settings;
#[path = "../support/mod.rs"]
mod support;
