//! Proxies: what they are, which one a socket uses, and how a connection gets through one.
//!
//! A protocol is a machine without input and output (`socks5/`, `http/`): bytes in, bytes and steps out.
//! `Tunnel` is the layer that runs it over the connection to the proxy. When the proxy has
//! answered, the layer is gone: bytes then go by the engine that was below it.

mod authenticator;
mod choice;
mod environment;
mod exceptions;
#[cfg(fuzzing)]
mod fuzzing;
#[cfg(fuzzing)]
mod fuzzing_link;
#[cfg(feature = "http-proxy")]
mod http;
mod network_proxy;
mod own_proxy;
mod protocol;
mod proxy_factory;
mod proxy_url;
mod socks5;
mod target;
mod tunnel;

pub use authenticator::{Authenticator, ProxyAuthentication};
pub(in crate::net) use choice::{Chosen, ProxyChoice, choose_to_listen};
pub use environment::{EnvironmentProxies, ProxyEnvironmentError, ProxyVariableFault};
#[cfg(all(fuzzing, feature = "http-proxy"))]
pub(in crate::net) use fuzzing::http_conversation;
#[cfg(fuzzing)]
pub(in crate::net) use fuzzing::socks5_conversation;
#[cfg(fuzzing)]
pub use fuzzing::{Answers, Asked};
pub use network_proxy::{NetworkProxy, ProxyType};
pub(in crate::net) use own_proxy::OwnProxy;
pub use proxy_factory::{ProxyFactory, ProxyQuery};
pub use proxy_url::ParseProxyError;
