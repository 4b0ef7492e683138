//! `ProxyFactory`: chooses the proxies for a peer.

use super::network_proxy::NetworkProxy;
use crate::net::engine::Destination;
use crate::net::values::SocketType;

/// What a socket wants to reach, for a [`ProxyFactory`].
#[doc(alias = "QNetworkProxyQuery")]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ProxyQuery {
    /// What the socket carries.
    #[doc(alias = "queryType")]
    pub socket_type: SocketType,
    /// The host of the peer, as the program named it. Empty if a socket is to be bound, also
    /// by its first datagram. The factory is not asked about the receivers of datagrams.
    #[doc(alias = "peerHostName")]
    pub peer_host_name: String,
    /// The port of the peer; 0 if a socket is to be bound.
    #[doc(alias = "peerPort")]
    pub peer_port: u16,
    /// The protocol tag of the socket; empty if the program has set none.
    #[doc(alias = "protocolTag")]
    pub protocol_tag: String,
}

impl ProxyQuery {
    pub(super) fn of(destination: &Destination<'_>) -> Self {
        Self {
            socket_type: destination.kind,
            peer_host_name: destination.host.to_owned(),
            peer_port: destination.port,
            protocol_tag: destination.protocol_tag.to_owned(),
        }
    }
}

/// Chooses the proxies for a peer. A closure is one.
#[doc(alias = "QNetworkProxyFactory")]
pub trait ProxyFactory {
    /// Returns the proxies by which the socket may reach its peer, the best first. The socket uses
    /// the first that can carry its connection; an empty list means no proxy. If the connection by
    /// that proxy fails, the next one is not tried, as in Qt.
    ///
    /// Called once when a socket begins to connect. The connection to the proxy is direct: the
    /// factory is not asked for the proxy's own host.
    #[doc(alias = "queryProxy")]
    fn query_proxy(&self, query: &ProxyQuery) -> Vec<NetworkProxy>;
}

impl<F: Fn(&ProxyQuery) -> Vec<NetworkProxy>> ProxyFactory for F {
    fn query_proxy(&self, query: &ProxyQuery) -> Vec<NetworkProxy> {
        self(query)
    }
}
