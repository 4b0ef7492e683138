//! Values: the arguments and the results of sockets' methods.
//!
//! Nothing in this folder uses a socket, a runtime or the network. The system's network interfaces
//! are in `interface/`, the lookup of names is in `names/`.

mod address;
mod bind_mode;
mod error;
mod network_datagram;
mod option;
mod pause_mode;
mod protocol;
mod ready_read_policy;
mod socket_address;
mod socket_state;
mod socket_type;

#[cfg(feature = "sim")]
pub(crate) use address::needs_scope;
pub(crate) use address::{at_interface, canonical, scope_id};
pub(in crate::net) use address::{described, explained, host_text, lacks_scope, parse_address};
pub use bind_mode::{BindAddress, BindMode};
pub use error::{EngineFailure, NetError, SocketError};
pub use network_datagram::NetworkDatagram;
pub use option::{OptionName, SocketOption};
pub use pause_mode::PauseMode;
pub use protocol::NetworkLayerProtocol;
pub use ready_read_policy::ReadyReadPolicy;
pub use socket_address::SocketAddress;
pub use socket_state::SocketState;
pub use socket_type::SocketType;
