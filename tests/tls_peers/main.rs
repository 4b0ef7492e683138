//! `QSslSocket` and other implementations of TLS, each at one end of a connection on the loopback
//! interface: OpenSSL's `s_server` and `s_client`, curl, and Python's `ssl`.
//!
//! A test whose program is missing says that it is skipped, and fails if
//! `SLOTWIRE_REQUIRE_TLS_PEERS` is set. The tests with Qt's `QSslSocket` are in `tests/qt/`.

mod counterpart;
mod curl;
mod ours;
mod papers;
mod python;
mod s_client;
mod s_server;
mod talk;
mod tool;
