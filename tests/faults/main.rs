//! Faults on the real kernel: what breaks is heard once, costs a bounded amount, and loses nothing
//! that was delivered.
//!
//! Everything happens on this host: on the loopback, or in networks of their own, which need Linux
//! with root or user namespaces, and the commands `ip` and `unshare`; a bad line needs `ethtool` as
//! well. Without them those tests say that they are skipped, and fail if `SLOTWIRE_REQUIRE_NETNS` is
//! set.

mod backlog;
mod descriptors;
mod fairness;
#[cfg(target_os = "linux")]
mod impairment;
mod killed_peers;
#[cfg(target_os = "linux")]
mod line;
mod namespace;
mod peer_process;
mod resets;
mod routes;
mod signals;
mod slow_peers;
mod traffic;

use std::cell::{Cell, RefCell};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use slotwire::prelude::*;
use slotwire::{SocketOption, VirtualClock};
use support::*;
use traffic::*;
