//! SOCKS5 (RFC 1928): the conversation with the proxy, and the datagrams that it relays.

mod address;
mod association;
mod conversation;
mod reply;

pub(super) use association::Association;
pub(super) use conversation::{Request, Socks5};
