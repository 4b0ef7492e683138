//! The kernels of simulated hosts, and the wire between them.
//!
//! Each host's kernel is simulated as far as a program can tell: connections with their windows and
//! segments, listeners with their queues, datagrams, groups, names, descriptors. The state of it all
//! is the [`Wire`], which changes by what is on its agenda. Nothing in here calls anybody: what is to
//! be done outside is handed out. Nor does it know a runtime, or the sockets of the floor below: these
//! come by the engine, in the folder above.

mod agenda;
mod call;
mod datagram;
mod host;
mod keep_alive;
mod link;
mod names;
mod options;
mod parcel;
mod ports;
mod socket;
mod stream;
mod tcp;
mod time_wait;
mod watcher;
mod wire;

pub(in crate::sim) use datagram::{Arrived, Way};
pub use host::SimHost;
pub(in crate::sim) use host::{ETHERNET_INDEX, Host};
pub use link::{Link, Route};
pub use names::NameAnswer;
pub(in crate::sim) use socket::{Role, Socket, SocketKey};
pub(in crate::sim) use tcp::Phase;
pub use watcher::Unrest;
pub(in crate::sim) use watcher::{Watch, Watcher, WatcherKey};
pub(in crate::sim) use wire::{Event, Outside, Wire};
