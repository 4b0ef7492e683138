//! Faults on the real kernel: what breaks is heard once, costs a bounded amount, and loses nothing
//! that was delivered.
//!
//! Everything happens on this host: on the loopback, or in network namespaces of their own, which
//! need root or user namespaces, and `ip`.

#[path = "../support/mod.rs"]
mod support;

mod backlog;
mod descriptors;
mod fairness;
mod killed_peers;
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
use std::time::Duration;

use slotwire::prelude::*;
use slotwire::{SocketOption, VirtualClock};
use support::*;
use traffic::*;
