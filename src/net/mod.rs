//! Sockets: a state machine over an engine.

mod engine;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod interface;
mod names;
mod server;
mod shared;
mod socket;
mod values;
mod waiting;

#[cfg(feature = "sim")]
pub(crate) use engine::sim;
pub use interface::{
    HardwareAddress, InterfaceError, InterfaceFlags, InterfaceType, NetworkAddressEntry,
    NetworkInterface,
};
pub use names::{HostInfo, HostInfoError, HostLookup};
pub use server::{Incoming, QTcpServer};
pub(crate) use socket::Q_ABSTRACT_SOCKET;
#[doc(hidden)]
pub use socket::SocketCore;
pub use socket::{QAbstractSocket, QTcpSocket, QUdpSocket};
pub use values::{
    BindAddress, BindMode, NetError, NetworkDatagram, NetworkLayerProtocol, OptionName, PauseMode,
    ReadyReadPolicy, SocketError, SocketOption, SocketState, SocketType,
};
pub use waiting::Blocking;
