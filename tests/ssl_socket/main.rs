//! `QSslSocket`: both ends in one runtime, on both networks.

mod again;
mod alerts;
mod by_hand;
mod calls_below;
mod closing;
mod doubts;
mod handshake;
mod kinds;
mod limits;
mod parties;
mod pauses;
mod session_life;
mod settings;
mod slots;
mod starttls;
#[path = "../support/mod.rs"]
mod support;
mod truncation;
mod waits;
