//! A network whose sockets reach all their peers through a proxy, and whose servers listen behind it if
//! the test asks the network for them (`Net::server`). Nothing else is different: peers listen as they do
//! without a proxy.
//!
//! The proxy is the example `socks5_server`. On the kernel's network the environment may name
//! another one, which `.ci/proxies` does.

use std::any::Any;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use slotwire::NetworkProxy;
use slotwire::prelude::*;

use super::network::Ground;
use super::peer::ListenerEnd;

/// The proxy of the kernel's network: `socks5://user:password@127.0.0.1:1080`, with a user or without,
/// or the same with `http`.
const PROXY: &str = "SLOTWIRE_TEST_PROXY";

/// What that proxy does not carry, in the words of [`CARRIED`].
const LACKS: &str = "SLOTWIRE_TEST_PROXY_LACKS";

/// What some proxies carry and others do not. The attribute of a test names it as `proxy_carries`.
/// What no proxy can carry, the attribute names as `no_proxy`.
const CARRIED: [&str; 6] = [
    // When one end closes its direction, the other direction stays open.
    "half-close",
    // A direction goes on while nobody reads at the end of the other.
    "both-ways",
    // The socket hears that the peer has refused the connection, and not only that there is none.
    "refusals",
    // The same of a name without an address.
    "unknown-names",
    // The proxy relays datagrams (UDP ASSOCIATE).
    "datagrams",
    // The proxy listens for servers (BIND).
    "listening",
];

/// What the example `socks5_server` does not carry.
const EXAMPLE_LACKS: &str = "datagrams";

/// Returns true if the proxy of the kernel's network carries all that these words name. Says it
/// otherwise.
pub(super) fn proxy_carries(words: &str) -> bool {
    let lacks = match std::env::var_os(PROXY) {
        Some(_) => std::env::var(LACKS).unwrap_or_default(),
        None => EXAMPLE_LACKS.to_owned(),
    };
    carries(&lacks, words)
}

/// The same of the proxy of the simulated network.
pub(super) fn simulated_proxy_carries(words: &str) -> bool {
    carries(EXAMPLE_LACKS, words)
}

fn carries(lacks: &str, words: &str) -> bool {
    let unknown = words.split_whitespace().chain(lacks.split_whitespace());
    let unknown: Vec<_> = unknown.filter(|word| !CARRIED.contains(word)).collect();
    assert!(unknown.is_empty(), "this is not in the list: {unknown:?}");
    let mut needed = words.split_whitespace();
    let missing = needed.find(|word| lacks.split_whitespace().any(|lacking| lacking == *word));
    if let Some(missing) = missing {
        println!("not run: the proxy does not carry {missing}");
    }
    missing.is_none()
}

/// A network with a proxy.
pub(super) struct ProxiedNetwork {
    ground: Box<dyn Ground>,
    proxy: NetworkProxy,
    /// Ends the proxy when it is dropped, if it is the test's own.
    _kept: Box<dyn Any>,
}

impl ProxiedNetwork {
    /// With the proxy that the environment names, or with one of its own.
    pub(super) fn new(ground: Box<dyn Ground>) -> Self {
        let named = std::env::var(PROXY).ok().filter(|_| ground.has_descriptors());
        match named {
            Some(url) => {
                let proxy = url.parse().unwrap_or_else(|error| panic!("{PROXY}: {error}"));
                Self { ground, proxy, _kept: Box::new(()) }
            }
            None => {
                let (port, kept) = ground.run_proxy();
                let proxy = NetworkProxy::socks5("127.0.0.1", port);
                Self { ground, proxy, _kept: kept }
            }
        }
    }

    fn proxied(&self, mut runtime: Runtime) -> Runtime {
        runtime.set_application_proxy(self.proxy.clone().for_loopback());
        runtime
    }
}

impl Ground for ProxiedNetwork {
    fn name(&self) -> &'static str {
        if self.ground.has_descriptors() { "native_with_proxy" } else { "simulated_with_proxy" }
    }

    fn server_proxy(&self) -> NetworkProxy {
        self.proxy.clone()
    }

    fn runtime(&self) -> Runtime {
        self.proxied(self.ground.runtime())
    }

    fn timed_runtime(&self) -> (Runtime, Box<dyn Fn() -> Duration>) {
        let (runtime, elapsed) = self.ground.timed_runtime();
        (self.proxied(runtime), elapsed)
    }

    fn listen(&self, at: SocketAddr) -> io::Result<Box<dyn ListenerEnd>> {
        self.ground.listen(at)
    }

    super::network::leave_to_ground!();
}
