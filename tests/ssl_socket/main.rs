//! `QSslSocket`: both ends in one runtime, on both networks.

mod again;
mod alerts;
mod as_in_qt;
mod by_hand;
mod calls_below;
mod certificates;
mod closing;
mod disagreements;
mod doubts;
mod endless;
mod forger;
mod handshake;
mod kinds;
mod limits;
mod on_any_route;
mod parties;
mod pauses;
mod session_life;
mod settings;
mod slots;
mod starttls;
mod truncation;
mod waits;
