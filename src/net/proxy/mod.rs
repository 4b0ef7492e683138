//! Proxies: what they are, which one a socket uses, and how a connection gets through one.
//!
//! A protocol is a machine without input and output (`socks5/`, `http/`): bytes in, bytes and steps out.
//! `Tunnel` is the layer that runs it over the connection to the proxy. When the proxy has
//! answered, the layer is gone: bytes then go by the engine that was below it.

mod authenticator;
mod choice;
#[cfg(feature = "http-proxy")]
mod http;
mod network_proxy;
mod own_proxy;
mod protocol;
mod proxy_factory;
mod socks5;
mod target;
mod tunnel;

pub use authenticator::{Authenticator, ProxyAuthentication};
pub(in crate::net) use choice::{ProxyChoice, route_to_listen};
#[cfg(all(fuzzing, feature = "http-proxy"))]
pub(in crate::net) use http::http_conversation;
pub use network_proxy::{NetworkProxy, ProxyType};
pub(in crate::net) use own_proxy::OwnProxy;
pub use proxy_factory::{ProxyFactory, ProxyQuery};
