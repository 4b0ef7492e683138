//! Handshakes of two configurations in memory: which errors in certificates are noted, and which
//! handshakes end.

mod authority;
mod certificates;
mod clients;
mod garbage;
mod pair;
mod sessions;
mod settings;
