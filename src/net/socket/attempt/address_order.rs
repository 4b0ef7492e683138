//! The order in which the addresses of a name are tried.

use std::collections::VecDeque;
use std::net::SocketAddr;

/// Returns the addresses with the families alternating, beginning with the family of the first
/// address (RFC 8305, section 4).
pub(super) fn alternating(addresses: &VecDeque<SocketAddr>) -> VecDeque<SocketAddr> {
    let Some(first) = addresses.front() else { return VecDeque::new() };
    let (same, other): (VecDeque<_>, VecDeque<_>) = addresses
        .iter()
        .copied()
        .partition(|address: &SocketAddr| address.is_ipv4() == first.is_ipv4());
    let (mut same, mut other) = (same.into_iter(), other.into_iter());
    let mut mixed = VecDeque::with_capacity(addresses.len());
    while mixed.len() < addresses.len() {
        mixed.extend(same.next());
        mixed.extend(other.next());
    }
    mixed
}
