//! Sockets: a state machine over an engine.

mod engine;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod interface;
mod names;
mod proxy;
mod server;
mod shared;
mod socket;
#[cfg(feature = "tls")]
mod tls;
mod values;
mod waiting;

// What the simulation builds on, which is a floor above.
#[cfg(feature = "sim")]
pub(crate) use engine::{Awaited, Network};
#[cfg(feature = "sim")]
pub(crate) use names::{HostName, Lookup, OnResolved, Resolver, took_too_long};
#[cfg(feature = "sim")]
pub(crate) use shared::Facilities;
#[cfg(feature = "sim")]
pub(crate) use values::{at_interface, canonical, needs_scope, scope_id};

// What engines and layers are written against.
#[doc(hidden)]
pub use engine::{
    Accepted, Address, Destination, Ends, Handshake, Interest, Link, Membership, Progress,
    Question, Received, Route, Router, Settled, SocketEngine,
};
pub use interface::{
    HardwareAddress, InterfaceError, InterfaceFlags, InterfaceType, NetworkAddressEntry,
    NetworkInterface,
};
pub use names::{HostInfo, HostInfoError, HostLookup};
pub use proxy::{
    Authenticator, EnvironmentProxies, NetworkProxy, ParseProxyError, ProxyAuthentication,
    ProxyEnvironmentError, ProxyFactory, ProxyQuery, ProxyType, ProxyVariableFault,
};
#[doc(hidden)]
pub use server::EmbedsServer;
#[cfg(feature = "tls")]
#[cfg_attr(docsrs, doc(cfg(feature = "tls")))]
pub use server::QSslServer;
pub use server::{Incoming, QTcpServer};
pub(crate) use socket::Q_ABSTRACT_SOCKET;
#[cfg(feature = "tls")]
#[cfg_attr(docsrs, doc(cfg(feature = "tls")))]
pub use socket::QSslSocket;
#[doc(hidden)]
pub use socket::{Machine, SocketCore};
pub use socket::{QAbstractSocket, QTcpSocket, QUdpSocket};
#[cfg(feature = "tls")]
#[doc(hidden)]
pub use tls::RouteEncryption;
#[cfg(feature = "tls")]
#[cfg_attr(docsrs, doc(cfg(feature = "tls")))]
pub use tls::{
    AlertLevel, AlertType, AlternativeName, KeyAlgorithm, PeerVerifyMode, SslCertificate,
    SslCipher, SslConfiguration, SslConfigurationError, SslError, SslErrorKind, SslKey, SslMode,
    SslParseError, SslProtocol, SubjectInfo,
};
#[doc(hidden)]
pub use values::EngineFailure;
pub use values::{
    BindAddress, BindMode, NetError, NetworkDatagram, NetworkLayerProtocol, OptionName, PauseMode,
    ReadyReadPolicy, SocketAddress, SocketError, SocketOption, SocketState, SocketType,
};
pub use waiting::Blocking;
pub(crate) use waiting::{attempt_of, failure_of, loss_of, not_all_sent, was_cut_off};
