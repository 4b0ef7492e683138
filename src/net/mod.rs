//! Sockets: a state machine over an engine.

mod abstract_socket;
mod engine;
mod error;
mod facilities;
mod host_cache;
mod host_info;
mod host_lookup;
mod lookup_queue;
mod network_address_entry;
mod network_interface;
mod resolver;
mod resolver_pool;
mod socket;
mod socket_state;
mod system_interfaces;
mod system_resolver;
mod tcp_server;
mod tcp_socket;

pub use abstract_socket::QAbstractSocket;
pub use error::{NetError, SocketError};
pub use host_info::{HostInfo, HostInfoError};
pub use host_lookup::HostLookup;
pub use network_address_entry::NetworkAddressEntry;
pub use network_interface::{
    HardwareAddress, InterfaceError, InterfaceFlags, InterfaceType, NetworkInterface,
};
#[doc(hidden)]
pub use socket::SocketCore;
pub use socket_state::SocketState;
pub use tcp_server::QTcpServer;
pub use tcp_socket::QTcpSocket;
