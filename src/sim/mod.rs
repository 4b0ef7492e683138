//! A network in memory for tests: the sockets that a program ships, on hosts and links that a test
//! makes, in a time of its own. Needs the feature `sim`.
//!
//! * [`Simulation`] drives a runtime on each of several hosts; [`Runtime::simulated`] is one alone.
//! * [`SimNetwork`] is the network between them: [links](Link) that are slow and lose packets,
//!   [routes](Route) that are cut, names, hosts that crash, ports that swallow what is sent to them.
//! * [`SimListener`], [`SimStream`] and [`SimUdpSocket`] are plain sockets, for the other end of a
//!   test that is to behave badly.
//!
//! # What is simulated
//!
//! Each host's kernel, as far as a program can tell: TCP with windows, segments, lost ones that are
//! sent again, half-closed and half-open connections, resets, listeners with a backlog, keep-alive;
//! datagrams that are lost, doubled, overtaken, truncated or refused, to groups and to all;
//! descriptors that run out; edge-triggered readiness, late and false if it is to be.
//!
//! What is not: congestion control, urgent data, ports that `TIME_WAIT` holds, descriptors that are handed over, and
//! what other threads do: a [`Remote`](crate::Remote) works, and is not in the seed.
//! [`HostInfo::from_name`](crate::HostInfo::from_name) and
//! [`NetworkInterface::all_interfaces`](crate::NetworkInterface::all_interfaces) ask the machine.
//!
//! # One seed is one run
//!
//! The same program on a network with the same seed does the same, in the same order and at the same
//! times, in another process too, as long as it asks nobody else for chance or time.
//!
//! [`Runtime::simulated`]: crate::Runtime::simulated

mod engine;
mod host_network;
mod kernel;
mod network;
mod plain;
mod poller;
mod simulation;

pub use kernel::{Link, NameAnswer, Route, SimHost, Unrest};
pub use network::SimNetwork;
pub use plain::{SimListener, SimStream, SimUdpSocket};
pub use simulation::Simulation;
