//! Two ends of a link that have link-local addresses alone: all that a socket does works there, once
//! the scope says which interface leads to the link.
//!
//! Each test runs on the kernel's network and on the simulated one. On the kernel's, the link is a
//! pair of interfaces in a network of the test's own, which needs Linux with root or user namespaces,
//! and the commands `ip` and `unshare`. Without them those tests say that they are skipped, and fail
//! if `SLOTWIRE_REQUIRE_NETNS` is set.

mod calls;
mod datagrams;
mod ends;
mod groups;
mod names;
#[allow(dead_code, reason = "the tests of faults use the rest of it")]
#[path = "../faults/namespace.rs"]
mod namespace;
mod refusals;
mod twins;

use std::io::Write;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};

use ends::{End::*, Ends, Net};
use rustix::io::Errno;
use slotwire::prelude::*;
use support::*;

/// A socket address with a scope that is written in no text.
fn scoped(ip: &str, port: u16, scope_id: u32) -> SocketAddr {
    SocketAddrV6::new(ip.parse().unwrap(), port, 0, scope_id).into()
}

/// Returns the scope id of an address.
fn scope_of(address: SocketAddr) -> u32 {
    match address {
        SocketAddr::V4(_) => 0,
        SocketAddr::V6(v6) => v6.scope_id(),
    }
}

/// What the system said about an operation that failed.
fn errno_of(error: &NetError) -> Option<Errno> {
    Errno::from_io_error(error.os_error()?)
}
