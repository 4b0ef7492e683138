//! TLS: its values, and the layer that encrypts (feature `tls`).
//!
//! Keeps one promise: no connection is made to a peer whose certificate was not checked, unless the
//! configuration says so. All cryptography is that of `rustls` and of its provider `ring`. What a
//! certificate is worth is decided in `chain_check.rs` by `webpki`, at the time of the runtime's
//! clock.

mod alert;
mod certificate;
mod chain_check;
mod cipher;
mod configuration;
mod configuration_error;
mod engine;
mod error;
#[cfg(fuzzing)]
mod fuzzing;
#[cfg(test)]
mod handshake_tests;
mod hearing;
mod key;
mod mode;
mod parse_error;
mod pem_text;
mod protocol;
mod reason;
mod revocation_list;
mod roots;
mod route_encryption;
mod session;
mod session_store;
mod settings;
mod subject_info;
mod verifier;

pub use alert::{AlertLevel, AlertType};
pub use certificate::{AlternativeName, SslCertificate};
pub use cipher::SslCipher;
pub use configuration::SslConfiguration;
pub use configuration_error::SslConfigurationError;
pub(in crate::net) use engine::TlsEngine;
pub use error::{SslError, SslErrorKind};
#[cfg(fuzzing)]
pub use fuzzing::{TlsDeed, tls_conversation};
pub use key::{KeyAlgorithm, SslKey};
pub use mode::{PeerVerifyMode, SslMode};
pub use parse_error::SslParseError;
pub use protocol::SslProtocol;
pub use route_encryption::RouteEncryption;
pub(in crate::net) use session::{Agreed, REPORTED, Report, Session};
pub use subject_info::SubjectInfo;
