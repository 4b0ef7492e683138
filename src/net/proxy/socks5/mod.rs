//! SOCKS5 (RFC 1928): the conversation with the proxy, the datagrams that it relays, and the
//! connection that it listens for.

mod address;
mod association;
mod bind_listener;
mod conversation;
mod reply;

pub(super) use association::{Association, End};
pub(super) use bind_listener::BindListener;
pub(super) use conversation::{Request, Socks5};
pub(super) use reply::tells_ip;
