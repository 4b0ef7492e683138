//! Sockets: a state machine over an engine.

mod abstract_socket;
mod accept;
mod accepting;
mod address;
mod bind_mode;
mod blocking;
mod buffer_pool;
mod engine;
mod error;
mod facilities;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod host_cache;
mod host_info;
mod host_lookup;
mod host_lookups;
mod host_name;
mod idn;
mod incoming;
mod look_up_host;
mod lookup;
mod lookup_queue;
mod network_address_entry;
mod network_datagram;
mod network_interface;
mod newcomers;
mod option;
mod pause_mode;
mod protocol;
mod ready_read_policy;
mod resolver;
mod resolver_pool;
mod socket;
mod socket_state;
mod socket_type;
mod system_interfaces;
mod system_resolver;
mod tcp_server;
mod tcp_socket;
mod udp_socket;
mod wait;

pub(crate) use abstract_socket::META as Q_ABSTRACT_SOCKET;
pub use abstract_socket::QAbstractSocket;
pub use bind_mode::{BindAddress, BindMode};
pub use blocking::Blocking;
#[cfg(feature = "sim")]
pub(crate) use engine::sim;
pub use error::{NetError, SocketError};
pub use host_info::{HostInfo, HostInfoError};
pub use host_lookup::HostLookup;
pub use incoming::Incoming;
pub use network_address_entry::NetworkAddressEntry;
pub use network_datagram::NetworkDatagram;
pub use network_interface::{
    HardwareAddress, InterfaceError, InterfaceFlags, InterfaceType, NetworkInterface,
};
pub use option::{OptionName, SocketOption};
pub use pause_mode::PauseMode;
pub use protocol::NetworkLayerProtocol;
pub use ready_read_policy::ReadyReadPolicy;
#[doc(hidden)]
pub use socket::SocketCore;
pub use socket_state::SocketState;
pub use socket_type::SocketType;
pub use tcp_server::QTcpServer;
pub use tcp_socket::QTcpSocket;
pub use udp_socket::QUdpSocket;
