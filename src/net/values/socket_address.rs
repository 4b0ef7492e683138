//! What is an address with a port, for calls such as `listen`.

use std::net::SocketAddr;

/// An address with a port: a [`SocketAddr`], or what can be made into one, such as
/// `([127, 0, 0, 1], 80)` and `(Ipv4Addr::LOCALHOST, 80)`.
///
/// Implemented for all types that are `Into<SocketAddr>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an address with a port",
    label = "not a `SocketAddr`, and nothing that can be made into one",
    note = "write `([127, 0, 0, 1], 80)`, `(Ipv4Addr::LOCALHOST, 80)` or a `SocketAddr`; a text is \
            parsed first: `\"127.0.0.1\".parse::<IpAddr>()?`",
    note = "a server that listens on a `BindAddress`, such as `BindAddress::Any`, does so by \
            `listen_on(address, port)`"
)]
pub trait SocketAddress: Into<SocketAddr> {}

#[diagnostic::do_not_recommend]
impl<T: Into<SocketAddr>> SocketAddress for T {}
