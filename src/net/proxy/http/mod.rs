//! HTTP CONNECT (RFC 9110, 9.3.6): the client's side, with Basic and Digest authentication.
//!
//! `HttpConnect` is the conversation. What it hears is parsed by functions of bytes alone: a head, a
//! body that is skipped, and the challenges of a proxy that wants credentials.

mod body;
mod challenge;
#[cfg(test)]
mod connect_tests;
mod digest;
mod head;
mod http_connect;

pub(super) use http_connect::HttpConnect;
