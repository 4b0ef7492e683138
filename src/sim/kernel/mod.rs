//! The kernels of simulated hosts, and the wire between them.
//!
//! Each host's kernel is simulated as far as a program can observe it: connections with their
//! windows and segments, listeners with their queues, datagrams, groups, names, descriptors. The
//! [`Wire`] has the whole state, and the events on its agenda change it. The code of this folder
//! calls no closure of a program: it returns such events to its caller. It uses no runtime, and no
//! socket of the floor below: the engine in the folder above connects the two.

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
