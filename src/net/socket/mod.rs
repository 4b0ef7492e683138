//! The state machine that every socket is.
//!
//! It moves between the [`SocketState`]s and emits `state_changed`. If several states follow one
//! another directly, each is a *step* of its own, recorded between the emissions, so that a slot
//! finds the socket in the state that its signal announces. The engine moves the bytes.
//!
//! `tests/socket_model/play/table.rs` has the same table as data, with the steps, and tests every
//! socket against it.
//!
//! | from | on | to | signals, in order |
//! |---|---|---|---|
//! | Unconnected | `bind` | Bound | `state_changed` |
//! | Unconnected, Bound | `connect_to_host` | HostLookup | `state_changed` |
//! | HostLookup | addresses found | Connecting | `state_changed`, `host_found` |
//! | HostLookup | none found | Unconnected | `state_changed`, `error_occurred` |
//! | Connecting | established | Connected | `state_changed`, `connected` |
//! | Connecting | no address left, or no time | Unconnected | `state_changed`, `error_occurred` |
//! | Connected | the peer closed | Closing, Unconnected | `error_occurred`, `state_changed`, `state_changed`, `read_channel_finished`, `disconnected` |
//! | Connected | the peer closed, half-open allowed | Connected | `read_channel_finished` |
//! | Connected | both ends are closed | Closing, Unconnected | `state_changed`, `state_changed`, `disconnected` |
//! | Closing | the connection broke | Unconnected | `error_occurred`, `state_changed`, `read_channel_finished`, `disconnected` |
//! | Connected, Bound | `disconnect_from_host` | Closing; Unconnected when all bytes are sent | `state_changed`, `state_changed`, `read_channel_finished`, `disconnected` |
//! | HostLookup, Connecting | `disconnect_from_host` | as without it, until Connected; then as above | |
//! | any other | `abort` | Unconnected | `about_to_close`, `state_changed`, `read_channel_finished`, and `disconnected` if it was connected |

mod abstract_socket;
mod agenda;
mod attempt;
mod core;
mod datagram_socket;
mod datagram_status;
mod datagrams;
mod endpoint;
mod extra;
mod fault;
mod groups;
mod kept_options;
mod machine;
mod news;
mod phase;
mod raw_device;
mod receive_half;
mod receiving;
mod send_half;
mod sending;
mod settings;
#[cfg(feature = "tls")]
mod ssl_doubts;
#[cfg(feature = "tls")]
mod ssl_settings;
#[cfg(feature = "tls")]
mod ssl_socket;
mod step;
mod stream_socket;
mod tcp_socket;
mod traffic;
mod udp_socket;
mod unbuffered;

pub(crate) use abstract_socket::META as Q_ABSTRACT_SOCKET;
pub use abstract_socket::QAbstractSocket;
pub(in crate::net) use attempt::{Attempt, Connection, Outcome, Terms};
pub use core::SocketCore;
pub(in crate::net) use endpoint::Endpoint;
pub(in crate::net) use fault::Fault;
pub use machine::Machine;
pub(in crate::net) use machine::StateMachine;
pub(in crate::net) use news::News;
#[cfg(feature = "tls")]
pub use ssl_socket::QSslSocket;
pub use tcp_socket::QTcpSocket;
pub use udp_socket::QUdpSocket;
