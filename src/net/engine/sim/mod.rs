//! A network in memory: the sockets that a program ships, on hosts and links that a test makes.
//!
//! The kernel of each host is simulated as far as a program can tell: connections with their
//! windows and segments, listeners with their queues, datagrams, groups, names, descriptors. Time
//! is the network's own, and jumps to what happens next. Everything follows from a seed.

mod agenda;
mod call;
mod datagram;
mod engine;
mod host;
mod host_network;
mod keep_alive;
mod link;
mod names;
mod network;
mod options;
mod parcel;
mod plain;
mod poller;
mod ports;
mod simulation;
mod socket;
mod stream;
mod tcp;
mod time_wait;
mod watcher;
mod wire;

pub use host::SimHost;
pub use link::{Link, Route};
pub use names::NameAnswer;
pub use network::SimNetwork;
pub use plain::{SimListener, SimStream, SimUdpSocket};
pub use simulation::Simulation;
pub use watcher::Unrest;
