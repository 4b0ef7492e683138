//! The layer that encrypts a connection, and what it keeps of its bytes.

mod alert_of;
mod as_socket_engine;
mod receiving;
mod sending;
mod tls_engine;
mod undecrypted;

pub(in crate::net) use tls_engine::TlsEngine;
