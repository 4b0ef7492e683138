//! A network in memory for tests: the sockets of the real program, on hosts and links that a test
//! creates, with a clock of its own. Needs the feature `sim`.
//!
//! * [`Simulation`] drives a runtime on each of several hosts; [`Runtime::simulated`] creates a
//!   single one.
//! * [`SimNetwork`] is the network between the hosts: [links](Link) that are slow and lose packets,
//!   [routes](Route) that are cut, names, hosts that crash, ports that drop all packets.
//! * [`SimListener`], [`SimStream`] and [`SimUdpSocket`] are plain sockets, for a peer that
//!   misbehaves on purpose.
//!
//! # What is simulated
//!
//! Each host's kernel, as far as a program can observe it: TCP with windows, segments,
//! retransmission, half-closed and half-open connections, resets, listeners with a backlog,
//! keep-alive; datagrams that are lost, duplicated, reordered, truncated or refused, unicast,
//! multicast and broadcast; a limit of descriptors; edge-triggered readiness, with delays and false
//! alarms on request.
//!
//! Not simulated are congestion control, urgent data, ports that `TIME_WAIT` holds, descriptors
//! that are handed over, and other threads: a [`Remote`](crate::Remote) works, but does not follow
//! from the seed. [`HostInfo::from_name`](crate::HostInfo::from_name) and
//! [`NetworkInterface::all_interfaces`](crate::NetworkInterface::all_interfaces) ask the real
//! machine.
//!
//! # One seed is one run
//!
//! The same program on a network with the same seed does the same, in the same order and at the
//! same times, in another process too, as long as it uses no other source of randomness or time. So
//! ask [`World::now`](crate::World::now) for the time and not `Instant::now`, and keep handles in a
//! `BTreeMap` and not in a `HashMap`, whose order differs in each run.
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
